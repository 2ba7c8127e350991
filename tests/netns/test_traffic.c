/* SPDX-License-Identifier: Apache-2.0 */
/* test_traffic.c - what keys promise about traffic, seen by packets */

#include "harness.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define GATEWAY "\"isDefaultGateway\": true"
#define BULK ((size_t)8 * 1000 * 1000)

static struct pod *a;
static struct pod *b;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	a = node_pod(&node, "a");
	b = node_pod(&node, "b");
	return 0;
}

static void attach(const char *keys)
{
	node_config(&node, keys, DUAL);
	pod_add(a);
	pod_add(b);
}

/* Services at 10.96.0.1 and fd00:96::1 with pod a behind them, done as kube-proxy does. */
static void make_service(void)
{
	free(run_must(&node.netns, "nft -f - <<-'END'\n"
				   "table inet service {\n"
				   " chain in { type nat hook prerouting priority dstnat\n"
				   "  ip daddr 10.96.0.1 dnat ip to 10.22.0.2\n"
				   "  ip6 daddr fd00:96::1 dnat ip6 to fd00:22::2\n }\n"
				   " chain out { type nat hook postrouting priority srcnat\n"
				   "  ip saddr 10.22.0.2 ip daddr 10.22.0.2 masquerade\n"
				   "  ip6 saddr fd00:22::2 ip6 daddr fd00:22::2 masquerade\n }\n"
				   "}\nEND"));
}

static void hairpin_mode_lets_a_pod_reach_itself_through_a_service(void **state)
{
	(void)state;
	attach(GATEWAY ", \"ipMasq\": true, \"hairpinMode\": true");
	make_service();
	assert_reaches(&a->netns, &a->netns, "10.96.0.1", "10.22.0.1");
	assert_reaches(&a->netns, &a->netns, "fd00:96::1", "fd00:22::1");
	assert_reaches(&b->netns, &a->netns, "10.96.0.1", "10.22.0.3");
	assert_reaches(&b->netns, &a->netns, "fd00:96::1", "fd00:22::3");
}

/* The other side of it: netfilter on the bridge sends the frame back where it came from. */
static void without_hairpin_mode_only_others_reach_it(void **state)
{
	(void)state;
	attach(GATEWAY ", \"ipMasq\": true");
	make_service();
	assert_unreachable(&a->netns, &a->netns, "10.96.0.1");
	assert_reaches(&b->netns, &a->netns, "10.96.0.1", "10.22.0.3");
	assert_reaches(&b->netns, &a->netns, "fd00:96::1", "fd00:22::3");
}

static void isolated_pods_reach_the_node_only(void **state)
{
	(void)state;
	attach(GATEWAY ", \"portIsolation\": true");
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	assert_reaches(&a->netns, &node.netns, "fd00:22::1", "fd00:22::2");
	assert_reaches(&node.netns, &a->netns, "10.22.0.2", "10.22.0.1");
	assert_unreachable(&a->netns, &b->netns, "10.22.0.3");
	assert_unreachable(&b->netns, &a->netns, "fd00:22::2");
}

/* Not by what all hear either: one that hears nothing of the other learns no address of it. */
static void isolated_pods_do_not_hear_each_other(void **state)
{
	(void)state;
	attach(GATEWAY ", \"portIsolation\": true");
	traffic_poke(&a->netns, "10.22.0.3");
	traffic_poke(&a->netns, "fd00:22::3");
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	free(run_must(&b->netns, "! ip neigh show 10.22.0.2 | grep -q lladdr && "
				 "! ip neigh show fd00:22::2 | grep -q lladdr"));
}

static void assert_whole_packets_pass(size_t mtu)
{
	static const char *const of_b[] = { "10.22.0.3", "fd00:22::3" };
	static const char *const of_node[] = { "10.22.0.1", "fd00:22::1" };
	char seen[TRAFFIC_ADDR_SIZE];

	for (size_t i = 0; i < 2; i++) {
		assert_datagrams_pass(&a->netns, &b->netns, of_b[i], mtu);
		assert_datagrams_pass(&a->netns, &node.netns, of_node[i], mtu);
		assert_datagrams_pass(&node.netns, &b->netns, of_b[i], mtu);
		assert_true(traffic_tcp(&a->netns, &b->netns, of_b[i], BULK, seen));
		assert_true(traffic_tcp(&node.netns, &b->netns, of_b[i], BULK, seen));
	}
}

