/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_advertisements.c - a pod that plays the router: nobody takes its word for it
 *
 * Nothing here forwards: a node that does would not listen in any case.
 */

#include "harness.h"

#include <stdlib.h>

#include "frame.h"
#include "one_node.h"
#include "witness.h"

#define ROUTER "fe80::66"
#define ROUTER_MAC "02:00:00:00:00:66"
#define ALL_NODES_MAC "33:33:00:00:00:01"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	pod = node_pod(&node, "c1");
	return 0;
}

static struct frame make_advertisement(void)
{
	struct frame frame;

	frame_start(&frame, ROUTER_MAC, ALL_NODES_MAC);
	frame_ra(&frame, ROUTER, "router");
	return frame;
}

/* The advertisement of one pod comes to a link, and what follows it, too. */
static void advertise(const struct ns *from, const struct ns *to, const char *link)
{
	const struct frame frame = make_advertisement();
	struct frame marker;

	frame_start(&marker, ROUTER_MAC, ALL_NODES_MAC);
	frame_plain(&marker, 0x88b5, "behind");
	assert_true(frame_arrives(from, to, link, &frame, &marker));
}

static void assert_not_led_astray(const struct ns *ns)
{
	free(run_must(ns, "! ip -6 route show default | grep ."));
}

/* That the frame is one which is listened to. */
static void a_link_that_is_not_ours_listens(void **state)
{
	const struct frame frame = make_advertisement();

	(void)state;
	free(run_must(&node.netns, "ip link add other0 up type veth peer name eth0 netns %s",
		      pod->netns.path));
	free(run_must(&pod->netns, "ip link set eth0 up"));
	ns_wait(&node.netns, 5000, "ip -6 route show table local dev other0 | grep -q ff00::/8");
	frame_send(&pod->netns, &frame);
	ns_wait(&node.netns, 5000, "ip -6 route show default | grep -q " ROUTER);
}

static void the_node_does_not_when_the_bridge_is_deleted(void **state)
{
	(void)state;
	pod_add(pod);
	free(run_must(&node.netns, "ip link del cni0"));
	advertise(&pod->netns, &node.netns, pod_host_end(pod));
	assert_not_led_astray(&node.netns);
	free(run_must(&node.netns, "! ip -6 addr show dev %s | grep inet6", pod_host_end(pod)));
}

/* One pod advertises, another listens. @ipam: NULL = nobody hands out addresses */
static void attach_and_advertise(const char *ipam, struct pod *other)
{
	node_config(&node, "", ipam);
	pod_add(pod);
	pod_add(other);
	free(run_must(&other->netns, "ip link set eth0 up"));
	free(run_must(&pod->netns, "ip link set eth0 up"));
	ns_wait(&node.netns, 5000, "ip link show %s | grep -q 'state UP'", pod_host_end(other));
	advertise(&pod->netns, &other->netns, "eth0");
}

static void other_pods_do_not(void **state)
{
	struct pod *other = node_pod(&node, "c2");

	(void)state;
	attach_and_advertise("\"subnet\": \"10.22.0.0/24\"", other);
	assert_not_led_astray(&other->netns);
}

/* A router on a layer 2 network may be where its pods are to get their addresses from. */
static void unless_nobody_gives_them_addresses(void **state)
{
	struct pod *other = node_pod(&node, "c2");

	(void)state;
	attach_and_advertise(NULL, other);
	ns_wait(&other->netns, 5000, "ip -6 route show default | grep -q " ROUTER);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_link_that_is_not_ours_listens),
		TEST(the_node_does_not_when_the_bridge_is_deleted),
		TEST(other_pods_do_not),
		TEST(unless_nobody_gives_them_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
