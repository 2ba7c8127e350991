/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge.c - the bridge: its MTU, MAC and settings, whoever made it */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "storm.h"
#include "traffic.h"
#include "witness.h"

#define GATEWAY "\"isDefaultGateway\": true"
#define PLAIN "\"subnet\": \"10.22.0.0/24\""
#define OTHER "\"subnet\": \"10.33.0.0/24\""
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define UNREACHABLE ", \"nodeRoutes\": [{\"dst\": \"10.44.0.0/24\", \"gw\": \"172.31.0.1\"}]"

/* A way out by a device of this MTU; @n distinguishes several. */
static void make_uplink(int n, int mtu)
{
	free(run_must(&node.netns,
		      "ip link add up%d mtu %d type veth peer name far%d && ip link set far%d up "
		      "&& ip link set up%d up && ip addr add 172.30.%d.2/24 dev up%d",
		      n, mtu, n, n, n, n, n));
}

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, GATEWAY, PLAIN);
	return 0;
}

static void assert_mtu(const struct ns *ns, const char *name, int mtu)
{
	json_t *link = witness_link(ns, name);

	assert_json_int(link, "mtu", mtu);
	json_decref(link);
}

static void assert_conf(const char *settings, const char *values)
{
	char *seen = run_must(&node.netns, "cd /proc/sys/net && cat %s | tr '\\n' ' '", settings);

	assert_string_equal(seen, values);
	free(seen);
}

/* All that an ADD could change of bridge br0, as ip(8) and /proc tell it. */
static char *state_of_bridge(void)
{
	return run_must(&node.netns,
			"ip -d link show br0 | sed 's/^[0-9]*: //; s/[a-z_]*_timer *[0-9.]*//g; "
			"s/NO-CARRIER,//; s/,LOWER_UP//; s/ state [A-Z]*//; s/ qdisc [a-z]*//; "
			"s/tso_max_size [0-9]*//';"
			"ip -d addr show br0 scope global | grep inet; cd /proc/sys/net && "
			"for key in rp_filter tag; do grep -H . ipv4/conf/br0/$key; done; "
			"for key in accept_ra autoconf accept_dad; do "
			"grep -H . ipv6/conf/br0/$key; done");
}

/* Each was told of the bridge that is there, and has a link as wide. */
static void assert_all_agree(int mtu)
{
	json_t *bridge = witness_link(&node.netns, "cni0");

	assert_json_int(bridge, "mtu", mtu);
	for (int i = 0; i < STORM_PODS; i++) {
		json_t *result = storm_said_of(i);

		assert_json_text(result, "interfaces.0.mac", json_text_at(bridge, "address"));
		assert_json_int(result, "interfaces.0.mtu", mtu);
		assert_json_int(result, "interfaces.1.mtu", mtu);
		assert_json_int(result, "interfaces.2.mtu", mtu);
		json_decref(result);
	}
	json_decref(bridge);
}

/* As when a node has booted: all ADDs come at once, and one of them makes the bridge. */
static void first_adds_at_once_agree_on_the_mtu(void **state)
{
	(void)state;
	make_uplink(0, 1400);
	free(run_must(&node.netns, "ip route add default via 172.30.0.1"));
	for (int round = 0; round < 10; round++) {
		storm_add();
		assert_all_agree(1400);
		free(run_must(&node.netns, "ip link del cni0"));
		for (int i = 0; i < STORM_PODS; i++)
			pod_del(&node.pods[i]);
	}
}

static void assert_inherits(int mtu)
{
	static int n;
	char id[16];
	struct pod *pod;

	snprintf(id, sizeof(id), "inherits%d", n++);
	pod = node_pod(&node, id);
	pod_add(pod);
	assert_mtu(&pod->netns, "eth0", mtu);
	assert_mtu(&node.netns, "cni0", mtu);
	pod_del(pod);
	/* Without a port, too: it does not follow them. */
	assert_mtu(&node.netns, "cni0", mtu);
	free(run_must(&node.netns, "ip link del cni0"));
}

