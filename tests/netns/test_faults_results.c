/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults_results.c - results and verdicts that other plugins get wrong */

#include "harness.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/dad.h"
#include "cbr/netlink/events.h"
#include "cbr/netlink/link.h"
#include "cbr/netlink/local.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	pod = node_pod(&node, "c1");
	return 0;
}

/* No IPAM is asked about it, and what there is is looked at. */
static void a_layer_2_network_can_be_checked(void **state)
{
	(void)state;
	node_config(&node, "", NULL);
	pod_add(pod);
	pod_check(pod);
	free(run_must(&node.netns, "ip link set %s nomaster", pod_host_end(pod)));
	pod_check_fails(pod, ERROR_CHECK, "is no port of bridge cni0");
}

static void interfaces_are_reported_with_their_mtu(void **state)
{
	(void)state;
	node_config(&node, "\"isGateway\": true, \"mtu\": 1410", "\"subnet\": \"10.22.0.0/24\"");
	for (int i = 0; i < 2; i++) { /* the second time it is confirmed */
		pod_add(pod);
		assert_json_int(pod->result, "interfaces.0.mtu", 1410);
		assert_json_int(pod->result, "interfaces.1.mtu", 1410);
		assert_json_int(pod->result, "interfaces.2.mtu", 1410);
	}
	pod_del(pod);
	node_config(&node, "\"mtu\": 1410, \"cniVersion\": \"0.4.0\"",
		    "\"subnet\": \"10.22.0.0/24\"");
	pod_add(pod);
	assert_json_absent(pod->result, "interfaces.2.mtu");
}

static json_t *lease(const char *ipam, int i)
{
	struct run_call call = pod_call(pod, "ADD");
	char id[16];

	snprintf(id, sizeof(id), "l%d", i);
	node_config(&node, "\"type\": \"hl-ipam\"", ipam);
	call.plugin = "hl-ipam";
	call.container = id;
	call.config = node.config;
	return run_result(&call);
}

/* Four bytes of weight in sixteen do not make an IPv4 address. */
static void small_ipv6_addresses_stay_what_they_are(void **state)
{
	json_t *result;

	(void)state;
	result = lease("\"subnet\": \"::a16:0/112\"", 0);
	assert_json_text(result, "ips.0.address", "::a16:2/112");
	assert_json_text(result, "ips.0.gateway", "::a16:1");
	json_decref(result);
}

static void a_range_may_end_where_all_bits_are_set(void **state)
{
	static const char last[] = "\"subnet\": \"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126\"";
	struct run_call call = pod_call(pod, "ADD");

	(void)state;
	json_decref(lease(last, 0));
	json_decref(lease(last, 1));
	call.plugin = "hl-ipam";
	call.config = node.config;
	json_decref(run_error(&call, ERROR_AGAIN, "no IP addresses available"));
}

/* Before anything is made with it. */
static void a_gateway_of_the_other_family_is_refused(void **state)
{
	char *before = witness_state(&node.netns);
	char *after;

	(void)state;
	node_config(&node, "\"isGateway\": true",
		    "\"subnet\": \"10.22.0.0/24\", \"gateway\": \"fd00::1\"");
	pod_add_fails(pod, ERROR_DELEGATE, "is of the other address family");
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_int_equal(node_reservations(&node), 0);
	free(before);
	free(after);
}

static void host_and_pod_ends_have_one_queue(void **state)
{
	json_t *host;
	json_t *eth;

	(void)state;
	pod_add(pod);
	host = witness_link(&node.netns, pod_host_end(pod));
	eth = witness_link(&pod->netns, "eth0");
	assert_json_int(host, "txqlen", 1000);
	assert_json_int(eth, "txqlen", 1000);
	/* And no more, of which a node with many processors would have as many to make. */
	assert_json_int(host, "num_tx_queues", 1);
	assert_json_int(eth, "num_tx_queues", 1);
	assert_json_int(host, "num_rx_queues", 1);
	assert_json_int(eth, "num_rx_queues", 1);
	json_decref(host);
	json_decref(eth);
}

/* @flags: of the address. The link has no carrier, so that detection never begins. */
static int add_without_carrier(uint32_t flags, struct ip_prefix *ret, struct nl_socket *sock,
			       int *ret_index)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct error err = { 0 };
	struct link link;

	free(run_must(NULL, "ip link add dad0 type veth peer name dad1 && ip link set dad0 up"));
	assert_ok(nl_socket_open(NETLINK_ROUTE, NULL, sock, &err), &err);
	assert_int_equal(link_get(sock, "dad0", &link, &err), 1);
	ip_parse("fd00:99::1", &ret->addr);
	ret->len = 64;
	nl_batch_begin(&batch, sock);
	addr_put_add(&batch, link.index, ret, flags);
	*ret_index = link.index;
	return nl_batch_run(&batch, &err);
}

static void a_tentative_address_is_not_taken_for_usable(void **state)
{
	const struct deadline deadline = deadline_in(50);
	auto_with(nl_socket_done) struct nl_socket events = { 0 };
	auto_with(nl_socket_done) struct nl_socket sock = { 0 };
	struct error err = { 0 };
	struct ip_prefix prefix;
	int index;

	(void)state;
	assert_ok(events_listen(RTNLGRP_IPV6_IFADDR, NULL, &events, &err), &err);
	assert_int_equal(add_without_carrier(0, &prefix, &sock, &index), 0);
	assert_fails(dad_wait(&sock, &events, index, &deadline, &err), &err, ERROR_SYSTEM,
		     "duplicate address detection did not end");
	assert_fails(local_wait(&sock, NULL, &prefix.addr, &deadline, &err), &err, ERROR_SYSTEM,
		     "fd00:99::1 does not become local");
	free(run_must(NULL, "ip link del dad0"));
}

static void an_address_without_detection_is_waited_for(void **state)
{
	const struct deadline deadline = deadline_in(harness_patience(5000));
	auto_with(nl_socket_done) struct nl_socket sock = { 0 };
	struct error err = { 0 };
	struct ip_prefix prefix;
	int index;

	(void)state;
	assert_int_equal(add_without_carrier(IFA_F_NODAD, &prefix, &sock, &index), 0);
	assert_ok(local_wait(&sock, NULL, &prefix.addr, &deadline, &err), &err);
	free(run_must(NULL, "ip -6 route show table local | grep -q 'local fd00:99::1 '"));
	free(run_must(NULL, "ip link del dad0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(a_layer_2_network_can_be_checked),
		TEST(interfaces_are_reported_with_their_mtu),
		TEST(small_ipv6_addresses_stay_what_they_are),
		TEST(a_range_may_end_where_all_bits_are_set),
		TEST(a_gateway_of_the_other_family_is_refused),
		TEST(host_and_pod_ends_have_one_queue),
		TEST(a_tentative_address_is_not_taken_for_usable),
		TEST(an_address_without_detection_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
