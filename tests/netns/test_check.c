/* SPDX-License-Identifier: Apache-2.0 */
/* test_check.c - CHECK finds what is missing, and nothing else */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, "\"isDefaultGateway\": true, \"ipMasq\": true",
		    "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], "
		    "[{\"subnet\": \"fd00:22::/64\"}]]");
	pod = node_pod(&node, "c1");
	pod_add(pod);
	return 0;
}

static void passes_right_after_add_every_time(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++)
		pod_check(pod);
}

static void changes_nothing(void **state)
{
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	pod_check(pod);
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

/* Each row: what is done to the pod or the node, and what CHECK says of it. */
static const struct {
	bool in_pod;
	const char *damage;
	const char *text;
} damages[] = {
	{ true, "ip link set eth0 down", "container interface eth0 is down" },
	{ true, "ip link set eth0 down; ip link set eth0 name eth7", "eth0 not found" },
	{ true, "ip link set eth0 address 02:00:00:00:00:99", "doesn't match container Mac" },
	{ true, "ip addr del 10.22.0.2/24 dev eth0", "Failed to match addr 10.22.0.2/24" },
	{ true, "ip -6 addr del fd00:22::2/64 dev eth0", "Failed to match addr fd00:22::2/64" },
	{ true, "ip route del default", "Expected Route to 0.0.0.0/0" },
	{ true, "ip -6 route del default", "Expected Route to ::/0" },
	{ true, "ip route replace default via 10.22.0.9", "Expected Route to 0.0.0.0/0" },
	{ true,
	  "ip link add d0 up type veth peer name d1; ip link set d1 up; ip route del default; "
	  "ip route add default via 10.22.0.1 dev d0 onlink",
	  "Expected Route to 0.0.0.0/0" },
	{ true,
	  "ip link add d0 up type veth peer name d1; ip link set d1 up; ip -6 route del default; "
	  "ip -6 route add fd00:22::1 dev d0; ip -6 route add default via fd00:22::1 dev d0",
	  "Expected Route to ::/0" },
	{ true, "ip route del default; ip route add blackhole default",
	  "Expected Route to 0.0.0.0/0" },
	{ true, "ip route del 10.22.0.0/24", "route to the subnet 10.22.0.0/24" },
	{ true, "ip -6 route del fd00:22::/64", "route to the subnet fd00:22::/64" },
	{ true, "ip link set eth0 mtu 9000", "MTU of container interface eth0 is 9000" },
	{ false, "ip link set $HOST mtu 9000", "9000, not 1500" },
	{ false, "ip link set cni0 down", "bridge \"cni0\" is down" },
	{ false, "ip link del cni0", "bridge \"cni0\" not found" },
	{ false, "ip link del cni0; ip link add cni0 type veth peer name x", "is not a bridge" },
	{ false, "ip link set $HOST nomaster", "is no port of bridge cni0" },
	{ false, "ip link set $HOST down", "is down" },
	{ false, "ip addr del 10.22.0.1/24 dev cni0", "lacks its address 10.22.0.1/24" },
	{ false, "ip -6 addr del fd00:22::1/64 dev cni0", "lacks its address fd00:22::1/64" },
	{ false, "echo 0 > /proc/sys/net/ipv4/ip_forward", "forwarding is off" },
	{ false, "echo 0 > /proc/sys/net/ipv6/conf/all/forwarding", "forwarding is off" },
	{ false, "nft delete table inet cbr", "" },
};

static void finds_every_damage(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		pod_check(pod);
		free(run_must(damages[i].in_pod ? &pod->netns : &node.netns, "HOST=%s; %s",
			      pod_host_end(pod), damages[i].damage));
		pod_check_fails(pod, ERROR_CHECK, damages[i].text);
		node_done(&node);
		setup(state);
	}
}

#define ASKED "via 10.22.0.7 metric 50 mtu 1300 advmss 1200 scope 200 table 77"

/* Each row: the same route otherwise. */
static const char *const others[] = {
	"via 10.22.0.8 metric 50 mtu 1300 advmss 1200 scope 200 table 77",
	"via 10.22.0.7 metric 51 mtu 1300 advmss 1200 scope 200 table 77",
	"via 10.22.0.7 metric 50 mtu 1301 advmss 1200 scope 200 table 77",
	"via 10.22.0.7 metric 50 advmss 1200 scope 200 table 77",
	"via 10.22.0.7 metric 50 mtu 1300 advmss 1201 scope 200 table 77",
	"via 10.22.0.7 metric 50 mtu 1300 advmss 1200 scope 201 table 77",
	"via 10.22.0.7 metric 50 mtu 1300 advmss 1200 scope 200 table 78",
};

