/* SPDX-License-Identifier: Apache-2.0 */
/* test_ip_text.c - addresses and prefixes as text */

#include "harness.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/ip.h"

/* What Go's net.ParseIP(in).String() prints. */
static const struct {
	const char *in;
	const char *out;
} addresses[] = {
	{ "0.0.0.0", "0.0.0.0" },
	{ "10.1.2.3", "10.1.2.3" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "FE80::ABCD", "fe80::abcd" },
	{ "0001:0020:0300:4000:0000:0000:0000:0000", "1:20:300:4000::" },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
	/* v4-mapped is the IPv4 address, however it is written */
	{ "::ffff:1.2.3.4", "1.2.3.4" },
	{ "::ffff:102:304", "1.2.3.4" },
	{ "0:0:0:0:0:FFFF:1.2.3.4", "1.2.3.4" },
	{ "::ffff:0.0.0.0", "0.0.0.0" },
	/* what only looks like it stays IPv6, in hexadecimal */
	{ "::1.2.3.4", "::102:304" },
	{ "::102:304", "::102:304" },
	{ "::0.0.1.0", "::100" },
	{ "::1:0:0", "::1:0:0" },
	{ "::ffff:0:1.2.3.4", "::ffff:0:102:304" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "1:2:3:4:5:6:7.8.9.10", "1:2:3:4:5:6:708:90a" },
	/* RFC 5952, 4.2.2: one zero group is not shortened */
	{ "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
	{ "0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7" },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	/* 4.2.3: the longest run, the first of equals */
	{ "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
	{ "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
	{ "0:0:1:0:0:1:0:0", "::1:0:0:1:0:0" },
	{ "1:0:0:2:0:0:0:0", "1:0:0:2::" },
	{ "0:0:0:1:0:0:0:0", "0:0:0:1::" },
	{ "0:0:0:0:1:0:0:0", "::1:0:0:0" },
};

static const char *const no_addresses[] = {
	"",
	" ",
	"1",
	"1.2.3",
	"1.2.3.4.5",
	"1.2.3.",
	".1.2.3",
	"1..2.3",
	"256.1.1.1",
	"1.2.3.1000",
	"01.2.3.4",
	"1.2.3.04",
	"1.2.3.00",
	"0x1.2.3.4",
	"1.2.3.4 ",
	" 1.2.3.4",
	"1.2.3.4\n",
	"1.2.3.-4",
	"1.2.3.+4",
	"1.2.3.4/24",
	"1.2.3.a",
	":",
	":::",
	":1",
	"1:",
	"1:2:3:4:5:6:7",
	"1:2:3:4:5:6:7:8:9",
	"1:2:3:4:5:6:7::8",
	"::1:2:3:4:5:6:7:8",
	"1::2::3",
	"12345::",
	"00001::",
	"g::",
	"::ffff:1.2.3.04",
	"::ffff:1.2.3",
	"::1.2.3.4:5",
	"1:2:3:4:5:6:7:1.2.3.4",
	"1.2.3.4::",
	"fe80::1%eth0",
	"fe80::1%",
	"::1/64",
	"[::1]",
	"localhost",
};

static void reads_and_writes_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		char text[IP_TEXT_SIZE];
		struct ip_addr ip;

		if (ip_parse(addresses[i].in, &ip) < 0)
			harness_fail(__FILE__, __LINE__, "refused: %s", addresses[i].in);
		assert_ptr_equal(ip_format(&ip, text), text);
		assert_string_equal(text, addresses[i].out);
	}
}

static void written_text_reads_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		char text[IP_TEXT_SIZE];
		struct ip_addr ip;
		struct ip_addr again;

		assert_int_equal(ip_parse(addresses[i].out, &ip), 0);
		assert_int_equal(ip_parse(ip_format(&ip, text), &again), 0);
		assert_true(ip_equal(&ip, &again));
	}
}

