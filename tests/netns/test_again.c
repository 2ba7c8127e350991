/* SPDX-License-Identifier: Apache-2.0 */
/* test_again.c - the same ADD once more: alive is confirmed, half made is finished */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true, \"ipMasq\": true, \"hairpinMode\": true"
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, KEYS, DUAL);
	pod = node_pod(&node, "c1");
	return 0;
}

/* ADD again must give what it gave before, and leave an attachment that passes CHECK. */
static void assert_same_again(void)
{
	json_t *before = json_incref(pod->result);

	pod_add(pod);
	assert_true(json_equal(before, pod->result));
	assert_int_equal(node_reservations(&node), 2);
	pod_check(pod);
	json_decref(before);
}

static void alive_it_is_confirmed(void **state)
{
	char *before[2];
	char *after[2];

	(void)state;
	pod_add(pod);
	before[0] = witness_state(&node.netns);
	before[1] = witness_state(&pod->netns);
	for (int i = 0; i < 3; i++)
		assert_same_again();
	after[0] = witness_state(&node.netns);
	after[1] = witness_state(&pod->netns);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(before[i], after[i]);
		free(before[i]);
		free(after[i]);
	}
	pod_del(pod);
	assert_int_equal(node_reservations(&node), 0);
}

/* What a call that was killed may have left undone, in the pod and on the node. */
static void half_made_it_is_finished(void **state)
{
	static const struct {
		bool in_pod;
		const char *undone;
	} cases[] = {
		{ true, "ip link set eth0 down" },
		{ true, "ip link set eth0 down; ip addr flush dev eth0; "
			"ip link set eth0 address 02:00:00:00:00:77" },
		{ true, "ip route flush default; ip -6 route flush default" },
		{ true, "ip -6 addr flush dev eth0 scope global" },
		{ false, "ip link set $HOST nomaster" },
		{ false, "ip link set $HOST down" },
		{ false, "ip link set $HOST alias ''" },
		{ false, "bridge link set dev $HOST hairpin off" },
		{ false, "ip addr flush dev cni0" },
		{ false, "ip link del cni0" },
		{ false, "nft flush ruleset" },
		{ false, "ip neigh flush dev cni0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *mac;

		pod_add(pod);
		free(run_must(cases[i].in_pod ? &pod->netns : &node.netns, "HOST=%s; %s",
			      pod_host_end(pod), cases[i].undone));
		mac = strdup(json_text_at(pod->result, "interfaces.2.mac"));
		pod_add(pod);
		assert_string_equal(json_text_at(pod->result, "interfaces.2.mac"), mac);
		pod_check(pod);
		assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
		assert_reaches(&pod->netns, &node.netns, "fd00:22::1", pod_address(pod, 1));
		pod_del(pod);
		free(mac);
	}
	assert_int_equal(node_reservations(&node), 0);
}

/* What somebody altered is put right, not added to; @prove must succeed then, in the same place. */
static void altered_it_is_put_right(void **state)
{
	static const struct {
		bool in_pod;
		const char *altered;
		const char *prove;
	} cases[] = {
		{ true, "ip route replace default via 10.22.0.99",
		  "[ \"$(ip -o route show default | wc -l)\" = 1 ]; "
		  "ip route show default | grep 'via 10.22.0.1 '" },
		{ true, "ip -6 route replace default via fd00:22::99",
		  "[ \"$(ip -o -6 route show default | wc -l)\" = 1 ]; "
		  "ip -6 route show default | grep 'via fd00:22::1 '" },
		{ true, "ip -6 route append default via fd00:22::99",
		  "! ip -6 route show default | grep fd00:22::99" },
		{ true, "ip route prepend default via 10.22.0.99",
		  "! ip route show default | grep 10.22.0.99" },
		{ true, "ip route replace default via 10.22.0.1 mtu 1300",
		  "! ip route show default | grep 1300" },
		{ true, "ip -6 route replace default via fd00:22::1 mtu 1300",
		  "! ip -6 route show default | grep 1300" },
		{ true, "ip link set eth0 mtu 1300", "ip link show eth0 | grep 'mtu 1500'" },
		{ true, "ip link set eth0 mtu 1200",
		  "grep -x 0 /proc/sys/net/ipv6/conf/eth0/accept_ra; ip link show eth0 | grep 'mtu "
		  "1500'" },
		{ false, "ip link set $HOST mtu 1300", "ip link show $HOST | grep 'mtu 1500'" },
	};

	(void)state;
	/* Else the bridge would have that of its ports, and new pods, too. */
	node_config(&node, KEYS ", \"mtu\": 1500", DUAL);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct ns *ns = cases[i].in_pod ? &pod->netns : &node.netns;

		pod_add(pod);
		free(run_must(ns, "HOST=%s; %s", pod_host_end(pod), cases[i].altered));
		assert_same_again();
		free(run_must(ns, "set -e; HOST=%s; %s", pod_host_end(pod), cases[i].prove));
		assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
		assert_reaches(&pod->netns, &node.netns, "fd00:22::1", pod_address(pod, 1));
		pod_del(pod);
	}
}