static void finds_a_route_that_is_not_as_asked_for(void **state)
{
	struct pod *other = node_pod(&node, "other");

	(void)state;
	node_config(&node, "\"name\": \"net2\"",
		    "\"subnet\": \"10.22.0.0/24\", \"rangeStart\": \"10.22.0.50\", \"routes\": "
		    "[{\"dst\": \"192.0.2.0/24\", \"gw\": \"10.22.0.7\", \"priority\": 50, "
		    "\"mtu\": 1300, \"advmss\": 1200, \"scope\": 200, \"table\": 77}]");
	pod_add(other);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		free(run_must(&other->netns, "ip route flush 192.0.2.0/24 table all && "
					     "ip route add 192.0.2.0/24 " ASKED));
		pod_check(other);
		free(run_must(&other->netns,
			      "ip route flush 192.0.2.0/24 table all && "
			      "ip route add 192.0.2.0/24 %s",
			      others[i]));
		pod_check_fails(other, ERROR_CHECK, "Expected Route to 192.0.2.0/24");
	}
}

/* As the kernel takes it, and the reference plugin: on the link itself. */
static void a_gateway_of_zeroes_is_none(void **state)
{
	struct pod *other = node_pod(&node, "other");

	(void)state;
	node_config(
		&node, "\"isGateway\": true",
		"\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]], "
		"\"routes\": [{\"dst\": \"10.61.0.0/16\", \"gw\": \"0.0.0.0\"}, "
		"{\"dst\": \"fd00:61::/48\", \"gw\": \"::\"}]");
	pod_add(other);
	pod_check(other);
	free(run_must(&other->netns,
		      "ip route show 10.61.0.0/16 | grep 'dev eth0' | grep -vq via && "
		      "ip -6 route show fd00:61::/48 | grep 'dev eth0' | "
		      "grep -vq via"));
}

static void finds_a_lost_reservation(void **state)
{
	(void)state;
	free(run_must(NULL, "rm %s/networks/net/10.22.0.2 %s/networks/net/fd00:22::2",
		      node.tmp.path, node.tmp.path));
	pod_check_fails(pod, ERROR_CHECK, "c1");
}

static void needs_prev_result(void **state)
{
	struct run_call call = pod_call(pod, "CHECK");

	(void)state;
	json_decref(run_error(&call, ERROR_CONFIG, "Required prevResult missing"));
}

static void needs_the_netns(void **state)
{
	(void)state;
	snprintf(pod->netns.path, sizeof(pod->netns.path), "/nowhere/at/all");
	pod_check_fails(pod, ERROR_NETNS, "/nowhere/at/all");
	pod->netns.path[0] = '\0';
}

/* Another plugin of the chain: an interface more, an address on it, a route more. */
static void tolerates_what_later_plugins_add(void **state)
{
	json_t *result = pod->result;

	(void)state;
	free(run_must(&pod->netns, "ip link add extra type bridge && ip link set extra up && "
				   "ip addr add 172.16.0.1/24 dev extra && "
				   "ip addr add 172.17.0.1/24 dev eth0 && "
				   "ip route add 192.0.2.0/24 via 172.16.0.9"));
	json_array_append_new(json_object_get(result, "interfaces"),
			      json_pack("{s:s, s:s}", "name", "extra", "sandbox", pod->netns.path));
	json_array_append_new(json_object_get(result, "ips"),
			      json_pack("{s:s, s:i}", "address", "172.16.0.1/24", "interface", 3));
	pod_check(pod);
}

static void tolerates_a_mac_that_a_later_plugin_set_and_reported(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "ip link set eth0 address 02:00:00:00:00:99"));
	json_object_set_new(json_array_get(json_object_get(pod->result, "interfaces"), 2), "mac",
			    json_string("02:00:00:00:00:99"));
	pod_check(pod);
}

/* A route by another interface in the result; a smaller MTU, of which no result tells. */
static void tolerates_what_later_plugins_route_and_tune(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "ip link add extra type bridge && ip link set extra up && "
				   "ip addr add 172.16.0.1/24 dev extra && "
				   "ip route add 192.0.2.0/24 via 172.16.0.9 && "
				   "ip link set eth0 mtu 1400"));
	json_array_append_new(json_object_get(pod->result, "routes"),
			      json_pack("{s:s, s:s}", "dst", "192.0.2.0/24", "gw", "172.16.0.9"));
	pod_check(pod);
}

static void works_for_0_4_0(void **state)
{
	struct pod *old = node_pod(&node, "old");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true, \"cniVersion\": \"0.4.0\"",
		    "\"subnet\": \"10.22.0.0/24\"");
	pod_add(old);
	pod_check(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(passes_right_after_add_every_time),
		TEST(changes_nothing),
		TEST(finds_every_damage),
		TEST(finds_a_route_that_is_not_as_asked_for),
		TEST(a_gateway_of_zeroes_is_none),
		TEST(finds_a_lost_reservation),
		TEST(needs_prev_result),
		TEST(needs_the_netns),
		TEST(tolerates_what_later_plugins_add),
		TEST(tolerates_a_mac_that_a_later_plugin_set_and_reported),
		TEST(tolerates_what_later_plugins_route_and_tune),
		TEST(works_for_0_4_0),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
