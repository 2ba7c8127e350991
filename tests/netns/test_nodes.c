/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_nodes.c - three nodes on one wire, each with its own bridge and pool
 *
 * Any pod reaches any pod with its own address; the world outside sees the node's.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "node.h"
#include "traffic.h"
#include "witness.h"

#define N_NODES 3

static struct node nodes[N_NODES];
static struct pod *pods[N_NODES][2];
static struct tmp tmp;
static struct ns wire;
static struct ns outside;

static void plug_in(const struct ns *host, int number, const char *netns)
{
	free(run_must(&wire,
		      "ip link add n%d type veth peer name up0 netns %s && "
		      "ip link set n%d master sw up",
		      number, netns, number));
	/* Without detection for its link-local address the wire carries IPv6 at once. */
	free(run_must(host,
		      "echo 0 >/proc/sys/net/ipv6/conf/up0/accept_dad && "
		      "ip addr add 172.30.0.%d/24 dev up0 && "
		      "ip addr add fd00:30::%d/64 dev up0 nodad && ip link set up0 up",
		      number, number));
}

static void configure(int self)
{
	char keys[2048] = "\"isDefaultGateway\": true, \"ipMasq\": true, \"nodeRoutes\": [";
	char ipam[256];

	for (int i = 1, n = 0; i <= N_NODES; i++) {
		if (i == self)
			continue;
		snprintf(keys + strlen(keys), sizeof(keys) - strlen(keys),
			 "%s{\"dst\": \"10.44.%d.0/24\", \"gw\": \"172.30.0.%d\"}, "
			 "{\"dst\": \"fd00:44:%d::/64\", \"gw\": \"fd00:30::%d\"}",
			 n++ ? ", " : "", i, i, i, i);
	}
	strcat(keys, "]");
	snprintf(ipam, sizeof(ipam),
		 "\"ranges\": [[{\"subnet\": \"10.44.%d.0/24\"}], [{\"subnet\": "
		 "\"fd00:44:%d::/64\"}]]",
		 self, self);
	node_config(&nodes[self - 1], keys, ipam);
}

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	ns_make(&tmp, "wire", &wire);
	ns_make(&tmp, "outside", &outside);
	free(run_must(&wire, "ip link add sw type bridge mcast_snooping 0 && ip link set sw up"));
	plug_in(&outside, 99, outside.path);
	for (int i = 0; i < N_NODES; i++) {
		node_make(&nodes[i]);
		plug_in(&nodes[i].netns, i + 1, nodes[i].netns.path);
		configure(i + 1);
		for (int j = 0; j < 2; j++) {
			pods[i][j] = node_pod(&nodes[i], j ? "second" : "first");
			pod_add(pods[i][j]);
		}
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < N_NODES; i++)
		node_done(&nodes[i]);
	ns_destroy(&outside);
	ns_destroy(&wire);
	tmp_remove(&tmp);
	return 0;
}

static void assert_pod_reaches_pod(const struct pod *from, const struct pod *to)
{
	for (size_t family = 0; family < 2; family++) {
		char *source = strdup(pod_address(from, family));

		assert_reaches(&from->netns, &to->netns, pod_address(to, family), source);
		free(source);
	}
}

static void any_pod_reaches_any_pod_with_its_own_address(void **state)
{
	(void)state;
	for (int i = 0; i < N_NODES; i++)
		for (int j = 0; j < N_NODES; j++)
			assert_pod_reaches_pod(pods[i][0], pods[j][1]);
}

static void outside_sees_the_node(void **state)
{
	(void)state;
	assert_reaches(&pods[0][0]->netns, &outside, "172.30.0.99", "172.30.0.1");
	assert_reaches(&pods[2][1]->netns, &outside, "172.30.0.99", "172.30.0.3");
	assert_reaches(&pods[1][0]->netns, &outside, "fd00:30::99", "fd00:30::2");
}

