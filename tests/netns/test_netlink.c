/* SPDX-License-Identifier: Apache-2.0 */
/* test_netlink.c - lib/netlink and the real kernel; ip(8) is the witness */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/link.h"
#include "cbr/netlink/neigh.h"
#include "cbr/netlink/route.h"
#include "json.h"
#include "ns.h"
#include "run.h"
#include "witness.h"

static struct tmp tmp;
static struct ns node;
static struct ns pod;
static struct netns node_netns;
static struct netns pod_netns;
static struct nl_socket sock;
static struct nl_batch batch;
static struct error err;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	ns_make(&tmp, "node", &node);
	ns_make(&tmp, "pod", &pod);
	err = (struct error){ 0 };
	assert_ok(netns_open(node.path, &node_netns, &err), &err);
	assert_ok(netns_open(pod.path, &pod_netns, &err), &err);
	assert_ok(nl_socket_open(NETLINK_ROUTE, &node_netns, &sock, &err), &err);
	nl_batch_begin(&batch, &sock);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nl_batch_done(&batch);
	nl_socket_done(&sock);
	netns_done(&node_netns);
	netns_done(&pod_netns);
	ns_destroy(&pod);
	ns_destroy(&node);
	tmp_remove(&tmp);
	return 0;
}

static void next_batch(void)
{
	nl_batch_done(&batch);
	nl_batch_begin(&batch, &sock);
}

static struct ip_prefix prefix_of(const char *text)
{
	struct ip_prefix prefix;

	assert_int_equal(ip_prefix_parse(text, &prefix), 0);
	return prefix;
}

static struct ip_addr addr_of(const char *text)
{
	struct ip_addr addr;

	assert_int_equal(ip_parse(text, &addr), 0);
	return addr;
}

/* A bridge with this address; Return: its index */
static int make_bridge(const char *address)
{
	struct link link;

	free(run_must(&node,
		      "ip link add br0 type bridge && ip link set br0 up && "
		      "ip addr add %s dev br0",
		      address));
	assert_int_equal(assert_ok(link_get(&sock, "br0", &link, &err), &err), 1);
	return link.index;
}

static void a_link_that_is_not_there_is_none(void **state)
{
	struct link link = { .index = 9 };

	(void)state;
	assert_int_equal(assert_ok(link_get(&sock, "nope", &link, &err), &err), 0);
	assert_int_equal(link.index, 0);
}

static void a_bridge_is_made_up_and_pinned(void **state)
{
	const struct link_bridge bridge = { .name = "br0",
					    .mac = { { 2, 0, 0, 0, 0, 7 } },
					    .mtu = 1500 };
	struct link link;
	json_t *seen;
	size_t made;

	(void)state;
	made = link_put_bridge(&batch, &bridge);
	link_put_get(&batch, "br0", &link);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(nl_batch_result(&batch, made), 0);
	assert_string_equal(link.kind, "bridge");
	assert_true(link.nf_call_iptables && link.nf_call_ip6tables);
	assert_false(link.flags & IFF_UP);
	assert_int_equal(link.group, LINK_GROUP_UNFINISHED);
	next_batch();
	link_put_bridge_finish(&batch, &link, 1500);
	link_put_up(&batch, "br0");
	assert_ok(nl_batch_run(&batch, &err), &err);
	/* A port with a lower address and a smaller MTU changes neither. */
	free(run_must(&node,
		      "ip link add d0 mtu 1300 address 00:00:00:00:00:02 master br0 type veth "
		      "peer name d1"));
	seen = witness_link(&node, "br0");
	assert_json_text(seen, "address", "02:00:00:00:00:07");
	assert_json_int(seen, "mtu", 1500);
	assert_json_text(seen, "group", "default");
	json_decref(seen);
	next_batch();
	made = link_put_bridge(&batch, &bridge);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(nl_batch_result(&batch, made), -EEXIST);
}

/* Each setting is told as /proc/sys has it. */
static void settings_come_with_the_link(void **state)
{
	struct link link;

	(void)state;
	free(run_must(&node, "ip link add br0 type bridge; cd /proc/sys/net; "
			     "echo 0 >ipv4/conf/br0/forwarding; echo 2 >ipv4/conf/br0/rp_filter; "
			     "echo 0 >ipv6/conf/br0/forwarding; echo 2 >ipv6/conf/br0/accept_ra; "
			     "echo 0 >ipv6/conf/br0/autoconf; echo 2 >ipv6/conf/br0/accept_dad"));
	assert_ok(link_get(&sock, "br0", &link, &err), &err);
	assert_int_equal(link.conf.forwarding, 0);
	assert_int_equal(link.conf.rp_filter, 2);
	assert_int_equal(link.conf.tag, 0);
	assert_int_equal(link.conf.forwarding6, 0);
	assert_int_equal(link.conf.accept_ra, 2);
	assert_int_equal(link.conf.autoconf, 0);
	assert_int_equal(link.conf.accept_dad, 2);
	free(run_must(&node, "cd /proc/sys/net; echo 1 >ipv4/conf/br0/forwarding; "
			     "echo 1 >ipv6/conf/br0/autoconf"));
	link_put_tag(&batch, link.index, 9);
	link_put_get(&batch, "br0", &link);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(link.conf.forwarding, 1);
	assert_int_equal(link.conf.autoconf, 1);
	assert_int_equal(link.conf.tag, 9);
	free(run_must(&node, "test $(cat /proc/sys/net/ipv4/conf/br0/tag) = 9"));
}

