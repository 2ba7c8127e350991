/* SPDX-License-Identifier: Apache-2.0 */
/* test_keys.c - each key of cbr-bridge's config does what it says */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""

/* The link's attribute at @path must be @expected, given as JSON. */
static void assert_link(const struct ns *ns, const char *name, const char *path,
			const char *expected)
{
	json_t *link = witness_link(ns, name);

	assert_non_null(link);
	assert_json_equal(link, path, expected);
	json_decref(link);
}

static bool has_flag(const struct ns *ns, const char *name, const char *flag)
{
	json_t *link = witness_link(ns, name);
	json_t *item;
	size_t i;
	bool found = false;

	json_array_foreach (json_object_get(link, "flags"), i, item)
		found = found || strcmp(json_string_value(item), flag) == 0;
	json_decref(link);
	return found;
}

static void bridge_names_the_device(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"bridge\": \"pods.1\", \"isGateway\": true", PLAIN_IPAM);
	pod_add(pod);
	assert_json_text(pod->result, "interfaces.0.name", "pods.1");
	assert_true(witness_has_address(&node.netns, "pods.1", "10.22.0.1/24"));
}

static void bridge_is_cni0_by_default(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"bridge\": null", PLAIN_IPAM);
	pod_add(pod);
	assert_json_text(pod->result, "interfaces.0.name", "cni0");
}

/* Netfilter sees what pods of one node say to each other; the MAC does not follow ports. */
static void bridge_is_made_for_pods(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *mac;

	(void)state;
	pod_add(pod);
	assert_link(&node.netns, "cni0", "linkinfo.info_data.nf_call_iptables", "1");
	assert_link(&node.netns, "cni0", "linkinfo.info_data.nf_call_ip6tables", "1");
	mac = run_must(&node.netns, "cat /sys/class/net/cni0/address 2>/dev/null; "
				    "ip -br link show cni0 | awk '{print $3}'");
	pod_add(node_pod(&node, "c2"));
	assert_contains(mac, json_text_at(node.pods[1].result, "interfaces.0.mac"));
	free(mac);
}

static void without_gateway_there_is_none(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *addresses;

	(void)state;
	node_config(&node, "\"isGateway\": false", PLAIN_IPAM);
	pod_add(pod);
	assert_json_size(pod->result, "ips", 1);
	addresses = witness_ip(&node.netns, "-4 addr show dev cni0");
	assert_json_absent(addresses, "0.addr_info.0");
	json_decref(addresses);
}

static void is_gateway_addresses_the_bridge_without_a_route(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *routes;
	char *forwarding;

	(void)state;
	free(run_must(&node.netns, "echo 0 > /proc/sys/net/ipv4/ip_forward"));
	node_config(&node, "\"isGateway\": true", PLAIN_IPAM);
	pod_add(pod);
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	routes = witness_ip(&pod->netns, "route show default");
	assert_int_equal(json_array_size(routes), 0);
	forwarding = run_must(&node.netns, "cat /proc/sys/net/ipv4/ip_forward");
	assert_string_equal(forwarding, "1\n");
	free(forwarding);
	json_decref(routes);
}

static void default_route_of_ipam_without_gateway_is_enough(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *routes;

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true",
		    PLAIN_IPAM ", \"routes\": [{\"dst\": \"0.0.0.0/0\"}]");
	pod_add(pod);
	routes = witness_ip(&pod->netns, "route show default");
	assert_int_equal(json_array_size(routes), 1);
	assert_json_text(routes, "0.gateway", "10.22.0.1");
	json_decref(routes);
	pod_check(pod);
}

static void mtu_is_on_both_ends_and_the_bridge(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"mtu\": 1410", PLAIN_IPAM);
	pod_add(pod);
	assert_link(&pod->netns, "eth0", "mtu", "1410");
	assert_link(&node.netns, pod_host_end(pod), "mtu", "1410");
	assert_link(&node.netns, "cni0", "mtu", "1410");
}

