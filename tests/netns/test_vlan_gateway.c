/* SPDX-License-Identifier: Apache-2.0 */
/* test_vlan_gateway.c - the gateway interface of a VLAN: how it serves, comes and goes */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "json.h"
#include "traffic.h"
#include "vlan_node.h"
#include "witness.h"

static void gateway_is_on_an_interface_of_the_vlan(void **state)
{
	struct pod *a;
	struct pod *b;
	json_t *link;

	NEEDS_FILTER();
	a = add_in(100, "a");
	b = add_in(101, "b");
	assert_json_size(a->result, "interfaces", 4);
	assert_json_text(a->result, "interfaces.3.name", "cni0.100");
	assert_json_absent(a->result, "interfaces.3.sandbox");
	link = witness_link(&node.netns, "cni0.100");
	assert_json_text(link, "address", json_text_at(a->result, "interfaces.3.mac"));
	json_decref(link);
	assert_true(witness_has_address(&node.netns, "cni0.100", "10.100.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0.100", "fd00:100::1/64"));
	assert_false(witness_has_address(&node.netns, "cni0", "10.100.0.1/24"));
	assert_reaches(&a->netns, &node.netns, "10.100.0.1", "10.100.0.2");
	assert_reaches(&a->netns, &node.netns, "fd00:100::1", "fd00:100::2");
	assert_reaches(&node.netns, &a->netns, "10.100.0.2", "10.100.0.1");
	/* Through the node, which routes. */
	assert_reaches(&a->netns, &b->netns, "10.101.0.2", "10.100.0.2");
	assert_reaches(&b->netns, &a->netns, "fd00:100::2", "fd00:101::2");
}

static void first_words_need_no_question(void **state)
{
	char *neighbours;

	NEEDS_FILTER();
	add_in(100, "a");
	neighbours = run_must(&node.netns, "ip neigh show 10.100.0.2");
	assert_contains(neighbours, "dev cni0.100");
	assert_contains(neighbours, "lladdr");
	free(neighbours);
}

static void plug_in_outside(struct ns *ret)
{
	ns_make(&node.tmp, "outside", ret);
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name eth0 netns %s && "
		      "ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up",
		      ret->path));
	free(run_must(ret, "ip addr add 192.0.2.9/24 dev eth0 && ip link set eth0 up && "
			   "ip route add 10.0.0.0/8 via 192.0.2.1"));
}

static void outside_sees_the_node_with_ip_masq(void **state)
{
	struct ns outside = { 0 };
	struct pod *a;
	struct pod *b;

	NEEDS_FILTER();
	plug_in_outside(&outside);
	use_network(100, ", \"ipMasq\": true");
	a = add("a");
	b = add_in(200, "b");
	assert_reaches(&a->netns, &outside, "192.0.2.9", "192.0.2.1");
	assert_reaches(&b->netns, &outside, "192.0.2.9", "10.200.0.2");
	assert_reaches(&outside, &a->netns, "10.100.0.2", "192.0.2.9");
	ns_destroy(&outside);
}

/* With netfilter called for bridged packets, the destination changes on the bridge. */
static void translated_destination_is_reached(void **state)
{
	struct ns outside = { 0 };
	struct pod *a;
	struct pod *b;

	NEEDS_FILTER();
	plug_in_outside(&outside);
	a = add_in(100, "a");
	b = add_in(200, "b");
	free(run_must(&node.netns,
		      "nft 'table ip services { chain pre { type nat hook prerouting priority "
		      "dstnat; ip daddr 10.96.0.1 dnat to 192.0.2.9; "
		      "ip daddr 10.96.0.2 dnat to 10.200.0.2; }; }'"));
	assert_reaches(&a->netns, &outside, "10.96.0.1", "10.100.0.2");
	assert_reaches(&a->netns, &b->netns, "10.96.0.2", "10.100.0.2");
	ns_destroy(&outside);
}

static void gateway_interface_goes_with_its_last_pod(void **state)
{
	struct pod *a;
	struct pod *b;
	struct pod *trunk;

	NEEDS_FILTER();
	needs_linux(5, 18, "it keeps who put an address there (IFA_PROTO)");
	a = add_in(100, "a");
	b = add_in(100, "b");
	add_in(200, "c");
	use_keys("\"vlanTrunk\": [{\"id\": 100}]");
	trunk = add("trunk");
	del_in(100, a);
	assert_true(link_exists("cni0.100"));
	assert_reaches(&b->netns, &node.netns, "10.100.0.1", "10.100.0.3");
	/* Its namespace is gone, and the link with it. */
	ns_destroy(&b->netns);
	del_in(100, b);
	assert_true(link_exists("cni0.100"));
	use_keys("\"vlanTrunk\": [{\"id\": 100}]");
	pod_del(trunk);
	assert_false(link_exists("cni0.100"));
	assert_true(link_exists("cni0.200"));
	assert_vlans("cni0", "[[1,1,\"PVID+Egress Untagged\"],[200,200,\"\"]]");
}

