/* SPDX-License-Identifier: Apache-2.0 */
/* test_bad_config.c - a config that makes no sense: one error, the value in it, nothing made */

#include "harness.h"

#include <stdlib.h>

#include "node.h"
#include "witness.h"

#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""

static struct node node;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	node_done(&node);
	return 0;
}

static void unsupported_and_senseless_keys_are_refused(void **state)
{
	static const struct {
		const char *keys;
		int code;
		const char *text;
	} cases[] = {
		{ "\"vlan\": 5", ERROR_UNSUPPORTED, "vlan 5" },
		{ "\"vlan\": 4095", ERROR_CONFIG, "invalid VLAN ID 4095" },
		{ "\"vlanTrunk\": [{\"id\": 7}]", ERROR_UNSUPPORTED, "vlanTrunk" },
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
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
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
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(unsupported_and_senseless_keys_are_refused),
		TEST(layer_2_with_an_old_version_is_refused_before_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
