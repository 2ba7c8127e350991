/* SPDX-License-Identifier: Apache-2.0 */
/* test_node_routes.c - nodeRoutes beside the routes of others, and of an ADD that fails */

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define GATEWAY "\"isDefaultGateway\": true"
#define ROUTES                                                          \
	GATEWAY ", \"nodeRoutes\": ["                                   \
		"{\"dst\": \"10.44.2.0/24\", \"gw\": \"172.30.0.2\"}, " \
		"{\"dst\": \"fd00:44:2::/64\", \"gw\": \"fd00:30::2\"}]"
#define MOVED                                                           \
	GATEWAY ", \"nodeRoutes\": ["                                   \
		"{\"dst\": \"10.44.2.0/24\", \"gw\": \"172.30.0.3\"}, " \
		"{\"dst\": \"fd00:44:2::/64\", \"gw\": \"fd00:30::3\"}]"
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name up1 && ip link set up1 up && "
		      "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding && "
		      "echo 0 >/proc/sys/net/ipv6/conf/up0/accept_dad && "
		      "ip addr add 172.30.0.1/24 dev up0 && "
		      "ip addr add fd00:30::1/64 dev up0 nodad && ip link set up0 up"));
	node_config(&node, ROUTES, DUAL);
	pod = node_pod(&node, "c1");
	return 0;
}

static void assert_leads(const char *dst, const char *gw, const char *protocol)
{
	json_t *routes = witness_ip(&node.netns, "%s route show exact %s",
				    strchr(dst, ':') ? "-6" : "-4", dst);

	assert_int_equal(json_array_size(routes), 1);
	assert_json_text(routes, "0.gateway", gw);
	assert_json_text(routes, "0.protocol", protocol);
	json_decref(routes);
}

/* Somebody asks a table of his own before the main one, as those of VPNs do. */
static void a_table_that_comes_first_is_no_conflict(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip rule add pref 5270 lookup 52 && "
				   "ip -6 rule add pref 5270 lookup 52 && "
				   "ip route add 10.44.2.0/24 via 172.30.0.9 table 52 && "
				   "ip route add fd00:44:2::/64 via fd00:30::9 table 52"));
	for (int i = 0; i < 2; i++) {
		pod_add(pod);
		pod_check(pod);
		assert_leads("10.44.2.0/24", "172.30.0.2", "67");
		assert_leads("fd00:44:2::/64", "fd00:30::2", "67");
	}
	free(run_must(&node.netns, "ip route flush proto 67"));
	pod_check_fails(pod, ERROR_CHECK, "node route to 10.44.2.0/24");
}

/* Somebody wants a part of another node's pods elsewhere; at the very beginning, too. */
static void add_more_specific_routes(void)
{
	free(run_must(&node.netns, "ip route add 10.44.2.0/26 via 172.30.0.9 && "
				   "ip route add 10.44.2.128/25 via 172.30.0.9 && "
				   "ip route add 10.44.2.0/25 via 172.30.0.8 && "
				   "ip route add fd00:44:2::/80 via fd00:30::9 && "
				   "ip route add fd00:44:2::/120 via fd00:30::8"));
}

static void more_specific_routes_are_no_conflict(void **state)
{
	(void)state;
	pod_add(pod);
	add_more_specific_routes();
	pod_check(pod);
	pod_add(node_pod(&node, "c2"));
	assert_leads("10.44.2.0/24", "172.30.0.2", "67");
	assert_leads("fd00:44:2::/64", "fd00:30::2", "67");
	assert_leads("10.44.2.0/26", "172.30.0.9", "boot");
	assert_leads("fd00:44:2::/120", "fd00:30::8", "boot");
}

static void behind_more_specific_routes_ours_is_missed_and_restored(void **state)
{
	static const char *const dsts[] = { "10.44.2.0/24", "fd00:44:2::/64" };

	(void)state;
	add_more_specific_routes();
	pod_add(pod);
	for (size_t i = 0; i < ARRAY_SIZE(dsts); i++) {
		pod_check(pod);
		free(run_must(&node.netns, "ip route del %s proto 67", dsts[i]));
		pod_check_fails(pod, ERROR_CHECK, dsts[i]);
		pod_add(pod);
	}
	pod_check(pod);
}

