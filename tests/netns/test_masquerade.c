/* SPDX-License-Identifier: Apache-2.0 */
/* test_masquerade.c - lib/nftables and the real kernel; nft(8) is the witness */

#include "harness.h"

#include <errno.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/nftables/masquerade.h"
#include "cbr/nftables/object.h"
#include "ns.h"
#include "run.h"

static struct tmp tmp;
static struct ns node;
static struct netns netns;
static struct nl_socket nft;
static struct error err;
static struct ip_prefix pods[8];
static struct ip_prefix exempt[600];
static struct masquerade masq;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	ns_make(&tmp, "node", &node);
	err = (struct error){ 0 };
	assert_ok(netns_open(node.path, &netns, &err), &err);
	assert_ok(nl_socket_open(NETLINK_NETFILTER, &netns, &nft, &err), &err);
	ip_prefix_parse("10.22.0.0/24", &pods[0]);
	ip_prefix_parse("fd00:22::/64", &pods[1]);
	ip_prefix_parse("10.0.0.0/8", &exempt[0]);
	masq = (struct masquerade){ "net", "cni0", pods, 2, exempt, 1 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nl_socket_done(&nft);
	netns_done(&netns);
	ns_destroy(&node);
	tmp_remove(&tmp);
	return 0;
}

static void make(int expected)
{
	assert_int_equal(assert_ok(masquerade_make(&nft, &masq, &err), &err), expected);
	assert_ok(masquerade_check(&nft, &masq, &err), &err);
}

static char *ruleset(void)
{
	return run_must(&node, "nft list ruleset");
}

static void reads_as_one_would_write_it(void **state)
{
	char *text;

	(void)state;
	make(1);
	text = ruleset();
	assert_contains(text, "type nat hook postrouting priority srcnat; policy accept;");
	assert_contains(text, "iifname \"cni0\" ip saddr @pods4-net ip daddr != @pods4-net "
			      "ip daddr != @exempt4-net masquerade fully-random "
			      "comment \"network net\"");
	assert_contains(text, "iifname \"cni0\" ip6 saddr @pods6-net ip6 daddr != @pods6-net "
			      "ip6 daddr != @exempt6-net masquerade fully-random");
	assert_contains(text, "elements = { 10.22.0.0/24 }");
	assert_contains(text, "10.0.0.0/8 comment");
	assert_contains(text, "224.0.0.0/4 comment");
	free(text);
}

static void what_nft_prints_nft_loads(void **state)
{
	char *before;
	char *after;

	(void)state;
	make(1);
	before = ruleset();
	free(run_must(&node, "nft list ruleset >%s/rules && nft flush ruleset && nft -f %s/rules",
		      tmp.path, tmp.path));
	after = ruleset();
	assert_string_equal(before, after);
	/* And is as good as ours. */
	make(0);
	free(before);
	free(after);
}

static void the_second_time_changes_nothing(void **state)
{
	uint32_t before = 0;
	uint32_t after = 0;

	(void)state;
	make(1);
	assert_ok(nft_get_generation(&nft, &before, &err), &err);
	for (int i = 0; i < 5; i++)
		make(0);
	assert_ok(nft_get_generation(&nft, &after, &err), &err);
	assert_int_equal(before, after);
}

static void every_damage_is_named_and_mended(void **state)
{
	static const struct {
		const char *damage;
		const char *text;
	} cases[] = {
		{ "flush ruleset", "chain masquerade-net of table inet cbr" },
		{ "delete table inet cbr", "chain masquerade-net" },
		{ "flush chain inet cbr masquerade-net", "there are 0, not 2" },
		{ "delete element inet cbr pods4-net { 10.22.0.0/24 }", "prefix 10.22.0.0/24" },
		{ "delete element inet cbr pods6-net { fd00:22::/64 }", "prefix fd00:22::/64" },
		{ "flush set inet cbr exempt4-net", "set exempt4-net" },
		{ "flush set inet cbr exempt6-net", "set exempt6-net" },
		{ "add rule inet cbr masquerade-net counter", "there are 3, not 2" },
		{ "delete element inet cbr exempt4-net { 10.0.0.0/8 }", "destination 10.0.0.0/8" },
		{ "add chain inet cbr masquerade-net { policy drop; }", "policy accept" },
		{ "delete chain inet cbr masquerade-net; add chain inet cbr masquerade-net "
		  "{ type nat hook output priority 0; }",
		  "hook postrouting" },
	};
	char *good;

	(void)state;
	make(1);
	good = ruleset();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char *mended;

		free(run_must(&node, "nft '%s'", cases[i].damage));
		assert_fails(masquerade_check(&nft, &masq, &err), &err, ERROR_CHECK, cases[i].text);
		make(1);
		mended = ruleset();
		if (i > 1)
			assert_string_equal(mended, good);
		free(mended);
	}
	free(good);
}

