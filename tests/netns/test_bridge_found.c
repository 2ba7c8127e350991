/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge_found.c - a bridge that somebody else made, and may have made for something else */

#include "harness.h"

#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define BR0 "\"bridge\": \"br0\""
#define GATEWAY BR0 ", \"isDefaultGateway\": true"
#define PLAIN "\"subnet\": \"10.22.0.0/24\""
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define UNREACHABLE ", \"nodeRoutes\": [{\"dst\": \"10.44.0.0/24\", \"gw\": \"172.31.0.1\"}]"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, BR0, NULL);
	free(run_must(&node.netns, "ip link add br0 type bridge && ip link set br0 up"));
	pod = node_pod(&node, "c1");
	return 0;
}

static void on_node(const char *command)
{
	free(run_must(&node.netns, "cd /proc/sys/net && %s", command));
}

static void assert_says(const char *command, const char *output)
{
	char *seen = run_must(&node.netns, "cd /proc/sys/net && %s | tr '\\n' ' '", command);

	assert_string_equal(seen, output);
	free(seen);
}

static void add_and_check(void)
{
	pod_add(pod);
	pod_check(pod);
}

/* The node's way out leads over it. */
static void make_it_the_uplink(void)
{
	on_node("echo 0 >ipv6/conf/all/forwarding && ip link add up0 type veth peer name up1 && "
		"ip link set up1 up && ip link set up0 master br0 up && "
		"echo 1 >ipv6/conf/br0/accept_ra && echo 1 >ipv6/conf/br0/autoconf && "
		"ip -6 route add default via fe80::1 dev br0 proto ra");
}

static void that_is_the_uplink_goes_on_hearing_advertisements(void **state)
{
	(void)state;
	make_it_the_uplink();
	add_and_check();
	assert_says("cat ipv6/conf/br0/accept_ra ipv6/conf/br0/autoconf", "1 1 ");
	/* As one tells a node that is to hear them whatever else it does. */
	on_node("ip -6 route flush proto ra && echo 2 >ipv6/conf/br0/accept_ra");
	add_and_check();
	assert_says("cat ipv6/conf/br0/accept_ra ipv6/conf/br0/autoconf", "2 1 ");
}

/* Where the node forwards already, but this bridge not yet, it is no other. */
static void that_is_the_uplink_keeps_its_routes_when_it_forwards(void **state)
{
	(void)state;
	make_it_the_uplink();
	node_config(&node, GATEWAY, DUAL);
	add_and_check();
	assert_says("cat ipv6/conf/br0/accept_ra", "2 ");
	pod_del(pod);
	on_node("echo 0 >ipv6/conf/br0/forwarding && echo 1 >ipv6/conf/br0/accept_ra");
	add_and_check();
	assert_says("cat ipv6/conf/br0/accept_ra ipv6/conf/br0/forwarding", "2 1 ");
}

/* What pods of ours could say is not heard, though somebody lets them be heard. */
static void that_is_ours_is_no_uplink(void **state)
{
	(void)state;
	node_config(&node, "\"isDefaultGateway\": true", PLAIN);
	pod_add(pod);
	on_node("echo 0 >ipv6/conf/all/forwarding && echo 2 >ipv6/conf/cni0/accept_ra && "
		"ip -6 route add default via fe80::1 dev cni0 proto ra");
	pod_check_fails(pod, ERROR_CHECK, "net/ipv6/conf/cni0/accept_ra is 2");
	add_and_check();
	assert_says("cat ipv6/conf/cni0/accept_ra", "0 ");
}

static void with_filtering_off_keeps_it_off(void **state)
{
	(void)state;
	on_node("echo 0 >ipv4/conf/br0/rp_filter");
	add_and_check();
	assert_says("cat ipv4/conf/br0/rp_filter", "0 ");
}

/* Machines on it, that nobody else routes for, may have no rule that lets them talk. */
static void shows_netfilter_nothing_until_it_is_a_gateway(void **state)
{
	(void)state;
	add_and_check();
	assert_says("ip -d link show br0 | grep -o 'nf_call_ip[6]*tables [01]'",
		    "nf_call_iptables 0 nf_call_ip6tables 0 ");
	pod_del(pod);
	node_config(&node, GATEWAY, PLAIN);
	add_and_check();
	assert_says("ip -d link show br0 | grep -o 'nf_call_ip[6]*tables [01]'",
		    "nf_call_iptables 1 nf_call_ip6tables 1 ");
}