static void parsed_bytes_are_in_network_order(void **state)
{
	static const struct ip_addr v4 = { AF_INET, { 1, 2, 3, 4 } };
	static const struct ip_addr v6 = {
		AF_INET6, { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x42 }
	};
	struct ip_addr ip;

	(void)state;
	memset(&ip, 0xff, sizeof(ip)); /* the bytes behind an IPv4 address must become zero */
	assert_int_equal(ip_parse("1.2.3.4", &ip), 0);
	assert_memory_equal(&ip, &v4, sizeof(ip));
	memset(&ip, 0xff, sizeof(ip));
	assert_int_equal(ip_parse("::ffff:1.2.3.4", &ip), 0);
	assert_memory_equal(&ip, &v4, sizeof(ip));
	assert_int_equal(ip_parse("2001:db8::42", &ip), 0);
	assert_memory_equal(&ip, &v6, sizeof(ip));
}

static void refuses_other_text(void **state)
{
	struct ip_addr ip = { AF_INET, { 9, 9, 9, 9 } };
	const struct ip_addr before = ip;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(no_addresses); i++)
		if (ip_parse(no_addresses[i], &ip) != -EINVAL)
			harness_fail(__FILE__, __LINE__, "accepted: %s", no_addresses[i]);
	assert_memory_equal(&ip, &before, sizeof(ip));
}

static void reads_and_writes_prefixes(void **state)
{
	static const struct {
		const char *in;
		const char *out;
	} rows[] = {
		{ "10.1.2.3/24", "10.1.2.3/24" }, /* host bits stay */
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "1.2.3.4/32", "1.2.3.4/32" },
		{ "10.0.0.0/08", "10.0.0.0/8" }, /* as in Go */
		{ "10.0.0.0/0000000000000000000000000032", "10.0.0.0/32" },
		{ "::/0", "::/0" },
		{ "FD00::1/128", "fd00::1/128" },
		{ "::102:304/96", "::102:304/96" },
		{ "::1.2.3.4/96", "::102:304/96" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		  "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[IP_TEXT_SIZE];
		struct ip_prefix prefix;

		if (ip_prefix_parse(rows[i].in, &prefix) != 0)
			harness_fail(__FILE__, __LINE__, "refused: %s", rows[i].in);
		assert_ptr_equal(ip_prefix_format(&prefix, text), text);
		assert_string_equal(text, rows[i].out);
	}
}

static void refuses_what_is_no_prefix(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/8",
		"10.0.0.0",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/ 8",
		"10.0.0.0/8 ",
		"10.0.0.0/8\n",
		"10.0.0.0/8/8",
		"10.0.0.0//8",
		"10.0.0.0/0x8",
		"10.0.0.0/8.0",
		"10.0.0.0/255.0.0.0",
		"10.0.0.0/4294967304",
		"10.0.0.0/18446744073709551624",
		"10.0.0/8",
		"010.0.0.0/8",
		" 10.0.0.0/8",
		"::/129",
		"::1%lo/64",
		"::1/64%lo",
		"::ffff:1.2.3.4/129",
		"::ffff:1.2.3.4/",
		"0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000/64",
	};
	struct ip_prefix prefix = { { AF_INET, { 9 } }, 9 };
	const struct ip_prefix before = prefix;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (ip_prefix_parse(texts[i], &prefix) != -EINVAL)
			harness_fail(__FILE__, __LINE__, "not -EINVAL: %s", texts[i]);
	assert_memory_equal(&prefix, &before, sizeof(prefix));
}

static void refuses_mapped_prefixes_by_name(void **state)
{
	static const char *const texts[] = { "::ffff:1.2.3.4/96", "::ffff:102:304/24",
					     "::ffff:1.2.3.4/0",  "::ffff:1.2.3.4/33",
					     "::FFFF:0:0/96",     "::ffff:1.2.3.4/128" };
	struct ip_prefix prefix;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(ip_prefix_parse(texts[i], &prefix), -EAFNOSUPPORT);
}

static void no_address_is_no_text(void **state)
{
	static const struct ip_prefix none;
	char text[IP_TEXT_SIZE] = "old";

	(void)state;
	assert_string_equal(ip_format(&none.addr, text), "");
	strcpy(text, "old");
	assert_string_equal(ip_prefix_format(&none, text), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_addresses),
		cmocka_unit_test(written_text_reads_back),
		cmocka_unit_test(parsed_bytes_are_in_network_order),
		cmocka_unit_test(refuses_other_text),
		cmocka_unit_test(reads_and_writes_prefixes),
		cmocka_unit_test(refuses_what_is_no_prefix),
		cmocka_unit_test(refuses_mapped_prefixes_by_name),
		cmocka_unit_test(no_address_is_no_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
