/* SPDX-License-Identifier: Apache-2.0 */
/* caps.c - capabilities */

#include "cbr/sys/caps.h"

#include <errno.h>
#include <linux/securebits.h>
#include <stdbool.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"

static void free_caps(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static void free_text(char **text)
{
	if (*text)
		cap_free(*text);
}

/* Does execve(2) give them back? */
static bool is_root(void)
{
	const int bits = prctl(PR_GET_SECUREBITS);

	return geteuid() == 0 && bits >= 0 && !(bits & SECBIT_NOROOT);
}

static bool has(cap_t caps, cap_flag_t flag, int capability)
{
	cap_flag_value_t value;

	return cap_get_flag(caps, capability, flag, &value) == 0 && value == CAP_SET;
}

int caps_limit(const int *kept, size_t n, struct error *err)
{
	auto_with(free_caps) cap_t now = cap_get_proc();
	auto_with(free_caps) cap_t then = now ? cap_dup(now) : NULL;
	int rc = then ? cap_clear_flag(then, CAP_EFFECTIVE) : -1;

	if (rc == 0 && is_root())
		rc = cap_clear_flag(then, CAP_PERMITTED);
	for (size_t i = 0; i < n && rc == 0; i++) {
		const cap_value_t capability = kept[i];

		if (!has(now, CAP_PERMITTED, capability))
			continue;
		rc = cap_set_flag(then, CAP_PERMITTED, 1, &capability, CAP_SET);
		if (rc == 0 && has(now, CAP_EFFECTIVE, capability))
			rc = cap_set_flag(then, CAP_EFFECTIVE, 1, &capability, CAP_SET);
	}
	if (rc < 0 || cap_set_proc(then) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot give up capabilities");
	return 0;
}

int caps_drop_for_good(struct error *err)
{
	auto_with(free_caps) cap_t none = cap_init();

	if (!none || cap_set_proc(none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot give up capabilities");
	return 0;
}

int caps_require(int capability, const char *what_for, struct error *err)
{
	auto_with(free_caps) cap_t now = cap_get_proc();
	auto_with(free_text) char *name = NULL;

	if (!now || has(now, CAP_EFFECTIVE, capability))
		return 0;
	name = cap_to_name(capability);
	error_errno(err, ERROR_SYSTEM, EPERM, "needs %s to %s", name ? name : "a capability",
		    what_for);
	return error_hint(err, "run it as root, or as root of a user namespace that owns the "
			       "network namespaces");
}
