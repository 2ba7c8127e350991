/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults_locking.c - many at once, and refusals that nobody may overlook */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "storm.h"
#include "traffic.h"
#include "witness.h"

/* Whoever comes first pins it; nobody pins another. */
static void first_adds_at_once_agree_on_the_bridges_mac(void **state)
{
	json_t *bridge;

	(void)state;
	storm_add();
	bridge = witness_link(&node.netns, "cni0");
	for (int i = 0; i < STORM_PODS; i++) {
		json_t *result = storm_said_of(i);

		assert_json_text(result, "interfaces.0.mac", json_text_at(bridge, "address"));
		json_decref(result);
	}
	json_decref(bridge);
}

/* Also where the bridge was there, and had no MAC of its own yet. */
static void first_adds_at_once_agree_on_the_mac_of_a_bridge_that_was_there(void **state)
{
	char seen[TRAFFIC_ADDR_SIZE];
	json_t *before;
	json_t *after;

	(void)state;
	free(run_must(&node.netns, "ip link add cni0 type bridge && ip link set cni0 up"));
	storm_add();
	before = witness_link(&node.netns, "cni0");
	for (int i = 0; i < STORM_PODS - 1; i++)
		pod_del(&node.pods[i]);
	after = witness_link(&node.netns, "cni0");
	assert_json_text(after, "address", json_text_at(before, "address"));
	assert_true(
		traffic_tcp(&node.pods[STORM_PODS - 1].netns, &node.netns, "10.22.0.1", 1, seen));
	json_decref(before);
	json_decref(after);
}

/* Two of eight fit into the smaller set: two have an address of each, and the rest none of any. */
static void addresses_of_several_sets_are_taken_together(void **state)
{
	size_t served = 0;

	(void)state;
	node_config(&node, "\"isGateway\": true",
		    "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], "
		    "[{\"subnet\": \"fd00:22::/64\", \"rangeStart\": \"fd00:22::2\", "
		    "\"rangeEnd\": \"fd00:22::3\"}]]");
	storm_add();
	for (int i = 0; i < STORM_PODS; i++) {
		json_t *said = storm_said_of(i);

		if (json_at(said, "code")) {
			assert_json_int(said, "code", ERROR_AGAIN);
		} else {
			assert_json_size(said, "ips", 2);
			served++;
		}
		json_decref(said);
	}
	assert_int_equal(served, 2);
	assert_int_equal(node_reservations(&node), 4);
}

static struct run run_with_settings_read_only(const struct pod *pod, const char *command)
{
	autofree char *bin = run_bin("");
	autofree char *text = pod_config(pod);
	autofree char *config = tmp_write(&node.tmp, "config", text, 0644);

	return run_shell(&node.netns,
			 "unshare -m sh -c 'mount --bind /proc/sys /proc/sys && "
			 "mount -o remount,bind,ro /proc/sys && CNI_COMMAND=%s CNI_CONTAINERID=%s "
			 "CNI_IFNAME=eth0 CNI_NETNS=%s CNI_PATH=%s exec %s/cbr-bridge <%s'",
			 command, pod->id, pod->netns.path, bin, bin, config);
}

/* A pod that hears router advertisements because /proc/sys is read-only is not attached. */
static void a_setting_that_cannot_be_made_fails_the_add(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	char *before = witness_state(&node.netns);
	char *after;
	struct run run;

	(void)state;
	run = run_with_settings_read_only(pod, "ADD");
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "cannot set /proc/sys/net/ipv6/conf/eth0/accept_ra to 0");
	assert_contains(run.out, "net.ipv6.conf.default.accept_ra");
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_int_equal(node_reservations(&node), 0);
	run_done(&run);
	free(before);
	free(after);
	pod_add(pod);
}

/* @settings: of new interfaces in the pod, as a runtime may have made them */
static void assert_attached_with_settings_read_only(const char *id, const char *settings)
{
	struct pod *pod = node_pod(&node, id);
	struct run run;

	free(run_must(&pod->netns, "cd /proc/sys/net/ipv6/conf/default; %s", settings));
	run = run_with_settings_read_only(pod, "ADD");
	if (run.status != 0)
		fail_msg("%s", run.out);
	pod->result = run_json(&run);
	run_done(&run);
	run = run_with_settings_read_only(pod, "CHECK");
	if (run.status != 0)
		fail_msg("%s", run.out);
	run_done(&run);
	assert_reaches(&pod->netns, &node.netns, json_text_at(pod->result, "ips.0.gateway"),
		       pod_address(pod, 0));
	pod_del(pod);
}

static void settings_that_are_right_need_not_be_made(void **state)
{
	(void)state;
	free(run_must(&node.netns, "echo 1 >/proc/sys/net/ipv4/ip_forward; "
				   "echo 1 >/proc/sys/net/ipv6/conf/all/forwarding"));
	node_config(&node, "\"isDefaultGateway\": true", "\"subnet\": \"10.22.0.0/24\"");
	assert_attached_with_settings_read_only("c1", "echo 0 >accept_ra");
	node_config(&node, "\"isDefaultGateway\": true", "\"subnet\": \"fd00:22::/64\"");
	assert_attached_with_settings_read_only("c2", "echo 0 >accept_ra; echo 0 >accept_dad; "
						      "echo 1 >ndisc_notify; "
						      "echo 1 >keep_addr_on_down");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(first_adds_at_once_agree_on_the_bridges_mac),
		TEST(first_adds_at_once_agree_on_the_mac_of_a_bridge_that_was_there),
		TEST(addresses_of_several_sets_are_taken_together),
		TEST(a_setting_that_cannot_be_made_fails_the_add),
		TEST(settings_that_are_right_need_not_be_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
