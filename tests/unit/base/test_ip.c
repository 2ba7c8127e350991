/* SPDX-License-Identifier: Apache-2.0 */
/* test_ip.c - compare, step, prefixes */

#include "harness.h"

#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/ip.h"

#define V6_LAST "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"

static const struct ip_addr no_address;

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };

	if (ip_parse(text, &addr) < 0)
		harness_fail(__FILE__, __LINE__, "no address: %s", text);
	return addr;
}

static struct ip_prefix net(const char *text)
{
	struct ip_prefix prefix = { 0 };

	if (ip_prefix_parse(text, &prefix) < 0)
		harness_fail(__FILE__, __LINE__, "no prefix: %s", text);
	return prefix;
}

#define assert_ip(addr, text)                                        \
	do {                                                         \
		const struct ip_addr addr_ = (addr);                 \
		char text_[IP_TEXT_SIZE];                            \
                                                                     \
		assert_string_equal(ip_format(&addr_, text_), text); \
	} while (0)

static void families_have_sizes(void **state)
{
	(void)state;
	assert_int_equal(ip_bits(AF_INET), 32);
	assert_int_equal(ip_bits(AF_INET6), 128);
	assert_int_equal(ip_bits(0), 0);
	assert_int_equal(ip_bits(AF_UNIX), 0);
	assert_int_equal(ip_size(AF_INET), 4);
	assert_int_equal(ip_size(AF_INET6), 16);
	assert_int_equal(ip_size(0), 0);
}

static void order_is_by_family_then_bytes(void **state)
{
	static const char *const ascending[] = { "0.0.0.0",   "1.2.3.4",   "1.2.4.3",
						 "127.0.0.1", "128.0.0.0", "255.255.255.255",
						 "::",        "::1",       "::102:304",
						 "7fff::",    "8000::",    V6_LAST };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ascending); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
			const struct ip_addr a = ip(ascending[i]);
			const struct ip_addr b = ip(ascending[j]);
			int order = ip_compare(&a, &b);

			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
			assert_int_equal(ip_equal(&a, &b), i == j);
		}
	}
}

static void bytes_behind_ipv4_do_not_count(void **state)
{
	struct ip_addr a = ip("1.2.3.4");
	struct ip_addr b = a;

	(void)state;
	b.bytes[4] = 1;

	assert_true(ip_equal(&a, &b));
}

static void ipv4_differs_from_ipv6_of_the_same_bytes(void **state)
{
	const struct ip_addr v4 = ip("0.0.0.0");
	const struct ip_addr v6 = ip("::");

	(void)state;
	assert_false(ip_equal(&v4, &v6));
	assert_false(ip_equal(&v4, &no_address));
	assert_true(ip_equal(&no_address, &no_address));
	assert_true(ip_compare(&no_address, &v4) < 0);
}

static void zero_is_zero_in_each_family(void **state)
{
	const struct ip_addr zeros[] = { ip("0.0.0.0"), ip("::"), ip("::ffff:0.0.0.0") };
	const struct ip_addr others[] = { ip("0.0.0.1"), ip("1.0.0.0"), ip("::1"), ip("8000::"),
					  ip("::1.0.0.0") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(zeros); i++)
		assert_true(ip_prefix_is_default(&(struct ip_prefix){ zeros[i], 0 }));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(ip_prefix_is_default(&(struct ip_prefix){ others[i], 0 }));
}

