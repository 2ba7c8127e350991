/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad_config.c - a config that makes no sense: one error, the value in it, nothing made */

#include "harness.h"

#include <stdlib.h>

#include "cbr/base/array.h"
#include "one_node.h"
#include "witness.h"

#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""

static void unsupported_and_senseless_keys_are_refused(void **state)
{
	static const struct {
		const char *keys;
		int code;
		const char *text;
	} cases[] = {
		{ "\"vlan\": 4095", ERROR_CONFIG,
		  "invalid VLAN ID 4095 (must be between 0 and 4094)" },
		{ "\"vlan\": -1", ERROR_CONFIG, "invalid VLAN ID -1 (must be between 0 and 4094)" },
		{ "\"vlan\": \"5\"", ERROR_DECODE, "vlan" },
		{ "\"vlanTrunk\": 5", ERROR_DECODE, "vlanTrunk" },
		{ "\"vlanTrunk\": [5]", ERROR_DECODE, "vlanTrunk[0]" },
		{ "\"vlanTrunk\": [{\"id\": 1}, {\"id\": 0}]", ERROR_CONFIG,
		  "incorrect trunk id parameter: vlanTrunk[1].id is 0" },
		{ "\"vlanTrunk\": [{\"minID\": 0, \"maxID\": 5}]", ERROR_CONFIG,
		  "incorrect trunk minID parameter" },
		{ "\"vlanTrunk\": [{\"minID\": 1, \"maxID\": 4095}]", ERROR_CONFIG,
		  "incorrect trunk maxID parameter" },
		{ "\"vlanTrunk\": [{\"minID\": 9, \"maxID\": 8}]", ERROR_CONFIG,
		  "minID is greater than maxID in trunk parameter" },
		{ "\"vlanTrunk\": [{\"minID\": 9}]", ERROR_CONFIG,
		  "minID and maxID should be configured simultaneously, maxID is missing" },
		{ "\"vlanTrunk\": [{\"maxID\": 9, \"id\": 4}]", ERROR_CONFIG,
		  "minID and maxID should be configured simultaneously, minID is missing" },
		{ "\"preserveDefaultVlan\": 1", ERROR_DECODE, "preserveDefaultVlan" },
		{ "\"bridge\": \"bridge-of-11\", \"vlan\": 100, \"isGateway\": true", ERROR_CONFIG,
		  "\"bridge-of-11.100\"" },
		{ "\"bridge\": \"\"", ERROR_CONFIG, "bridge" },
		{ "\"bridge\": \"name-of-17-bytes\"", ERROR_CONFIG, "name-of-17-bytes" },
		{ "\"bridge\": 7", ERROR_DECODE, "bridge" },
		{ "\"isGateway\": \"yes\"", ERROR_DECODE, "isGateway" },
		{ "\"hairpinMode\": true, \"promiscMode\": true", ERROR_CONFIG,
		  "cannot set hairpin mode and promiscuous mode at the same time" },
		{ "\"disableContainerInterface\": true", ERROR_CONFIG, "cannot use IPAM" },
		{ "\"ipMasqBackend\": \"foo\"", ERROR_CONFIG, "unknown ipmasq backend \"foo\"" },
		{ "\"nodeRoutes\": [{\"dst\": \"10.1.0.0/24\"}]", ERROR_CONFIG, "nodeRoutes[0]" },
		{ "\"nodeRoutes\": [{\"dst\": \"10.1.0.0\", \"gw\": \"10.0.0.1\"}]", ERROR_CONFIG,
		  "10.1.0.0" },
		{ "\"nodeRoutes\": [{\"dst\": \"10.1.0.0/24\", \"gw\": \"fd00::1\"}]", ERROR_CONFIG,
		  "families" },
		{ "\"nodeRoutes\": [{\"dst\": \"10.1.0.0/24\", \"gw\": \"10.0.0.1\"}, "
		  "{\"dst\": \"10.1.0.9/24\", \"gw\": \"10.0.0.2\"}]",
		  ERROR_CONFIG, "twice" },
		{ "\"nonMasqueradeCIDRs\": [\"10.0.0.0/33\"]", ERROR_CONFIG, "10.0.0.0/33" },
		{ "\"nonMasqueradeCIDRs\": [8]", ERROR_DECODE, "nonMasqueradeCIDRs[0]" },
	};
	struct pod *pod = node_pod(&node, "c1");
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		node_config(&node, cases[i].keys, PLAIN_IPAM);
		pod_add_fails(pod, cases[i].code, cases[i].text);
	}
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_false(tmp_exists(&node.tmp, "networks"));
	free(before);
	free(after);
}

static void layer_2_with_an_old_version_is_refused_before_anything(void **state)
{
	struct pod *pod = node_pod(&node, "c1");

	(void)state;
	node_config(&node, "\"cniVersion\": \"0.2.0\"", NULL);
	pod_add_fails(pod, ERROR_CONFIG, "0.2.0");
	assert_null(witness_link(&node.netns, "cni0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(unsupported_and_senseless_keys_are_refused),
		TEST(layer_2_with_an_old_version_is_refused_before_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
