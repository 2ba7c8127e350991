/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bridge_settings.c - settings of a link that is the pods' gateway
 *
 * It is no uplink: it hears no router advertisements, which any pod could send. Pods answer
 * from wherever a Service sent them, so reverse path filtering is loose, or off. The
 * link-local address of one that we make, which asks for neighbours, needs no detection of
 * duplicates, since its MAC is our own.
 *
 * How they are is told with the link, so where all is well nothing is read or written.
 */

#include <errno.h>
#include <stdio.h>

#include "bridge.h"
#include "cbr/base/array.h"
#include "cbr/cni/log.h"
#include "cbr/sys/sysctl.h"

#define STRICT 1
#define LOOSE 2

#define PATH_SIZE 64

struct setting {
	const char *family;
	const char *key;
	size_t offset;
	int wanted;
	bool ours_only;
};

static const struct setting settings[] = {
	{ "ipv6", "accept_ra", offsetof(struct link_conf, accept_ra), 0, false },
	{ "ipv6", "autoconf", offsetof(struct link_conf, autoconf), 0, false },
	{ "ipv6", "accept_dad", offsetof(struct link_conf, accept_dad), 0, true },
	{ "ipv4", "rp_filter", offsetof(struct link_conf, rp_filter), LOOSE, false },
};

static int *value_of(struct link_conf *conf, const struct setting *setting)
{
	return (int *)((char *)conf + setting->offset);
}

static int value_in(const struct link *link, const struct setting *setting)
{
	return *(const int *)((const char *)&link->conf + setting->offset);
}

/* Filtering that is off once we have been here is as somebody wants it, as that of VLANs does. */
static bool fits(const struct link *link, const struct setting *setting)
{
	const int value = value_in(link, setting);

	return value == setting->wanted || value == LINK_CONF_NONE ||
	       (setting->wanted == LOOSE && value != STRICT && link->conf.tag == BRIDGE_TAG);
}

static void put_path(const struct link *link, const struct setting *setting,
		     char ret[static PATH_SIZE])
{
	snprintf(ret, PATH_SIZE, "net/%s/conf/%s/%s", setting->family, link->name, setting->key);
}

static int set(const struct link *link, const struct setting *setting, int value, struct error *err)
{
	char path[PATH_SIZE];
	char text[16];

	put_path(link, setting, path);
	snprintf(text, sizeof(text), "%d", value);
	return sysctl_put(path, text, err);
}

void bridge_settle_link(const struct attach *a, struct link *link, bool is_ours)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];
		struct error err = { 0 };

		if (fits(link, setting) || (setting->ours_only && !is_ours))
			continue;
		if (set(link, setting, setting->wanted, &err) < 0) {
			cni_log_warn(a->call->log, &err);
			continue;
		}
		if (!is_ours)
			cni_log_note(a->call->log, "%s of %s was %d and is %d now", setting->key,
				     link->name, value_in(link, setting), setting->wanted);
		*value_of(&link->conf, setting) = setting->wanted;
	}
}

void bridge_restore_link(const struct attach *a, const struct link *now, const struct link *before)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];
		struct error err = { 0 };

		if (value_in(now, setting) != value_in(before, setting) &&
		    set(before, setting, value_in(before, setting), &err) < 0)
			cni_log_warn(a->call->log, &err);
	}
}

/* Where ADD could not make a setting, for nobody can, it has said so; that is no damage. */
int bridge_verify_link(const struct link *link, struct error *err)
{
	char path[PATH_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];
		const int value = value_in(link, setting);
		const bool is_wrong = setting->wanted == LOOSE ? value == STRICT :
								 value != setting->wanted;

		if (!is_wrong || value == LINK_CONF_NONE || setting->ours_only)
			continue;
		put_path(link, setting, path);
		if (!sysctl_is_read_only(path))
			return error_set(err, ERROR_CHECK, "%s is %d", path, value);
	}
	return 0;
}
