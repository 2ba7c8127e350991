/* SPDX-License-Identifier: Apache-2.0 */
/* test_masq.c - ipMasq: who sees whose address, and what it costs in rules */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define MASQ "\"isDefaultGateway\": true, \"ipMasq\": true"
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static struct ns outside;
static struct pod *a;
static struct pod *b;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	ns_make(&node.tmp, "outside", &outside);
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name eth0 netns %s && "
		      "echo 0 >/proc/sys/net/ipv6/conf/up0/accept_dad && "
		      "ip addr add 192.0.2.1/24 dev up0 && "
		      "ip addr add 2001:db8::1/64 dev up0 nodad && ip link set up0 up",
		      outside.path));
	free(run_must(&outside, "echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad && "
				"ip addr add 192.0.2.9/24 dev eth0 && "
				"ip addr add 2001:db8::9/64 dev eth0 nodad && "
				"ip link set eth0 up && ip route add 10.0.0.0/8 via 192.0.2.1 && "
				"ip route add fd00::/8 via 2001:db8::1"));
	node_config(&node, MASQ, DUAL);
	a = node_pod(&node, "a");
	b = node_pod(&node, "b");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	ns_destroy(&outside);
	node_done(&node);
	return 0;
}

static void add_both(void)
{
	pod_add(a);
	pod_add(b);
}

static void outside_sees_the_node(void **state)
{
	(void)state;
	add_both();
	assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
	assert_reaches(&a->netns, &outside, "2001:db8::9", "2001:db8::1");
}

static void without_it_outside_sees_the_pod(void **state)
{
	char *rules;

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true", DUAL);
	add_both();
	assert_reaches(&a->netns, &outside, "192.0.2.9", "10.22.0.2");
	assert_reaches(&a->netns, &outside, "2001:db8::9", "fd00:22::2");
	rules = run_must(&node.netns, "nft list ruleset");
	assert_string_equal(rules, "");
	free(rules);
}

static void pods_and_node_see_the_pod(void **state)
{
	(void)state;
	add_both();
	assert_reaches(&a->netns, &b->netns, "10.22.0.3", "10.22.0.2");
	assert_reaches(&a->netns, &b->netns, "fd00:22::3", "fd00:22::2");
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	assert_reaches(&outside, &a->netns, "10.22.0.2", "192.0.2.9");
}

static void exempt_destinations_see_the_pod(void **state)
{
	(void)state;
	node_config(&node, MASQ ", \"nonMasqueradeCIDRs\": [\"192.0.2.0/24\", \"2001:db8::/32\"]",
		    DUAL);
	add_both();
	assert_reaches(&a->netns, &outside, "192.0.2.9", "10.22.0.2");
	assert_reaches(&a->netns, &outside, "2001:db8::9", "fd00:22::2");
	pod_check(a);
}

static void exemptions_follow_the_config(void **state)
{
	(void)state;
	pod_add(a);
	assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
	node_config(&node, MASQ ", \"nonMasqueradeCIDRs\": [\"192.0.2.0/24\"]", DUAL);
	pod_add(b);
	assert_reaches(&a->netns, &outside, "192.0.2.9", "10.22.0.2");
	node_config(&node, MASQ, DUAL);
	pod_del(b);
	pod_add(b);
	assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
}

/* Pods of one network in two subnets are one network. */
static void both_subnets_of_a_range_set_are_own(void **state)
{
	(void)state;
	node_config(
		&node, MASQ ", \"hairpinMode\": true",
		"\"ranges\": [[{\"subnet\": \"10.22.0.0/30\"}, {\"subnet\": \"10.33.0.0/24\"}]]");
	add_both();
	assert_string_equal(pod_address(a, 0), "10.22.0.2");
	assert_string_equal(pod_address(b, 0), "10.33.0.2");
	assert_reaches(&a->netns, &b->netns, "10.33.0.2", "10.22.0.2");
	assert_reaches(&b->netns, &a->netns, "10.22.0.2", "10.33.0.2");
}

static void either_backend_means_the_same(void **state)
{
	static const char *const backends[] = { "\"iptables\"", "\"nftables\"", "null" };
	char keys[128];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		snprintf(keys, sizeof(keys), MASQ ", \"ipMasqBackend\": %s", backends[i]);
		node_config(&node, keys, DUAL);
		pod_add(a);
		assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
		pod_del(a);
	}
}

static void rules_do_not_grow_with_pods(void **state)
{
	char *one;
	char *many;
	char id[16];

	(void)state;
	pod_add(a);
	one = run_must(&node.netns, "nft list ruleset");
	for (int i = 1; i < 100; i++) {
		snprintf(id, sizeof(id), "more%d", i);
		pod_add(node_pod(&node, id));
	}
	many = run_must(&node.netns, "nft list ruleset");
	assert_string_equal(one, many);
	assert_contains(one, "fully-random");
	free(one);
	free(many);
}

static void check_misses_what_was_flushed_and_add_restores_it(void **state)
{
	static const char *const damages[] = {
		"nft flush ruleset",
		"nft flush chain inet cbr $(nft list chains inet | awk '/chain/ {print $2; exit}')",
	};

	(void)state;
	pod_add(a);
	pod_check(a);
	for (size_t i = 0; i < 2; i++) {
		free(run_must(&node.netns, "%s", damages[i]));
		pod_check_fails(a, ERROR_CHECK, "");
		assert_reaches(&a->netns, &outside, "192.0.2.9", "10.22.0.2");
		pod_add(b);
		assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
		pod_check(a);
		pod_del(b);
	}
}

/* As a firewall's script begins; its rules are in tables of its own, and so are ours. */
static void a_flush_of_iptables_takes_nothing(void **state)
{
	struct run there = run_shell(NULL, "command -v iptables ip6tables");
	const bool no = there.status;

	(void)state;
	run_done(&there);
	if (no)
		skip_because("no iptables here");
	pod_add(a);
	free(run_must(&node.netns, "for tool in iptables ip6tables; do for table in filter nat; do "
				   "$tool -t $table -F && $tool -t $table -X || exit; done; done"));
	pod_check(a);
	assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
	pod_add(b);
	assert_reaches(&b->netns, &outside, "2001:db8::9", "2001:db8::1");
	pod_del(a);
	pod_check(b);
	pod_del(b);
}

static void foreign_rules_are_left_alone(void **state)
{
	char *rules;

	(void)state;
	free(run_must(&node.netns, "nft add table ip mine '{ chain c { type filter hook forward "
				   "priority 0; counter; }; }'"));
	pod_add(a);
	pod_del(a);
	rules = run_must(&node.netns, "nft list table ip mine");
	assert_contains(rules, "counter packets");
	free(rules);
}

/* With a layer 2 network there is nothing to masquerade. */
static void without_addresses_there_are_no_rules(void **state)
{
	char *rules;

	(void)state;
	node_config(&node, "\"ipMasq\": true", NULL);
	pod_add(a);
	rules = run_must(&node.netns, "nft list ruleset");
	assert_string_equal(rules, "");
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(outside_sees_the_node),
		TEST(without_it_outside_sees_the_pod),
		TEST(pods_and_node_see_the_pod),
		TEST(exempt_destinations_see_the_pod),
		TEST(exemptions_follow_the_config),
		TEST(both_subnets_of_a_range_set_are_own),
		TEST(either_backend_means_the_same),
		TEST(rules_do_not_grow_with_pods),
		TEST(check_misses_what_was_flushed_and_add_restores_it),
		TEST(a_flush_of_iptables_takes_nothing),
		TEST(foreign_rules_are_left_alone),
		TEST(without_addresses_there_are_no_rules),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
