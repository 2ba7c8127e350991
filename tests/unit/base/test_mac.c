/* SPDX-License-Identifier: Apache-2.0 */
/* test_mac.c - 48 bit Ethernet addresses */

#include "harness.h"

#include <errno.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/mac.h"

static const struct mac sample = { { 0x00, 0x1a, 0x2b, 0xcd, 0xef, 0xff } };

static struct ip_addr ip(const char *text)
{
	struct ip_addr addr = { 0 };

	if (ip_parse(text, &addr) < 0)
		harness_fail(__FILE__, __LINE__, "no address: %s", text);
	return addr;
}

static void reads_three_forms(void **state)
{
	static const char *const texts[] = { "00:1a:2b:cd:ef:ff", "00:1A:2B:CD:EF:FF",
					     "00-1a-2B-cd-EF-ff", "001a.2bcd.efff",
					     "001A.2BCD.EFFF" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct mac mac;

		assert_int_equal(mac_parse(texts[i], &mac), 0);
		assert_true(mac_equal(&mac, &sample));
	}
}

static void refuses_other_text(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		"00",
		"00:1a:2b:cd:ef",
		"00:1a:2b:cd:ef:ff:00",
		"00:1a:2b:cd:ef:f",
		"0:1a:2b:cd:ef:fff",
		"00:1a:2b:cd:ef:fg",
		"00:1a:2b-cd:ef:ff",
		"00-1a-2b-cd-ef:ff",
		"00.1a.2b.cd.ef.ff",
		"00 1a 2b cd ef ff",
		"001a2bcdefff",
		"001a:2bcd:efff",
		"001a-2bcd-efff",
		"001a.2bcd-efff",
		"001a.2bcd.eff",
		"00:1a:2b:cd:ef:ff ",
		" 00:1a:2b:cd:ef:ff",
		"0x:1a:2b:cd:ef:ff",
		"00:00:00:00:fe:80:00:00",
	};
	struct mac mac = sample;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (mac_parse(texts[i], &mac) != -EINVAL)
			harness_fail(__FILE__, __LINE__, "accepted: %s", texts[i]);
	assert_true(mac_equal(&mac, &sample));
}

static void writes_lower_case(void **state)
{
	char text[MAC_TEXT_SIZE];

	(void)state;
	assert_ptr_equal(mac_format(&sample, text), text);

	assert_string_equal(text, "00:1a:2b:cd:ef:ff");
}

static void each_byte_counts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sample.bytes); i++) {
		struct mac other = sample;

		other.bytes[i] ^= 0x80;
		assert_false(mac_equal(&sample, &other));
	}
}

static void unicast_is_neither_group_nor_zero(void **state)
{
	static const struct {
		const char *text;
		bool unicast;
	} rows[] = {
		{ "00:00:00:00:00:00", false }, { "00:00:00:00:00:01", true },
		{ "02:00:00:00:00:00", true },  { "fe:ff:ff:ff:ff:ff", true },
		{ "01:00:5e:00:00:01", false }, { "33:33:00:00:00:01", false },
		{ "ff:ff:ff:ff:ff:ff", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mac mac;

		assert_int_equal(mac_parse(rows[i].text, &mac), 0);
		assert_int_equal(mac_is_unicast(&mac), rows[i].unicast);
	}
}

static void an_ipv4_address_is_readable_in_its_mac(void **state)
{
	const struct ip_addr addr = ip("10.22.0.255");
	const struct mac mac = mac_from_ip(&addr);
	char text[MAC_TEXT_SIZE];

	(void)state;
	assert_string_equal(mac_format(&mac, text), "0a:58:0a:16:00:ff");
}

/* The value is part of what a pod keeps over an upgrade of ours: it must not change. */
static void an_ipv6_address_has_one_mac(void **state)
{
	const struct ip_addr addr = ip("fd00::2");
	const struct ip_addr next = ip("fd00::3");
	const struct mac mac = mac_from_ip(&addr);
	const struct mac again = mac_from_ip(&addr);
	const struct mac other = mac_from_ip(&next);
	char text[MAC_TEXT_SIZE];

	(void)state;
	assert_string_equal(mac_format(&mac, text), "0a:58:3e:5d:bf:b8");
	assert_true(mac_equal(&mac, &again));
	assert_false(mac_equal(&mac, &other));
	assert_true(mac_is_unicast(&mac));
}

static void a_hash_makes_a_local_unicast_address(void **state)
{
	static const uint64_t hashes[] = { 0, 1, 0xff, UINT64_MAX, 0x0123456789abcdefULL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(hashes); i++) {
		const struct mac mac = mac_from_hash(hashes[i]);

		assert_true(mac_is_unicast(&mac));
		assert_int_equal(mac.bytes[0] & 3, 2);
	}
}

static void a_hash_gives_46_bits(void **state)
{
	const struct mac zero = mac_from_hash(0);

	(void)state;
	for (unsigned bit = 0; bit < 48; bit++) {
		const struct mac mac = mac_from_hash(1ULL << bit);

		assert_int_equal(mac_equal(&mac, &zero), bit < 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_three_forms),
		cmocka_unit_test(refuses_other_text),
		cmocka_unit_test(writes_lower_case),
		cmocka_unit_test(each_byte_counts),
		cmocka_unit_test(unicast_is_neither_group_nor_zero),
		cmocka_unit_test(an_ipv4_address_is_readable_in_its_mac),
		cmocka_unit_test(an_ipv6_address_has_one_mac),
		cmocka_unit_test(a_hash_makes_a_local_unicast_address),
		cmocka_unit_test(a_hash_gives_46_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
