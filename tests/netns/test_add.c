/* SPDX-License-Identifier: Apache-2.0 */
/* test_add.c - an attachment: what is reported and what is there */

#include "harness.h"

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

static void set_version(const char *version)
{
	char keys[128];

	snprintf(keys, sizeof(keys), "\"isDefaultGateway\": true, \"cniVersion\": \"%s\"", version);
	node_config(&node, keys,
		    "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], "
		    "[{\"subnet\": \"fd00:22::/64\"}]]");
}

static void result_of_1_x_lists_interfaces_ips_and_routes(void **state)
{
	static const char *const versions[] = { "1.0.0", "1.1.0" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pod *pod = node_pod(&node, versions[i]);
		json_t *result;

		set_version(versions[i]);
		result = pod_add(pod);
		assert_json_text(result, "cniVersion", versions[i]);
		assert_json_size(result, "interfaces", 3);
		assert_json_text(result, "interfaces.0.name", "cni0");
		assert_json_text(result, "interfaces.2.name", "eth0");
		assert_json_text(result, "interfaces.2.sandbox", pod->netns.path);
		assert_json_absent(result, "interfaces.1.sandbox");
		assert_json_size(result, "ips", 2);
		assert_json_text(result, "ips.0.gateway", "10.22.0.1");
		assert_json_int(result, "ips.0.interface", 2);
		assert_json_absent(result, "ips.0.version");
		assert_json_text(result, "ips.1.gateway", "fd00:22::1");
		assert_json_size(result, "routes", 2);
		assert_json_text(result, "routes.0.dst", "0.0.0.0/0");
		assert_json_text(result, "routes.0.gw", "10.22.0.1");
		assert_json_text(result, "routes.1.dst", "::/0");
		assert_json_absent(result, "dns");
		pod_check(pod);
		pod_del(pod);
	}
}

static void result_of_0_3_and_0_4_says_the_ip_version(void **state)
{
	static const char *const versions[] = { "0.3.0", "0.3.1", "0.4.0" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct pod *pod = node_pod(&node, versions[i]);
		json_t *result;

		set_version(versions[i]);
		result = pod_add(pod);
		assert_json_text(result, "cniVersion", versions[i]);
		assert_json_text(result, "ips.0.version", "4");
		assert_json_text(result, "ips.1.version", "6");
		assert_json_size(result, "interfaces", 3);
		assert_json_equal(result, "dns", "{}");
		pod_del(pod);
	}
}

static void result_of_0_1_and_0_2_holds_one_address_a_family(void **state)
{
	static const char *const versions[] = { "0.1.0", "0.2.0" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pod *pod = node_pod(&node, versions[i]);
		json_t *result;

		set_version(versions[i]);
		result = pod_add(pod);
		assert_json_text(result, "cniVersion", versions[i]);
		assert_json_absent(result, "interfaces");
		assert_json_text(result, "ip4.gateway", "10.22.0.1");
		assert_json_text(result, "ip4.routes.0.dst", "0.0.0.0/0");
		assert_json_text(result, "ip6.gateway", "fd00:22::1");
		pod_del(pod);
	}
	assert_int_equal(node_reservations(&node), 0);
}

static void what_is_reported_is_there(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *eth;
	json_t *host;
	json_t *routes;
	json_t *result = pod_add(pod);

	(void)state;
	eth = witness_link(&pod->netns, "eth0");
	host = witness_link(&node.netns, pod_host_end(pod));
	assert_true(witness_has_address(&pod->netns, "eth0", "10.22.0.2/24"));
	assert_string_equal(json_text_at(eth, "address"), json_text_at(result, "interfaces.2.mac"));
	assert_json_text(eth, "operstate", "UP");
	assert_string_equal(json_text_at(host, "address"),
			    json_text_at(result, "interfaces.1.mac"));
	assert_json_text(host, "master", "cni0");
	assert_true(witness_has_address(&node.netns, "cni0", "10.22.0.1/24"));
	routes = witness_ip(&pod->netns, "route show default");
	assert_json_text(routes, "0.gateway", "10.22.0.1");
	json_decref(routes);
	json_decref(host);
	json_decref(eth);
}