static void steps_carry(void **state)
{
	static const struct {
		const char *low;
		const char *high;
	} rows[] = {
		{ "0.0.0.0", "0.0.0.1" },
		{ "10.0.0.255", "10.0.1.0" },
		{ "10.255.255.255", "11.0.0.0" },
		{ "127.255.255.255", "128.0.0.0" },
		{ "255.255.255.254", "255.255.255.255" },
		{ "::", "::1" },
		{ "::ffff", "::1:0" },
		{ "::ffff:ffff", "::1:0:0" },             /* the carry leaves 32 bits */
		{ "::ffff:ffff:ffff:ffff", "0:0:0:1::" }, /* and 64 */
		{ "fd00::ffff:ffff:ffff:ffff", "fd00:0:0:1::" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", V6_LAST },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ip_addr addr = ip(rows[i].low);

		assert_true(ip_next(&addr));
		assert_ip(addr, rows[i].high);
		assert_true(ip_prev(&addr));
		assert_ip(addr, rows[i].low);
	}
}

static void steps_do_not_wrap(void **state)
{
	static const char *const first[] = { "0.0.0.0", "::" };
	static const char *const last[] = { "255.255.255.255", V6_LAST };
	struct ip_addr none = no_address;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		struct ip_addr addr = ip(first[i]);

		assert_false(ip_prev(&addr));
		assert_ip(addr, first[i]);
		addr = ip(last[i]);
		assert_false(ip_next(&addr));
		assert_ip(addr, last[i]);
	}
	assert_false(ip_next(&none));
	assert_false(ip_prev(&none));
	assert_memory_equal(&none, &no_address, sizeof(none));
}

