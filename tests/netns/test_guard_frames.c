/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard_frames.c - what a pod that lies gets across the bridge, and what an honest one does */

#include "harness.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "frame.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define KEYS "\"isDefaultGateway\": true, \"hairpinMode\": true"
#define BY_MAC KEYS ", \"macspoofchk\": true"
#define BY_IP KEYS ", \"ipSpoofChk\": true"

/* Of the pods that the tests make first and second. */
#define MAC "0a:58:0a:16:00:02"
#define IP4 "10.22.0.2"
#define IP6 "fd00:22::2"
#define LL "fe80::858:aff:fe16:2"
#define OTHER_MAC "0a:58:0a:16:00:03"
#define OTHER_IP4 "10.22.0.3"
#define OTHER_IP6 "fd00:22::3"

/* Of nobody. */
#define WRONG_MAC "02:00:00:00:00:99"
#define WRONG_IP4 "10.22.0.99"
#define WRONG_IP6 "fd00:22::99"

#define COOKIE "SPOOF!"
#define NONCE "\x0e\x01nonce."

static struct pod *liar;
static struct pod *victim;
static struct frame marker;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	liar = node_pod(&node, "liar");
	victim = node_pod(&node, "victim");
	frame_start(&marker, MAC, OTHER_MAC);
	frame_udp(&marker, IP4, OTHER_IP4, "MARKER");
	return 0;
}

/* The liar is guarded by these keys, the victim is not. */
static void attach(const char *keys)
{
	node_config(&node, keys, DUAL);
	pod_add(liar);
	node_config(&node, KEYS, DUAL);
	pod_add(victim);
	/* Reports of group members would only go to routers. */
	free(run_must(&node.netns, "ip link set cni0 type bridge mcast_snooping 0"));
}

/* What is built for a row. @from: MAC address */
typedef void build_fn(struct frame *frame);

static void from_own(struct frame *frame)
{
	frame_start(frame, MAC, OTHER_MAC);
}

#define BUILD(name, ...)                      \
	static void name(struct frame *frame) \
	{                                     \
		from_own(frame);              \
		__VA_ARGS__;                  \
	}

BUILD(own_4, frame_udp(frame, IP4, OTHER_IP4, COOKIE))
BUILD(own_6, frame_udp(frame, IP6, OTHER_IP6, COOKIE))
BUILD(link_local, frame_udp(frame, LL, OTHER_IP6, COOKIE))
BUILD(wrong_4, frame_udp(frame, WRONG_IP4, OTHER_IP4, COOKIE))
BUILD(wrong_6, frame_udp(frame, WRONG_IP6, OTHER_IP6, COOKIE))
BUILD(wrong_link_local, frame_udp(frame, "fe80::1", OTHER_IP6, COOKIE))
BUILD(no_6, frame_udp(frame, "::", OTHER_IP6, COOKIE))
BUILD(no_4, frame_udp(frame, "0.0.0.0", OTHER_IP4, COOKIE))
BUILD(dhcp, frame_udp(frame, "0.0.0.0", "255.255.255.255", COOKIE))
BUILD(wrong_mac, frame_start(frame, WRONG_MAC, OTHER_MAC); frame_udp(frame, IP4, OTHER_IP4, COOKIE))
BUILD(tagged, frame_tag(frame, 0x8100, 5); frame_udp(frame, IP4, OTHER_IP4, COOKIE))
BUILD(tagged_wrong_4, frame_tag(frame, 0x8100, 5); frame_udp(frame, WRONG_IP4, OTHER_IP4, COOKIE))
BUILD(tagged_wrong_6, frame_tag(frame, 0x8100, 5); frame_udp(frame, WRONG_IP6, OTHER_IP6, COOKIE))
BUILD(tagged_wrong_mac, frame_start(frame, WRONG_MAC, OTHER_MAC); frame_tag(frame, 0x8100, 5);
      frame_udp(frame, IP4, OTHER_IP4, COOKIE))
BUILD(tagged_wrong_arp, frame_tag(frame, 0x8100, 5);
      frame_arp(frame, 2, MAC, WRONG_IP4, OTHER_IP4, COOKIE))
BUILD(tagged_twice, frame_tag(frame, 0x88a8, 5); frame_tag(frame, 0x8100, 6);
      frame_udp(frame, WRONG_IP4, OTHER_IP4, COOKIE))