static void packets_of_the_mtu_pass_whole(void **state)
{
	(void)state;
	attach(GATEWAY ", \"mtu\": 1410");
	assert_whole_packets_pass(1410);
}

static void so_do_large_ones(void **state)
{
	(void)state;
	attach(GATEWAY ", \"mtu\": 9000");
	assert_whole_packets_pass(9000);
}

/* A bridge sends nothing on to a port that the port cannot take, and says so to nobody. */
static void a_bridge_that_takes_more_is_told_to_take_less(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 mtu 1400 && "
				   "ip link set cni0 mtu 1500"));
	attach(GATEWAY ", \"mtu\": 1410");
	assert_whole_packets_pass(1410);
	assert_datagrams_arrive(&node.netns, &b->netns, "10.22.0.3", 1500);
	assert_datagrams_arrive(&node.netns, &b->netns, "fd00:22::3", 1500);
}

/*
 * The node's way out takes less than an Ethernet does, as tunnels of clouds do, and says
 * nothing when more comes: so no packet of a pod may be larger.
 */
static void packets_pass_whole_to_the_outside(void **state)
{
	struct ns outside = { 0 };
	char seen[TRAFFIC_ADDR_SIZE];

	(void)state;
	ns_make(&node.tmp, "outside", &outside);
	free(run_must(&node.netns,
		      "ip link add up0 mtu 1380 type veth peer name up1 mtu 1380 netns %s && "
		      "echo 0 >/proc/sys/net/ipv6/conf/up0/accept_dad && "
		      "ip addr add 172.30.0.1/24 dev up0 && ip link set up0 up && "
		      "ip addr add fd00:30::1/64 dev up0 nodad",
		      outside.path));
	free(run_must(&outside, "echo 0 >/proc/sys/net/ipv6/conf/up1/accept_dad && "
				"ip addr add 172.30.0.2/24 dev up1 && ip link set up1 up && "
				"ip addr add fd00:30::2/64 dev up1 nodad && "
				"ip route add 10.22.0.0/24 via 172.30.0.1 && "
				"ip route add fd00:22::/64 via fd00:30::1"));
	free(run_must(&node.netns, "ip route add default via 172.30.0.2"));
	attach(GATEWAY);
	assert_datagrams_pass(&a->netns, &outside, "172.30.0.2", 1380);
	assert_datagrams_pass(&outside, &a->netns, "10.22.0.2", 1380);
	assert_datagrams_pass(&a->netns, &outside, "fd00:30::2", 1380);
	assert_true(traffic_tcp(&a->netns, &outside, "172.30.0.2", BULK, seen));
	assert_true(traffic_tcp(&outside, &a->netns, "fd00:22::2", BULK, seen));
	ns_destroy(&outside);
}

/* Packets between pods that the node's bridge itself hears, while one sends @bytes to the other. */
static size_t count_overheard(void)
{
	autoclose int fd = ns_socket(&node.netns, AF_PACKET, SOCK_DGRAM, 0);
	json_t *bridge = witness_link(&node.netns, "cni0");
	struct sockaddr_ll everything = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IP),
		.sll_ifindex = (int)json_integer_value(json_at(bridge, "ifindex")),
	};
	char seen[TRAFFIC_ADDR_SIZE];
	char buf[65536];
	size_t n = 0;

	json_decref(bridge);
	assert_int_equal(bind(fd, (struct sockaddr *)&everything, sizeof(everything)), 0);
	assert_true(traffic_tcp(&a->netns, &b->netns, "10.22.0.3", 1000, seen));
	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		n++;
	return n;
}

static void promisc_mode_lets_the_node_hear_what_pods_say(void **state)
{
	(void)state;
	attach(GATEWAY ", \"promiscMode\": true");
	assert_true(count_overheard() > 0);
}

static void without_it_the_node_hears_its_own_only(void **state)
{
	(void)state;
	attach(GATEWAY);
	assert_int_equal(count_overheard(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(hairpin_mode_lets_a_pod_reach_itself_through_a_service),
		TEST(without_hairpin_mode_only_others_reach_it),
		TEST(isolated_pods_reach_the_node_only),
		TEST(isolated_pods_do_not_hear_each_other),
		TEST(packets_of_the_mtu_pass_whole),
		TEST(a_bridge_that_takes_more_is_told_to_take_less),
		TEST(so_do_large_ones),
		TEST(packets_pass_whole_to_the_outside),
		TEST(promisc_mode_lets_the_node_hear_what_pods_say),
		TEST(without_it_the_node_hears_its_own_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