static void the_mtu_is_the_least_of_all_ways_out(void **state)
{
	(void)state;
	make_uplink(0, 1500);
	make_uplink(1, 1400);
	free(run_must(&node.netns, "ip route add default via 172.30.0.1 mtu 1300"));
	assert_inherits(1300);
	free(run_must(&node.netns, "ip route replace default nexthop via 172.30.0.1 "
				   "nexthop via 172.30.1.1"));
	assert_inherits(1400);
	free(run_must(&node.netns, "ip route replace default nexthop via 172.30.1.1 "
				   "nexthop via 172.30.0.1"));
	assert_inherits(1400);
	free(run_must(&node.netns, "ip addr add fd99::2/64 dev up1 nodad; ip route replace default "
				   "via 172.30.0.1; ip -6 route add default via fd99::1"));
	assert_inherits(1400);
}

/* Laboratories use the prefixes that are for documentation. */
/* Hops that are objects by themselves are not told with the route, if nobody wants that. */
static void the_way_out_may_be_an_object(void **state)
{
	(void)state;
	make_uplink(0, 1400);
	free(run_must(&node.netns,
		      "ip nexthop add id 1 via 172.30.0.1 dev up0 && ip route add default nhid 1 "
		      "&& echo 0 >/proc/sys/net/ipv4/nexthop_compat_mode"));
	assert_inherits(1400);
}

static void a_route_to_a_documentation_prefix_is_no_way_out(void **state)
{
	(void)state;
	make_uplink(0, 1500);
	make_uplink(1, 1400);
	free(run_must(&node.netns, "ip route add default via 172.30.1.1 && "
				   "ip route add default via 172.30.0.1 metric 100 && "
				   "ip route add 192.0.2.0/24 via 172.30.0.1 && "
				   "ip -6 route add 2001:db8::/32 dev up0"));
	assert_inherits(1400);
}

static void a_way_out_too_narrow_for_ipv6_does_not_stop_it(void **state)
{
	struct pod *pod;

	(void)state;
	make_uplink(0, 1200);
	free(run_must(&node.netns, "ip route add default via 172.30.0.1"));
	assert_inherits(1200);
	node_config(&node, GATEWAY, DUAL);
	assert_inherits(1280);
	node_config(&node, GATEWAY, PLAIN);
	pod = node_pod(&node, "c1");
	pod_add(pod);
	node_config(&node, GATEWAY, DUAL);
	pod_add_fails(node_pod(&node, "c2"), ERROR_CONFLICT, "mtu 1200 of cni0 is too little");
	node_config(&node, GATEWAY ", \"mtu\": 1279", DUAL);
	pod_add_fails(&node.pods[3], ERROR_CONFIG, "mtu 1279 is too little");
}

/* What an ADD leaves that is killed when it has made the bridge and nothing else. */
static void an_unfinished_bridge_is_finished(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	make_uplink(0, 1400);
	pod_add(pod);
	pod_del(pod);
	free(run_must(&node.netns, "mac=$(ip -br link show cni0 | awk '{ print $3 }') && "
				   "ip route add default via 172.30.0.1; echo 1 "
				   ">/proc/sys/net/ipv4/conf/default/rp_filter; ip link del cni0; "
				   "ip link add cni0 address $mac mtu 1401 group 67 type bridge"));
	pod_add(pod);
	pod_check(pod);
	pod_del(pod);
	assert_mtu(&node.netns, "cni0", 1400);
	assert_conf("ipv6/conf/cni0/accept_ra ipv6/conf/cni0/autoconf ipv4/conf/cni0/rp_filter",
		    "0 0 2 ");
}