static void mtu_left_out_is_the_default_routes(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns,
		      "ip link add up0 mtu 1450 type veth peer name up1 && ip link set up1 up && "
		      "ip addr add 10.9.9.2/24 dev up0 && ip link set up0 up && "
		      "ip route add default via 10.9.9.1"));
	pod_add(pod);
	assert_link(&node.netns, "cni0", "mtu", "1450");
	assert_link(&pod->netns, "eth0", "mtu", "1450");
}

static void hairpin_mode_lets_a_pod_reach_itself(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"hairpinMode\": true", PLAIN_IPAM);
	pod_add(pod);
	assert_link(&node.netns, pod_host_end(pod), "linkinfo.info_slave_data.hairpin", "true");
	pod_check(pod);
	free(run_must(&node.netns, "bridge link set dev %s hairpin off", pod_host_end(pod)));
	pod_check_fails(pod, ERROR_CHECK, "hairpin");
}

static void hairpin_is_off_by_default(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	pod_add(pod);
	assert_link(&node.netns, pod_host_end(pod), "linkinfo.info_slave_data.hairpin", "false");
	assert_link(&node.netns, pod_host_end(pod), "linkinfo.info_slave_data.isolated", "false");
}

static void promisc_mode_is_a_flag_of_the_bridge(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"promiscMode\": true", PLAIN_IPAM);
	pod_add(pod);
	assert_true(has_flag(&node.netns, "cni0", "PROMISC"));
	pod_check(pod);
	free(run_must(&node.netns, "ip link set cni0 promisc off"));
	pod_check_fails(pod, ERROR_CHECK, "promiscuous");
}

static void promiscuous_for_another_reason_passes_check(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	pod_add(pod);
	free(run_must(&node.netns, "ip link set cni0 promisc on"));
	pod_check(pod);
}

static void port_isolation_keeps_pods_apart(void **state)
{
	struct pod *a = node_pod(&node, "a");
	struct pod *b = node_pod(&node, "b");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"portIsolation\": true", PLAIN_IPAM);
	pod_add(a);
	pod_add(b);
	assert_link(&node.netns, pod_host_end(a), "linkinfo.info_slave_data.isolated", "true");
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	assert_unreachable(&a->netns, &b->netns, "10.22.0.3");
	pod_check(a);
	free(run_must(&node.netns, "bridge link set dev %s isolated off", pod_host_end(a)));
	pod_check_fails(a, ERROR_CHECK, "isolation");
}

static void without_dad_addresses_are_usable_at_once(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *tentative;

	(void)state;
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"fd00:22::/64\"");
	pod_add(pod);
	tentative = run_must(&pod->netns, "ip -6 addr show dev eth0 scope global tentative");
	assert_string_equal(tentative, "");
	assert_reaches(&pod->netns, &node.netns, "fd00:22::1", "fd00:22::2");
	free(tentative);
}

static void with_dad_add_waits_for_its_end(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *tentative;

	(void)state;
	node_config(&node, "\"isGateway\": true, \"enabledad\": true",
		    "\"subnet\": \"fd00:22::/64\"");
	pod_add(pod);
	tentative = run_must(&pod->netns, "ip -6 addr show dev eth0 tentative");
	assert_string_equal(tentative, "");
	tentative[0] = '\0';
	free(tentative);
}

static void with_dad_a_duplicate_is_found(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");

	(void)state;
	node_config(&node, "\"isGateway\": true", "\"subnet\": \"fd00:22::/64\"");
	pod_add(first);
	free(run_must(&first->netns, "ip addr add fd00:22::77/64 dev eth0 nodad"));
	node_config(&node, "\"isGateway\": true, \"enabledad\": true",
		    "\"ranges\": [[{\"subnet\": \"fd00:22::/64\", "
		    "\"rangeStart\": \"fd00:22::77\", \"rangeEnd\": \"fd00:22::77\"}]]");
	pod_add_fails(pod, ERROR_CONFLICT, "fd00:22::77/64 is used by another host");
	assert_null(witness_link(&pod->netns, "eth0"));
	assert_int_equal(node_reservations(&node), 1);
}

static void disabled_container_interface_stays_down(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"disableContainerInterface\": true", NULL);
	pod_add(pod);
	assert_false(has_flag(&pod->netns, "eth0", "UP"));
	pod_check(pod);
	pod_del(pod);
	assert_null(witness_link(&pod->netns, "eth0"));
}

