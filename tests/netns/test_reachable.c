/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_reachable.c - whoever remembers a former owner of the address learns of the new one
 *
 * On the node and in a sibling pod, whatever the state of the old entry was when the ADD
 * began: who tries in the first 50 ms after it is answered in these. Asking again, which a
 * kernel does after a second, is late.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define AT_ONCE_MS 50
#define FORMER "02:de:ad:be:ef:01"
#define V4 "\"subnet\": \"10.22.0.0/24\""
#define V6 "\"subnet\": \"fd00:22::/64\""

static const char *const states[] = { "reachable", "stale", "delay", "probe", "failed" };
#define N_STATES (ARRAY_SIZE(states))

static struct pod *sibling;

static int make_node(const char *ipam)
{
	node_make(&node);
	node_config(&node, "\"isDefaultGateway\": true", ipam);
	sibling = node_pod(&node, "sibling");
	pod_add(sibling);
	return 0;
}

static int setup_v4(void **state)
{
	(void)state;
	return make_node(V4);
}

static int setup_v6(void **state)
{
	(void)state;
	return make_node(V6);
}

/* The address that the next pod gets; a pool gives them in order. */
static void next_address(char *ret, size_t size, size_t n)
{
	if (strchr(pod_address(sibling, 0), ':'))
		snprintf(ret, size, "fd00:22::%zx", n);
	else
		snprintf(ret, size, "10.22.0.%zu", n);
}

static void assert_entry(const struct ns *ns, const char *dev, const char *addr, const char *state)
{
	free(run_must(ns, "ip neigh show %s dev %s nud %s | grep -q .", addr, dev, state));
}

/* By the sibling and by the node, which it finds in turn. */
static void assert_found(const struct pod *pod, const char *entry)
{
	const struct ns *ns = &pod->netns;
	char what[64];

	snprintf(what, sizeof(what), "%s, from the sibling", entry);
	assert_answers(&sibling->netns, ns, pod_address(pod, 0), AT_ONCE_MS, what);
	snprintf(what, sizeof(what), "%s, from the node", entry);
	assert_answers(&node.netns, ns, pod_address(pod, 0), AT_ONCE_MS, what);
	snprintf(what, sizeof(what), "%s, to the sibling", entry);
	assert_answers(ns, &sibling->netns, pod_address(sibling, 0), AT_ONCE_MS, what);
}

static void assert_pod_answers(size_t i, const char *state, const char *addr)
{
	struct pod *pod;
	char id[16];

	snprintf(id, sizeof(id), "pod%zu", i);
	pod = node_pod(&node, id);
	pod_add(pod);
	assert_string_equal(pod_address(pod, 0), addr);
	assert_found(pod, state);
}

static void an_entry_of_a_former_owner(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_STATES; i++) {
		char addr[64];

		next_address(addr, sizeof(addr), i + 3);
		free(run_must(&sibling->netns,
			      "ip neigh replace %s lladdr " FORMER " dev eth0 nud %s", addr,
			      states[i]));
		free(run_must(&node.netns, "ip neigh replace %s lladdr " FORMER " dev cni0 nud %s",
			      addr, states[i]));
		assert_pod_answers(i, states[i], addr);
	}
}

/* Asked for a moment ago, when nobody was there, and not given up yet. */
static void an_entry_that_waits_for_an_answer(void **state)
{
	char addr[64];

	(void)state;
	next_address(addr, sizeof(addr), 3);
	traffic_poke(&sibling->netns, addr);
	traffic_poke(&node.netns, addr);
	assert_entry(&sibling->netns, "eth0", addr, "incomplete");
	assert_entry(&node.netns, "cni0", addr, "incomplete");
	assert_pod_answers(0, "incomplete", addr);
}

/*
 * What is permanent on the node is replaced. A sibling's is its own, and no message
 * changes it: that stays right because an address has one MAC, whoever owns it.
 */
static void a_permanent_entry(void **state)
{
	char addr[64];
	struct pod *old = node_pod(&node, "old");

	(void)state;
	pod_add(old);
	snprintf(addr, sizeof(addr), "%s", pod_address(old, 0));
	free(run_must(&sibling->netns, "ip neigh replace %s lladdr %s dev eth0 nud permanent", addr,
		      json_text_at(old->result, "interfaces.2.mac")));
	free(run_must(&node.netns, "ip neigh replace %s lladdr " FORMER " dev cni0 nud permanent",
		      addr));
	pod_del(old);
	old->args = NULL;
	snprintf(old->id, sizeof(old->id), "new");
	free(run_must(&node.netns, "ip neigh replace %s lladdr " FORMER " dev cni0 nud permanent",
		      addr));
	{
		char args[128];

		snprintf(args, sizeof(args), "IP=%s", addr);
		old->args = args;
		pod_add(old);
	}
	assert_string_equal(pod_address(old, 0), addr);
	assert_found(old, "permanent");
}

/* A MAC that was asked for is not that of the address: those who know another must be told. */
static void a_pod_that_asks_for_its_mac(void **state)
{
	struct pod *old = node_pod(&node, "old");
	struct pod *pod = node_pod(&node, "new");
	char args[128];

	(void)state;
	pod_add(old);
	assert_found(old, "none");
	pod_del(old);
	snprintf(args, sizeof(args), "IP=%s;MAC=02:00:00:00:00:77", pod_address(old, 0));
	pod->args = args;
	pod_add(pod);
	assert_found(pod, "another MAC");
}

/* Nobody asks for it and nobody need be told: the first packet finds it, or is lost. */
static void a_port_forwards_when_add_returns(void **state)
{
	(void)state;
	for (int i = 3; i < 23; i++) {
		struct pod *pod;
		char id[16];

		free(run_must(&sibling->netns,
			      "ip neigh replace 10.22.0.%d lladdr 0a:58:0a:16:00:%02x dev eth0 "
			      "nud permanent",
			      i, i));
		snprintf(id, sizeof(id), "pod%d", i);
		pod = node_pod(&node, id);
		pod_add(pod);
		assert_first_answers(&sibling->netns, &pod->netns, pod_address(pod, 0), AT_ONCE_MS,
				     "permanent");
	}
}

/*
 * In hairpin mode a port sends back what its pod says to all. Where a busy kernel is late to
 * pass on what was said before, that happens still, but not to each pod.
 */
static void a_pod_does_not_hear_its_own_announcements(void **state)
{
	bool quiet = false;

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"hairpinMode\": true", V6);
	for (int i = 0; i < 5 && !quiet; i++) {
		struct pod *pod;
		char *heard;
		char id[16];

		snprintf(id, sizeof(id), "pod%d", i);
		pod = node_pod(&node, id);
		pod_add(pod);
		heard = run_must(&pod->netns,
				 "awk '/Icmp6InType136/ { print $2 }' /proc/net/snmp6");
		quiet = !*heard;
		free(heard);
		pod_check(pod);
	}
	assert_true(quiet);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn, family) { #fn "_" #family, fn, setup_##family, one_node_done, NULL }
		TEST(an_entry_of_a_former_owner, v4),
		TEST(an_entry_of_a_former_owner, v6),
		TEST(an_entry_that_waits_for_an_answer, v4),
		TEST(an_entry_that_waits_for_an_answer, v6),
		TEST(a_permanent_entry, v4),
		TEST(a_permanent_entry, v6),
		TEST(a_pod_that_asks_for_its_mac, v4),
		TEST(a_pod_that_asks_for_its_mac, v6),
		TEST(a_port_forwards_when_add_returns, v4),
		TEST(a_pod_does_not_hear_its_own_announcements, v6),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
