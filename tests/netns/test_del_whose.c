/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_del_whose.c - DEL takes what is its attachment's, and nothing else
 *
 * What is called eth0 where CNI_NETNS leads need not be: an ADD was refused because of it, or
 * the path, such as /proc/PID/ns/net, leads to another pod by now.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true"
#define POOL "\"subnet\": \"10.22.0.0/24\""

/* Of the network that has eth0 in the pod, and of those that would like to. */
static const char *const others[] = {
	KEYS ", \"name\": \"other\", \"bridge\": \"cni1\"",
	KEYS ", \"name\": \"other\"",
};

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, KEYS, POOL);
	pod = node_pod(&node, "c1");
	return 0;
}

static void del_with_netns(const char *container, const char *netns)
{
	struct run_call call = pod_call(pod, "DEL");

	call.container = container;
	call.netns = netns;
	assert_null(run_result(&call));
}

static void assert_has_eth0(const struct pod *one, bool yes)
{
	json_t *link = witness_link(&one->netns, "eth0");

	assert_int_equal(link != NULL, yes);
	json_decref(link);
}

static void after_an_add_that_another_network_refused(void **state)
{
	(void)state;
	pod_add(pod);
	for (size_t i = 0; i < 2; i++) {
		node_config(&node, others[i], "\"subnet\": \"10.33.0.0/24\"");
		pod_add_fails(pod, ERROR_CONFLICT, "already exists");
		del_with_netns("c1", pod->netns.path);
	}
	node_config(&node, KEYS, POOL);
	pod_check(pod);
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
}

static void with_a_path_that_leads_to_another_pod(void **state)
{
	(void)state;
	pod_add(pod);
	del_with_netns("dead", pod->netns.path);
	pod_check(pod);
	/* Whatever somebody wrote about it. */
	free(run_must(&node.netns, "ip link set %s alias 'uplink of the printer'",
		      pod_host_end(pod)));
	del_with_netns("dead", pod->netns.path);
	free(run_must(&node.netns, "ip link set %s alias ''", pod_host_end(pod)));
	del_with_netns("dead", pod->netns.path);
	pod_check(pod);
	assert_int_equal(node_reservations(&node), 1);
}

static void with_another_pod_whose_host_end_was_renamed(void **state)
{
	(void)state;
	pod_add(pod);
	/* Before 6.2 a link must be down for that. */
	free(run_must(&node.netns, "ip link set %s down; ip link set %s name lan0",
		      pod_host_end(pod), pod_host_end(pod)));
	del_with_netns("dead", pod->netns.path);
	assert_has_eth0(pod, true);
	del_with_netns("c1", pod->netns.path);
	assert_has_eth0(pod, false);
}

/* As another plugin makes it: a random host name, and no mark. @port: "master cni0", … */
static void make_unmarked(const char *port)
{
	free(run_must(&node.netns, "ip link add veth1234abcd %s type veth peer name eth0 netns %s",
		      port, pod->netns.path));
}

static void what_is_unmarked_and_no_port_of_the_bridge(void **state)
{
	(void)state;
	make_unmarked("");
	del_with_netns("c1", pod->netns.path);
	free(run_must(&node.netns, "ip link add cni0 up type bridge"));
	del_with_netns("c1", pod->netns.path);
	free(run_must(&node.netns,
		      "ip link add br1 up type bridge; ip link set veth1234abcd master br1"));
	del_with_netns("c1", pod->netns.path);
	assert_has_eth0(pod, true);
	free(run_must(&node.netns, "ip link set veth1234abcd master cni0"));
	del_with_netns("c1", pod->netns.path);
	assert_has_eth0(pod, false);
}

/* The other end is in a namespace of its own; indexes say nothing across namespaces. */
static void what_has_its_other_end_elsewhere(void **state)
{
	struct pod *inner = node_pod(&node, "inner");

	(void)state;
	free(run_must(&node.netns,
		      "ip link add cni0 up type bridge; "
		      "ip link add veth1234abcd index 77 master cni0 type veth "
		      "peer name eth0 index 78 netns %s",
		      pod->netns.path));
	free(run_must(&pod->netns,
		      "ip link add in0 index 77 type veth peer name eth0 index 78 netns %s",
		      inner->netns.path));
	del_with_netns("inner", inner->netns.path);
	assert_has_eth0(inner, true);
	assert_has_eth0(pod, true);
}

static void set_prev_result(const char *host_end)
{
	char keys[640];

	snprintf(keys, sizeof(keys),
		 KEYS ", \"prevResult\": {\"cniVersion\": \"1.1.0\", \"interfaces\": "
		      "[{\"name\": \"cni0\"}, {\"name\": \"%s\"}, "
		      "{\"name\": \"eth0\", \"sandbox\": \"%s\"}], "
		      "\"ips\": [{\"address\": \"10.22.0.2/24\", \"interface\": 2}]}",
		 host_end, pod->netns.path);
	node_config(&node, keys, POOL);
}

static void what_is_unmarked_and_not_what_add_reported(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip link add cni0 up type bridge"));
	make_unmarked("master cni0");
	set_prev_result("veth9876fedc");
	del_with_netns("c1", pod->netns.path);
	set_prev_result("eth0");
	del_with_netns("c1", pod->netns.path);
	assert_has_eth0(pod, true);
	/* It is not: the bridge may be gone. */
	free(run_must(&node.netns, "ip link del cni0"));
	set_prev_result("veth1234abcd");
	del_with_netns("c1", pod->netns.path);
	assert_has_eth0(pod, false);
}

/* The process is gone, and its number is that of one of the node now. */
static void with_a_path_that_leads_to_the_node(void **state)
{
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		pod_add(pod);
		/* Nor is what the node has under this name the pod's. */
		free(run_must(&node.netns, "ip link add eth0 master cni0 type veth peer name up1"));
		del_with_netns("c1", i ? "/proc/self/ns/net" : node.netns.path);
		free(run_must(&node.netns, "ip link show eth0 && ip link del eth0"));
		assert_has_eth0(pod, false);
		assert_int_equal(node_reservations(&node), 0);
	}
	free(run_must(&node.netns, "ip link del cni0"));
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(after_an_add_that_another_network_refused),
		TEST(with_a_path_that_leads_to_another_pod),
		TEST(with_another_pod_whose_host_end_was_renamed),
		TEST(what_is_unmarked_and_no_port_of_the_bridge),
		TEST(what_has_its_other_end_elsewhere),
		TEST(what_is_unmarked_and_not_what_add_reported),
		TEST(with_a_path_that_leads_to_the_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