static void layer_2_network_has_links_only(void **state)
{
	struct pod *a = node_pod(&node, "a");
	struct pod *b = node_pod(&node, "b");

	(void)state;
	node_config(&node, "", NULL);
	pod_add(a);
	pod_add(b);
	assert_json_absent(a->result, "ips");
	assert_json_size(a->result, "interfaces", 3);
	assert_true(has_flag(&a->netns, "eth0", "UP"));
	free(run_must(&a->netns, "ip addr add 10.5.0.1/24 dev eth0"));
	free(run_must(&b->netns, "ip addr add 10.5.0.2/24 dev eth0"));
	assert_reaches(&a->netns, &b->netns, "10.5.0.2", "10.5.0.1");
	pod_check(a);
	pod_del(a);
	assert_null(witness_link(&a->netns, "eth0"));
}

static void dns_of_the_config_replaces_ipams(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *resolv = tmp_write(&node.tmp, "resolv.conf", "nameserver 192.0.2.9\nsearch a b\n",
				 0644);
	char ipam[512];

	(void)state;
	snprintf(ipam, sizeof(ipam), PLAIN_IPAM ", \"resolvConf\": \"%s\"", resolv);
	node_config(&node, "\"isGateway\": true", ipam);
	pod_add(pod);
	assert_json_equal(pod->result, "dns",
			  "{\"nameservers\": [\"192.0.2.9\"], \"search\": [\"a\", \"b\"]}");
	pod_del(pod);
	node_config(&node, "\"isGateway\": true, \"dns\": {\"domain\": \"x.test\"}", ipam);
	pod_add(pod);
	assert_json_equal(pod->result, "dns", "{\"domain\": \"x.test\"}");
	pod_del(pod);
	node_config(&node, "\"isGateway\": true, \"dns\": {\"nameservers\": []}", ipam);
	pod_add(pod);
	assert_json_absent(pod->result, "dns");
	free(resolv);
}

static void assert_mac(struct pod *pod, const char *mac)
{
	char quoted[64];

	snprintf(quoted, sizeof(quoted), "\"%s\"", mac);
	pod_add(pod);
	assert_json_text(pod->result, "interfaces.2.mac", mac);
	assert_link(&pod->netns, "eth0", "address", quoted);
	pod_check(pod);
	pod_del(pod);
}

static void mac_has_three_sources_in_their_order(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	pod->args = "MAC=02:00:00:00:00:01";
	assert_mac(pod, "02:00:00:00:00:01");
	node_config(&node, "\"args\": {\"cni\": {\"mac\": \"02:00:00:00:00:02\"}}", PLAIN_IPAM);
	assert_mac(pod, "02:00:00:00:00:02");
	node_config(&node,
		    "\"args\": {\"cni\": {\"mac\": \"02:00:00:00:00:02\"}}, "
		    "\"runtimeConfig\": {\"mac\": \"02:00:00:00:00:03\"}",
		    PLAIN_IPAM);
	assert_mac(pod, "02:00:00:00:00:03");
	pod->args = NULL;
	node_config(&node, "", PLAIN_IPAM);
	pod_add(pod);
	assert_contains(json_text_at(pod->result, "interfaces.2.mac"), "0a:58:0a:16:00:");
}

