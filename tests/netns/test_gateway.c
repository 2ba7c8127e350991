/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway.c - the gateway's address on a bridge that has others */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""
#define OTHER_IPAM "\"subnet\": \"10.33.0.0/24\""
#define DUAL_IPAM "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define UNREACHABLE ", \"nodeRoutes\": [{\"dst\": \"10.44.0.0/24\", \"gw\": \"172.31.0.1\"}]"
#define FORCE "\"isDefaultGateway\": true, \"forceAddress\": true"

/* A bridge with an address of somebody else's; on which nobody is, as the kernel knows at once. */
static void make_bridge(const char *address)
{
	free(run_must(&node.netns,
		      "ip link add cni0 address 02:00:00:00:00:99 type bridge && "
		      "ip link set cni0 up && ip addr add %s broadcast + dev cni0",
		      address));
	ns_wait(&node.netns, 2000, "ip route show dev cni0 | grep -q linkdown");
}

/* The state is @before, which this frees, if need be as soon as the kernel has noticed. */
static void assert_state_is(char *before)
{
	char *after;

	ns_wait(&node.netns, 2000,
		"ip link show master cni0 | grep -q . || ip route show dev cni0 | grep -q "
		"linkdown");
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void assert_refused(struct pod *pod, const char *text)
{
	const size_t reservations = node_reservations(&node);
	char *before = witness_state(&node.netns);

	pod_add_fails(pod, ERROR_CONFLICT, text);
	assert_state_is(before);
	assert_int_equal(node_reservations(&node), reservations);
}

static void another_address_of_the_bridge_is_a_conflict(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");

	(void)state;
	pod_add(first);
	node_config(&node, "\"isDefaultGateway\": true", "\"subnet\": \"10.33.0.0/24\"");
	assert_refused(pod, "\"cni0\" already has an IP address different from 10.33.0.1/24");
}

static void force_address_replaces_it(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");

	(void)state;
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	pod_add(first);
	node_config(&node, "\"isDefaultGateway\": true, \"forceAddress\": true",
		    "\"subnet\": \"10.33.0.0/24\"");
	pod_add(pod);
	assert_false(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.33.0.1/24"));
	assert_reaches(&pod->netns, &node.netns, "10.33.0.1", "10.33.0.2");
}

static void force_address_within_one_subnet(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");

	(void)state;
	pod_add(first);
	node_config(&node, "\"isDefaultGateway\": true, \"forceAddress\": true",
		    PLAIN_IPAM ", \"gateway\": \"10.22.0.254\"");
	pod_add(pod);
	assert_false(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.254/24"));
}

static void disjoint_ipv6_address_is_no_conflict(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up && "
				   "ip addr add fd99::1/64 dev cni0 nodad"));
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"fd00:22::/64\"");
	pod_add(pod);
	assert_true(witness_has_address(&node.netns, "cni0", "fd99::1/64"));
	assert_true(witness_has_address(&node.netns, "cni0", "fd00:22::1/64"));
}

/* Whatever stands in front of it in the list, which is where the kernel puts older ones. */
static void an_address_that_is_there_settles_it(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up && "
				   "ip addr add 10.99.0.1/24 dev cni0 && "
				   "ip addr add 10.22.0.1/24 dev cni0"));
	pod_add(pod);
	node_config(&node, FORCE, PLAIN_IPAM);
	pod_add(node_pod(&node, "c2"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.99.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", "10.22.0.2");
}

/* The same bytes are the same address, however they are written; another length is another. */
static void addresses_are_compared_by_value(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up && "
				   "ip addr add fd00:22::1/64 dev cni0 nodad && "
				   "ip addr add 10.22.0.1/24 dev cni0"));
	node_config(&node, "\"isGateway\": true",
		    "\"subnet\": \"FD00:22:0:0::/64\", \"gateway\": \"FD00:0022:0::0001\"");
	pod_add(pod);
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"10.22.0.0/16\"");
	assert_refused(node_pod(&node, "c2"), "different from 10.22.0.1/16");
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"fd00:22::/72\"");
	assert_refused(node_pod(&node, "c3"), "different from fd00:22::1/72");
}

static void somebody_elses_address_stays_while_pods_live(void **state)
{
	(void)state;
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	pod_add(node_pod(&node, "c1"));
	free(run_must(&node.netns, "ip addr add 10.99.0.1/24 dev cni0"));
	node_config(&node, FORCE, OTHER_IPAM);
	assert_refused(node_pod(&node, "c2"), "10.99.0.1/24, which veth");
	free(run_must(&node.netns, "ip addr del 10.99.0.1/24 dev cni0"));
	pod_add(&node.pods[1]);
	assert_false(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
}

static void somebody_elses_address_goes_if_nobody_uses_it(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	make_bridge("10.99.0.1/24");
	assert_refused(pod, "different from 10.22.0.1/24");
	node_config(&node, FORCE, PLAIN_IPAM);
	pod_add(pod);
	assert_false(witness_has_address(&node.netns, "cni0", "10.99.0.1/24"));
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
}

static void a_port_that_is_not_ours_may_use_any_address(void **state)
{
	(void)state;
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	pod_add(node_pod(&node, "c1"));
	free(run_must(&node.netns, "ip link add vm0 master cni0 type veth peer name vm1"));
	node_config(&node, FORCE, OTHER_IPAM);
	assert_refused(node_pod(&node, "c2"), "10.22.0.1/24, which vm0 (not ours) uses");
}

/* Taken over from a plugin that does not mark what it makes. */
static void an_unmarked_gateway_of_the_network_is_replaced(void **state)
{
	struct pod *pod = node_pod(&node, "c2");

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up && "
				   "ip addr add 10.22.0.1/24 dev cni0"));
	pod_add(node_pod(&node, "c1"));
	node_config(&node, FORCE, PLAIN_IPAM ", \"gateway\": \"10.22.0.254\"");
	pod_add(pod);
	assert_false(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	assert_reaches(&pod->netns, &node.netns, "10.22.0.254", pod_address(pod, 0));
}

