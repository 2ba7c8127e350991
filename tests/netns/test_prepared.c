/* SPDX-License-Identifier: Apache-2.0 */
/* test_prepared.c - the node is prepared for pods, without hand-set sysctls */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, "\"isDefaultGateway\": true", DUAL);
	pod = node_pod(&node, "c1");
	return 0;
}

static void assert_sysctl(const struct ns *ns, const char *name, const char *value)
{
	char *text = run_must(ns, "cat /proc/sys/%s", name);

	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, value);
	free(text);
}

static void settings_of_the_bridge_and_the_pod(void **state)
{
	(void)state;
	pod_add(pod);
	assert_sysctl(&node.netns, "net/ipv6/conf/cni0/accept_ra", "0");
	assert_sysctl(&node.netns, "net/ipv6/conf/cni0/autoconf", "0");
	assert_sysctl(&node.netns, "net/ipv4/conf/cni0/rp_filter", "2");
	assert_sysctl(&node.netns, "net/ipv4/ip_forward", "1");
	assert_sysctl(&node.netns, "net/ipv6/conf/all/forwarding", "1");
	assert_sysctl(&pod->netns, "net/ipv6/conf/eth0/accept_ra", "0");
	assert_sysctl(&pod->netns, "net/ipv4/conf/eth0/arp_notify", "1");
	assert_sysctl(&pod->netns, "net/ipv6/conf/eth0/autoconf", "0");
	assert_sysctl(&pod->netns, "net/ipv6/conf/eth0/keep_addr_on_down", "1");
}

static void assert_deaf(const struct ns *ns, const char *link)
{
	char name[64];

	snprintf(name, sizeof(name), "net/ipv6/conf/%s/accept_ra", link);
	assert_sysctl(ns, name, "0");
	snprintf(name, sizeof(name), "net/ipv6/conf/%s/autoconf", link);
	assert_sysctl(ns, name, "0");
}

static void settings_of_both_ends(void **state)
{
	static const char *const ipam[] = { DUAL, "\"subnet\": \"10.22.0.0/24\"", NULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ipam); i++) {
		node_config(&node, ipam[i] ? "\"isDefaultGateway\": true" : "", ipam[i]);
		pod_add(pod);
		if (ipam[i])
			assert_deaf(&pod->netns, "eth0");
		else /* its addresses may come by them */
			assert_sysctl(&pod->netns, "net/ipv6/conf/eth0/accept_ra", "1");
		assert_deaf(&node.netns, pod_host_end(pod));
		/* Of a pair that an earlier version made, too. */
		free(run_must(&node.netns,
			      "cd /proc/sys/net/ipv6/conf/%s; echo 1 >accept_ra; "
			      "echo 1 >autoconf; ip link set %s addrgenmode eui64",
			      pod_host_end(pod), pod_host_end(pod)));
		pod_add(pod);
		assert_deaf(&node.netns, pod_host_end(pod));
		free(run_must(&node.netns, "ip -d link show %s | grep 'addrgenmode none'",
			      pod_host_end(pod)));
		pod_del(pod);
	}
}

static void a_pod_with_ipv6_switched_off_gets_it_on(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6; "
				   "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	pod_add(pod);
	assert_true(witness_has_address(&pod->netns, "eth0", "fd00:22::2/64"));
	assert_sysctl(&pod->netns, "net/ipv6/conf/lo/disable_ipv6", "0");
}

static void assert_link_local_settled(const struct ns *ns, const char *name)
{
	ns_wait(ns, 1000, "ip -6 addr show dev %s scope link | grep -q fe80", name);
	free(run_must(ns, "! ip -6 addr show dev %s tentative | grep -q .", name));
}

static void link_local_addresses_ask_at_once(void **state)
{
	(void)state;
	pod_add(pod);
	assert_link_local_settled(&node.netns, "cni0");
	assert_link_local_settled(&pod->netns, "eth0");
}

/* As the reference plugin leaves it. */
static void netfilter_sees_what_crosses_a_bridge_that_was_there(void **state)
{
	json_t *bridge;

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge"));
	pod_add(pod);
	bridge = witness_link(&node.netns, "cni0");
	assert_json_int(bridge, "linkinfo.info_data.nf_call_iptables", 1);
	assert_json_int(bridge, "linkinfo.info_data.nf_call_ip6tables", 1);
	json_decref(bridge);
}

static void a_bridge_that_was_there_keeps_its_mtu(void **state)
{
	json_t *bridge;

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 mtu 1300"));
	pod_add(pod);
	bridge = witness_link(&node.netns, "cni0");
	assert_json_int(bridge, "mtu", 1300);
	json_decref(bridge);
	bridge = witness_link(&pod->netns, "eth0");
	assert_json_int(bridge, "mtu", 1300);
	json_decref(bridge);
}

/* The host's way out came by a router advertisement; forwarding must not cost it. */
static void an_advertised_default_route_outlives_forwarding(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip link add up0 type veth peer name up1; "
				   "ip link set up1 up; ip link set up0 up; "
				   "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding; "
				   "echo 1 >/proc/sys/net/ipv6/conf/up0/accept_ra; "
				   "echo 1 >/proc/sys/net/ipv6/conf/up1/accept_ra; "
				   "ip -6 route add default via fe80::1 dev up0 proto ra"));
	pod_add(pod);
	assert_sysctl(&node.netns, "net/ipv6/conf/all/forwarding", "1");
	assert_sysctl(&node.netns, "net/ipv6/conf/up0/accept_ra", "2");
	assert_sysctl(&node.netns, "net/ipv6/conf/up1/accept_ra", "1");
}

static void without_a_gateway_nothing_of_the_node_changes(void **state)
{
	(void)state;
	free(run_must(&node.netns, "echo 0 >/proc/sys/net/ipv4/ip_forward; "
				   "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding"));
	node_config(&node, "", DUAL);
	pod_add(pod);
	assert_sysctl(&node.netns, "net/ipv4/ip_forward", "0");
	assert_sysctl(&node.netns, "net/ipv6/conf/all/forwarding", "0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(settings_of_the_bridge_and_the_pod),
		TEST(settings_of_both_ends),
		TEST(a_pod_with_ipv6_switched_off_gets_it_on),
		TEST(link_local_addresses_ask_at_once),
		TEST(netfilter_sees_what_crosses_a_bridge_that_was_there),
		TEST(a_bridge_that_was_there_keeps_its_mtu),
		TEST(an_advertised_default_route_outlives_forwarding),
		TEST(without_a_gateway_nothing_of_the_node_changes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