static void uplink_does_not_hold_the_gateway_interface(void **state)
{
	struct pod *a;

	NEEDS_FILTER();
	a = add_in(100, "a");
	free(run_must(&node.netns, "ip link add up0 type dummy && ip link set up0 master cni0 && "
				   "bridge vlan add dev up0 vid 2-4094"));
	del_in(100, a);
	assert_false(link_exists("cni0.100"));
}

static void failed_add_takes_the_gateway_interface_along(void **state)
{
	static const char *const keys = ", \"nodeRoutes\": [{\"dst\": \"10.9.0.0/24\", "
					"\"gw\": \"203.0.113.9\"}]";
	struct pod *pod;

	NEEDS_FILTER();
	pod = node_pod(&node, "c1");
	use_network(100, keys);
	assert_add_changes_nothing(pod, ERROR_KERNEL, "unreachable");
	assert_false(link_exists("cni0"));
	add_in(200, "other");
	use_network(100, keys);
	assert_add_changes_nothing(pod, ERROR_KERNEL, "unreachable");
	assert_true(link_exists("cni0.200"));
	assert_vlans("cni0", "[[1,1,\"PVID+Egress Untagged\"],[200,200,\"\"]]");
}

/* Return: exit status of all together */
static int in_parallel(struct pod **pods, size_t n, const char *command)
{
	int worst = 0;

	for (size_t i = 0; i < n; i++) {
		const struct run_call call = pod_call(pods[i], command);

		if (fork() == 0)
			_exit(run_plugin(&call).status);
	}
	for (size_t i = 0; i < n; i++) {
		int status = 0;

		assert_true(wait(&status) > 0);
		worst = worst ? worst : status;
	}
	return worst;
}

static void first_pods_may_come_and_last_may_go_together(void **state)
{
	struct pod *pods[8];

	NEEDS_FILTER();
	use_network(100, "");
	for (size_t i = 0; i < 8; i++)
		pods[i] = node_pod(&node, (char[]){ 'p', (char)('0' + i), 0 });
	for (int round = 0; round < 3; round++) {
		assert_int_equal(in_parallel(pods, 8, "ADD"), 0);
		assert_true(witness_has_address(&node.netns, "cni0.100", "10.100.0.1/24"));
		for (size_t i = 0; i < 8; i++) {
			char *reply = run_must(&pods[i]->netns, "ip -j addr show eth0 | jq -r "
								"'.[].addr_info[0].local'");

			reply[strcspn(reply, "\n")] = '\0';
			assert_reaches(&node.netns, &pods[i]->netns, reply, "10.100.0.1");
			free(reply);
		}
		assert_int_equal(in_parallel(pods, 8, "DEL"), 0);
		assert_false(link_exists("cni0.100"));
	}
}

static void pair_of_the_other_plugin_is_taken_over(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	free(run_must(&node.netns,
		      "ip link add cni0 type bridge vlan_filtering 1 && ip link set cni0 up && "
		      "ip link add cni0.100 type veth peer name veth0 && "
		      "ip link set veth0 master cni0 up && ip link set cni0.100 up && "
		      "bridge vlan del dev veth0 vid 1 && "
		      "bridge vlan add dev veth0 vid 100 pvid untagged && "
		      "ip addr add 10.100.0.1/24 dev cni0.100"));
	pod = add_in(100, "c1");
	assert_reaches(&pod->netns, &node.netns, "10.100.0.1", "10.100.0.2");
	assert_reaches(&pod->netns, &node.netns, "fd00:100::1", "fd00:100::2");
	assert_true(link_exists("veth0"));
	pod_del(pod);
	assert_false(link_exists("cni0.100"));
	assert_false(link_exists("veth0"));
}

static void vlan_that_the_bridge_hears_untagged_has_a_gateway_too(void **state)
{
	struct pod *pod;
	struct pod *plain;

	NEEDS_FILTER();
	use_network(0, "");
	plain = add("plain");
	pod = add_in(1, "c1");
	assert_reaches(&pod->netns, &node.netns, "10.1.0.1", "10.1.0.2");
	assert_reaches(&pod->netns, &node.netns, "fd00:1::1", "fd00:1::2");
	assert_reaches(&plain->netns, &node.netns, "10.0.0.1", "10.0.0.2");
	del_in(1, pod);
	/* The other pod is in VLAN 1, too. */
	assert_true(link_exists("cni0.1"));
	use_network(0, "");
	pod_del(plain);
	pod = add_in(1, "c2");
	del_in(1, pod);
	assert_false(link_exists("cni0.1"));
	assert_vlans("cni0", "[[1,1,\"PVID+Egress Untagged\"]]");
}