/* The kernel forgets all neighbours of a link that is given a MAC, though it had it before. */
static void with_a_mac_of_its_own_keeps_its_neighbours(void **state)
{
	autofree char *bin = run_bin("");
	autofree char *config = tmp_write(&node.tmp, "config", node.config, 0644);

	(void)state;
	on_node("ip link set br0 address 02:00:00:00:00:09 && ip addr add 10.5.0.1/24 dev br0 && "
		"ip neigh add 10.5.0.77 lladdr 02:00:00:00:00:77 dev br0 nud permanent");
	/* sysfs is of the namespace in which it is mounted. */
	free(run_must(&node.netns,
		      "unshare -m sh -ec 'mount -t sysfs none /sys; CNI_COMMAND=ADD "
		      "CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=%s CNI_PATH=%s "
		      "%s/cbr-bridge <%s'",
		      pod->netns.path, bin, bin, config));
	assert_says("ip neigh show dev br0 nud permanent | xargs",
		    "10.5.0.77 lladdr 02:00:00:00:00:77 "
		    "PERMANENT ");
}

/* So many are ours while an ADD makes them; this one is not. */
static void in_a_group_like_ours_is_not_removed(void **state)
{
	(void)state;
	on_node("ip link set br0 group 67 && ip addr add 10.1.1.1/24 dev br0");
	node_config(&node, BR0 UNREACHABLE, NULL);
	pod_add_fails(pod, ERROR_KERNEL, "10.44.0.0/24");
	assert_says("ip -br addr show br0 | grep -o 10.1.1.1/24", "10.1.1.1/24 ");
	node_config(&node, BR0, NULL);
	add_and_check();
	assert_says("ip link show br0 | grep -o 'group 67'", "group 67 ");
}

/* Nobody ever set its MTU: it has that of the least port, and is told so. */
static void follows_its_ports_in_mtu(void **state)
{
	(void)state;
	node_config(&node, BR0 ", \"mtu\": 9000", NULL);
	add_and_check();
	assert_json_int(pod->result, "interfaces.0.mtu", 9000);
	node_config(&node, BR0 ", \"mtu\": 1400", NULL);
	pod_add(node_pod(&node, "c2"));
	pod_check(&node.pods[1]);
	pod_del(&node.pods[1]);
	node_config(&node, BR0 ", \"mtu\": 9000", NULL);
	pod_check(pod);
}

/*
 * One ADD settles it, fails, and puts it back; another has begun meanwhile. The lock of the
 * namespace, which the undo holds, is held here in its place.
 */
static void put_back_meanwhile_is_settled_again(void **state)
{
	autofree char *bin = run_bin("");
	autofree char *config = NULL;
	const char *dir = node.tmp.path;

	(void)state;
	node_config(&node, BR0 ", \"mtu\": 1400", NULL);
	config = tmp_write(&node.tmp, "config", node.config, 0644);
	pod_add(pod);
	pod_del(pod);
	free(run_must(
		&node.netns,
		"exec 9</run/cbr/netns-$(stat -Lc %%i /proc/self/ns/net); flock -x 9; "
		"( exec 9<&-; CNI_COMMAND=ADD CNI_CONTAINERID=c1 CNI_IFNAME=eth0 CNI_NETNS=%s "
		"CNI_PATH=%s exec %s/cbr-bridge <%s >%s/said ) & "
		"until ls -l /proc/$!/exe /proc/$!/fd | grep -c 'cbr-bridge$\\|/run/cbr/' | "
		"grep -q 2; do :; done; "
		"ip link set br0 mtu 1500 down; echo 0 >/proc/sys/net/ipv4/conf/br0/tag; "
		"flock -u 9; wait $!",
		pod->netns.path, bin, bin, config, dir));
	assert_says("ip link show br0 | grep -o 'mtu [0-9]*'", "mtu 1400 ");
	add_and_check();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(that_is_the_uplink_goes_on_hearing_advertisements),
		TEST(that_is_the_uplink_keeps_its_routes_when_it_forwards),
		TEST(that_is_ours_is_no_uplink),
		TEST(with_filtering_off_keeps_it_off),
		TEST(shows_netfilter_nothing_until_it_is_a_gateway),
		TEST(with_a_mac_of_its_own_keeps_its_neighbours),
		TEST(in_a_group_like_ours_is_not_removed),
		TEST(follows_its_ports_in_mtu),
		TEST(put_back_meanwhile_is_settled_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