static void a_pair_is_born_in_place(void **state)
{
	const struct mac pod_mac = { { 2, 0, 0, 0, 0, 9 } };
	struct link_veth veth = {
		.name = "veth0",
		.mac = { { 2, 0, 0, 0, 0, 8 } },
		.mtu = 1410,
		.peer_netns = &pod_netns,
		.peer_name = "eth0",
		.peer_mac = &pod_mac,
	};
	struct link host;
	json_t *seen;

	(void)state;
	veth.master = make_bridge("10.5.0.1/24");
	link_put_veth(&batch, &veth);
	link_put_port(&batch, "veth0", true, true, "whose it is");
	link_put_get(&batch, "veth0", &host);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(host.master, veth.master);
	assert_true(host.hairpin && host.isolated);
	assert_true(host.flags & IFF_UP);
	assert_string_equal(host.alias, "whose it is");
	assert_memory_equal(&host.mac, &veth.mac, sizeof(veth.mac));
	seen = witness_link(&pod, "eth0");
	assert_json_int(seen, "ifindex", host.peer);
	assert_json_text(seen, "address", "02:00:00:00:00:09");
	assert_json_int(seen, "mtu", 1410);
	json_decref(seen);
	next_batch();
	link_put_delete(&batch, "veth0");
	link_put_delete(&batch, "veth0");
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_null(witness_link(&pod, "eth0"));
}

/* The kernel goes on after a request that failed; the first failure is told, with its words. */
static void the_middle_of_a_batch_fails_and_the_rest_runs(void **state)
{
	const struct ip_prefix good = prefix_of("10.7.0.1/24");
	const struct ip_prefix also = prefix_of("10.8.0.1/24");
	struct route bad = { .dst = prefix_of("192.0.2.0/24"), .gw = addr_of("172.31.9.9") };
	const int index = make_bridge("10.5.0.1/24");
	size_t results[3];

	(void)state;
	results[0] = addr_put_add(&batch, index, &good, 0);
	results[1] = route_put_add(&batch, &bad, NLM_F_CREATE);
	results[2] = addr_put_add(&batch, index, &also, 0);
	assert_fails(nl_batch_run(&batch, &err), &err, ERROR_KERNEL,
		     "add route 192.0.2.0/24 via 172.31.9.9: Network is unreachable (Nexthop has");
	assert_int_equal(nl_batch_result(&batch, results[0]), 0);
	assert_int_equal(nl_batch_result(&batch, results[1]), -ENETUNREACH);
	assert_int_equal(nl_batch_result(&batch, results[2]), 0);
	assert_true(witness_has_address(&node, "br0", "10.8.0.1/24"));
}

static void a_tolerated_failure_is_none(void **state)
{
	const int index = make_bridge("10.5.0.1/24");
	const struct ip_prefix there = prefix_of("10.5.0.1/24");
	size_t again;

	(void)state;
	again = addr_put_add(&batch, index, &there, 0);
	nl_tolerate(&batch, ENOMEM);
	nl_tolerate(&batch, EEXIST);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(nl_batch_result(&batch, again), -EEXIST);
}

static void five_hundred_requests_with_answers(void **state)
{
	static struct link links[500];
	const int index = make_bridge("10.5.0.1/24");

	(void)state;
	for (size_t i = 0; i < 500; i++)
		link_put_get(&batch, i % 7 ? "br0" : "nope", &links[i]);
	assert_ok(nl_batch_run(&batch, &err), &err);
	for (size_t i = 0; i < 500; i++)
		assert_int_equal(links[i].index, i % 7 ? index : 0);
}

static void addresses_are_listed_of_one_link(void **state)
{
	autofree struct addr *addrs = NULL;
	const struct ip_prefix v6 = prefix_of("fd00::1/64");
	const int index = make_bridge("10.5.0.1/24");
	size_t n = 0;

	(void)state;
	addr_put_add(&batch, index, &v6, IFA_F_NODAD);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_ok(addr_list(&sock, index, AF_UNSPEC, &addrs, &n, &err), &err);
	assert_true(n >= 2);
	assert_true(
		ip_prefix_equal(&addrs[0].prefix, &(struct ip_prefix){ addr_of("10.5.0.1"), 24 }));
	for (size_t i = 0; i < n; i++)
		if (ip_prefix_equal(&addrs[i].prefix, &v6))
			assert_true(addrs[i].flags & IFA_F_NODAD);
	next_batch();
	addr_put_delete(&batch, index, &v6);
	addr_put_delete(&batch, index, &v6);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_false(witness_has_address(&node, "br0", "fd00::1/64"));
}