BUILD(other_protocol, frame_plain(frame, 0x88b5, COOKIE))
BUILD(arp, frame_arp(frame, 1, MAC, IP4, OTHER_IP4, COOKIE))
BUILD(arp_wrong_sender, frame_arp(frame, 2, MAC, WRONG_IP4, OTHER_IP4, COOKIE))
BUILD(arp_wrong_mac, frame_arp(frame, 2, WRONG_MAC, IP4, OTHER_IP4, COOKIE))
BUILD(arp_probe, frame_arp(frame, 1, MAC, "0.0.0.0", IP4, COOKIE))
BUILD(arp_probe_of_other, frame_arp(frame, 1, MAC, "0.0.0.0", OTHER_IP4, COOKIE))
BUILD(solicit, frame_nd(frame, 135, IP6, OTHER_IP6, OTHER_IP6, NULL, 1, MAC, COOKIE))
BUILD(solicit_wrong_source,
      frame_nd(frame, 135, WRONG_IP6, OTHER_IP6, OTHER_IP6, NULL, 1, MAC, COOKIE))
BUILD(solicit_wrong_mac,
      frame_nd(frame, 135, IP6, OTHER_IP6, OTHER_IP6, NULL, 1, WRONG_MAC, COOKIE))
BUILD(solicit_hidden_mac,
      frame_nd(frame, 135, IP6, OTHER_IP6, OTHER_IP6, NONCE, 1, WRONG_MAC, COOKIE))
BUILD(probe, frame_nd(frame, 135, "::", OTHER_IP6, IP6, NONCE, 0, NULL, COOKIE))
BUILD(probe_of_other, frame_nd(frame, 135, "::", OTHER_IP6, OTHER_IP6, NONCE, 0, NULL, COOKIE))
BUILD(advertise, frame_nd(frame, 136, IP6, OTHER_IP6, IP6, NULL, 2, MAC, COOKIE))
BUILD(advertise_link_local, frame_nd(frame, 136, LL, OTHER_IP6, LL, NULL, 2, MAC, COOKIE))
BUILD(advertise_wrong_target, frame_nd(frame, 136, IP6, OTHER_IP6, WRONG_IP6, NULL, 2, MAC, COOKIE))
BUILD(advertise_wrong_mac, frame_nd(frame, 136, IP6, OTHER_IP6, IP6, NULL, 2, WRONG_MAC, COOKIE))
BUILD(advertise_hidden_mac, frame_nd(frame, 136, IP6, OTHER_IP6, IP6, NONCE, 2, WRONG_MAC, COOKIE))
BUILD(router_solicit, frame_nd(frame, 133, LL, OTHER_IP6, "::", NULL, 0, NULL, COOKIE))
BUILD(router_advertise, frame_nd(frame, 134, LL, OTHER_IP6, "::", NULL, 1, MAC, COOKIE))
BUILD(redirect, frame_nd(frame, 137, LL, OTHER_IP6, WRONG_IP6, NULL, 2, MAC, COOKIE))
BUILD(report, frame_nd(frame, 143, "::", OTHER_IP6, "::", NULL, 0, NULL, COOKIE))
BUILD(own_in_a_group, frame_start(frame, MAC, "01:80:c2:00:00:21");
      frame_udp(frame, IP4, OTHER_IP4, COOKIE))

/* @passes: of the liar unguarded, with macspoofchk, with ipSpoofChk: 'y' or 'n' */
static const struct {
	const char *what;
	build_fn *build;
	const char *passes;
} rows[] = {
	{ "own IPv4", own_4, "yyy" },
	{ "own IPv6", own_6, "yyy" },
	{ "own link-local", link_local, "yyy" },
	{ "other IPv4", wrong_4, "yyn" },
	{ "other IPv6", wrong_6, "yyn" },
	{ "other link-local", wrong_link_local, "yyn" },
	{ "no IPv6", no_6, "yyn" },
	{ "no IPv4", no_4, "yyn" },
	{ "DHCP", dhcp, "yyy" },
	{ "other MAC", wrong_mac, "ynn" },
	{ "tagged", tagged, "yyy" },
	{ "tagged, other IPv4", tagged_wrong_4, "yyn" },
	{ "tagged, other IPv6", tagged_wrong_6, "yyn" },
	{ "tagged, other MAC", tagged_wrong_mac, "ynn" },
	{ "tagged ARP, other sender", tagged_wrong_arp, "yyn" },
	{ "tagged twice", tagged_twice, "yyn" },
	{ "other protocol", other_protocol, "yyn" },
	{ "ARP", arp, "yyy" },
	{ "ARP, other sender", arp_wrong_sender, "yyn" },
	{ "ARP, other sender MAC", arp_wrong_mac, "yyn" },
	{ "ARP, is mine taken?", arp_probe, "yyy" },
	{ "ARP, is another's taken?", arp_probe_of_other, "yyn" },
	{ "solicitation", solicit, "yyy" },
	{ "solicitation, other source", solicit_wrong_source, "yyn" },
	{ "solicitation, other MAC", solicit_wrong_mac, "yyn" },
	{ "solicitation, hidden MAC", solicit_hidden_mac, "yyn" },
	{ "solicitation, is mine taken?", probe, "yyy" },
	{ "solicitation, is another's taken?", probe_of_other, "yyn" },
	{ "advertisement", advertise, "yyy" },
	{ "advertisement of link-local", advertise_link_local, "yyy" },
	{ "advertisement, other target", advertise_wrong_target, "yyn" },
	{ "advertisement, other MAC", advertise_wrong_mac, "yyn" },
	{ "advertisement, hidden MAC", advertise_hidden_mac, "yyn" },
	{ "router solicitation", router_solicit, "yyn" },
	{ "router advertisement", router_advertise, "yyn" },
	{ "redirect", redirect, "yyn" },
	{ "report of group members", report, "yyy" },
	{ "to bridges", own_in_a_group, "ynn" },
};

