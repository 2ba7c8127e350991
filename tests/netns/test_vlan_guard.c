/* SPDX-License-Identifier: Apache-2.0 */
/* test_vlan_guard.c - macspoofchk and ipSpoofChk of pods in VLANs, and behind tags of their own */

#include "harness.h"

#include <stdlib.h>

#include "json.h"
#include "traffic.h"
#include "vlan_node.h"

#define WRONG_MAC "02:00:00:00:00:99"

static void a_guarded_pod_in_a_vlan_sends_from_its_own_address(void **state)
{
	struct pod *pod;

	NEEDS_FILTER();
	use_network(100, ", \"ipSpoofChk\": true");
	pod = add("guarded");
	assert_reaches(&pod->netns, &node.netns, "10.100.0.1", pod_address(pod, 0));
	assert_reaches(&pod->netns, &node.netns, "fd00:100::1", pod_address(pod, 1));
	free(run_must(&pod->netns, "ip addr flush dev eth0 scope global && "
				   "ip addr add 10.100.0.99/24 dev eth0"));
	assert_unreachable(&pod->netns, &node.netns, "10.100.0.1");
	/* As an unguarded one in its place would. */
	use_network(100, "");
	pod_add(pod);
	assert_reaches(&pod->netns, &node.netns, "10.100.0.1", "10.100.0.99");
}

/* A trunk whose pod uses VLAN 100 with its own address, and the pod that it talks to. */
static struct pod *add_trunk(const char *keys, struct pod **ret_peer)
{
	struct pod *trunk;

	use_keys("\"vlan\": 100");
	*ret_peer = add("peer");
	use_keys(keys);
	trunk = add("trunk");
	free(run_must(&trunk->netns,
		      "ip addr flush dev eth0 scope global && "
		      "ip link add link eth0 name eth0.100 type vlan id 100 && "
		      "ip link set eth0.100 up && ip addr add %s/24 dev eth0.100",
		      pod_address(trunk, 0)));
	return trunk;
}

static void a_tag_does_not_hide_an_address(void **state)
{
	struct pod *trunk;
	struct pod *peer;

	NEEDS_FILTER();
	trunk = add_trunk("\"vlanTrunk\": [{\"id\": 100}], \"ipSpoofChk\": true", &peer);
	assert_reaches(&trunk->netns, &peer->netns, "10.22.0.2", "10.22.0.3");
	free(run_must(&trunk->netns, "ip addr flush dev eth0.100 && "
				     "ip addr add 10.22.0.99/24 dev eth0.100"));
	assert_unreachable(&trunk->netns, &peer->netns, "10.22.0.2");
}

static void a_tag_does_not_hide_a_mac(void **state)
{
	struct pod *trunk;
	struct pod *peer;

	NEEDS_FILTER();
	trunk = add_trunk("\"vlanTrunk\": [{\"id\": 100}], \"macspoofchk\": true", &peer);
	free(run_must(&trunk->netns, "ip addr flush dev eth0.100 && "
				     "ip addr add 10.22.0.99/24 dev eth0.100"));
	assert_reaches(&trunk->netns, &peer->netns, "10.22.0.2", "10.22.0.99");
	free(run_must(&trunk->netns, "ip link set eth0.100 address " WRONG_MAC));
	assert_unreachable(&trunk->netns, &peer->netns, "10.22.0.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(a_guarded_pod_in_a_vlan_sends_from_its_own_address),
		TEST(a_tag_does_not_hide_an_address),
		TEST(a_tag_does_not_hide_a_mac),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
