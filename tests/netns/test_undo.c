/* SPDX-License-Identifier: Apache-2.0 */
/* test_undo.c - an ADD that fails leaves the node, the pod and the pool as they were */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "witness.h"

#define PLAIN_KEYS "\"isDefaultGateway\": true, \"ipMasq\": true"
#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, PLAIN_KEYS, PLAIN_IPAM);
	pod = node_pod(&node, "c1");
	return 0;
}

/* @n: reservations that others hold */
static void assert_add_leaves_nothing(int code, const char *text, size_t n)
{
	char *node_before = witness_state(&node.netns);
	char *pod_before = witness_state(&pod->netns);
	char *node_after;
	char *pod_after;

	pod_add_fails(pod, code, text);
	node_after = witness_state(&node.netns);
	pod_after = witness_state(&pod->netns);
	assert_string_equal(node_before, node_after);
	assert_string_equal(pod_before, pod_after);
	assert_int_equal(node_reservations(&node), n);
	free(node_before);
	free(node_after);
	free(pod_before);
	free(pod_after);
}

/* And when the cause is gone, the same attachment works. */
static void assert_add_works(void)
{
	pod_add(pod);
	pod_check(pod);
	pod_del(pod);
	assert_int_equal(node_reservations(&node), 0);
}

/* Each failure twice: on a node where the failing ADD would make the bridge, and beside a pod. */
static void assert_fails_alone_and_in_company(const char *keys, const char *ipam, int code,
					      const char *text)
{
	struct pod *other = node_pod(&node, "other");

	node_config(&node, keys, ipam);
	assert_add_leaves_nothing(code, text, 0);
	node_config(&node, PLAIN_KEYS, PLAIN_IPAM);
	pod_add(other);
	node_config(&node, keys, ipam);
	assert_add_leaves_nothing(code, text, 1);
	node_config(&node, PLAIN_KEYS, PLAIN_IPAM);
	pod_del(other);
	assert_add_works();
}

static void netns_that_is_missing_or_none(void **state)
{
	struct run_call call = pod_call(pod, "ADD");
	char *file = tmp_write(&node.tmp, "plain", "", 0644);
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	call.netns = "/nowhere/at/all";
	json_decref(run_error(&call, ERROR_NETNS, "/nowhere/at/all"));
	call.netns = file;
	json_decref(run_error(&call, ERROR_NETNS, file));
	call.netns = "/proc/self/ns/mnt";
	json_decref(run_error(&call, ERROR_NETNS, "/proc/self/ns/mnt"));
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_int_equal(node_reservations(&node), 0);
	free(before);
	free(after);
	free(file);
}

static void netns_that_is_the_nodes_own(void **state)
{
	static const char *const verbs[] = { "ADD", "CHECK" };
	struct run_call call = pod_call(pod, "ADD");
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		call.command = verbs[i];
		call.netns = node.netns.path;
		json_decref(run_error(&call, ERROR_NETNS, "should not be the same"));
		call.netns = "/proc/self/ns/net";
		json_decref(run_error(&call, ERROR_NETNS, "should not be the same"));
	}
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void delegate_that_is_not_there(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(PLAIN_KEYS, PLAIN_IPAM ", \"type\": \"nope\"",
					  ERROR_DELEGATE, "nope");
}

static void delegate_with_a_path_in_its_name(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(PLAIN_KEYS, PLAIN_IPAM ", \"type\": \"../hl-ipam\"",
					  ERROR_DELEGATE, "../hl-ipam");
}

static void delegate_that_refuses_its_config(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(PLAIN_KEYS, "\"subnet\": \"10.22.0.0/32\"", ERROR_CONFIG,
					  "Network 10.22.0.0/32 too small to allocate from");
}

/* A delegate of the test's own, as type "fake"; logs its verbs and prints @answer to ADD. */
static char *make_fake(const char *answer, int status)
{
	char script[1024];
	char *dir = tmp_mkdir(&node.tmp, "fake");

	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncat > /dev/null\necho $CNI_COMMAND >> %s/log\n"
		 "[ $CNI_COMMAND = ADD ] || exit 0\nprintf '%%s' '%s'\nexit %d\n",
		 dir, answer, status);
	free(tmp_write(&node.tmp, "fake/fake", script, 0755));
	return dir;
}