static void assert_rows(const char *keys, size_t column)
{
	attach(keys);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct frame frame;
		bool passes;

		rows[i].build(&frame);
		passes = frame_arrives(&liar->netns, &victim->netns, "eth0", &frame, &marker);
		if (passes != (rows[i].passes[column] == 'y'))
			harness_fail(__FILE__, __LINE__, "%s: %s", rows[i].what,
				     passes ? "passes" : "does not pass");
	}
}

static void unguarded_everything_passes(void **state)
{
	(void)state;
	assert_rows(KEYS, 0);
}

static void macspoofchk_stops_other_macs(void **state)
{
	(void)state;
	assert_rows(BY_MAC, 1);
}

static void ip_spoof_chk_stops_other_addresses(void **state)
{
	(void)state;
	assert_rows(BY_IP, 2);
}

/* The MAC address that the victim has for one of the first pod's; borrowed until the next call */
static const char *known_mac(const char *addr)
{
	static char text[256];
	char *out = run_must(&victim->netns, "ip neigh show %s", addr);

	snprintf(text, sizeof(text), "%s", out);
	free(out);
	return text;
}

/* The gateway's traffic would go to the liar. */
static void lie_about_the_gateway(void)
{
	struct frame frame;

	assert_reaches(&victim->netns, &node.netns, "10.22.0.1", OTHER_IP4);
	assert_reaches(&victim->netns, &node.netns, "fd00:22::1", OTHER_IP6);
	from_own(&frame);
	frame_arp(&frame, 2, MAC, "10.22.0.1", OTHER_IP4, COOKIE);
	frame_arrives(&liar->netns, &victim->netns, "eth0", &frame, &marker);
	from_own(&frame);
	frame_nd(&frame, 136, IP6, OTHER_IP6, "fd00:22::1", NULL, 2, MAC, COOKIE);
	frame_arrives(&liar->netns, &victim->netns, "eth0", &frame, &marker);
}

static void neighbours_are_not_misled(void **state)
{
	(void)state;
	attach(BY_IP);
	lie_about_the_gateway();
	assert_lacks(known_mac("10.22.0.1"), MAC);
	assert_lacks(known_mac("fd00:22::1"), MAC);
	assert_contains(known_mac("10.22.0.1"), "lladdr");
	assert_contains(known_mac("fd00:22::1"), "lladdr");
	/* Unguarded, the same works: ARP only after its second of grace (locktime). */
	node_done(&node);
	setup(state);
	attach(KEYS);
	free(run_must(&victim->netns, "ip ntable change name arp_cache dev eth0 locktime 0"));
	lie_about_the_gateway();
	assert_contains(known_mac("10.22.0.1"), MAC);
	assert_contains(known_mac("fd00:22::1"), MAC);
}

/* Does the bridge know a MAC address by the liar's port? */
static bool has_learned(const char *mac)
{
	char *out = run_must(&node.netns, "bridge fdb show br cni0");
	bool has = strstr(out, mac);

	free(out);
	return has;
}

/* Groups that a bridge takes for itself: netfilter is asked for some, none before it learns. */
static void lie_to_the_bridge(void)
{
	static const char *const groups[] = { "01:80:c2:00:00:00", "01:80:c2:00:00:02",
					      "01:80:c2:00:00:03", "01:80:c2:00:00:0e" };
	struct frame frame;

	for (size_t i = 0; i < 4; i++) {
		frame_start(&frame, WRONG_MAC, groups[i]);
		frame_plain(&frame, 0x88cc, COOKIE);
		frame_arrives(&liar->netns, &victim->netns, "eth0", &frame, &marker);
	}
}

static void the_bridge_is_not_misled(void **state)
{
	(void)state;
	attach(BY_MAC);
	lie_to_the_bridge();
	assert_false(has_learned(WRONG_MAC));
	assert_true(has_learned(MAC));
	node_done(&node);
	setup(state);
	attach(KEYS);
	lie_to_the_bridge();
	assert_true(has_learned(WRONG_MAC));
}