/* Those that the reference plugin sets on each ADD, and those without which pods are cut off. */
static void a_bridge_that_was_there_gets_its_settings(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, GATEWAY ", \"bridge\": \"br0\"", DUAL);
	free(run_must(&node.netns, "ip link add br0 type bridge; cd /proc/sys/net; "
				   "echo 1 >ipv4/conf/br0/rp_filter"));
	pod_add(pod);
	assert_conf("ipv6/conf/br0/accept_ra ipv6/conf/br0/autoconf ipv4/conf/br0/rp_filter",
		    "0 0 2 ");
	free(run_must(&node.netns, "cd /proc/sys/net; echo 1 >ipv4/conf/br0/rp_filter; "
				   "echo 1 >ipv6/conf/br0/accept_ra"));
	pod_check_fails(pod, ERROR_CHECK, "net/ipv6/conf/br0/accept_ra is 1");
	pod_add(node_pod(&node, "c2"));
	pod_check(pod);
	assert_conf("ipv6/conf/br0/accept_ra ipv4/conf/br0/rp_filter", "0 2 ");
	/* Off is looser. */
	free(run_must(&node.netns, "echo 0 >/proc/sys/net/ipv4/conf/br0/rp_filter"));
	pod_add(node_pod(&node, "c3"));
	pod_check(pod);
	assert_conf("ipv4/conf/br0/rp_filter", "0 ");
}

/* New links do not forward there, though the node does. */
static void the_gateway_forwards(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns, "cd /proc/sys/net; echo 1 >ipv4/ip_forward; "
				   "echo 1 >ipv6/conf/all/forwarding; "
				   "echo 0 >ipv4/conf/default/forwarding; "
				   "echo 0 >ipv6/conf/default/forwarding"));
	node_config(&node, GATEWAY, DUAL);
	pod_add(pod);
	assert_conf("ipv4/conf/cni0/forwarding ipv6/conf/cni0/forwarding", "1 1 ");
	pod_check(pod);
	free(run_must(&node.netns, "echo 0 >/proc/sys/net/ipv4/conf/cni0/forwarding"));
	pod_check_fails(pod, ERROR_CHECK, "forwarding is off: net/ipv4/conf/cni0/forwarding");
	pod_add(pod);
	pod_check(pod);
}

/* It has its address already, and nobody gave it a MAC. */
static void a_gateway_that_was_there_keeps_its_mac(void **state)
{
	json_t *before;
	json_t *after;

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge; ip link set cni0 up; "
				   "ip addr add 10.22.0.1/24 dev cni0"));
	before = witness_link(&node.netns, "cni0");
	for (int i = 0; i < 6; i++) {
		char id[16];

		snprintf(id, sizeof(id), "c%d", i);
		pod_add(node_pod(&node, id));
	}
	for (int i = 0; i < 5; i++)
		pod_del(&node.pods[i]);
	assert_reaches(&node.pods[5].netns, &node.netns, "10.22.0.1",
		       pod_address(&node.pods[5], 0));
	after = witness_link(&node.netns, "cni0");
	assert_json_text(after, "address", json_text_at(before, "address"));
	json_decref(before);
	json_decref(after);
	pod_del(&node.pods[5]);
}

/* One that had ports and lost them all has none at all. */
static void a_bridge_that_lost_its_mac_gets_one(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	free(run_must(&node.netns,
		      "ip link add cni0 type bridge; ip link set cni0 up; "
		      "ip addr add 10.22.0.1/24 dev cni0; "
		      "ip link add d0 master cni0 type veth peer name d1; ip link del d0; "
		      "ip link show cni0 | grep -q 00:00:00:00:00:00"));
	pod_add(pod);
	pod_check(pod);
	pod_add(node_pod(&node, "c2"));
	pod_del(&node.pods[1]);
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
	pod_check(pod);
}

/* Its pods remember it. */
static void made_again_it_has_the_same_mac(void **state)
{
	char first[32];

	(void)state;
	pod_add(node_pod(&node, "c1"));
	snprintf(first, sizeof(first), "%s", json_text_at(node.pods[0].result, "interfaces.0.mac"));
	free(run_must(&node.netns, "ip link del cni0"));
	pod_add(node_pod(&node, "c2"));
	assert_json_text(node.pods[1].result, "interfaces.0.mac", first);
	pod_check(&node.pods[0]);
}