/* In VLAN 1, which the bridge hears untagged, it is one end of a pair: that outlives the bridge. */
static void pair_comes_back_onto_a_new_bridge(void **state)
{
	NEEDS_FILTER();
	for (int anothers = 0; anothers < 2; anothers++) {
		struct pod *old = add_in(1, "old");
		struct pod *new;

		assert_reaches(&old->netns, &node.netns, "10.1.0.1", pod_address(old, 0));
		free(run_must(&node.netns, "ip link del cni0"));
		assert_true(link_exists("cni0.1"));
		pod_check_fails(old, ERROR_CHECK, "bridge \"cni0\" not found");
		use_network(0, "");
		if (anothers)
			add("plain");
		new = add_in(1, "new");
		assert_reaches(&new->netns, &node.netns, "10.1.0.1", pod_address(new, 0));
		assert_reaches(&old->netns, &node.netns, "10.1.0.1", pod_address(old, 0));
		assert_reaches(&node.netns, &old->netns, pod_address(old, 0), "10.1.0.1");
		pod_check(old);
		node_done(&node);
		one_node_make(state);
	}
}

static void pair_whose_bridge_is_gone_goes_with_the_last_pod(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	pod = add_in(1, "c1");
	free(run_must(&node.netns, "ip link del cni0"));
	pod_del(pod);
	assert_false(link_exists("cni0.1"));
}

static void check_misses_the_port_of_a_pair(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	pod = add_in(1, "c1");
	free(run_must(&node.netns, "ip link set $(ip -j link show cni0.1 | jq -r '.[].link') "
				   "nomaster"));
	pod_check_fails(pod, ERROR_CHECK, "does not hear VLAN 1");
	pod_add(pod);
	pod_check(pod);
	assert_reaches(&pod->netns, &node.netns, "10.1.0.1", "10.1.0.2");
}

/* The network of VLAN 100 without its "vlan". */
static void forget_vlan(const char *more)
{
	char keys[128];

	snprintf(keys, sizeof(keys), "\"name\": \"net100\", \"isDefaultGateway\": true%s", more);
	node_config(&node, keys,
		    "\"ranges\": [[{\"subnet\": \"10.100.0.0/24\"}], "
		    "[{\"subnet\": \"fd00:100::/64\"}]]");
}

static void gateway_interface_goes_though_the_config_lost_its_vlan(void **state)
{
	struct pod *a;
	struct pod *b;

	NEEDS_FILTER();
	a = add_in(100, "a");
	b = add_in(100, "b");
	forget_vlan("");
	pod_del(a);
	assert_true(link_exists("cni0.100"));
	pod_del(b);
	assert_false(link_exists("cni0.100"));
	assert_vlans("cni0", "[[1,1,\"PVID+Egress Untagged\"]]");
}

/* A DEL that is told nothing of the ADD leaves it to GC. */
static void gc_removes_a_gateway_interface_without_pods(void **state)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "GC", .ns = &node.netns };
	struct pod *pod;

	NEEDS_FILTER();
	pod = add_in(100, "a");
	json_decref(pod->result);
	pod->result = NULL;
	forget_vlan(", \"cni.dev/valid-attachments\": []");
	pod_del(pod);
	call.config = node.config;
	assert_null(run_result(&call));
	assert_false(link_exists("cni0.100"));
}

static void what_is_not_ours_is_not_touched(void **state)
{
	static const char *const others[] = {
		"ip link add cni0.100 type dummy",
		"ip link add cni0.100 type veth peer name veth0",
		"ip link add br1 type bridge; ip link add link br1 name cni0.100 type vlan id 100",
		"ip link add link cni0 name cni0.100 type vlan id 99",
		"ip link add link cni0 name mine type vlan id 100",
	};
	struct pod *pod;

	NEEDS_FILTER();
	pod = node_pod(&node, "c1");
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		free(run_must(
			&node.netns,
			"ip link add cni0 type bridge vlan_filtering 1 && ip link set cni0 up "
			"&& %s",
			others[i]));
		use_network(100, "");
		assert_add_changes_nothing(pod, ERROR_CONFLICT, "\"cni0.100\"");
		free(run_must(&node.netns, "ip link del cni0; ip link del br1; "
					   "ip link del cni0.100; true"));
	}
}

static void interface_with_anothers_address_stays(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	pod = add_in(100, "c1");
	free(run_must(&node.netns, "ip addr add 198.51.100.1/24 dev cni0.100"));
	pod_del(pod);
	assert_true(link_exists("cni0.100"));
	free(run_must(&node.netns, "ip addr del 198.51.100.1/24 dev cni0.100"));
	pod_add(pod);
	pod_del(pod);
	assert_false(link_exists("cni0.100"));
	/* Made by somebody else just as we would. */
	free(run_must(&node.netns, "ip link add link cni0 name cni0.100 type vlan id 100"));
	pod_add(pod);
	pod_check(pod);
	pod_del(pod);
	assert_true(link_exists("cni0.100"));
}

