/* SPDX-License-Identifier: Apache-2.0 */
/* test_privileges.c - what the plugins keep, and what they do without */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "one_node.h"
#include "run.h"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	pod = node_pod(&node, "pod");
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"10.22.0.0/24\"");
	return 0;
}

/* Run a plugin's verb under a command in front, with the pod's environment. */
static struct run run_under(const char *front, const char *plugin, const char *verb)
{
	autofree char *config = tmp_write(&node.tmp, "config", node.config, 0644);

	return run_shell(&node.netns,
			 "CNI_COMMAND=%s CNI_CONTAINERID=pod CNI_IFNAME=eth0 CNI_NETNS=%s "
			 "CNI_PATH=\"$CBR_BIN\" %s \"$CBR_BIN\"/%s <%s",
			 verb, pod->netns.path, front, plugin, config);
}

static void assert_refused(const char *capability, const char *verb)
{
	char front[64];
	struct run run;

	snprintf(front, sizeof(front), "setpriv --bounding-set -%s", capability);
	run = run_under(front, "cbr-bridge", verb);
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "\"code\": 100");
	assert_contains(run.out, "needs cap_");
	assert_contains(run.out, capability);
	run_done(&run);
}

static void a_missing_capability_is_named(void **state)
{
	(void)state;
	assert_refused("net_admin", "ADD");
	assert_refused("sys_admin", "ADD");
	assert_int_equal(node_reservations(&node), 0);
	pod_add(pod);
	assert_refused("net_admin", "DEL");
	pod_check(pod);
	pod_del(pod);
}

/* Root's, too: whoever does without CAP_DAC_OVERRIDE is stopped by modes like anybody else. */
static void what_a_closed_directory_costs_is_told(void **state)
{
	autofree char *hidden = tmp_mkdir(&node.tmp, "hidden");
	struct run run;

	(void)state;
	free(run_must(NULL, "mkdir -p %s/networks && chmod 0 %s/networks", node.tmp.path,
		      node.tmp.path));
	run = run_under("", "cbr-bridge", "ADD");
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "Permission denied");
	assert_contains(run.out, "CAP_DAC_OVERRIDE");
	run_done(&run);
	free(run_must(NULL, "chmod 755 %s/networks; touch %s/netns; chmod 0 %s", node.tmp.path,
		      hidden, hidden));
	run = run_shell(
		&node.netns,
		"cd %s; CNI_COMMAND=ADD CNI_CONTAINERID=pod CNI_IFNAME=eth0 "
		"CNI_NETNS=hidden/netns CNI_PATH=\"$CBR_BIN\" \"$CBR_BIN\"/cbr-bridge <config",
		node.tmp.path);
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "\"code\": 8");
	assert_contains(run.out, "CAP_SYS_PTRACE");
	assert_contains(run.out, "CAP_DAC_OVERRIDE");
	run_done(&run);
}

/* Not root even in its user namespace, by capabilities that execve(2) hands on. */
static void another_user_with_the_capabilities_will_do(void **state)
{
	autofree char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	struct run may = run_shell(NULL, "unshare -U true");
	const bool no = may.status;

	(void)state;
	run_done(&may);
	if (no)
		skip_because("no user namespaces here");
	free(run_must(
		NULL,
		"unshare -U --map-user=1000 --map-group=1000 -n -m --keep-caps sh -exc '"
		"test $(id -u) = 1000; cd %s; : >ns; unshare --net=ns true; "
		"export CNI_CONTAINERID=pod CNI_IFNAME=eth0 CNI_NETNS=$PWD/ns CNI_PATH=$CBR_BIN; "
		"CNI_COMMAND=ADD $CBR_BIN/cbr-bridge <%s; "
		"nsenter --net=ns ping -qc1 -W9 10.22.0.1; "
		"CNI_COMMAND=DEL $CBR_BIN/cbr-bridge <%s; "
		"! nsenter --net=ns ip link show eth0'",
		node.tmp.path, config, config));
	assert_int_equal(node_reservations(&node), 0);
}

