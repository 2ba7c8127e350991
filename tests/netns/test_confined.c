/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_confined.c - each verb of hl-ipam gives up the rest of the file system
 *
 * That nobody can see from outside. So here the last step of it is refused, as a filter of
 * system calls may: a verb that takes the step says so in its log, and goes on.
 */

#include "harness.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/error.h"
#include "json.h"
#include "run.h"
#include "tmp.h"

static const char *const verbs[] = { "ADD", "CHECK", "STATUS", "GC", "DEL" };

static struct tmp tmp;

static int setup(void **state)
{
	const struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_restrict_self, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = { ARRAY_SIZE(code), (void *)code };

	(void)state;
	tmp_make(&tmp);
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) < 0;
}

static int teardown(void **state)
{
	(void)state;
	tmp_remove(&tmp);
	return 0;
}

static bool kernel_confines(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION) > 0;
}

/* Return: what it logged, owned; the call itself succeeds */
static char *call(const char *verb, const char *keys)
{
	autofree char *log = tmp_path(&tmp, "log");
	autofree char *config = NULL;
	struct run_call call = { .plugin = "hl-ipam",
				 .command = verb,
				 .container = "a",
				 .netns = "/nothing/is/here",
				 .ifname = "eth0" };
	struct run run;

	unlink(log);
	assert_true(asprintf(&config,
			     "{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": "
			     "\"hl-ipam\", \"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/24\", "
			     "\"logFile\": \"%s\", "
			     "\"statusOnExhaustion\": true%s}, \"cni.dev/valid-attachments\": [], "
			     "\"prevResult\": {\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": "
			     "\"10.1.2.2/24\"}]}}",
			     tmp.path, log, keys) > 0);
	call.config = config;
	run = run_plugin(&call);
	assert_string_equal(run.status ? run.out : "", "");
	run_done(&run);
	return run_must(NULL, "cat %s", log);
}

static void each_verb_unless_told_otherwise(void **state)
{
	(void)state;
	if (!kernel_confines())
		skip_because("needs CONFIG_SECURITY_LANDLOCK");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		autofree char *said = call(verbs[i], "");

		assert_contains(said, "cannot confine itself to ");
		if (strcmp(verbs[i], "ADD") == 0)
			free(run_must(NULL, "test -e %s/net/10.1.2.2", tmp.path));
	}
	free(run_must(NULL, "! test -e %s/net/10.1.2.2", tmp.path));
}

static void none_if_told_so(void **state)
{
	(void)state;
	free(run_must(NULL, "rm -rf %s/net", tmp.path));
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		autofree char *said = call(verbs[i], ", \"confine\": false");

		assert_null(strstr(said, "confine"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_verb_unless_told_otherwise),
		cmocka_unit_test(none_if_told_so),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