static void prefixes_have_a_first_and_a_last(void **state)
{
	static const struct {
		const char *prefix;
		const char *first;
		const char *last;
	} rows[] = {
		{ "10.1.2.3/0", "0.0.0.0", "255.255.255.255" },
		{ "200.1.2.3/1", "128.0.0.0", "255.255.255.255" },
		{ "10.1.2.3/8", "10.0.0.0", "10.255.255.255" },
		{ "10.1.2.3/23", "10.1.2.0", "10.1.3.255" },
		{ "10.1.3.3/23", "10.1.2.0", "10.1.3.255" },
		{ "10.1.2.3/24", "10.1.2.0", "10.1.2.255" },
		{ "10.1.2.3/31", "10.1.2.2", "10.1.2.3" },
		{ "10.1.2.3/32", "10.1.2.3", "10.1.2.3" },
		{ "255.255.255.255/30", "255.255.255.252", "255.255.255.255" },
		{ "fd00::1/0", "::", V6_LAST },
		{ "fd00:1:2:3:4:5:6:7/64", "fd00:1:2:3::", "fd00:1:2:3:ffff:ffff:ffff:ffff" },
		{ "fd00::ff/121", "fd00::80", "fd00::ff" },
		{ "::1.2.3.4/96", "::", "::ffff:ffff" },
		{ "fd00::1/127", "fd00::", "fd00::1" },
		{ "fd00::1/128", "fd00::1", "fd00::1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ip_prefix prefix = net(rows[i].prefix);

		assert_ip(ip_network(&prefix), rows[i].first);
		assert_ip(ip_last(&prefix), rows[i].last);
	}
}

static void last_leaves_bytes_behind_ipv4_zero(void **state)
{
	const struct ip_prefix prefix = net("10.0.0.0/8");
	const struct ip_addr wanted = ip("10.255.255.255");
	const struct ip_addr last = ip_last(&prefix);

	(void)state;
	assert_memory_equal(last.bytes, wanted.bytes, sizeof(last.bytes));
}

static void ranges_are_counted_up_to_64_bits(void **state)
{
	static const struct {
		const char *first;
		const char *last;
		uint64_t size;
	} rows[] = {
		{ "10.0.0.1", "10.0.0.1", 1 },
		{ "10.0.0.0", "10.0.0.255", 256 },
		{ "0.0.0.0", "255.255.255.255", 1ULL << 32 },
		{ "10.0.0.2", "10.0.0.1", 0 },
		{ "10.0.0.1", "::1", 0 },
		{ "::", "::1:0:0", (1ULL << 32) + 1 },
		{ "fd00::", "fd00::ffff:ffff:ffff:fffd", UINT64_MAX - 1 },
		{ "fd00::", "fd00::ffff:ffff:ffff:fffe", UINT64_MAX },
		{ "fd00::", "fd00::ffff:ffff:ffff:ffff", UINT64_MAX },
		{ "fd00::", "fd00:0:0:1::", UINT64_MAX },
		{ "fd00:0:0:0:ffff:ffff:ffff:ffff", "fd00:0:0:1::", 2 },
		{ "::", V6_LAST, UINT64_MAX },
		{ V6_LAST, V6_LAST, 1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ip_addr first = ip(rows[i].first);
		const struct ip_addr last = ip(rows[i].last);

		assert_true(ip_range_size(&first, &last) == rows[i].size);
	}
}

static void prefixes_contain_their_family_only(void **state)
{
	static const struct {
		const char *prefix;
		const char *addr;
		bool inside;
	} rows[] = {
		{ "10.1.2.3/24", "10.1.2.0", true },
		{ "10.1.2.3/24", "10.1.2.255", true },
		{ "10.1.2.3/24", "10.1.3.0", false },
		{ "10.1.2.3/24", "10.1.1.255", false },
		{ "10.1.2.3/32", "10.1.2.3", true },
		{ "10.1.2.3/32", "10.1.2.2", false },
		{ "10.1.2.0/25", "10.1.2.128", false },
		{ "0.0.0.0/0", "255.255.255.255", true },
		{ "0.0.0.0/0", "::", false },
		{ "::/0", "0.0.0.0", false },
		{ "::/0", V6_LAST, true },
		{ "::/96", "::1.2.3.4", true },
		{ "::/96", "1.2.3.4", false },
		{ "::/96", "::ffff:1.2.3.4", false }, /* is 1.2.3.4 */
		{ "1.2.3.0/24", "::ffff:1.2.3.4", true },
		{ "fd00::/64", "fd00::1", true },
		{ "fd00::/64", "fd00:0:0:1::", false },
		{ "fd00::1/128", "fd00::1", true },
		{ "fd00::1/128", "fd00::", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct ip_prefix prefix = net(rows[i].prefix);
		const struct ip_addr addr = ip(rows[i].addr);

		if (ip_prefix_contains(&prefix, &addr) != rows[i].inside)
			harness_fail(__FILE__, __LINE__, "%s in %s?", rows[i].addr, rows[i].prefix);
	}
}

static void no_address_is_in_no_prefix(void **state)
{
	static const struct ip_prefix none;
	const struct ip_prefix all = net("0.0.0.0/0");
	const struct ip_addr addr = ip("1.2.3.4");

	(void)state;
	assert_false(ip_prefix_contains(&all, &no_address));
	assert_false(ip_prefix_contains(&none, &addr));
	assert_false(ip_prefix_contains(&none, &no_address));
}

static void equal_prefixes_have_equal_host_bits(void **state)
{
	const struct ip_prefix a = net("10.1.2.3/24");
	const struct ip_prefix same = net("10.1.2.3/24");
	const struct ip_prefix other_host = net("10.1.2.4/24");
	const struct ip_prefix longer = net("10.1.2.3/25");
	const struct ip_prefix v4 = net("0.0.0.0/0");
	const struct ip_prefix v6 = net("::/0");

	(void)state;
	assert_true(ip_prefix_equal(&a, &same));
	assert_false(ip_prefix_equal(&a, &other_host));
	assert_false(ip_prefix_equal(&a, &longer));
	assert_false(ip_prefix_equal(&v4, &v6));
}

static void default_is_zero_of_no_length(void **state)
{
	static const struct ip_prefix none;
	const struct ip_prefix yes[] = { net("0.0.0.0/0"), net("::/0") };
	const struct ip_prefix no[] = { none,         net("0.0.0.0/1"),
					net("::/96"), net("10.0.0.0/0"),
					net("::1/0"), net("0.0.0.0/32") };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		assert_true(ip_prefix_is_default(&yes[i]));
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		assert_false(ip_prefix_is_default(&no[i]));
}

/* Merge up to 8 prefixes, compare with what must be left; both lists end with NULL. */
static void check_merge(const char *const *in, const char *const *out)
{
	struct ip_prefix prefixes[8];
	size_t n = 0;
	size_t left;

	for (; in[n]; n++)
		prefixes[n] = net(in[n]);

	left = ip_prefix_merge(prefixes, n);

	for (size_t i = 0; i < left; i++) {
		char text[IP_TEXT_SIZE];

		assert_non_null(out[i]);
		assert_string_equal(ip_prefix_format(&prefixes[i], text), out[i]);
	}
	assert_null(out[left]);
}

static void merge_keeps_what_nothing_contains(void **state)
{
	static const struct {
		const char *in[9];
		const char *out[9];
	} rows[] = {
		{ { NULL }, { NULL } },
		{ { "10.1.2.3/24" }, { "10.1.2.0/24" } },
		{ { "10.1.2.3/24", "10.1.2.4/24" }, { "10.1.2.0/24" } },
		{ { "10.1.0.0/16", "10.1.2.0/24" }, { "10.1.0.0/16" } },
		{ { "10.1.2.0/24", "10.1.0.0/16" }, { "10.1.0.0/16" } },
		{ { "10.1.0.0/24", "10.1.0.0/16", "10.1.0.0/32" }, { "10.1.0.0/16" } },
		/* neighbours stay two: contained is not adjacent */
		{ { "10.0.1.0/24", "10.0.0.0/24" }, { "10.0.0.0/24", "10.0.1.0/24" } },
		/* one after a gap inside: the kept one is compared, not the one before */
		{ { "10.0.0.0/8", "10.1.0.0/24", "10.2.0.0/16", "10.2.3.0/24", "11.0.0.0/8" },
		  { "10.0.0.0/8", "11.0.0.0/8" } },
		{ { "1.2.3.4/32", "9.9.9.9/0", "5.6.7.8/32" }, { "0.0.0.0/0" } },
		{ { "255.255.255.255/32", "255.255.255.255/31" }, { "255.255.255.254/31" } },
		/* IPv4 first, and no family contains the other */
		{ { "::/0", "1.2.3.4/32", "fd00::1/64", "0.0.0.0/0" }, { "0.0.0.0/0", "::/0" } },
		{ { "fd00::1/128", "10.0.0.1/32", "fd00::/64" }, { "10.0.0.1/32", "fd00::/64" } },
		{ { "::1.2.3.4/128", "1.2.3.4/32", "::1.2.0.0/112" },
		  { "1.2.3.4/32", "::102:0/112" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check_merge(rows[i].in, rows[i].out);
}

static void merge_of_nothing_needs_no_array(void **state)
{
	(void)state;
	assert_int_equal(ip_prefix_merge(NULL, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_have_sizes),
		cmocka_unit_test(order_is_by_family_then_bytes),
		cmocka_unit_test(bytes_behind_ipv4_do_not_count),
		cmocka_unit_test(ipv4_differs_from_ipv6_of_the_same_bytes),
		cmocka_unit_test(zero_is_zero_in_each_family),
		cmocka_unit_test(steps_carry),
		cmocka_unit_test(steps_do_not_wrap),
		cmocka_unit_test(prefixes_have_a_first_and_a_last),
		cmocka_unit_test(last_leaves_bytes_behind_ipv4_zero),
		cmocka_unit_test(ranges_are_counted_up_to_64_bits),
		cmocka_unit_test(prefixes_contain_their_family_only),
		cmocka_unit_test(no_address_is_in_no_prefix),
		cmocka_unit_test(equal_prefixes_have_equal_host_bits),
		cmocka_unit_test(default_is_zero_of_no_length),
		cmocka_unit_test(merge_keeps_what_nothing_contains),
		cmocka_unit_test(merge_of_nothing_needs_no_array),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