static void what_is_not_needed_is_not_missed(void **state)
{
	static const char *const front = "setpriv --bounding-set -all,+net_admin,+sys_admin";
	struct run run;

	(void)state;
	run = run_under(front, "cbr-bridge", "ADD");
	if (run.status)
		harness_fail(__FILE__, __LINE__, "%s", run.out);
	run_done(&run);
	run = run_under(front, "cbr-bridge", "DEL");
	assert_int_equal(run.status, 0);
	run_done(&run);
	assert_int_equal(node_reservations(&node), 0);
}

static void the_pool_needs_none(void **state)
{
	struct run run;

	(void)state;
	run = run_under("setpriv --bounding-set -all", "hl-ipam", "ADD");
	assert_int_equal(run.status, 0);
	run_done(&run);
	assert_int_equal(node_reservations(&node), 1);
	run = run_under("setpriv --bounding-set -all", "hl-ipam", "DEL");
	assert_int_equal(run.status, 0);
	run_done(&run);
	assert_int_equal(node_reservations(&node), 0);
}

/* A delegate that writes down what it may do, and answers like a pool. */
static void a_delegate_gets_what_the_runtime_gave(void **state)
{
	autofree char *dir = tmp_mkdir(&node.tmp, "plugins");
	autofree char *script = NULL;
	autofree char *status = NULL;
	autofree char *own = run_must(&node.netns, "grep -E 'Cap(Eff|Prm|Bnd)|NoNewPrivs' "
						   "/proc/self/status");
	autofree char *config = NULL;
	struct run_call call = pod_call(pod, "ADD");

	(void)state;
	assert_true(asprintf(&script,
			     "#!/bin/sh\ncat >/dev/null\n"
			     "grep -E 'Cap(Eff|Prm|Bnd)|NoNewPrivs' /proc/self/status >%s/status\n"
			     "echo '{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": "
			     "\"10.22.0.9/24\"}]}'\n",
			     node.tmp.path) > 0);
	free(tmp_write(&node.tmp, "plugins/foreign", script, 0755));
	assert_true(asprintf(&config,
			     "{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"bridge\": \"cni0\", "
			     "\"ipam\": {\"type\": \"foreign\"}}") > 0);
	call.config = config;
	call.path = dir;
	json_decref(run_result(&call));
	status = tmp_read(&node.tmp, "status");
	assert_string_equal(status, own);
}

/* Said of those who can get no privilege, while the plugin waits for the lock of the pool. */
static char *look_while_it_waits(const char *plugin)
{
	pod_add(pod);
	free(tmp_write(&node.tmp, "config", node.config, 0644));
	return run_must(
		&node.netns,
		"cd %s; "
		"{ flock 9; : >held; until [ -e seen ]; do :; done; } 9>>networks/net/lock & "
		"until [ -e held ]; do :; done; "
		"CNI_COMMAND=DEL CNI_CONTAINERID=pod CNI_IFNAME=eth0 CNI_PATH=\"$CBR_BIN\" "
		"\"$CBR_BIN\"/%s <config & pid=$!; "
		"until humble=$(grep -l 'NoNewPrivs:.1' /proc/$pid/task/*/status); do :; done; "
		"grep -hE 'CapEff|CapPrm|NoNewPrivs' $humble; : >seen; wait $pid",
		node.tmp.path, plugin);
}

#define NO_PRIVILEGE "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1\n"

/* As a process of its own, or as a thread of cbr-bridge. */
static void the_pool_can_get_no_privilege_back(void **state)
{
	autofree char *process = look_while_it_waits("hl-ipam");
	autofree char *thread = NULL;

	(void)state;
	assert_string_equal(process, NO_PRIVILEGE);
	free(run_must(NULL, "rm %s/held %s/seen", node.tmp.path, node.tmp.path));
	thread = look_while_it_waits("cbr-bridge");
	assert_string_equal(thread, NO_PRIVILEGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(a_missing_capability_is_named),
		TEST(what_a_closed_directory_costs_is_told),
		TEST(another_user_with_the_capabilities_will_do),
		TEST(what_is_not_needed_is_not_missed),
		TEST(the_pool_needs_none),
		TEST(a_delegate_gets_what_the_runtime_gave),
		TEST(the_pool_can_get_no_privilege_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