static void a_refused_add_changes_nothing_of_it(void **state)
{
	char *before;
	char *after;

	(void)state;
	free(run_must(&node.netns, "ip link add br0 address 02:00:00:00:00:09 type bridge; "
				   "ip addr add 10.77.0.1/24 dev br0"));
	before = state_of_bridge();
	node_config(&node, GATEWAY ", \"bridge\": \"br0\", \"promiscMode\": true, \"mtu\": 1400",
		    DUAL);
	pod_add_fails(node_pod(&node, "c1"), ERROR_CONFLICT, "different from 10.22.0.1/24");
	after = state_of_bridge();
	assert_string_equal(before, after);
	free(after);
	node_config(&node, "\"isGateway\": true, \"bridge\": \"br0\", \"mtu\": 1400" UNREACHABLE,
		    "\"subnet\": \"fd00:22::/64\"");
	pod_add_fails(&node.pods[0], ERROR_KERNEL, "10.44.0.0/24");
	after = state_of_bridge();
	assert_string_equal(before, after);
	free(after);
	free(before);
}

/* One ADD lowers the MTU, another finds it so and succeeds, then the first one fails. */
static void what_others_count_on_is_not_taken_back(void **state)
{
	autofree char *bin = run_bin("");
	const char *dir = node.tmp.path;
	autofree char *config = NULL;
	autofree char *script = NULL;
	char text[1024];

	(void)state;
	free(run_must(&node.netns,
		      "ip link add cni0 type bridge; ip link set cni0 up; mkfifo "
		      "%s/began %s/go",
		      dir, dir));
	/* A delegate that lets the test go on, waits for it, and then fails. */
	snprintf(text, sizeof(text),
		 "#!/bin/sh\n[ $CNI_COMMAND = ADD ] || exit 0\necho >%s/began; read x <%s/go\n"
		 "echo '{\"code\": 99, \"msg\": \"no luck\"}'; exit 1\n",
		 dir, dir);
	script = tmp_write(&node.tmp, "fake", text, 0755);
	node_config(&node, GATEWAY ", \"mtu\": 1410", "\"type\": \"fake\"");
	config = tmp_write(&node.tmp, "config", node.config, 0644);
	node_pod(&node, "failing");
	free(run_must(&node.netns,
		      "( CNI_COMMAND=ADD CNI_CONTAINERID=failing CNI_IFNAME=eth0 CNI_NETNS=%s "
		      "CNI_PATH=%s timeout 60 %s/cbr-bridge <%s >%s/said; echo >%s/over ) "
		      ">/dev/null 2>&1 & mkfifo %s/over; read x <%s/began",
		      node.pods[0].netns.path, dir, bin, config, dir, dir, dir, dir));
	ns_wait(&node.netns, 5000, "ip link show cni0 | grep -q 'mtu 1410'");
	node_config(&node, GATEWAY ", \"mtu\": 1410", PLAIN);
	pod_add(node_pod(&node, "c1"));
	free(run_must(NULL, "echo >%s/go; read x <%s/over; grep -q 'no luck' %s/said", dir, dir,
		      dir));
	assert_mtu(&node.netns, "cni0", 1410);
	pod_check(&node.pods[1]);
}

static void check_finds(const char *damage, const char *text, const char *repair)
{
	struct pod *pod = &node.pods[0];

	free(run_must(&node.netns, "%s", damage));
	pod_check_fails(pod, ERROR_CHECK, text);
	free(run_must(&node.netns, "%s", repair));
	pod_check(pod);
}

static void check_finds_what_was_altered(void **state)
{
	char repair[64];

	(void)state;
	pod_add(node_pod(&node, "c1"));
	pod_check(&node.pods[0]);
	check_finds("ip link set cni0 type bridge nf_call_iptables 0", "netfilter does not see",
		    "ip link set cni0 type bridge nf_call_iptables 1");
	check_finds("ip link set cni0 type bridge nf_call_ip6tables 0", "netfilter does not see",
		    "ip link set cni0 type bridge nf_call_ip6tables 1");
	check_finds("ip link set cni0 mtu 1600", "less than 1600 of bridge cni0",
		    "ip link set cni0 mtu 1500");
	check_finds("echo 1 >/proc/sys/net/ipv4/conf/cni0/rp_filter", "cni0/rp_filter is 1",
		    "echo 2 >/proc/sys/net/ipv4/conf/cni0/rp_filter");
	check_finds("echo 1 >/proc/sys/net/ipv6/conf/cni0/accept_ra", "cni0/accept_ra is 1",
		    "echo 0 >/proc/sys/net/ipv6/conf/cni0/accept_ra");
	snprintf(repair, sizeof(repair), "ip link set cni0 address %s",
		 json_text_at(node.pods[0].result, "interfaces.0.mac"));
	check_finds("ip link set cni0 address 02:00:00:00:00:55", "has the MAC 02:00:00:00:00:55",
		    repair);
}

