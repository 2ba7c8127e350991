/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_race.c - networks with different gateways that want one bridge at the same time */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define N_EACH 6
#define FORCE ", \"forceAddress\": true"

static void set_network(const char *name, const char *subnet, const char *keys)
{
	char top[256];
	char ipam[128];

	snprintf(top, sizeof(top), "\"isDefaultGateway\": true, \"name\": \"%s\"%s", name, keys);
	snprintf(ipam, sizeof(ipam), "\"subnet\": \"%s\"", subnet);
	node_config(&node, top, ipam);
}

/* The config of a network, as file <name>.conf, and pods <name>0, <name>1, … for it. */
static void prepare(const char *name, const char *subnet, const char *keys)
{
	char text[64];

	set_network(name, subnet, keys);
	snprintf(text, sizeof(text), "%s.conf", name);
	free(tmp_write(&node.tmp, text, node.config, 0644));
	for (int i = 0; i < N_EACH; i++) {
		snprintf(text, sizeof(text), "%s%d", name, i);
		node_pod(&node, text);
	}
}

/* Attach all pods of these networks at once; out.<pod> is what is said; "done" is made last. */
static void storm(const char *networks)
{
	autofree char *bin = run_bin("");
	const char *dir = node.tmp.path;

	free(run_must(&node.netns,
		      "mkfifo %s/over; ( for i in 0 1 2 3 4 5; do for net in %s; do "
		      "CNI_COMMAND=ADD CNI_CONTAINERID=$net$i CNI_IFNAME=eth0 "
		      "CNI_NETNS=%s/$net$i CNI_PATH=%s %s/cbr-bridge <%s/$net.conf "
		      ">%s/out.$net$i & done; done; wait; touch %s/done; "
		      "timeout 10 sh -c 'echo >%s/over' ) >/dev/null 2>&1 &",
		      dir, networks, dir, bin, bin, dir, dir, dir, dir));
}

static void await_storm(void)
{
	free(run_must(NULL, "cat %s/over", node.tmp.path));
}

/* How many of a network's pods were attached; those that were not say who is in the way. */
static size_t count_attached(const char *name)
{
	size_t n = 0;

	for (int i = 0; i < N_EACH; i++) {
		char file[64];
		autofree char *text = NULL;
		json_t *said;

		snprintf(file, sizeof(file), "out.%s%d", name, i);
		text = tmp_read(&node.tmp, file);
		said = json_parse(text);
		if (json_at(said, "code"))
			assert_json_int(said, "code", ERROR_CONFLICT);
		else
			n++;
		json_decref(said);
	}
	return n;
}

static const struct ns *pod_netns(const char *name)
{
	for (size_t i = 0; i < node.n_pods; i++)
		if (strcmp(node.pods[i].id, name) == 0)
			return &node.pods[i].netns;
	return NULL;
}

/* One of the two has the bridge, all of it; the other left nothing. */
static void assert_one_has_it(void)
{
	json_t *ports;
	json_t *addresses;
	size_t a;
	size_t b;

	await_storm();
	a = count_attached("a");
	b = count_attached("b");
	assert_true((a == N_EACH && b == 0) || (a == 0 && b == N_EACH));
	ports = witness_ip(&node.netns, "link show master cni0");
	assert_int_equal(json_array_size(ports), N_EACH);
	addresses = witness_ip(&node.netns, "-4 addr show dev cni0");
	assert_json_size(addresses, "0.addr_info", 1);
	assert_json_text(addresses, "0.addr_info.0.local", a ? "10.22.0.1" : "10.33.0.1");
	for (int i = 0; i < N_EACH; i++) {
		char seen[TRAFFIC_ADDR_SIZE];
		char name[16];

		snprintf(name, sizeof(name), "%c%d", a ? 'a' : 'b', i);
		assert_true(traffic_tcp(pod_netns(name), &node.netns, a ? "10.22.0.1" : "10.33.0.1",
					1000, seen));
	}
	json_decref(addresses);
	json_decref(ports);
}

static void one_of_two_networks_has_the_bridge(void **state)
{
	(void)state;
	prepare("a", "10.22.0.0/24", "");
	prepare("b", "10.33.0.0/24", "");
	storm("a b");
	assert_one_has_it();
}

static void force_address_takes_it_from_nobody(void **state)
{
	(void)state;
	prepare("a", "10.22.0.0/24", FORCE);
	prepare("b", "10.33.0.0/24", FORCE);
	storm("a b");
	assert_one_has_it();
}

/* Not for a moment are they without their gateway. */
static void pods_talk_while_another_network_wants_their_bridge(void **state)
{
	struct pod *pod;

	(void)state;
	set_network("a", "10.22.0.0/24", "");
	pod = node_pod(&node, "c1");
	pod_add(pod);
	pod_add(node_pod(&node, "c2"));
	prepare("b", "10.33.0.0/24", FORCE);
	storm("b");
	while (!tmp_exists(&node.tmp, "done")) {
		assert_reaches(&pod->netns, &node.netns, "10.22.0.1", "10.22.0.2");
		assert_reaches(&pod->netns, &node.pods[1].netns, "10.22.0.3", "10.22.0.2");
	}
	await_storm();
	assert_int_equal(count_attached("b"), 0);
	/* When they are gone, the bridge is free for others. */
	set_network("a", "10.22.0.0/24", "");
	pod_del(pod);
	pod_del(&node.pods[1]);
	set_network("b", "10.33.0.0/24", FORCE);
	pod = node_pod(&node, "c3");
	pod_add(pod);
	assert_reaches(&pod->netns, &node.netns, "10.33.0.1", pod_address(pod, 0));
	assert_false(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(one_of_two_networks_has_the_bridge),
		TEST(force_address_takes_it_from_nobody),
		TEST(pods_talk_while_another_network_wants_their_bridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
