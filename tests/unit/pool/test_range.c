/* SPDX-License-Identifier: Apache-2.0 */
/* test_range.c - range sets: defaults, every complaint, overlaps */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/clock.h"
#include "fixture.h"

/* What a set becomes: "first-last gateway, …". */
static char *describe(const struct pool_set *set)
{
	char *text = calloc(1, 4096);

	for (size_t i = 0; i < set->n; i++) {
		char first[IP_TEXT_SIZE], last[IP_TEXT_SIZE], gateway[IP_TEXT_SIZE];

		sprintf(text + strlen(text), "%s%s-%s %s", i ? ", " : "",
			ip_format(&set->ranges[i].first, first),
			ip_format(&set->ranges[i].last, last),
			ip_format(&set->ranges[i].gateway, gateway));
	}
	return text;
}

static void fills_in_defaults(void **state)
{
	static const struct {
		const char *set;
		const char *settled;
	} cases[] = {
		{ "10.9.0.0/24", "10.9.0.1-10.9.0.254 10.9.0.1" },
		{ "10.9.0.0/30", "10.9.0.1-10.9.0.2 10.9.0.1" },
		{ "0.0.0.0/0", "0.0.0.1-255.255.255.254 0.0.0.1" },
		{ "255.255.255.0/24", "255.255.255.1-255.255.255.254 255.255.255.1" },
		{ "fd00::/64", "fd00::1-fd00::ffff:ffff:ffff:ffff fd00::1" },
		{ "fd00::/126", "fd00::1-fd00::3 fd00::1" },
		{ "ffff::/16", "ffff::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ffff::1" },
		/* IPv6 with few significant bits is no IPv4. */
		{ "::1.2.3.0/120", "::102:301-::102:3ff ::102:301" },
		{ "::/0", "::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff ::1" },
		/* Given ones are kept, network and broadcast address too. */
		{ "10.9.0.0/24 10.9.0.5", "10.9.0.5-10.9.0.254 10.9.0.1" },
		{ "10.9.0.0/24 10.9.0.0 10.9.0.255", "10.9.0.0-10.9.0.255 10.9.0.1" },
		{ "10.9.0.0/24 - 10.9.0.1", "10.9.0.1-10.9.0.1 10.9.0.1" },
		{ "10.9.0.0/24 10.9.0.7 10.9.0.7", "10.9.0.7-10.9.0.7 10.9.0.1" },
		/* The gateway is taken as it is. */
		{ "10.9.0.0/24 - - 10.8.0.1", "10.9.0.1-10.9.0.254 10.8.0.1" },
		{ "10.9.0.0/24 - - fd00::1", "10.9.0.1-10.9.0.254 fd00::1" },
		/* One subnet may be cut in parts. */
		{ "10.9.0.0/24 - 10.9.0.9, 10.9.0.0/24 10.9.0.10",
		  "10.9.0.1-10.9.0.9 10.9.0.1, 10.9.0.10-10.9.0.254 10.9.0.1" },
		{ "10.9.0.0/24, 10.8.0.0/30",
		  "10.9.0.1-10.9.0.254 10.9.0.1, 10.8.0.1-10.8.0.2 10.8.0.1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pool_set set = fixture_settled(cases[i].set);
		char *text = describe(&set);

		assert_string_equal(text, cases[i].settled);
		free(text);
		free(set.ranges);
	}
}

static void says_what_is_wrong_in_the_words_of_host_local(void **state)
{
	static const struct {
		const char *set;
		const char *msg;
	} cases[] = {
		{ "", "empty range set" },
		{ "-", "IP <nil> not v4 nor v6" },
		{ "10.9.0.0/31", "Network 10.9.0.0/31 too small to allocate from" },
		{ "10.9.0.1/32", "Network 10.9.0.1/32 too small to allocate from" },
		{ "fd00::/127", "Network fd00::/127 too small to allocate from" },
		{ "fd00::1/128", "Network fd00::1/128 too small to allocate from" },
		{ "10.9.0.7/24", "Network has host bits set. For a subnet mask of length 24 the "
				 "network address is 10.9.0.0" },
		{ "fd00::7/64", "Network has host bits set. For a subnet mask of length 64 the "
				"network address is fd00::" },
		{ "10.9.0.0/24 10.8.0.5", "RangeStart 10.8.0.5 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24 fd00::5", "RangeStart fd00::5 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24 10.9.0.9 10.9.0.8",
		  "RangeStart 10.9.0.9 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24 - 10.8.0.5", "RangeEnd 10.8.0.5 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24 10.9.0.5 10.9.1.5", "RangeEnd 10.9.1.5 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24 - fd00::5", "RangeEnd fd00::5 not in network 10.9.0.0/24" },
		{ "fd00::/64 - 10.9.0.5", "RangeEnd 10.9.0.5 not in network fd00::/64" },
		{ "10.9.0.0/24 - 10.9.0.0", "RangeEnd 10.9.0.0 not in network 10.9.0.0/24" },
		/* host-local would walk on into the next network. */
		{ "10.9.0.0/24 10.9.0.255", "RangeStart 10.9.0.255 not in network 10.9.0.0/24" },
		{ "10.9.0.0/24, fd00::/64", "mixed address families" },
		{ "10.9.0.0/24, 10.9.0.0/24", "subnets 10.9.0.1-10.9.0.254 and "
					      "10.9.0.1-10.9.0.254 overlap" },
		{ "10.9.0.0/24 - 10.9.0.9, 10.7.0.0/24, 10.9.0.0/28 10.9.0.9",
		  "subnets 10.9.0.1-10.9.0.9 and 10.9.0.9-10.9.0.14 overlap" },
		{ "fd00::/64, fd00::/48", "subnets fd00::1-fd00::ffff:ffff:ffff:ffff and "
					  "fd00::1-fd00::ffff:ffff:ffff:ffff:ffff overlap" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pool_set set = fixture_set(cases[i].set);
		struct error err = { 0 };
		int rc = pool_set_settle(&set, &err);

		assert_fails(rc, &err, ERROR_CONFIG, cases[i].msg);
		assert_string_equal(err.msg, cases[i].msg);
		free(set.ranges);
	}
}

static void refuses_what_was_written_as_v4_mapped(void **state)
{
	struct pool_range range = { .subnet = { fixture_addr("10.9.0.0"), 120 } };
	struct pool_set set = { &range, 1 };
	struct error err;

	(void)state;
	assert_fails(pool_set_settle(&set, &err), &err, ERROR_CONFIG,
		     "IPNet IP and Mask version mismatch");
}

static int check_apart(const char *a, const char *b, const char *c, struct error *err)
{
	struct pool_set sets[] = { fixture_settled(a), fixture_settled(b), fixture_settled(c) };
	int rc = pool_sets_check_apart(sets, 3, err);

	for (size_t i = 0; i < 3; i++)
		free(sets[i].ranges);
	return rc;
}

static void keeps_sets_apart(void **state)
{
	struct error err;

	(void)state;
	assert_ok(check_apart("10.9.0.0/24", "10.8.0.0/24", "fd00::/64", &err), &err);
	assert_ok(check_apart("10.9.0.0/24 - 10.9.0.9", "10.9.0.0/24 10.9.0.10", "fd00::/64", &err),
		  &err);
	assert_fails(check_apart("fd00::/64", "10.9.0.0/24", "10.8.0.0/24, 10.9.0.128/25", &err),
		     &err, ERROR_CONFIG, "range set 1 overlaps with 2");
	assert_fails(check_apart("fd00::/64", "10.9.0.0/24", "fd00::1:0/112", &err), &err,
		     ERROR_CONFIG, "range set 0 overlaps with 2");
}

/* As many as a config can have; each with each would take minutes. */
static void keeps_many_sets_apart_at_once(void **state)
{
	const struct deadline deadline = deadline_in(harness_patience(5000));
	struct pool_range *ranges = calloc(256L * 256, sizeof(*ranges));
	struct pool_set sets[256];
	struct error err = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 256 * 256; i++) {
		char text[64];

		snprintf(text, sizeof(text), "10.%u.%u.0/24", i / 256, i % 256);
		assert_int_equal(ip_prefix_parse(text, &ranges[i].subnet), 0);
		ranges[i].first = ranges[i].subnet.addr;
		ranges[i].last = ip_last(&ranges[i].subnet);
		sets[i / 256] = (struct pool_set){ &ranges[i / 256 * 256], 256 };
	}
	assert_ok(pool_sets_check_apart(sets, 256, &err), &err);
	ranges[256].first = ranges[255].last;
	assert_fails(pool_sets_check_apart(sets, 256, &err), &err, ERROR_CONFIG,
		     "range set 0 overlaps with 1");
	assert_true(deadline_left_ms(&deadline) > 0);
	free(ranges);
}

static void finds_the_range_of_an_address(void **state)
{
	struct pool_set set = fixture_settled("10.9.0.0/24 10.9.0.5 10.9.0.9, 10.8.0.0/30");
	static const struct {
		const char *addr;
		int range;
	} cases[] = {
		{ "10.9.0.4", -1 }, { "10.9.0.5", 0 }, { "10.9.0.9", 0 }, { "10.9.0.10", -1 },
		{ "10.8.0.0", -1 }, { "10.8.0.2", 1 }, { "fd00::1", -1 }, { "::a09:5", -1 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ip_addr addr = fixture_addr(cases[i].addr);

		assert_ptr_equal(pool_set_find(&set, &addr),
				 cases[i].range < 0 ? NULL : &set.ranges[cases[i].range]);
	}
	free(set.ranges);
}

static void formats_within_bounds(void **state)
{
	struct pool_set set = fixture_settled("10.1.2.0/30, 10.1.3.0/30");
	char text[64];
	char small[12];

	(void)state;
	assert_string_equal(pool_set_format(&set, text, sizeof(text)),
			    "10.1.2.1-10.1.2.2,10.1.3.1-10.1.3.2");
	assert_string_equal(pool_set_format(&set, small, sizeof(small)), "10.1.2.1-10");
	free(set.ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_defaults),
		cmocka_unit_test(says_what_is_wrong_in_the_words_of_host_local),
		cmocka_unit_test(refuses_what_was_written_as_v4_mapped),
		cmocka_unit_test(keeps_sets_apart),
		cmocka_unit_test(keeps_many_sets_apart_at_once),
		cmocka_unit_test(finds_the_range_of_an_address),
		cmocka_unit_test(formats_within_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