static void ipv4_addresses_have_their_broadcast(void **state)
{
	const int index = make_bridge("10.5.0.1/24");
	const struct ip_prefix wide = prefix_of("10.6.0.1/20");
	const struct ip_prefix narrow = prefix_of("10.7.0.0/31");
	char *out;

	(void)state;
	addr_put_add(&batch, index, &wide, 0);
	addr_put_add(&batch, index, &narrow, 0);
	assert_ok(nl_batch_run(&batch, &err), &err);
	out = run_must(&node, "ip addr show dev br0");
	assert_contains(out, "inet 10.6.0.1/20 brd 10.6.15.255");
	assert_lacks(out, "10.7.0.0/31 brd");
	free(out);
}

static void a_lookup_tells_the_entry(void **state)
{
	struct route routes[4];
	const struct ip_addr near = addr_of("10.5.0.77");
	const struct ip_addr self = addr_of("10.5.0.1");
	const struct ip_addr far = addr_of("10.99.1.1");
	const struct ip_addr nowhere = addr_of("203.0.113.1");
	const int index = make_bridge("10.5.0.1/24");

	(void)state;
	free(run_must(&node, "ip route add 10.99.0.0/16 via 10.5.0.9 metric 50 proto 67"));
	route_put_lookup(&batch, &near, &routes[0]);
	route_put_lookup(&batch, &self, &routes[1]);
	route_put_lookup(&batch, &far, &routes[2]);
	route_put_lookup(&batch, &nowhere, &routes[3]);
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(routes[0].oif, index);
	assert_int_equal(routes[0].dst.len, 24);
	assert_true(ip_equal(&routes[0].src, &self));
	assert_int_equal(routes[1].type, RTN_LOCAL);
	assert_int_equal(routes[1].oif, index);
	assert_int_equal(routes[2].dst.len, 16);
	assert_int_equal(routes[2].protocol, ROUTE_PROTO_CBR);
	assert_int_equal(routes[2].priority, 50);
	assert_true(ip_equal(&routes[2].gw, &(struct ip_addr){ AF_INET, { 10, 5, 0, 9 } }));
	assert_int_equal(routes[3].dst.addr.family, 0);
}

/* Whoever says "there is no way" on purpose has an entry too; it is no failure of ours. */
static void a_lookup_that_meets_a_barrier_does_not_fail(void **state)
{
	static const char *const kinds[] = { "unreachable", "blackhole", "prohibit", "throw" };
	const struct ip_addr addr = addr_of("10.98.0.1");
	const struct ip_addr addr6 = addr_of("fd98::1");
	struct route route;
	struct route route6;

	(void)state;
	make_bridge("10.5.0.1/24");
	for (size_t i = 0; i < 4; i++) {
		free(run_must(&node,
			      "ip route replace %s 10.98.0.0/16; ip -6 route replace %s fd98::/32",
			      kinds[i], kinds[i]));
		next_batch();
		route_put_lookup(&batch, &addr, &route);
		route_put_lookup(&batch, &addr6, &route6);
		assert_ok(nl_batch_run(&batch, &err), &err);
		assert_true(!route.dst.addr.family || route.type != RTN_UNICAST);
		assert_true(!route6.dst.addr.family || route6.type != RTN_UNICAST);
	}
}

static void routes_carry_what_they_were_given(void **state)
{
	struct route route = {
		.dst = prefix_of("10.97.5.5/16"),
		.gw = addr_of("10.5.0.9"),
		.table = 1000,
		.protocol = ROUTE_PROTO_CBR,
		.priority = 7,
		.mtu = 1280,
		.advmss = 1200,
	};
	autofree struct route *list = NULL;
	size_t n = 0;
	char *out;

	(void)state;
	make_bridge("10.5.0.1/24");
	route_put_add(&batch, &route, NLM_F_CREATE | NLM_F_EXCL);
	assert_ok(nl_batch_run(&batch, &err), &err);
	out = run_must(&node, "ip route show table 1000");
	assert_contains(out,
			"10.97.0.0/16 via 10.5.0.9 dev br0 proto 67 metric 7 mtu 1280 advmss 1200");
	free(out);
	assert_ok(route_list(&sock, AF_INET, 0, ROUTE_PROTO_CBR, &list, &n, &err), &err);
	assert_int_equal(n, 1);
	assert_int_equal(list[0].table, 1000);
	assert_int_equal(list[0].mtu, 1280);
	next_batch();
	route_put_delete(&batch, &route);
	route_put_delete(&batch, &route);
	assert_ok(nl_batch_run(&batch, &err), &err);
	out = run_must(&node, "ip route show table all proto 67");
	assert_string_equal(out, "");
	free(out);
}