static void mac_that_is_none_is_refused(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	node_config(&node, "\"runtimeConfig\": {\"mac\": \"zz\"}", PLAIN_IPAM);
	pod_add_fails(pod, ERROR_CONFIG, "zz");
	node_config(&node, "\"runtimeConfig\": {\"mac\": \"01:00:5e:00:00:01\"}", PLAIN_IPAM);
	pod_add_fails(pod, ERROR_CONFIG, "01:00:5e:00:00:01");
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void requested_ip_and_kubernetes_args_need_no_ignore_unknown(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	pod->args = "K8S_POD_NAME=p;IP=10.22.0.77;MAC=02:00:00:00:00:05;K8S_POD_NAMESPACE=d";
	pod_add(pod);
	assert_string_equal(pod_address(pod, 0), "10.22.0.77");
	pod_check(pod);
	pod_del(pod);
}

static void several_addresses_of_one_family(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(
		&node, "\"isDefaultGateway\": true",
		"\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"10.33.0.0/24\"}], "
		"[{\"subnet\": \"fd00:22::/64\"}], [{\"subnet\": \"fd00:33::/64\"}]]");
	pod_add(pod);
	assert_json_size(pod->result, "ips", 4);
	assert_true(witness_has_address(&pod->netns, "eth0", "10.33.0.2/24"));
	assert_true(witness_has_address(&pod->netns, "eth0", "fd00:33::2/64"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0", "10.33.0.1/24"));
	assert_true(witness_has_address(&node.netns, "cni0", "fd00:33::1/64"));
	assert_json_size(pod->result, "routes", 2);
	pod_check(pod);
	pod_add(node_pod(&node, "c2"));
}

static void route_attributes_are_applied(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *routes;

	(void)state;
	node_config(&node, "\"isGateway\": true",
		    PLAIN_IPAM
		    ", \"routes\": ["
		    "{\"dst\": \"192.0.2.0/24\", \"mtu\": 1300, \"advmss\": 1200, "
		    "\"priority\": 77}, "
		    "{\"dst\": \"198.51.100.0/24\", \"gw\": \"10.22.0.9\", \"table\": 5}, "
		    "{\"dst\": \"203.0.113.0/24\", \"table\": 1000, \"scope\": 0}]");
	pod_add(pod);
	routes = witness_ip(&pod->netns, "route show 192.0.2.0/24");
	assert_json_int(routes, "0.metric", 77);
	assert_json_int(routes, "0.metrics.0.mtu", 1300);
	assert_json_int(routes, "0.metrics.0.advmss", 1200);
	assert_json_text(routes, "0.gateway", "10.22.0.1");
	json_decref(routes);
	routes = witness_ip(&pod->netns, "route show table 5");
	assert_json_text(routes, "0.gateway", "10.22.0.9");
	json_decref(routes);
	routes = witness_ip(&pod->netns, "route show table 1000");
	assert_json_text(routes, "0.dst", "203.0.113.0/24");
	json_decref(routes);
	pod_check(pod);
	free(run_must(&pod->netns, "ip route del 198.51.100.0/24 table 5"));
	pod_check_fails(pod, ERROR_CHECK, "198.51.100.0/24");
}

static void keys_match_without_regard_to_case(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"ISDEFAULTGATEWAY\": true, \"MTU\": 1400", PLAIN_IPAM);
	pod_add(pod);
	assert_link(&pod->netns, "eth0", "mtu", "1400");
	assert_json_size(pod->result, "routes", 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(bridge_names_the_device),
		TEST(bridge_is_cni0_by_default),
		TEST(bridge_is_made_for_pods),
		TEST(without_gateway_there_is_none),
		TEST(is_gateway_addresses_the_bridge_without_a_route),
		TEST(default_route_of_ipam_without_gateway_is_enough),
		TEST(mtu_is_on_both_ends_and_the_bridge),
		TEST(mtu_left_out_is_the_default_routes),
		TEST(hairpin_mode_lets_a_pod_reach_itself),
		TEST(hairpin_is_off_by_default),
		TEST(promisc_mode_is_a_flag_of_the_bridge),
		TEST(promiscuous_for_another_reason_passes_check),
		TEST(port_isolation_keeps_pods_apart),
		TEST(without_dad_addresses_are_usable_at_once),
		TEST(with_dad_add_waits_for_its_end),
		TEST(with_dad_a_duplicate_is_found),
		TEST(disabled_container_interface_stays_down),
		TEST(layer_2_network_has_links_only),
		TEST(dns_of_the_config_replaces_ipams),
		TEST(mac_has_three_sources_in_their_order),
		TEST(mac_that_is_none_is_refused),
		TEST(requested_ip_and_kubernetes_args_need_no_ignore_unknown),
		TEST(several_addresses_of_one_family),
		TEST(route_attributes_are_applied),
		TEST(keys_match_without_regard_to_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