/* The new address comes before the old one goes: the pods of the subnet see no gap in it. */
static void pods_talk_while_the_gateway_moves_within_their_subnet(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *log;

	(void)state;
	pod_add(pod);
	node_pod(&node, "c2");
	node_config(&node, FORCE, PLAIN_IPAM ", \"gateway\": \"10.22.0.254\"");
	log = tmp_path(&node.tmp, "monitor");
	free(run_must(&node.netns, "ip monitor address >%s & echo $! >%s.pid", log, log));
	ns_wait(&node.netns, 10000,
		"ip addr add 192.0.2.1/32 dev lo; ip addr del 192.0.2.1/32 dev "
		"lo; grep -q Deleted.*192.0.2.1 %s",
		log);
	pod_add(&node.pods[1]);
	ns_wait(&node.netns, 10000, "grep -q Deleted.*10.22.0.1/24 %s", log);
	free(run_must(NULL, "kill $(cat %s.pid); grep -n 10.22.0 %s | head -n 1 | grep -q 0.254",
		      log, log));
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.254/24"));
	assert_reaches(&node.netns, &pod->netns, "10.22.0.2", "10.22.0.254");
	free(log);
}

/* A bridge that nobody gave a MAC has that of a port, until the port goes. */
static void the_mac_of_a_bridge_stays_once_it_is_the_gateway(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");
	json_t *link;

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up"));
	pod_add(first);
	pod_add(pod);
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", "10.22.0.3");
	pod_del(first);
	link = witness_link(&node.netns, "cni0");
	assert_json_text(link, "address", json_text_at(first->result, "interfaces.0.mac"));
	assert_json_text(link, "address", json_text_at(pod->result, "interfaces.0.mac"));
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", "10.22.0.3");
	json_decref(link);
}

static char *addresses_of_bridge(void)
{
	return run_must(&node.netns, "ip -d -o addr show dev cni0 scope global | "
				     "sed 's/\\([0-9]\\)[0-9]*sec/\\1/g' | sort");
}

/* Whoever put it there may look for the label, and lets it expire. */
static void a_replaced_address_comes_back_as_it_was(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *before;
	char *after;

	(void)state;
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	make_bridge("10.99.0.1/24 label cni0:vm metric 77 valid_lft 3900 preferred_lft 2900");
	free(run_must(&node.netns, "ip addr add 10.98.0.1 peer 10.98.0.2/32 dev cni0 && "
				   "ip addr add fd00:22::9/48 dev cni0 nodad preferred_lft 0"));
	before = addresses_of_bridge();
	node_config(&node, FORCE UNREACHABLE, DUAL_IPAM);
	pod_add_fails(pod, ERROR_KERNEL, "10.44.0.0/24");
	after = addresses_of_bridge();
	assert_string_equal(before, after);
	free(before);
	free(after);
	/* And is still not ours. */
	node_config(&node, "", PLAIN_IPAM);
	pod_add(pod);
	node_config(&node, FORCE, PLAIN_IPAM);
	assert_refused(node_pod(&node, "c2"), ", which veth");
}

static void a_replacement_that_fails_later_is_undone(void **state)
{
	static const char unreachable[] = FORCE UNREACHABLE;
	struct pod *pod = node_pod(&node, "c1");
	char *before;

	(void)state;
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	make_bridge("10.99.0.1/24");
	before = witness_state(&node.netns);
	node_config(&node, unreachable, PLAIN_IPAM);
	pod_add_fails(pod, ERROR_KERNEL, "10.44.0.0/24");
	assert_state_is(before);
	/* With pods on the bridge the old gateway is theirs again. */
	free(run_must(&node.netns, "ip link del cni0"));
	node_config(&node, "\"isDefaultGateway\": true", OTHER_IPAM);
	pod_add(pod);
	node_config(&node, unreachable, PLAIN_IPAM);
	pod_add_fails(node_pod(&node, "c2"), ERROR_KERNEL, "10.44.0.0/24");
	assert_reaches(&pod->netns, &node.netns, "10.33.0.1", "10.33.0.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(another_address_of_the_bridge_is_a_conflict),
		TEST(force_address_replaces_it),
		TEST(force_address_within_one_subnet),
		TEST(disjoint_ipv6_address_is_no_conflict),
		TEST(an_address_that_is_there_settles_it),
		TEST(addresses_are_compared_by_value),
		TEST(somebody_elses_address_stays_while_pods_live),
		TEST(somebody_elses_address_goes_if_nobody_uses_it),
		TEST(a_port_that_is_not_ours_may_use_any_address),
		TEST(an_unmarked_gateway_of_the_network_is_replaced),
		TEST(pods_talk_while_the_gateway_moves_within_their_subnet),
		TEST(the_mac_of_a_bridge_stays_once_it_is_the_gateway),
		TEST(a_replaced_address_comes_back_as_it_was),
		TEST(a_replacement_that_fails_later_is_undone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
