/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_orphans.c - the bridge is deleted under running pods
 *
 * Their links are whole and lead nowhere. The next ADD of the network takes them in again,
 * whoever makes the bridge anew, though their ports, and the gateway's MAC that they remember,
 * are of the old one.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true, \"ipMasq\": true, \"hairpinMode\": true"
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

/* At once: less than the second after which the kernel asks for a neighbour again. */
#define AT_ONCE_MS 500

static struct pod *old[2];

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, KEYS, DUAL);
	for (int i = 0; i < 2; i++) {
		old[i] = node_pod(&node, i ? "old2" : "old1");
		pod_add(old[i]);
		assert_reaches(&old[i]->netns, &node.netns, "10.22.0.1", pod_address(old[i], 0));
		assert_reaches(&old[i]->netns, &node.netns, "fd00:22::1", pod_address(old[i], 1));
	}
	return 0;
}

static void delete_bridge(void)
{
	free(run_must(&node.netns, "ip link del cni0"));
	pod_check_fails(old[0], ERROR_CHECK, "bridge \"cni0\" not found");
}

static void assert_in_touch(const struct pod *a, const struct pod *b)
{
	char address[2][64];

	for (size_t i = 0; i < 2; i++) {
		snprintf(address[i], sizeof(address[i]), "%s", pod_address(b, i));
		assert_answers(&a->netns, &b->netns, address[i], AT_ONCE_MS, "a pod");
		assert_answers(&node.netns, &b->netns, address[i], AT_ONCE_MS, "from the node");
		assert_answers(&b->netns, &node.netns, i ? "fd00:22::1" : "10.22.0.1", AT_ONCE_MS,
			       "the gateway");
	}
}

static void pods_are_taken_in_again(void **state)
{
	struct pod *new = node_pod(&node, "new");

	(void)state;
	delete_bridge();
	pod_add(new);
	assert_in_touch(new, old[0]);
	assert_in_touch(old[0], old[1]);
	assert_in_touch(old[1], new);
	for (size_t i = 0; i < 2; i++)
		pod_check(old[i]);
	pod_check(new);
	for (size_t i = 0; i < 2; i++)
		pod_del(old[i]);
	pod_del(new);
	assert_int_equal(node_reservations(&node), 0);
}

/* Each row: who makes the bridge anew before the network's next ADD. */
static const char *const makers[] = {
	NULL, /* another network of ours */
	"ip link add cni0 type bridge && ip link set cni0 up",
	"ip link add cni0 address 02:00:00:00:00:07 up type bridge && "
	"ip addr add fd00:22::1/64 dev cni0 nodad",
};

static void pods_are_taken_in_whoever_makes_the_bridge(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(makers); i++) {
		struct pod *other = node_pod(&node, "other");
		struct pod *new = node_pod(&node, "new");

		delete_bridge();
		node_config(&node, "\"name\": \"other\"", "\"subnet\": \"10.44.0.0/24\"");
		if (makers[i])
			free(run_must(&node.netns, "%s", makers[i]));
		else
			pod_add(other);
		node_config(&node, KEYS, DUAL);
		pod_add(new);
		assert_in_touch(new, old[0]);
		assert_in_touch(old[0], old[1]);
		pod_check(old[1]);
		node_done(&node);
		setup(state);
	}
}

/* They are of a network whose keys nobody knows here, or of nobody that we know. */
static void others_are_left_alone(void **state)
{
	struct pod *new = node_pod(&node, "new");
	char *master;

	(void)state;
	free(run_must(&node.netns, "ip link add mine type veth peer name peer && "
				   "ip link set mine alias 'net c9 eth0 ' && ip link set mine up"));
	delete_bridge();
	node_config(&node, KEYS ", \"name\": \"other\"", "\"subnet\": \"10.44.0.0/24\"");
	pod_add(new);
	master = run_must(&node.netns, "ip -j -d link show master cni0 | jq -r '.[].ifname'");
	master[strcspn(master, "\n")] = '\0';
	assert_string_equal(master, pod_host_end(new));
	free(master);
}

static void a_failed_add_leaves_them_in(void **state)
{
	(void)state;
	delete_bridge();
	node_config(&node,
		    KEYS ", \"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		    DUAL);
	pod_add_fails(node_pod(&node, "new"), ERROR_KERNEL, "10.23.0.0/24");
	assert_in_touch(old[0], old[1]);
	node_config(&node, KEYS, DUAL);
	pod_check(old[0]);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pods_are_taken_in_again),
		TEST(pods_are_taken_in_whoever_makes_the_bridge),
		TEST(others_are_left_alone),
		TEST(a_failed_add_leaves_them_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