static void del_leaves_what_was_before(void **state)
{
	struct pod *first = node_pod(&node, "c1");
	struct pod *pod = node_pod(&node, "c2");
	char *before;
	char *after;

	(void)state;
	pod_add(first);
	before = witness_state(&node.netns);
	pod_add(pod);
	pod_del(pod);
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	assert_null(witness_link(&pod->netns, "eth0"));
	assert_int_equal(node_reservations(&node), 1);
	free(before);
	free(after);
}

static void pods_and_node_reach_each_other(void **state)
{
	struct pod *a = node_pod(&node, "a");
	struct pod *b = node_pod(&node, "b");

	(void)state;
	set_version("1.1.0");
	pod_add(a);
	pod_add(b);
	assert_reaches(&a->netns, &b->netns, "10.22.0.3", "10.22.0.2");
	assert_reaches(&b->netns, &a->netns, "10.22.0.2", "10.22.0.3");
	assert_reaches(&a->netns, &b->netns, "fd00:22::3", "fd00:22::2");
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	assert_reaches(&a->netns, &node.netns, "fd00:22::1", "fd00:22::2");
	assert_reaches(&node.netns, &b->netns, "10.22.0.3", "10.22.0.1");
	assert_reaches(&node.netns, &b->netns, "fd00:22::3", "fd00:22::1");
}

/* The address goes to a new pod at once, under neighbour entries that name the old one. */
static void a_reused_address_answers_at_once(void **state)
{
	struct pod *old = node_pod(&node, "old");
	struct pod *sibling = node_pod(&node, "sibling");
	struct pod *reused = node_pod(&node, "reused");

	(void)state;
	node_config(&node, "\"isDefaultGateway\": true",
		    "\"subnet\": \"10.22.0.0/24\", \"rangeStart\": \"10.22.0.2\", "
		    "\"rangeEnd\": \"10.22.0.3\"");
	pod_add(old);
	pod_add(sibling);
	assert_reaches(&sibling->netns, &old->netns, "10.22.0.2", "10.22.0.3");
	pod_del(old);
	pod_add(reused);
	assert_string_equal(pod_address(reused, 0), "10.22.0.2");
	assert_reaches(&sibling->netns, &reused->netns, "10.22.0.2", "10.22.0.3");
	assert_reaches(&node.netns, &reused->netns, "10.22.0.2", "10.22.0.1");
}

static void assert_forwards(const struct pod *pod)
{
	json_t *ports = witness_bridge(&node.netns, "link show dev %s", pod_host_end(pod));

	assert_json_text(ports, "0.state", "forwarding");
	json_decref(ports);
}

/*
 * Also where both ends have the same index, which makes the kernel take its time to
 * notice the carrier (linkwatch_urgent_event()).
 */
static void the_port_forwards_when_add_returns(void **state)
{
	struct pod *first = node_pod(&node, "first");
	struct pod *same = node_pod(&node, "same");
	json_t *ends[2];

	(void)state;
	pod_add(first);
	assert_forwards(first);
	free(run_must(&same->netns, "ip link add xa type bridge; ip link add xb type bridge"));
	pod_add(same);
	assert_forwards(same);
	ends[0] = witness_link(&node.netns, pod_host_end(same));
	ends[1] = witness_link(&same->netns, "eth0");
	assert_json_int(ends[0], "ifindex", json_integer_value(json_at(ends[1], "ifindex")));
	json_decref(ends[0]);
	json_decref(ends[1]);
}

/* Return: the state of a port that a message of its bridge tells, -1 if it tells none */
static int port_state(const struct nlmsghdr *nlh)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	const struct nlattr *part;

	if (nlh->nlmsg_type != RTM_NEWLINK || header->ifi_family != AF_BRIDGE)
		return -1;
	mnl_attr_for_each (attr, nlh, sizeof(*header))
		if (mnl_attr_get_type(attr) == IFLA_PROTINFO)
			mnl_attr_for_each_nested (part, attr)
				if (mnl_attr_get_type(part) == IFLA_BRPORT_STATE)
					return mnl_attr_get_u8(part);
	return -1;
}