static void assert_fake_fails(const char *answer, int status, int code, const char *text)
{
	struct run_call call = pod_call(pod, "ADD");
	char *dir = make_fake(answer, status);
	char *before = witness_state(&node.netns);
	char *config;
	char *after;
	char *log;

	node_config(&node, PLAIN_KEYS, "\"type\": \"fake\"");
	config = node.config;
	call.path = dir;
	call.config = config;
	json_decref(run_error(&call, code, text));
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_null(witness_link(&pod->netns, "eth0"));
	log = tmp_read(&node.tmp, "fake/log");
	assert_string_equal(log, "ADD\nDEL\n");
	free(run_must(NULL, "rm %s/log", dir));
	free(log);
	free(before);
	free(after);
	free(dir);
}

static void delegate_that_fails_is_told_del(void **state)
{
	(void)state;
	assert_fake_fails("{\"code\": 123, \"msg\": \"no luck today\", \"details\": \"d\"}", 1, 123,
			  "no luck today");
	assert_fake_fails("", 3, ERROR_DELEGATE, "fake");
	assert_fake_fails("garbage", 1, ERROR_DELEGATE, "garbage");
}

static void delegate_whose_answer_is_no_use_is_told_del(void **state)
{
	(void)state;
	assert_fake_fails("garbage", 0, ERROR_DELEGATE, "garbage");
	assert_fake_fails("", 0, ERROR_DELEGATE, "fake");
	assert_fake_fails("{\"cniVersion\": \"1.1.0\"}", 0, ERROR_DELEGATE, "missing IP config");
	assert_fake_fails("{\"cniVersion\": \"9.9\"}", 0, ERROR_DELEGATE, "9.9");
	assert_fake_fails("{\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": \"10.22.0.5/24\", "
			  "\"gateway\": \"fd00::1\"}]}",
			  0, ERROR_DELEGATE, "10.22.0.5/24");
}

static void pool_that_is_full(void **state)
{
	struct pod *other = node_pod(&node, "other");

	(void)state;
	node_config(&node, PLAIN_KEYS, "\"subnet\": \"10.22.0.0/30\"");
	pod_add(other);
	assert_add_leaves_nothing(ERROR_AGAIN, "no IP addresses available in range set", 1);
	pod_del(other);
	assert_add_works();
}

static void container_interface_that_is_taken(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "ip link add eth0 type bridge"));
	assert_add_leaves_nothing(ERROR_CONFLICT, "\"eth0\" already exists", 0);
	free(run_must(&pod->netns, "ip link del eth0"));
	assert_add_works();
}

static void mtu_of_a_bridge_that_was_there(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip link add cni0 address 02:00:00:00:00:09 mtu 1500 up type "
				   "bridge nf_call_iptables 1 "
				   "nf_call_ip6tables 1"));
	node_config(&node,
		    PLAIN_KEYS
		    ", \"mtu\": 1410, "
		    "\"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		    PLAIN_IPAM);
	assert_add_leaves_nothing(ERROR_KERNEL, "10.23.0.0/24", 0);
	node_config(&node, PLAIN_KEYS, PLAIN_IPAM);
	assert_add_works();
}