/* Of other plugins of the chain, other interfaces, and people. */
static void what_others_added_stays(void **state)
{
	static const char *const added[] = {
		"10.9.0.0/16 via 10.22.0.77 dev eth0",
		"default via 10.22.0.77 dev eth0 metric 200",
		"default via 10.22.0.77 dev eth0 table 7",
		"default dev d0 metric 3",
		"default dev d0 scope link tos 0x10",
	};

	(void)state;
	pod_add(pod);
	free(run_must(&pod->netns, "ip link add d0 up type veth peer name d1; ip link set d1 up"));
	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		free(run_must(&pod->netns, "ip route add %s", added[i]));
	free(run_must(&pod->netns, "ip addr add 10.77.0.1/24 dev eth0"));
	assert_same_again();
	for (size_t i = 0; i < ARRAY_SIZE(added); i++)
		free(run_must(&pod->netns, "ip route del %s", added[i]));
	assert_true(witness_has_address(&pod->netns, "eth0", "10.77.0.1/24"));
}

/* The pool was lost under a living pod, and its address is another's by now. */
static void with_another_lease_the_old_address_goes(void **state)
{
	struct pod *next = node_pod(&node, "c2");
	char *lost = tmp_path(&node.tmp, "networks");

	(void)state;
	needs_linux(5, 18, "who made an address is kept with it");
	pod_add(pod);
	free(run_must(NULL, "rm -r %s", lost));
	pod_add(next);
	assert_string_equal(pod_address(next, 0), "10.22.0.2");
	pod_add(pod);
	assert_string_equal(pod_address(pod, 0), "10.22.0.3");
	assert_false(witness_has_address(&pod->netns, "eth0", "10.22.0.2/24"));
	assert_false(witness_has_address(&pod->netns, "eth0", "fd00:22::2/64"));
	pod_check(pod);
	pod_check(next);
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
	assert_reaches(&pod->netns, &next->netns, "10.22.0.2", pod_address(pod, 0));
	assert_reaches(&pod->netns, &next->netns, "fd00:22::2", pod_address(pod, 1));
	free(lost);
}

/* Killed between the reservation and the link. */
static void an_address_without_a_link_is_taken_up(void **state)
{
	struct run_call call = pod_call(pod, "ADD");

	(void)state;
	call.plugin = "hl-ipam";
	json_decref(run_result(&call));
	assert_int_equal(node_reservations(&node), 2);
	pod_add(pod);
	assert_string_equal(pod_address(pod, 0), "10.22.0.2");
	assert_int_equal(node_reservations(&node), 2);
	pod_check(pod);
}

/* A result that nobody reads does not cost the living their attachment. */
static void alive_it_outlives_a_reader_that_is_gone(void **state)
{
	char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	char *bin = run_bin("");
	struct run run;

	(void)state;
	pod_add(pod);
	run = run_shell(&node.netns,
			"CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=%s "
			"CNI_PATH=%s %s/cbr-bridge < %s > /dev/full",
			pod->netns.path, bin, bin, config);
	assert_int_equal(run.status, 1);
	pod_check(pod);
	run_done(&run);
	free(bin);
	free(config);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(alive_it_is_confirmed),
		TEST(half_made_it_is_finished),
		TEST(altered_it_is_put_right),
		TEST(what_others_added_stays),
		TEST(with_another_lease_the_old_address_goes),
		TEST(an_address_without_a_link_is_taken_up),
		TEST(alive_it_outlives_a_reader_that_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