/* Each change has the bridge go through all of its ports. */
static void a_port_once_let_forward_is_not_stopped(void **state)
{
	const struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	autoclose int fd = ns_socket(&node.netns, AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK,
				     NETLINK_ROUTE);
	bool forwarded = false;
	char buf[32768];
	ssize_t len;

	(void)state;
	needs_linux(6, 8, "to look at a link brings its state up to date");
	node_config(&node, "\"isDefaultGateway\": true", "\"subnet\": \"10.22.0.0/24\"");
	pod_add(node_pod(&node, "first"));
	assert_int_equal(bind(fd, (const struct sockaddr *)&links, sizeof(links)), 0);
	pod_add(node_pod(&node, "second"));
	while ((len = recv(fd, buf, sizeof(buf), 0)) > 0) {
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)buf;
		int left = (int)len;

		for (; mnl_nlmsg_ok(nlh, left); nlh = mnl_nlmsg_next(nlh, &left)) {
			const int now = port_state(nlh);

			assert_false(forwarded && now == BR_STATE_DISABLED);
			forwarded = forwarded || now == BR_STATE_FORWARDING;
		}
	}
	assert_true(forwarded);
}

static void second_interface_of_a_container(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	struct run_call call = pod_call(pod, "ADD");
	json_t *second;

	(void)state;
	pod_add(pod);
	call.ifname = "net1";
	second = run_result(&call);
	assert_json_text(second, "interfaces.2.name", "net1");
	assert_string_not_equal(json_text_at(second, "interfaces.1.name"), pod_host_end(pod));
	pod_del(pod);
	assert_non_null(witness_link(&pod->netns, "net1"));
	json_decref(second);
}

static void host_end_says_whose_it_is(void **state)
{
	struct pod *pod = node_pod(&node, "c1");
	json_t *host;

	(void)state;
	pod->args = "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0;K8S_POD_INFRA_CONTAINER_ID=c1";
	pod_add(pod);
	host = witness_link(&node.netns, pod_host_end(pod));
	assert_json_text(host, "ifalias", "net c1 eth0 shop/cart-0");
	json_decref(host);
}

/* Parallel first ADDs agree on one bridge and one gateway. */
static void many_at_once_make_one_bridge(void **state)
{
	const char *dir = node.tmp.path;
	char *bin = run_bin("");
	char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	char *out;
	char id[16];
	json_t *ports;

	(void)state;
	for (int i = 0; i < 12; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		node_pod(&node, id);
	}
	out = run_must(&node.netns,
		       "i=0; while [ $i -lt 12 ]; do "
		       "( CNI_COMMAND=ADD CNI_CONTAINERID=p$i CNI_IFNAME=eth0 CNI_NETNS=%s/p$i "
		       "CNI_PATH=%s %s/cbr-bridge < %s/config > %s/out.$i || echo FAIL $i ) & "
		       "i=$((i+1)); done; wait",
		       dir, bin, bin, dir, dir);
	assert_string_equal(out, "");
	ports = witness_ip(&node.netns, "link show master cni0");
	assert_int_equal(json_array_size(ports), 12);
	assert_int_equal(node_reservations(&node), 12);
	json_decref(ports);
	free(out);
	free(config);
	free(bin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, one_node_make, one_node_done)
		TEST(result_of_1_x_lists_interfaces_ips_and_routes),
		TEST(result_of_0_3_and_0_4_says_the_ip_version),
		TEST(result_of_0_1_and_0_2_holds_one_address_a_family),
		TEST(what_is_reported_is_there),
		TEST(del_leaves_what_was_before),
		TEST(pods_and_node_reach_each_other),
		TEST(a_reused_address_answers_at_once),
		TEST(the_port_forwards_when_add_returns),
		TEST(a_port_once_let_forward_is_not_stopped),
		TEST(second_interface_of_a_container),
		TEST(host_end_says_whose_it_is),
		TEST(many_at_once_make_one_bridge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