/* An ADD that finds its attachment alive and then fails leaves it so. */
static void attachment_that_is_there_already(void **state)
{
	(void)state;
	pod_add(pod);
	node_config(&node,
		    PLAIN_KEYS
		    ", \"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		    PLAIN_IPAM);
	assert_add_leaves_nothing(ERROR_KERNEL, "10.23.0.0/24", 1);
	node_config(&node, PLAIN_KEYS, PLAIN_IPAM);
	pod_check(pod);
	pod_del(pod);
	assert_add_works();
}

static void attachment_that_lives_in_another_netns(void **state)
{
	struct pod *twin = node_pod(&node, "twin");

	(void)state;
	pod_add(pod);
	snprintf(twin->id, sizeof(twin->id), "c1");
	pod_add_fails(twin, ERROR_CONFLICT, "of container c1 already exists");
	pod_check(pod);
}

static void bridge_name_that_is_no_bridge(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type veth peer name x"));
	assert_add_leaves_nothing(ERROR_CONFLICT, "\"cni0\" already exists but is not a bridge", 0);
	free(run_must(&node.netns, "ip link del cni0"));
	assert_add_works();
}

static void route_that_cannot_be(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(
		PLAIN_KEYS,
		PLAIN_IPAM ", \"routes\": [{\"dst\": \"192.0.2.0/24\", \"gw\": \"172.31.0.1\"}]",
		ERROR_KERNEL, "192.0.2.0/24");
}

static void mtu_that_the_kernel_refuses(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(PLAIN_KEYS ", \"mtu\": 70000", PLAIN_IPAM, ERROR_KERNEL,
					  "mtu 70000");
}

static void node_route_whose_next_hop_is_nowhere(void **state)
{
	(void)state;
	assert_fails_alone_and_in_company(
		PLAIN_KEYS
		", \"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		PLAIN_IPAM, ERROR_KERNEL, "10.23.0.0/24");
}

static void node_route_that_is_somebody_elses(void **state)
{
	(void)state;
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name up1 && ip link set up1 up && "
		      "ip addr add 172.30.0.1/24 dev up0 && ip link set up0 up && "
		      "ip route add 10.23.0.0/24 via 172.30.0.99"));
	assert_fails_alone_and_in_company(
		PLAIN_KEYS
		", \"nodeRoutes\": [{\"dst\": \"10.24.0.0/24\", \"gw\": \"172.30.0.3\"}, "
		"{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.30.0.2\"}]",
		PLAIN_IPAM, ERROR_CONFLICT, "10.23.0.0/24");
}

/* BR_MAX_PORTS of net/bridge/br_private.h: 10 bits, and port 0 is none. */
static void bridge_with_as_many_ports_as_the_kernel_allows(void **state)
{
	struct run_call call = pod_call(pod, "ADD");
	json_t *error;

	(void)state;
	free(run_must(&node.netns, "{ echo 'link add cni0 type bridge'; echo 'link set cni0 up'; "
				   "for i in $(seq 512); do "
				   "echo \"link add a$i master cni0 type veth peer name b$i\"; "
				   "[ $i = 512 ] || echo \"link set b$i master cni0\"; "
				   "done; } | ip -batch -"));
	error = run_error(&call, ERROR_KERNEL, "Exchange full");
	assert_contains(json_text_at(error, "details"), "\"cni0\"");
	assert_contains(json_text_at(error, "details"), "1023");
	assert_null(witness_link(&pod->netns, "eth0"));
	assert_int_equal(node_reservations(&node), 0);
	json_decref(error);
	free(run_must(&node.netns, "ip link del a512"));
	assert_add_works();
}

/* A result that nobody can read is no attachment. */
static void result_that_cannot_be_delivered(void **state)
{
	char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	char *bin = run_bin("");
	struct run run;

	(void)state;
	run = run_shell(&node.netns,
			"CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=%s "
			"CNI_PATH=%s %s/cbr-bridge < %s > /dev/full",
			pod->netns.path, bin, bin, config);
	assert_int_equal(run.status, 1);
	assert_null(witness_link(&pod->netns, "eth0"));
	assert_int_equal(node_reservations(&node), 0);
	run_done(&run);
	free(bin);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(netns_that_is_missing_or_none),
		TEST(netns_that_is_the_nodes_own),
		TEST(delegate_that_is_not_there),
		TEST(delegate_with_a_path_in_its_name),
		TEST(delegate_that_refuses_its_config),
		TEST(delegate_that_fails_is_told_del),
		TEST(delegate_whose_answer_is_no_use_is_told_del),
		TEST(pool_that_is_full),
		TEST(container_interface_that_is_taken),
		TEST(mtu_of_a_bridge_that_was_there),
		TEST(attachment_that_is_there_already),
		TEST(attachment_that_lives_in_another_netns),
		TEST(bridge_name_that_is_no_bridge),
		TEST(route_that_cannot_be),
		TEST(mtu_that_the_kernel_refuses),
		TEST(node_route_whose_next_hop_is_nowhere),
		TEST(node_route_that_is_somebody_elses),
		TEST(bridge_with_as_many_ports_as_the_kernel_allows),
		TEST(result_that_cannot_be_delivered),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