/* What is no pod network and not exempt is the outside, other nodes' own addresses too. */
static void another_node_sees_the_node(void **state)
{
	(void)state;
	assert_reaches(&pods[0][0]->netns, &nodes[1].netns, "172.30.0.2", "172.30.0.1");
}

static void routes_are_marked_as_ours(void **state)
{
	json_t *routes = witness_ip(&nodes[0].netns, "route show proto 67");
	json_t *routes6 = witness_ip(&nodes[0].netns, "-6 route show proto 67");

	(void)state;
	assert_int_equal(json_array_size(routes), 2);
	assert_int_equal(json_array_size(routes6), 2);
	assert_json_text(routes, "0.gateway", "172.30.0.2");
	json_decref(routes);
	json_decref(routes6);
}

static void check_misses_a_node_route(void **state)
{
	struct pod *pod = pods[0][0];

	(void)state;
	pod_check(pod);
	free(run_must(&nodes[0].netns, "ip route del 10.44.2.0/24 proto 67"));
	pod_check_fails(pod, ERROR_CHECK, "node route to 10.44.2.0/24 via 172.30.0.2");
}

static void the_next_add_restores_a_node_route(void **state)
{
	(void)state;
	free(run_must(&nodes[0].netns, "ip route flush proto 67"));
	pod_add(node_pod(&nodes[0], "third"));
	assert_pod_reaches_pod(pods[0][0], pods[1][0]);
	pod_check(pods[0][0]);
}

static void a_next_hop_that_moves_is_replaced(void **state)
{
	json_t *routes;

	(void)state;
	node_config(&nodes[0],
		    "\"isDefaultGateway\": true, \"ipMasq\": true, \"nodeRoutes\": ["
		    "{\"dst\": \"10.44.2.0/24\", \"gw\": \"172.30.0.77\"}]",
		    "\"subnet\": \"10.44.1.0/24\"");
	pod_add(node_pod(&nodes[0], "fourth"));
	routes = witness_ip(&nodes[0].netns, "route show 10.44.2.0/24");
	assert_int_equal(json_array_size(routes), 1);
	assert_json_text(routes, "0.gateway", "172.30.0.77");
	json_decref(routes);
	configure(1);
	pod_add(node_pod(&nodes[0], "fifth"));
	assert_pod_reaches_pod(pods[0][0], pods[1][0]);
}

static void a_route_of_the_administrator_serves_and_stays(void **state)
{
	json_t *routes;

	(void)state;
	free(run_must(&nodes[0].netns, "ip route del 10.44.3.0/24 proto 67 && "
				       "ip route add 10.44.3.0/24 via 172.30.0.3 proto static"));
	pod_add(node_pod(&nodes[0], "sixth"));
	routes = witness_ip(&nodes[0].netns, "route show 10.44.3.0/24");
	assert_int_equal(json_array_size(routes), 1);
	assert_json_text(routes, "0.protocol", "static");
	json_decref(routes);
	pod_check(pods[0][0]);
}

static void pods_come_and_go_without_disturbing_others(void **state)
{
	(void)state;
	for (int i = 0; i < N_NODES; i++)
		pod_del(pods[i][1]);
	assert_pod_reaches_pod(pods[0][0], pods[2][0]);
	for (int i = 0; i < N_NODES; i++) {
		pod_add(pods[i][1]);
		pod_check(pods[i][1]);
	}
	assert_pod_reaches_pod(pods[1][1], pods[2][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pod_reaches_any_pod_with_its_own_address),
		cmocka_unit_test(outside_sees_the_node),
		cmocka_unit_test(another_node_sees_the_node),
		cmocka_unit_test(routes_are_marked_as_ours),
		cmocka_unit_test(check_misses_a_node_route),
		cmocka_unit_test(the_next_add_restores_a_node_route),
		cmocka_unit_test(a_next_hop_that_moves_is_replaced),
		cmocka_unit_test(a_route_of_the_administrator_serves_and_stays),
		cmocka_unit_test(pods_come_and_go_without_disturbing_others),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