/* How many lines of the log are of this event and say that. */
static int count_in_log(const char *event, const char *text)
{
	char *n = run_must(NULL, "grep -c '\"event\":\"%s\".*%s' %s/log || true", event, text,
			   node.tmp.path);
	const int ret = atoi(n);

	free(n);
	return ret;
}

/* Nothing fails for it, so it must be told; once is enough. */
static void netfilter_that_cannot_see_is_a_warning(void **state)
{
	autofree char *bin = run_bin("");
	autofree char *config = NULL;
	const char *dir = node.tmp.path;
	char keys[512];

	(void)state;
	snprintf(keys, sizeof(keys), GATEWAY ", \"logFile\": \"%s/log\"", dir);
	node_config(&node, keys, PLAIN);
	config = tmp_write(&node.tmp, "config", node.config, 0644);
	node_pod(&node, "p1");
	node_pod(&node, "p2");
	free(run_must(&node.netns,
		      "unshare -m sh -c 'mkdir -p /proc/sys/net/bridge 2>/dev/null; "
		      "mount -t tmpfs none /proc/sys/net/bridge 2>/dev/null; for i in 1 2; do "
		      "CNI_COMMAND=ADD CNI_CONTAINERID=p$i CNI_IFNAME=eth0 CNI_NETNS=%s/p$i "
		      "CNI_PATH=%s %s/cbr-bridge <%s || exit 1; done'",
		      dir, bin, bin, config));
	assert_int_equal(count_in_log("warning", "br_netfilter is not loaded"), 1);
}

static void settings_of_others_that_change_are_told(void **state)
{
	char keys[512];

	(void)state;
	free(run_must(&node.netns, "ip link add up0 type veth peer name up1; "
				   "ip link set up1 up; ip link set up0 up; "
				   "echo 0 >/proc/sys/net/ipv6/conf/all/forwarding; "
				   "echo 1 >/proc/sys/net/ipv6/conf/up0/accept_ra; "
				   "ip -6 route add default via fe80::1 dev up0 proto ra; "
				   "ip link add cni0 type bridge; "
				   "echo 1 >/proc/sys/net/ipv6/conf/cni0/accept_ra"));
	snprintf(keys, sizeof(keys), GATEWAY ", \"logFile\": \"%s/log\"", node.tmp.path);
	node_config(&node, keys, DUAL);
	pod_add(node_pod(&node, "c1"));
	assert_int_equal(count_in_log("note", "accept_ra of cni0 was 1 and is 0"), 1);
	assert_int_equal(count_in_log("note", "conf.up0.accept_ra was 1 and is 2"), 1);
	pod_add(node_pod(&node, "c2"));
	assert_int_equal(count_in_log("note", "accept_ra"), 2);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_adds_at_once_agree_on_the_mtu),
		TEST(the_mtu_is_the_least_of_all_ways_out),
		TEST(the_way_out_may_be_an_object),
		TEST(a_route_to_a_documentation_prefix_is_no_way_out),
		TEST(a_way_out_too_narrow_for_ipv6_does_not_stop_it),
		TEST(an_unfinished_bridge_is_finished),
		TEST(a_bridge_that_was_there_gets_its_settings),
		TEST(the_gateway_forwards),
		TEST(a_gateway_that_was_there_keeps_its_mac),
		TEST(a_bridge_that_lost_its_mac_gets_one),
		TEST(made_again_it_has_the_same_mac),
		TEST(a_refused_add_changes_nothing_of_it),
		TEST(what_others_count_on_is_not_taken_back),
		TEST(check_finds_what_was_altered),
		TEST(netfilter_that_cannot_see_is_a_warning),
		TEST(settings_of_others_that_change_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
