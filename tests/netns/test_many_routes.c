/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_many_routes.c - nodeRoutes by the hundred, of which some are there already
 *
 * Of so many the first one tells whether to look for the others; whatever it tells, all must
 * be there in the end, or none of ours.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/error.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define N_ROUTES 300
#define GW "172.31.0.2"
#define OTHER_GW "172.31.0.3"

static struct pod *pod;

static int setup(void **state)
{
	static char keys[N_ROUTES * 64];
	size_t len;

	(void)state;
	node_make(&node);
	free(run_must(&node.netns,
		      "ip link add up0 type veth peer name up1 && ip link set up1 up && "
		      "ip addr add 172.31.0.1/24 dev up0 && ip link set up0 up"));
	len = (size_t)snprintf(keys, sizeof(keys), ", \"nodeRoutes\": [");
	/* Backwards: whatever the order in the config is, the same one is looked at first. */
	for (int i = N_ROUTES - 1; i >= 0; i--)
		len += (size_t)snprintf(keys + len, sizeof(keys) - len,
					"%s{\"dst\": \"100.64.%d.%d/28\", \"gw\": \"" GW "\"}",
					i == N_ROUTES - 1 ? "" : ",", i / 16, i % 16 * 16);
	snprintf(keys + len, sizeof(keys) - len, "]");
	node_config(&node, keys + 2, "\"subnet\": \"10.9.0.0/24\"");
	pod = node_pod(&node, "first");
	return 0;
}

static void assert_routes(const char *filter, size_t n)
{
	json_t *routes = witness_ip(&node.netns, "route show %s", filter);

	assert_int_equal(json_array_size(routes), n);
	json_decref(routes);
}

static void all_are_new(void **state)
{
	(void)state;
	pod_add(pod);
	assert_routes("proto 67 via " GW, N_ROUTES);
	pod_check(pod);
}

static void all_are_there(void **state)
{
	(void)state;
	pod_add(pod);
	pod_add(node_pod(&node, "second"));
	assert_routes("proto 67 via " GW, N_ROUTES);
}

static void some_are_missing(void **state)
{
	(void)state;
	pod_add(pod);
	free(run_must(&node.netns, "ip route del 100.64.0.0/28 && ip route del 100.64.7.32/28"));
	pod_add(node_pod(&node, "second"));
	assert_routes("proto 67 via " GW, N_ROUTES);
	free(run_must(&node.netns, "ip route del 100.64.7.32/28"));
	pod_add(node_pod(&node, "third"));
	assert_routes("proto 67 via " GW, N_ROUTES);
}

static void one_of_ours_that_leads_elsewhere_is_replaced(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip route add 100.64.7.32/28 via " OTHER_GW " proto 67"));
	pod_add(pod);
	assert_routes("proto 67 via " GW, N_ROUTES);
	assert_routes("proto 67 via " OTHER_GW, 0);
}

static void one_of_the_administrator_serves_and_stays(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip route add 100.64.7.32/28 via " GW " proto static"));
	pod_add(pod);
	assert_routes("proto 67 via " GW, N_ROUTES - 1);
	assert_routes("proto static", 1);
	pod_check(pod);
}

static void one_in_the_way_is_told_and_ours_go(void **state)
{
	(void)state;
	free(run_must(&node.netns, "ip route add 100.64.7.32/28 via " OTHER_GW " proto static && "
				   "ip route add 100.64.7.48/28 via " GW " proto 67"));
	pod_add_fails(pod, ERROR_CONFLICT, "100.64.7.32/28");
	assert_routes("proto static", 1);
	assert_routes("proto 67", 1);
	assert_int_equal(node_reservations(&node), 0);
}

#define FIXTURE(test) cmocka_unit_test_setup_teardown(test, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(all_are_new),
		FIXTURE(all_are_there),
		FIXTURE(some_are_missing),
		FIXTURE(one_of_ours_that_leads_elsewhere_is_replaced),
		FIXTURE(one_of_the_administrator_serves_and_stays),
		FIXTURE(one_in_the_way_is_told_and_ours_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