static void behind_more_specific_routes_ours_is_replaced(void **state)
{
	(void)state;
	pod_add(pod);
	add_more_specific_routes();
	node_config(&node, MOVED, DUAL);
	pod_check_fails(pod, ERROR_CHECK, "10.44.2.0/24 via 172.30.0.3");
	pod_add(pod);
	assert_leads("10.44.2.0/24", "172.30.0.3", "67");
	assert_leads("fd00:44:2::/64", "fd00:30::3", "67");
	pod_check(pod);
}

/* Each row: what is there of somebody else, and the destination that is told to be taken. */
static const struct {
	const char *route;
	const char *dst;
} strangers[] = {
	{ "10.44.2.0/24 via 172.30.0.9", "10.44.2.0/24" },
	{ "10.44.2.0/24 dev up0", "10.44.2.0/24" },
	{ "blackhole 10.44.2.0/24", "10.44.2.0/24" },
	{ "fd00:44:2::/64 via fd00:30::9", "fd00:44:2::/64" },
	{ "unreachable fd00:44:2::/64", "fd00:44:2::/64" },
};

static void assert_strangers_are_told_and_stay(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(strangers); i++) {
		char *before;
		char *after;

		free(run_must(&node.netns, "ip route add %s", strangers[i].route));
		before = witness_state(&node.netns);
		pod_add_fails(pod, ERROR_CONFLICT, strangers[i].dst);
		after = witness_state(&node.netns);
		assert_string_equal(before, after);
		free(run_must(&node.netns, "ip route del %s", strangers[i].route));
		free(before);
		free(after);
	}
}

static void a_strangers_route_is_told_and_stays(void **state)
{
	(void)state;
	assert_strangers_are_told_and_stay();
	add_more_specific_routes();
	assert_strangers_are_told_and_stay();
}

/* Beside it, ours would be there and not be taken. */
static void a_strangers_route_of_a_lesser_metric_is_told(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip route add fd00:44:2::/64 via fd00:30::9 metric 100"));
	pod_add_fails(pod, ERROR_CONFLICT, "fd00:44:2::/64");
}

/* One of a greater metric harms nobody. */
static void a_strangers_route_of_a_greater_metric_is_no_conflict(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip route add 10.44.2.0/24 via 172.30.0.9 metric 100 && "
				   "ip route add fd00:44:2::/64 via fd00:30::9 metric 2000"));
	pod_add(pod);
	pod_check(pod);
}

/*
 * The first ADD adds the routes, then waits for what never comes, an address of the pod that
 * is local, and fails. Meanwhile another finds them and is done.
 */
static void a_failed_add_leaves_what_a_finished_one_counts_on(void **state)
{
	struct pod *second = node_pod(&node, "c2");
	const struct run_call call = pod_call(pod, "ADD");
	int status = 0;
	pid_t pid;

	(void)state;
	free(run_must(&pod->netns, "ip -6 rule add pref 1 lookup main && ip -6 rule del pref 0"));
	pid = fork();
	if (pid == 0)
		_exit(run_plugin(&call).status);
	assert_true(pid > 0);
	ns_wait(&node.netns, 10000, "ip route show proto 67 | grep -q 10.44.2.0/24");
	pod_add(second);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, W_EXITCODE(1, 0));
	assert_leads("10.44.2.0/24", "172.30.0.2", "67");
	assert_leads("fd00:44:2::/64", "fd00:30::2", "67");
	pod_check(second);
}

static void a_failed_add_that_was_alone_takes_its_routes_along(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "ip -6 rule add pref 1 lookup main && ip -6 rule del pref 0"));
	pod_add_fails(pod, ERROR_SYSTEM, "does not become local");
	free(run_must(&node.netns, "test -z \"$(ip route show proto 67; "
				   "ip -6 route show proto 67)\""));
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_table_that_comes_first_is_no_conflict),
		TEST(more_specific_routes_are_no_conflict),
		TEST(behind_more_specific_routes_ours_is_missed_and_restored),
		TEST(behind_more_specific_routes_ours_is_replaced),
		TEST(a_strangers_route_is_told_and_stays),
		TEST(a_strangers_route_of_a_lesser_metric_is_told),
		TEST(a_strangers_route_of_a_greater_metric_is_no_conflict),
		TEST(a_failed_add_leaves_what_a_finished_one_counts_on),
		TEST(a_failed_add_that_was_alone_takes_its_routes_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
