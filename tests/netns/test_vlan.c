/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_vlan.c - vlan, vlanTrunk, preserveDefaultVlan: who hears whom
 *
 * A kernel without CONFIG_BRIDGE_VLAN_FILTERING skips all but the test of what it is told.
 */

#include "harness.h"

#include <stdlib.h>

#include "cbr/base/array.h"
#include "json.h"
#include "traffic.h"
#include "vlan_node.h"
#include "witness.h"

static void without_the_kernels_filter_nothing_is_made(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	if (kernel_filters())
		skip_because("this kernel filters VLANs");
	use_network(100, "");
	assert_add_changes_nothing(pod, ERROR_KERNEL, "create bridge cni0: Operation not supp");
	use_keys("\"vlanTrunk\": []");
	assert_add_changes_nothing(pod, ERROR_KERNEL, "create bridge cni0: Operation not supp");
	free(run_must(&node.netns, "ip link add cni0 type bridge"));
	use_network(100, "");
	assert_add_changes_nothing(pod, ERROR_CONFLICT, "cannot filter VLANs, as vlan wants");
	use_keys("\"vlanTrunk\": [{\"id\": 7}]");
	assert_add_changes_nothing(pod, ERROR_CONFLICT, "cannot filter VLANs, as vlanTrunk wants");
	assert_int_equal(node_reservations(&node), 0);
}

static void pods_of_two_vlans_are_apart(void **state)
{
	struct pod *a;
	struct pod *b;
	struct pod *c;
	struct pod *untagged;

	NEEDS_FILTER();
	use_keys("\"vlan\": 100");
	a = add("a");
	b = add("b");
	use_keys("\"vlan\": 200");
	c = add("c");
	use_keys("");
	untagged = add("untagged");
	assert_vlans(pod_host_end(a), "[[100,100,\"PVID+Egress Untagged\"]]");
	assert_json_size(a->result, "interfaces", 3);
	assert_talk(a, b);
	assert_apart(a, c);
	assert_apart(c, a);
	assert_apart(untagged, a);
	assert_apart(c, untagged);
}

static void trunk_carries_tagged_vlans(void **state)
{
	struct pod *a;
	struct pod *b;
	struct pod *trunk;
	struct pod *untagged;

	NEEDS_FILTER();
	use_keys("\"vlan\": 100");
	a = add("a");
	use_keys("\"vlan\": 300");
	b = add("b");
	use_keys("");
	untagged = add("untagged");
	use_keys("\"vlanTrunk\": [{\"id\": 200}, {\"minID\": 101, \"maxID\": 103}, "
		 "{\"minID\": 99, \"maxID\": 101, \"id\": 102}]");
	trunk = add("trunk");
	assert_vlans(pod_host_end(trunk),
		     "[[1,1,\"PVID+Egress Untagged\"],[99,103,\"\"],[200,200,\"\"]]");
	assert_talk(trunk, untagged);
	free(run_must(&trunk->netns, "ip addr flush dev eth0 && "
				     "ip link add link eth0 name eth0.100 type vlan id 100 && "
				     "ip link add link eth0 name eth0.300 type vlan id 300 && "
				     "ip link set eth0.100 up && ip link set eth0.300 up && "
				     "ip addr add 10.22.0.99/24 dev eth0.100"));
	assert_reaches(&trunk->netns, &a->netns, pod_address(a, 0), "10.22.0.99");
	free(run_must(&trunk->netns, "ip addr flush dev eth0.100 && "
				     "ip addr add 10.22.0.99/24 dev eth0.300"));
	assert_apart(trunk, b);
}

static void native_vlan_stays_native_within_the_trunk(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	use_keys("\"vlan\": 100, \"vlanTrunk\": [{\"minID\": 98, \"maxID\": 102}]");
	pod = add("c1");
	assert_vlans(pod_host_end(pod), "[[98,99,\"\"],[100,100,\"PVID+Egress Untagged\"],"
					"[101,102,\"\"]]");
}

static void trunk_of_all_vlans(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	use_keys("\"vlanTrunk\": [{\"minID\": 1, \"maxID\": 4094}]");
	pod = add("c1");
	assert_vlans(pod_host_end(pod), "[[1,1,\"PVID+Egress Untagged\"],[2,4094,\"\"]]");
	pod_del(pod);
}

static void empty_trunk_only_lets_the_bridge_filter(void **state)
{
	struct pod *pod;
	json_t *link;

	NEEDS_FILTER();
	use_keys("\"vlanTrunk\": []");
	pod = add("c1");
	link = witness_link(&node.netns, "cni0");
	assert_json_int(link, "linkinfo.info_data.vlan_filtering", 1);
	json_decref(link);
	assert_vlans(pod_host_end(pod), "[[1,1,\"PVID+Egress Untagged\"]]");
}

static void default_vlan_is_preserved_if_asked_for(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	use_keys("\"vlan\": 100, \"preserveDefaultVlan\": true");
	pod = add("c1");
	assert_vlans(pod_host_end(pod),
		     "[[1,1,\"Egress Untagged\"],[100,100,\"PVID+Egress Untagged\"]]");
}

