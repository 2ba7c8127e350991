/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_lacks.c - what the kernel does not have is named if it was asked for, else not needed
 *
 * Each test asks the kernel first, and so says something on each; those of the virtual
 * machines (tests/vm/boots) lack one thing after the other. CBR_LACKS tells what this one
 * was booted without.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define GATEWAY "\"isDefaultGateway\": true"
#define V4 "\"subnet\": \"10.22.0.0/24\""
#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static struct pod *a;
static struct pod *b;

static bool succeeds(const char *command)
{
	struct run run = run_shell(NULL, "%s", command);
	const bool ret = run.status == 0;

	run_done(&run);
	return ret;
}

static bool has_ipv6(void)
{
	return succeeds("test -e /proc/sys/net/ipv6/conf/lo/disable_ipv6");
}

static bool has_nf_tables(void)
{
	return succeeds("nft list tables");
}

static bool has_br_netfilter(void)
{
	return succeeds("test -e /proc/sys/net/bridge/bridge-nf-call-iptables");
}

/* A boot that lacks less than it says would prove nothing. */
static int check_lacks(void **state)
{
	const char *lacks = getenv("CBR_LACKS");

	(void)state;
	if (!lacks)
		return 0;
	return (strstr(lacks, "ipv6") && has_ipv6()) ||
	       (strstr(lacks, "nf_tables") && has_nf_tables()) ||
	       (strstr(lacks, "nfnetlink") && has_nf_tables()) ||
	       (strstr(lacks, "br_netfilter") && has_br_netfilter());
}

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	a = node_pod(&node, "a");
	b = node_pod(&node, "b");
	return 0;
}

static void assert_nothing_left(void)
{
	char *links = run_must(&node.netns,
			       "ip -o link show type veth; ip -o link show type bridge");

	assert_string_equal(links, "");
	assert_int_equal(node_reservations(&node), 0);
	free(links);
}

/* Fails, says both of these (@details may be NULL), and leaves nothing; DEL is content. */
static void assert_refused(const char *msg, const char *details)
{
	const struct run_call call = pod_call(a, "ADD");
	json_t *error = run_error(&call, ERROR_KERNEL, msg);

	if (details)
		assert_contains(json_text_at(error, "details"), details);
	json_decref(error);
	assert_nothing_left();
	pod_del(a);
}

static void assert_ipv4_reaches(void)
{
	assert_reaches(&a->netns, &b->netns, "10.22.0.3", "10.22.0.2");
	assert_reaches(&b->netns, &node.netns, "10.22.0.1", "10.22.0.3");
	assert_reaches(&node.netns, &a->netns, "10.22.0.2", "10.22.0.1");
}

/* The whole life of two pods, with all keys that need nothing but bridge and veth. */
static void plain_ipv4_needs_nothing(void **state)
{
	struct run_call gc = pod_call(a, "GC");

	(void)state;
	node_config(&node, GATEWAY ", \"hairpinMode\": true, \"cni.dev/valid-attachments\": []",
		    V4);
	pod_add(a);
	pod_add(b);
	assert_ipv4_reaches();
	pod_check(a);
	pod_add(a);
	gc.config = node.config;
	gc.container = gc.netns = gc.ifname = NULL;
	assert_null(run_result(&gc));
	assert_ipv4_reaches();
	pod_del(a);
	pod_del(b);
	assert_int_equal(node_reservations(&node), 0);
}

static void layer_2_needs_nothing(void **state)
{
	(void)state;
	node_config(&node, "", NULL);
	pod_add(a);
	pod_check(a);
	pod_del(a);
}

static void masquerade_needs_nf_tables(void **state)
{
	(void)state;
	node_config(&node, GATEWAY ", \"ipMasq\": true", V4);
	if (!has_nf_tables()) {
		assert_refused("nf_tables", "CONFIG_NF_TABLES");
		return;
	}
	pod_add(a);
	pod_add(b);
	assert_ipv4_reaches();
	pod_check(a);
	free(run_must(&node.netns, "nft list table inet cbr"));
	pod_del(a);
}

static void source_guards_need_nf_tables(void **state)
{
	static const char *const keys[] = { "macspoofchk", "ipSpoofChk" };
	char config[128];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		snprintf(config, sizeof(config), GATEWAY ", \"%s\": true", keys[i]);
		node_config(&node, config, V4);
		if (!has_nf_tables()) {
			assert_refused("nf_tables", "CONFIG_NF_TABLES_BRIDGE");
			continue;
		}
		pod_add(a);
		pod_check(a);
		free(run_must(&node.netns, "nft list set bridge cbr guarded | grep -q %s",
			      pod_host_end(a)));
		pod_del(a);
	}
}

static void status_tells_of_nf_tables(void **state)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "STATUS", .ns = &node.netns };

	(void)state;
	node_config(&node, GATEWAY, V4);
	call.config = node.config;
	json_decref(run_result(&call));
	node_config(&node, GATEWAY ", \"ipMasq\": true", V4);
	call.config = node.config;
	if (has_nf_tables())
		json_decref(run_result(&call));
	else
		json_decref(run_error(&call, ERROR_NOT_READY, "nf_tables"));
}

static void ipv6_pools_need_ipv6(void **state)
{
	(void)state;
	node_config(&node, GATEWAY, DUAL);
	if (!has_ipv6()) {
		assert_refused("fd00:22::2", "ipv6.disable=1");
		return;
	}
	pod_add(a);
	pod_add(b);
	assert_ipv4_reaches();
	assert_reaches(&a->netns, &b->netns, "fd00:22::3", "fd00:22::2");
	pod_check(a);
	pod_del(a);
}

/* Of the node or of the pod; where there is IPv6, it is the gateway that does not exist. */
static void ipv6_routes_need_ipv6(void **state)
{
	static const char *const routes[][2] = {
		{ GATEWAY ", \"nodeRoutes\": [{\"dst\": \"fd00:33::/64\", \"gw\": \"fd00::1\"}]",
		  V4 },
		{ GATEWAY, V4 ", \"routes\": [{\"dst\": \"fd00:33::/64\", \"gw\": \"fd00::1\"}]" },
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		node_config(&node, routes[i][0], routes[i][1]);
		assert_refused("fd00:33::/64", has_ipv6() ? NULL : "ipv6.disable=1");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(plain_ipv4_needs_nothing),   TEST(layer_2_needs_nothing),
		TEST(masquerade_needs_nf_tables), TEST(source_guards_need_nf_tables),
		TEST(status_tells_of_nf_tables),  TEST(ipv6_pools_need_ipv6),
		TEST(ipv6_routes_need_ipv6),
	};

	return cmocka_run_group_tests(tests, check_lacks, NULL);
}