/* UDP from an address of another's, which the node would take from the port itself. */
static bool node_hears_by_a_reserved_group(void)
{
	int fd = ns_socket(&node.netns, AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(67) };
	struct frame frame;
	char data[64];
	ssize_t n;

	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	frame_start(&frame, MAC, "01:80:c2:00:00:0e");
	frame_udp(&frame, OTHER_IP4, "10.22.0.1", COOKIE);
	frame_arrives(&liar->netns, &victim->netns, "eth0", &frame, &marker);
	n = recv(fd, data, sizeof(data), MSG_DONTWAIT);
	close(fd);
	return n > 0;
}

static void the_node_is_not_misled(void **state)
{
	(void)state;
	attach(BY_IP);
	assert_false(node_hears_by_a_reserved_group());
	node_done(&node);
	setup(state);
	attach(KEYS);
	assert_true(node_hears_by_a_reserved_group());
}

static void assert_talk(const char *keys)
{
	node_config(&node, keys, DUAL);
	pod_add(liar);
	pod_add(victim);
	assert_reaches(&liar->netns, &victim->netns, OTHER_IP4, IP4);
	assert_reaches(&victim->netns, &liar->netns, IP6, OTHER_IP6);
	assert_reaches(&liar->netns, &node.netns, "10.22.0.1", IP4);
	assert_reaches(&node.netns, &liar->netns, IP4, "10.22.0.1");
	assert_reaches(&node.netns, &liar->netns, IP6, "fd00:22::1");
	free(run_must(&liar->netns, "ping -c 1 -W 5 fe80::858:aff:fe16:3%%eth0"));
	pod_check(liar);
}

static void honest_pods_talk(void **state)
{
	(void)state;
	assert_talk(BY_MAC);
	node_done(&node);
	setup(state);
	assert_talk(BY_IP);
}

/* What the pod asks before it has the address is let through, and so is the answer. */
static void duplicate_addresses_are_detected(void **state)
{
	(void)state;
	assert_talk(BY_IP ", \"macspoofchk\": true, \"enabledad\": true");
	pod_del(liar);
	free(run_must(&victim->netns, "ip addr add fd00:22::4/64 dev eth0 nodad"));
	node_config(&node, KEYS, DUAL);
	pod_add(victim);
	node_config(&node, BY_IP ", \"enabledad\": true", DUAL);
	pod_add_fails(liar, ERROR_CONFLICT, "fd00:22::4");
}

/* By a Service address a pod reaches itself: back out of the port that it came in by. */
static void a_guarded_pod_reaches_itself(void **state)
{
	(void)state;
	node_config(&node, BY_IP, DUAL);
	pod_add(liar);
	free(run_must(&node.netns, "nft -f - <<'EOF'\n"
				   "table ip services {\n"
				   "chain in { type nat hook prerouting priority dstnat;\n"
				   "  ip daddr 10.99.0.1 dnat to " IP4 "; }\n"
				   "chain out { type nat hook postrouting priority srcnat;\n"
				   "  ip saddr " IP4 " ip daddr " IP4 " masquerade; }\n}\nEOF"));
	assert_reaches(&liar->netns, &liar->netns, "10.99.0.1", "10.22.0.1");
}

static void assert_cut_off_with_another_mac(const char *keys)
{
	node_config(&node, keys, DUAL);
	pod_add(liar);
	assert_reaches(&liar->netns, &node.netns, "10.22.0.1", IP4);
	free(run_must(&liar->netns, "ip link set eth0 address " WRONG_MAC));
	assert_unreachable(&liar->netns, &node.netns, "10.22.0.1");
	/* To be attached again does not make it its own. */
	pod_add(liar);
	assert_reaches(&liar->netns, &node.netns, "10.22.0.1", IP4);
	pod_check(liar);
}

static void a_pod_that_changes_its_mac_is_cut_off(void **state)
{
	(void)state;
	assert_cut_off_with_another_mac(BY_MAC);
	node_done(&node);
	setup(state);
	assert_cut_off_with_another_mac(BY_IP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(unguarded_everything_passes),
		TEST(macspoofchk_stops_other_macs),
		TEST(ip_spoof_chk_stops_other_addresses),
		TEST(neighbours_are_not_misled),
		TEST(the_bridge_is_not_misled),
		TEST(the_node_is_not_misled),
		TEST(honest_pods_talk),
		TEST(duplicate_addresses_are_detected),
		TEST(a_guarded_pod_reaches_itself),
		TEST(a_pod_that_changes_its_mac_is_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