static void other_networks_of_the_bridge_go_on(void **state)
{
	struct pod *plain;
	struct pod *second;
	struct pod *tagged;

	NEEDS_FILTER();
	use_network(0, "");
	plain = add("plain");
	tagged = add_in(100, "tagged");
	use_network(0, "");
	second = add("second");
	assert_talk(plain, second);
	assert_reaches(&plain->netns, &node.netns, "10.0.0.1", "10.0.0.2");
	assert_reaches(&second->netns, &node.netns, "fd00:0::1", "fd00::3");
	assert_talk(tagged, plain);
	assert_vlans(pod_host_end(second), "[[1,1,\"PVID+Egress Untagged\"]]");
	pod_check(plain);
	del_in(100, tagged);
	assert_talk(second, plain);
}

static void assert_filtering(int on)
{
	json_t *link = witness_link(&node.netns, "cni0");

	assert_json_int(link, "linkinfo.info_data.vlan_filtering", on);
	json_decref(link);
}

static void bridge_that_is_there_learns_to_filter(void **state)
{
	struct pod *plain;
	struct pod *second;

	NEEDS_FILTER();
	use_network(0, "");
	plain = add("plain");
	second = add("second");
	assert_filtering(0);
	/* An ADD that fails puts it back. */
	use_network(100, ", \"nodeRoutes\": [{\"dst\": \"10.9.0.0/24\", \"gw\": \"203.0.113.9\"}]");
	assert_add_changes_nothing(node_pod(&node, "failing"), ERROR_KERNEL, "unreachable");
	assert_filtering(0);
	assert_talk(add_in(100, "tagged"), plain);
	assert_filtering(1);
	assert_talk(plain, second);
	assert_reaches(&plain->netns, &node.netns, "10.0.0.1", "10.0.0.2");
	use_network(0, "");
	pod_check(plain);
}

/* Whom the filter would cut off is not cut off: it is refused instead. */
static void bridge_whose_users_would_be_cut_off_is_left_alone(void **state)
{
	static const char *const uses[] = {
		"ip link set cni0 type bridge vlan_default_pvid 0",
		"bridge vlan del dev cni0 vid 1 self",
		"bridge vlan del dev port0 vid 1",
		"ip link add link cni0 name tagged0 type vlan id 7",
	};

	NEEDS_FILTER();
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++) {
		free(run_must(&node.netns,
			      "ip link add cni0 type bridge && ip link add port0 master cni0 "
			      "type veth peer name port1 && %s",
			      uses[i]));
		use_network(100, "");
		assert_add_changes_nothing(node_pod(&node, (char[]){ 'c', (char)('0' + i), 0 }),
					   ERROR_CONFLICT, "would be cut off");
		free(run_must(&node.netns, "ip link del cni0; ip link del port0"));
	}
}

static void check_finds_what_is_amiss(void **state)
{
	static const struct {
		const char *damage;
		const char *text;
	} cases[] = {
		{ "bridge vlan del dev $port vid 100", "VLAN 100" },
		{ "bridge vlan add dev $port vid 100", "VLAN 100" },
		{ "bridge vlan del dev $port vid 201", "not in VLAN 201" },
		{ "bridge vlan add dev $port vid 1", "in VLAN 1, too" },
		{ "ip link set cni0 type bridge vlan_filtering 0", "does not filter" },
		{ "bridge vlan del dev cni0 vid 100 self", "does not hear VLAN 100" },
		{ "ip link set cni0.100 down", "is down" },
		{ "ip addr del 10.100.0.1/24 dev cni0.100", "lacks its address" },
		{ "ip link del cni0.100", "\"cni0.100\" not found" },
	};
	struct pod *pod;

	NEEDS_FILTER();
	use_network(100, ", \"vlanTrunk\": [{\"minID\": 200, \"maxID\": 202}]");
	pod = node_pod(&node, "c1");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		pod_add(pod);
		pod_check(pod);
		free(run_must(&node.netns, "port=%s; %s", pod_host_end(pod), cases[i].damage));
		pod_check_fails(pod, ERROR_CHECK, cases[i].text);
		/* The same attachment again: made whole. */
		pod_add(pod);
		pod_check(pod);
		assert_reaches(&pod->netns, &node.netns, "10.100.0.1", "10.100.0.2");
	}
}

/* The bridge was deleted under a pod; whoever makes it anew knows the VLANs of its network. */
static void an_orphan_comes_back_into_its_vlan(void **state)
{
	struct pod *old;
	struct pod *new;
	struct pod *other;

	NEEDS_FILTER();
	use_keys("\"vlan\": 100");
	old = add("old");
	free(run_must(&node.netns, "ip link del cni0"));
	new = add("new");
	assert_vlans(pod_host_end(old), "[[100,100,\"PVID+Egress Untagged\"]]");
	assert_talk(new, old);
	use_keys("\"vlan\": 101");
	other = add("other");
	assert_apart(other, old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(without_the_kernels_filter_nothing_is_made),
		TEST(pods_of_two_vlans_are_apart),
		TEST(trunk_carries_tagged_vlans),
		TEST(native_vlan_stays_native_within_the_trunk),
		TEST(trunk_of_all_vlans),
		TEST(empty_trunk_only_lets_the_bridge_filter),
		TEST(default_vlan_is_preserved_if_asked_for),
		TEST(other_networks_of_the_bridge_go_on),
		TEST(bridge_that_is_there_learns_to_filter),
		TEST(bridge_whose_users_would_be_cut_off_is_left_alone),
		TEST(check_finds_what_is_amiss),
		TEST(an_orphan_comes_back_into_its_vlan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