/* Of as many rules as there should be, one that says something else. */
static void a_rule_that_was_edited_is_seen(void **state)
{
	static const char *const edits[] = {
		"replace rule inet cbr masquerade-net handle $N ip saddr @pods4-net accept",
		"replace rule inet cbr masquerade-net handle $N iifname \"cni1\" masquerade",
		"replace rule inet cbr masquerade-net handle $N iifname \"cni0\" meta nfproto ipv4 "
		"ip saddr != @pods4-net ip daddr != @pods4-net ip daddr != @exempt4-net "
		"masquerade fully-random",
		("delete rule inet cbr masquerade-net handle $N; "
		 "add rule inet cbr masquerade-net counter"),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
		make(1);
		assert_ok(masquerade_check(&nft, &masq, &err), &err);
		free(run_must(&node,
			      "N=$(nft -a list chain inet cbr masquerade-net | sed -n "
			      "'/saddr/{s/.*handle //p;q}') && nft \"%s\"",
			      edits[i]));
		assert_fails(masquerade_check(&nft, &masq, &err), &err, ERROR_CHECK,
			     "rules of chain masquerade-net as we make them");
		free(run_must(&node, "nft flush chain inet cbr masquerade-net"));
	}
}

static void prefixes_of_pods_gather(void **state)
{
	char *text;

	(void)state;
	make(1);
	ip_prefix_parse("10.33.5.0/24", &pods[0]);
	make(1);
	ip_prefix_parse("10.22.0.0/24", &pods[0]);
	make(0);
	text = ruleset();
	assert_contains(text, "elements = { 10.22.0.0/24, 10.33.5.0/24 }");
	free(text);
}

/* The kernel refuses intervals that overlap; what contains another takes its place. */
static void overlapping_prefixes_are_merged(void **state)
{
	char *text;

	(void)state;
	make(1);
	ip_prefix_parse("10.22.0.0/16", &pods[0]);
	make(1);
	text = ruleset();
	assert_contains(text, "elements = { 10.22.0.0/16 }");
	free(text);
	ip_prefix_parse("10.22.7.0/24", &pods[0]);
	make(0);
	ip_prefix_parse("10.22.0.0/17", &exempt[0]);
	ip_prefix_parse("10.22.0.0/24", &exempt[1]);
	ip_prefix_parse("0.0.0.0/0", &exempt[2]);
	masq.n_exempt = 3;
	make(1);
	text = ruleset();
	assert_contains(text, "0.0.0.0/0");
	free(text);
}

static void adjacent_prefixes_stay_apart(void **state)
{
	(void)state;
	ip_prefix_parse("10.22.0.0/24", &pods[0]);
	ip_prefix_parse("10.22.1.0/24", &pods[1]);
	ip_prefix_parse("255.255.255.0/24", &pods[2]);
	ip_prefix_parse("ffff:ffff::/32", &pods[3]);
	masq.n_pods = 4;
	make(1);
	make(0);
	ip_prefix_parse("10.22.0.0/23", &pods[1]);
	make(1);
	make(0);
}

/* Where one interval ends, another begins: kernels differ in which they find there. */
static void single_addresses_side_by_side(void **state)
{
	char *text;

	(void)state;
	ip_prefix_parse("10.22.0.4/32", &pods[0]);
	ip_prefix_parse("10.22.0.5/32", &pods[1]);
	ip_prefix_parse("255.255.255.255/32", &pods[2]);
	masq.n_pods = 3;
	make(1);
	make(0);
	ip_prefix_parse("10.22.0.4/31", &pods[0]);
	make(1);
	make(0);
	text = ruleset();
	assert_contains(text, "10.22.0.4/31, 255.255.255.255");
	free(text);
}