static void address_is_replaced_if_nobody_in_the_vlan_uses_it(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	add_in(200, "other");
	free(run_must(&node.netns,
		      "ip link add link cni0 name cni0.100 type vlan id 100 && "
		      "ip addr add 198.51.100.1/24 dev cni0.100 && "
		      "ip link set cni0.100 up && "
		      "ip link add up0 type veth peer name up1 && "
		      "ip link set up0 master cni0 up && bridge vlan add dev up0 vid 100"));
	pod = node_pod(&node, "c1");
	use_network(100, ", \"forceAddress\": true");
	assert_add_changes_nothing(pod, ERROR_CONFLICT, "which up0 (not ours) uses");
	free(run_must(&node.netns, "bridge vlan del dev up0 vid 100"));
	pod_add(pod);
	assert_false(witness_has_address(&node.netns, "cni0.100", "198.51.100.1/24"));
	assert_reaches(&pod->netns, &node.netns, "10.100.0.1", pod_address(pod, 0));
}

static void settings_are_a_gateways(void **state)
{
	char *values;

	NEEDS_FILTER();
	add_in(100, "c1");
	values = run_must(&node.netns, "cd /proc/sys/net && cat ipv6/conf/cni0.100/accept_ra "
				       "ipv6/conf/cni0.100/autoconf ipv6/conf/cni0.100/accept_dad "
				       "ipv4/conf/cni0.100/rp_filter | tr '\\n' ' '");
	assert_string_equal(values, "0 0 0 2 ");
	free(values);
}

/* A packet that is translated on the bridge comes in by the bridge, which has no address. */
static void filtering_by_source_stays_off(void **state)
{
	char *values;

	NEEDS_FILTER();
	add_in(100, "c1");
	pod_check(&node.pods[0]);
	free(run_must(&node.netns, "cd /proc/sys/net/ipv4/conf && echo 2 >cni0/rp_filter && "
				   "echo 0 >cni0.100/rp_filter"));
	pod_check_fails(&node.pods[0], ERROR_CHECK, "net/ipv4/conf/cni0/rp_filter is 2");
	add_in(100, "c2");
	pod_check(&node.pods[0]);
	values = run_must(&node.netns, "cd /proc/sys/net/ipv4/conf && cat cni0/rp_filter "
				       "cni0.100/rp_filter | tr '\\n' ' '");
	assert_string_equal(values, "0 0 ");
	free(values);
}

static void example_works(void **state)
{
	char *file = run_source("conf-examples/70-vlan.conflist");
	json_t *list = json_load_file(file, 0, NULL);
	char *dir = tmp_path(&node.tmp, "networks");
	json_t *config = json_incref(json_at(list, "plugins.0"));
	struct pod *pod;

	NEEDS_FILTER();
	json_object_set(config, "name", json_at(list, "name"));
	json_object_set(config, "cniVersion", json_at(list, "cniVersion"));
	json_object_set_new(json_at(config, "ipam"), "dataDir", json_string(dir));
	free(node.config);
	node.config = json_dumps(config, 0);
	pod = add("c1");
	assert_json_text(pod->result, "interfaces.3.name", "cni0.100");
	assert_reaches(&pod->netns, &node.netns, "10.24.100.1", "10.24.100.2");
	pod_del(pod);
	assert_false(link_exists("cni0.100"));
	json_decref(config);
	json_decref(list);
	free(file);
	free(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(gateway_is_on_an_interface_of_the_vlan),
		TEST(first_words_need_no_question),
		TEST(outside_sees_the_node_with_ip_masq),
		TEST(translated_destination_is_reached),
		TEST(gateway_interface_goes_with_its_last_pod),
		TEST(uplink_does_not_hold_the_gateway_interface),
		TEST(failed_add_takes_the_gateway_interface_along),
		TEST(first_pods_may_come_and_last_may_go_together),
		TEST(pair_of_the_other_plugin_is_taken_over),
		TEST(vlan_that_the_bridge_hears_untagged_has_a_gateway_too),
		TEST(pair_comes_back_onto_a_new_bridge),
		TEST(pair_whose_bridge_is_gone_goes_with_the_last_pod),
		TEST(check_misses_the_port_of_a_pair),
		TEST(gateway_interface_goes_though_the_config_lost_its_vlan),
		TEST(gc_removes_a_gateway_interface_without_pods),
		TEST(what_is_not_ours_is_not_touched),
		TEST(interface_with_anothers_address_stays),
		TEST(address_is_replaced_if_nobody_in_the_vlan_uses_it),
		TEST(settings_are_a_gateways),
		TEST(filtering_by_source_stays_off),
		TEST(example_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
