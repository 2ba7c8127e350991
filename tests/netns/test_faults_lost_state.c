/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults_lost_state.c - nothing is left behind where other plugins leave something */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define MASQ "\"isDefaultGateway\": true, \"ipMasq\": true"
#define POOL "\"subnet\": \"10.22.0.0/24\""

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, MASQ, POOL);
	pod = node_pod(&node, "c1");
	return 0;
}

/* State and reservations, before and after: @before is freed. */
static void assert_state_is(char *before, size_t reservations)
{
	char *after = witness_state(&node.netns);

	assert_string_equal(before, after);
	assert_int_equal(node_reservations(&node), reservations);
	free(before);
	free(after);
}

/* The rules are the last step, in one transaction: whatever the kernel minds, all of it goes. */
static void add_whose_rules_are_refused_leaves_nothing(void **state)
{
	char *before;

	(void)state;
	free(run_must(&node.netns,
		      "nft add table inet cbr; nft add set inet cbr pods4-net { type mark\\; }; "
		      "nft add chain inet cbr others; "
		      "nft add rule inet cbr others meta mark @pods4-net"));
	before = witness_state(&node.netns);
	pod_add_fails(pod, ERROR_KERNEL, "");
	assert_state_is(before, 0);
	free(run_must(&node.netns, "nft delete table inet cbr"));
	pod_add(pod);
	pod_check(pod);
}

static void add_fails(const char *keys, int code, const char *text)
{
	node_config(&node, keys, POOL);
	pod_add_fails(pod, code, text);
}

/* Between the failures nobody calls DEL, as runtimes do that give up on a pod for a while. */
static void add_after_a_failed_add_needs_no_del(void **state)
{
	(void)state;
	add_fails(MASQ ", \"mtu\": 70000", ERROR_KERNEL, "mtu 70000");
	add_fails(MASQ ", \"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		  ERROR_KERNEL, "10.23.0.0/24");
	node_config(&node, MASQ,
		    POOL ", \"routes\": [{\"dst\": \"192.0.2.0/24\", "
			 "\"gw\": \"172.31.0.1\"}]");
	pod_add_fails(pod, ERROR_KERNEL, "192.0.2.0/24");
	node_config(&node, MASQ, POOL);
	pod_add(pod);
	pod_check(pod);
	assert_int_equal(node_reservations(&node), 1);
}

/* A pod has no rules of its own that a DEL without its addresses could miss. */
static void del_without_a_netns_leaves_no_rule(void **state)
{
	static const char *const gone[] = { "", "/run/netns/is/gone" };
	char *before;

	(void)state;
	pod_add(pod);
	before = witness_state(&node.netns);
	for (size_t i = 0; i < 2; i++) {
		struct pod *other = node_pod(&node, gone[i][0] ? "c3" : "c2");
		struct run_call call = pod_call(other, "DEL");

		pod_add(other);
		ns_destroy(&other->netns);
		call.netns = gone[i];
		assert_null(run_result(&call));
	}
	assert_state_is(before, 1);
}

/* The link is gone by then, and with it every way to ask which addresses it had. */
static void del_again_finishes_what_the_first_could_not(void **state)
{
	struct pod *other = node_pod(&node, "c2");
	struct run_call call = pod_call(other, "DEL");
	char *before;

	(void)state;
	pod_add(pod);
	before = witness_state(&node.netns);
	pod_add(other);
	call.path = "/nowhere";
	json_decref(run_error(&call, ERROR_DELEGATE, "hl-ipam"));
	assert_int_equal(node_reservations(&node), 2);
	call = pod_call(other, "DEL");
	assert_null(run_result(&call));
	assert_state_is(before, 1);
}

/* One of them goes: the other's traffic is masqueraded as before, and its DEL works. */
static void two_interfaces_of_a_container_share_no_rule(void **state)
{
	struct ns outside = { 0 };
	struct run_call second = pod_call(pod, "ADD");

	(void)state;
	ns_make(&node.tmp, "outside", &outside);
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name eth0 netns %s && "
		      "ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up",
		      outside.path));
	free(run_must(&outside, "ip addr add 192.0.2.9/24 dev eth0 && ip link set eth0 up"));
	second.ifname = "net1";
	pod_add(pod);
	json_decref(run_result(&second));
	pod_del(pod);
	assert_reaches(&pod->netns, &outside, "192.0.2.9", "192.0.2.1");
	second.command = "DEL";
	assert_null(run_result(&second));
	assert_int_equal(node_reservations(&node), 0);
	assert_null(witness_link(&pod->netns, "net1"));
	ns_destroy(&outside);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(add_whose_rules_are_refused_leaves_nothing),
		TEST(add_after_a_failed_add_needs_no_del),
		TEST(del_without_a_netns_leaves_no_rule),
		TEST(del_again_finishes_what_the_first_could_not),
		TEST(two_interfaces_of_a_container_share_no_rule),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
