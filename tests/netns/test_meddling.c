/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_meddling.c - somebody else alters the host end: a network manager, udev, a person
 *
 * CHECK says what matters, DEL leaves nothing, and what is harmless stays so.
 */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true, \"ipMasq\": true"
#define POOL "\"subnet\": \"10.22.0.0/24\""

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, KEYS, POOL);
	pod = node_pod(&node, "c1");
	pod_add(pod);
	return 0;
}

static void meddle(const char *command)
{
	free(run_must(&node.netns, "HOST=%s; %s", pod_host_end(pod), command));
}

static void assert_pod_works(void)
{
	assert_reaches(&pod->netns, &node.netns, "10.22.0.1", pod_address(pod, 0));
	assert_reaches(&node.netns, &pod->netns, pod_address(pod, 0), "10.22.0.1");
}

/* Of pods only: the test's own links have other names. */
static void assert_del_leaves_nothing(void)
{
	pod_del(pod);
	free(run_must(&node.netns, "! ip -o link show type veth | grep ."));
	free(run_must(&node.netns, "! ip neigh show %s | grep .", pod_address(pod, 0)));
	assert_int_equal(node_reservations(&node), 0);
}

static void a_new_name_is_told_and_goes_with_the_pod(void **state)
{
	(void)state;
	meddle("ip link set $HOST down; ip link set $HOST name lan0; ip link set lan0 up");
	assert_pod_works();
	pod_check_fails(pod, ERROR_CHECK, "is called lan0 now");
	pod_add_fails(pod, ERROR_CONFLICT, "lan0");
	assert_pod_works();
	assert_del_leaves_nothing();
}

static void another_mac_harms_nothing(void **state)
{
	(void)state;
	meddle("ip link set $HOST address 02:00:00:00:00:77");
	assert_pod_works();
	pod_check(pod);
	pod_add(pod);
	assert_pod_works();
	assert_del_leaves_nothing();
}

static void names_for_people_come_again(void **state)
{
	(void)state;
	meddle("ip link property del dev $HOST altname c1.eth0 2>/dev/null; "
	       "ip link set $HOST alias 'uplink of the printer'");
	pod_check(pod);
	pod_add(pod);
	free(run_must(&node.netns, "ip -d link show %s | grep 'alias net c1 eth0'",
		      pod_host_end(pod)));
	assert_del_leaves_nothing();
}

static void on_another_bridge_it_is_told_and_brought_back(void **state)
{
	(void)state;
	meddle("ip link add br1 up type bridge; ip link set $HOST master br1");
	pod_check_fails(pod, ERROR_CHECK, "is no port of bridge cni0");
	pod_add(pod);
	pod_check(pod);
	assert_pod_works();
	meddle("ip link set $HOST master br1");
	assert_del_leaves_nothing();
}

/* A port that takes less than the bridge loses what is longer without a word. */
static void another_mtu_is_told(void **state)
{
	(void)state;
	meddle("ip link set $HOST mtu 1400");
	pod_check_fails(pod, ERROR_CHECK, "is 1400, not 1500");
	assert_pod_works();
	assert_del_leaves_nothing();
}

/* What systemd does to links that it takes for its own: addresses and settings of its choice. */
static void addresses_on_it_do_not_matter(void **state)
{
	(void)state;
	meddle("ip addr add 169.254.7.7/16 dev $HOST; "
	       "echo 1 >/proc/sys/net/ipv4/conf/$HOST/rp_filter");
	pod_check(pod);
	assert_pod_works();
	assert_del_leaves_nothing();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_new_name_is_told_and_goes_with_the_pod),
		TEST(another_mac_harms_nothing),
		TEST(names_for_people_come_again),
		TEST(on_another_bridge_it_is_told_and_brought_back),
		TEST(another_mtu_is_told),
		TEST(addresses_on_it_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