static void each_hop_of_a_multipath_route_is_listed(void **state)
{
	autofree struct route *list = NULL;
	size_t n = 0;

	(void)state;
	make_bridge("10.5.0.1/24");
	free(run_must(&node, "ip route add 10.96.0.0/16 proto 67 nexthop via 10.5.0.8 "
			     "nexthop via 10.5.0.9"));
	assert_ok(route_list(&sock, AF_INET, 0, ROUTE_PROTO_CBR, &list, &n, &err), &err);
	assert_int_equal(n, 2);
	assert_int_equal(list[0].gw.bytes[3], 8);
	assert_int_equal(list[1].gw.bytes[3], 9);
}

static void neighbours_are_set_whatever_they_were(void **state)
{
	const int index = make_bridge("10.5.0.1/24");
	const struct ip_addr addr = addr_of("10.5.0.9");
	const struct mac mac = { { 2, 0, 0, 0, 0, 9 } };
	char *out;

	(void)state;
	free(run_must(&node, "ip neigh add 10.5.0.9 lladdr 02:00:00:00:00:01 dev br0 nud stale"));
	neigh_put_set(&batch, index, &addr, &mac);
	assert_ok(nl_batch_run(&batch, &err), &err);
	out = run_must(&node, "ip neigh show 10.5.0.9");
	assert_contains(out, "lladdr 02:00:00:00:00:09 REACHABLE");
	free(out);
	next_batch();
	neigh_put_delete(&batch, index, &addr);
	neigh_put_delete(&batch, index, &addr);
	assert_ok(nl_batch_run(&batch, &err), &err);
	out = run_must(&node, "ip neigh show 10.5.0.9");
	assert_lacks(out, "lladdr");
	free(out);
}

static void links_are_listed_by_their_bridge(void **state)
{
	autofree struct link *links = NULL;
	const int index = make_bridge("10.5.0.1/24");
	size_t n = 0;

	(void)state;
	free(run_must(&node,
		      "for i in $(seq 60); do ip link add a$i master br0 type veth peer name b$i; "
		      "done"));
	assert_ok(link_list(&sock, index, &links, &n, &err), &err);
	assert_int_equal(n, 60);
	assert_string_equal(links[59].kind, "veth");
}

/* Whoever may administrate a pod's namespace, as a pod with CAP_NET_ADMIN, can do this. */
static void an_answer_that_is_not_the_kernels_is_none(void **state)
{
	auto_with(nl_socket_done) struct nl_socket other = { 0 };
	const struct sockaddr_nl to = { .nl_family = AF_NETLINK, .nl_pid = sock.portid };
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} forged = { { .nlmsg_len = sizeof(forged),
		       .nlmsg_type = RTM_NEWLINK,
		       .nlmsg_seq = sock.seq + 1,
		       .nlmsg_pid = sock.portid },
		     { .ifi_index = 4711 } };
	struct link link;

	(void)state;
	assert_ok(nl_socket_open(NETLINK_ROUTE, &node_netns, &other, &err), &err);
	assert_int_equal(sendto(mnl_socket_get_fd(other.mnl), &forged, sizeof(forged), 0,
				(const struct sockaddr *)&to, sizeof(to)),
			 sizeof(forged));

	assert_int_equal(link_get(&sock, "nothing", &link, &err), 0);
}

static void sockets_do_not_outlive_an_exec(void **state)
{
	struct run run = run_shell(NULL, "ls -l /proc/self/fd | grep -c socket");

	(void)state;
	assert_string_equal(run.out, "0\n");
	run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(a_link_that_is_not_there_is_none),
		TEST(a_bridge_is_made_up_and_pinned),
		TEST(settings_come_with_the_link),
		TEST(a_pair_is_born_in_place),
		TEST(the_middle_of_a_batch_fails_and_the_rest_runs),
		TEST(a_tolerated_failure_is_none),
		TEST(five_hundred_requests_with_answers),
		TEST(addresses_are_listed_of_one_link),
		TEST(ipv4_addresses_have_their_broadcast),
		TEST(a_lookup_tells_the_entry),
		TEST(a_lookup_that_meets_a_barrier_does_not_fail),
		TEST(routes_carry_what_they_were_given),
		TEST(each_hop_of_a_multipath_route_is_listed),
		TEST(neighbours_are_set_whatever_they_were),
		TEST(links_are_listed_by_their_bridge),
		TEST(an_answer_that_is_not_the_kernels_is_none),
		TEST(sockets_do_not_outlive_an_exec),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