static void a_prefix_with_a_hole_is_filled(void **state)
{
	char *text;

	(void)state;
	ip_prefix_parse("10.22.0.0/24", &pods[0]);
	ip_prefix_parse("10.22.255.0/24", &pods[1]);
	masq.n_pods = 2;
	make(1);
	ip_prefix_parse("10.22.0.0/16", &pods[0]);
	masq.n_pods = 1;
	make(1);
	text = ruleset();
	assert_contains(text, "elements = { 10.22.0.0/16 }");
	free(text);
}

static void what_is_exempt_follows_the_config(void **state)
{
	char *text;

	(void)state;
	make(1);
	ip_prefix_parse("172.16.0.0/12", &exempt[0]);
	make(1);
	text = ruleset();
	assert_contains(text, "172.16.0.0/12");
	assert_lacks(text, "10.0.0.0/8");
	free(text);
	masq.bridge = "other0";
	make(1);
	text = ruleset();
	assert_contains(text, "iifname \"other0\"");
	assert_lacks(text, "cni0");
	free(text);
}

static void hundreds_of_exemptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < 600; i++)
		exempt[i] = (struct ip_prefix){
			{ AF_INET, { 172, 16, (uint8_t)(i / 200), (uint8_t)(i % 200) } }, 32
		};
	masq.n_exempt = 600;
	make(1);
	make(0);
}

static void networks_do_not_disturb_each_other(void **state)
{
	struct masquerade other;
	char *one;
	char *both;

	(void)state;
	make(1);
	one = ruleset();
	other = masq;
	other.network = "other";
	assert_int_equal(assert_ok(masquerade_make(&nft, &other, &err), &err), 1);
	make(0);
	both = ruleset();
	assert_contains(both, "chain masquerade-other");
	free(run_must(&node, "nft 'flush chain inet cbr masquerade-other; "
			     "delete chain inet cbr masquerade-other; "
			     "delete set inet cbr pods4-other; delete set inet cbr pods6-other; "
			     "delete set inet cbr exempt4-other; "
			     "delete set inet cbr exempt6-other'"));
	free(both);
	both = ruleset();
	assert_string_equal(one, both);
	free(one);
	free(both);
}

static void long_names_of_networks_stay_apart(void **state)
{
	char first[256];
	char second[256];

	(void)state;
	memset(first, 'n', sizeof(first));
	first[255] = '\0';
	memcpy(second, first, sizeof(second));
	second[254] = 'm';
	masq.network = first;
	make(1);
	masq.network = second;
	make(1);
	masq.network = first;
	make(0);
}

/* Twenty first ADDs of two networks at once, each with a prefix of its own. */
static void many_at_once(void **state)
{
	char *text;
	int status;
	int failed = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		if (fork())
			continue;
		pods[0].addr.bytes[1] = (uint8_t)(100 + i);
		masq.network = i % 2 ? "odd" : "even";
		nl_socket_done(&nft);
		if (nl_socket_open(NETLINK_NETFILTER, &netns, &nft, &err) >= 0 &&
		    masquerade_make(&nft, &masq, &err) >= 0 &&
		    masquerade_check(&nft, &masq, &err) >= 0)
			_exit(0);
		print_error("%s\n", err.msg);
		_exit(1);
	}
	while (wait(&status) > 0)
		failed += status != 0;
	assert_int_equal(failed, 0);
	text = ruleset();
	for (int i = 0; i < 20; i++) {
		char prefix[32];

		snprintf(prefix, sizeof(prefix), "10.%d.0.0/24", 100 + i);
		assert_contains(text, prefix);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(reads_as_one_would_write_it),
		TEST(what_nft_prints_nft_loads),
		TEST(the_second_time_changes_nothing),
		TEST(every_damage_is_named_and_mended),
		TEST(a_rule_that_was_edited_is_seen),
		TEST(prefixes_of_pods_gather),
		TEST(overlapping_prefixes_are_merged),
		TEST(adjacent_prefixes_stay_apart),
		TEST(single_addresses_side_by_side),
		TEST(a_prefix_with_a_hole_is_filled),
		TEST(what_is_exempt_follows_the_config),
		TEST(hundreds_of_exemptions),
		TEST(networks_do_not_disturb_each_other),
		TEST(long_names_of_networks_stay_apart),
		TEST(many_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
