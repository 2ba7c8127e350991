/* SPDX-License-Identifier: Apache-2.0 */
/* test_str.c - numbers, names and bounded strings */

#include "harness.h"

#include <errno.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"

static void numbers_up_to_the_maximum(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "7", 7, 7 },
		{ "08", 8, 8 },
		{ "0000000000000000000000000000001", 1, 1 },
		{ "65535", 65535, 65535 },
		{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t value = 99;

		assert_int_equal(str_to_u64(rows[i].text, rows[i].max, &value), 0);
		assert_true(value == rows[i].value);
	}
}

static void numbers_above_the_maximum(void **state)
{
	static const struct {
		const char *text;
		uint64_t max;
	} rows[] = {
		{ "1", 0 },
		{ "8", 7 },
		{ "10", 9 },
		{ "33", 32 },
		{ "65536", 65535 },
		{ "18446744073709551616", UINT64_MAX },
		{ "18446744073709551620", UINT64_MAX },
		{ "99999999999999999999999999", UINT64_MAX },
	};
	uint64_t value = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(str_to_u64(rows[i].text, rows[i].max, &value), -ERANGE);
	assert_true(value == 99);
}

static void what_is_no_number(void **state)
{
	static const char *const texts[] = { "",   " ",   "+1", "-1",    "-0",  " 1",
					     "1 ", "1\n", "x",  "0x1",   "1e3", "1.0",
					     "1a", "/",   ":",  "1,000", "99x" };
	uint64_t value = 99;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(str_to_u64(texts[i], UINT64_MAX, &value), -EINVAL);
		assert_int_equal(str_to_u64(texts[i], 5, &value), -EINVAL);
	}
	assert_true(value == 99);
}

static void copies_whole_or_not_at_all(void **state)
{
	char dst[4] = "old";

	(void)state;
	assert_int_equal(str_copy(dst, sizeof(dst), "1234"), -ENAMETOOLONG);
	assert_string_equal(dst, "old");
	assert_int_equal(str_copy(dst, 0, ""), -ENAMETOOLONG);
	assert_string_equal(dst, "old");

	assert_int_equal(str_copy(dst, sizeof(dst), "123"), 0);
	assert_string_equal(dst, "123");
	assert_int_equal(str_copy(dst, 1, ""), 0);
	assert_string_equal(dst, "");
}

static void case_is_folded_for_ascii_only(void **state)
{
	(void)state;
	assert_true(str_equal_fold("", ""));
	assert_true(str_equal_fold("isDefaultGateway", "ISDEFAULTGATEWAY"));
	assert_true(str_equal_fold("az-AZ_09", "AZ-az_09"));

	assert_false(str_equal_fold("a", "ab"));
	assert_false(str_equal_fold("ab", "a"));
	assert_false(str_equal_fold("", "a"));
	assert_false(str_equal_fold("@", "`"));               /* the neighbours of A and a */
	assert_false(str_equal_fold("[", "{"));               /* the neighbours of Z and z */
	assert_false(str_equal_fold("\xc3\x84", "\xc3\xa4")); /* Ä and ä */
}

static void names_of_the_field(void **state)
{
	static const char *const good[] = {
		"a", "Z", "0", "k8s-pod-network", "a.b_c-d", "9..", "a-"
	};
	static const char *const bad[] = { "",      ".",        "..",        "-a",  "_a",  ".a",
					   "a/b",   "a b",      "a\n",       "a:b", "a@b", "../x",
					   "a\x7f", "\xc3\xa4", "a\xc3\xa4", "a,b", "a[",  "a`" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(name_is_valid(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(name_is_valid(bad[i]));
}

static void interface_names(void **state)
{
	static const char *const good[] = { "eth0",   "a",       "...", "a.b", "veth0123456789a",
					    "br-1_2", "\xc3\xa4" };
	static const struct {
		const char *name;
		const char *msg;
	} bad[] = {
		{ "", "interface name is empty" },
		{ ".", "interface name is . or .." },
		{ "..", "interface name is . or .." },
		{ "0123456789abcdef", "interface name is too long" },
		{ "a/b", "interface name contains / or :" },
		{ "/", "interface name contains / or :" },
		{ "a:b", "interface name contains / or :" },
		{ "a b", "whitespace" },
		{ "a\tb", "whitespace" },
		{ "a\n", "whitespace" },
		{ "\va", "whitespace" },
		{ "a\f", "whitespace" },
		{ "a\r", "whitespace" },
	};
	struct error err = { .code = 99 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_int_equal(assert_ok(ifname_check(good[i], &err), &err), 0);
	assert_int_equal(err.code, 99);

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		int rc = ifname_check(bad[i].name, &err);

		assert_fails(rc, &err, ERROR_ENV, bad[i].msg);
		assert_int_equal(rc, -EINVAL);
	}
}

static void cleans_control_characters(void **state)
{
	char dst[32];

	(void)state;
	assert_ptr_equal(str_clean(dst, sizeof(dst), "a\nb\x1b[1m\x7f\t~ \xc3\xa4"), dst);

	assert_string_equal(dst, "a?b?[1m??~ \xc3\xa4");
}

static void cleans_what_is_more_than_one_byte(void **state)
{
	static const struct {
		const char *text;
		const char *cleaned;
	} cases[] = {
		{ "a\xc2\x9b"
		  "31m\xc2\x85",
		  "a?31m?" }, /* C1: CSI, NEL */
		{ "a\xe2\x80\xa8"
		  "b\xe2\x80\xa9",
		  "a?b?" }, /* line, paragraph */
		{ "\xe2\x80\xae"
		  "abc\xe2\x81\xa6\xe2\x80\x8f",
		  "?abc??" }, /* direction */
		{ "\xff\xc3(\x80\xe2\x82", "??"
					   "(???" },                /* none, cut short */
		{ "\xc0\xaf\xe0\x80\xaf\xed\xa0\x80", "????????" }, /* overlong, surrogate */
		{ "\xf4\x90\x80\x80", "????" },                     /* beyond the last */
		{ "\xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0",
		  "\xe2\x82\xac \xf0\x9f\x98\x80 \xc2\xa0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char dst[32];

		str_clean(dst, sizeof(dst), cases[i].text);
		assert_string_equal(dst, cases[i].cleaned);
		assert_true(str_is_clean(dst));
		assert_int_equal(str_is_clean(cases[i].text), strcmp(dst, cases[i].text) == 0);
	}
}

static void cuts_between_characters(void **state)
{
	char dst[6];

	(void)state;
	str_clean(dst, sizeof(dst), "ab\xe2\x82\xac\xc3\xa4");
	assert_string_equal(dst, "ab\xe2\x82\xac");
	str_clean(dst, 5, "ab\xe2\x82\xac");
	assert_string_equal(dst, "ab");
}

static void cleans_into_what_there_is(void **state)
{
	char dst[4] = "old";

	(void)state;
	str_clean(dst, 0, "x");
	assert_string_equal(dst, "old");
	str_clean(dst, sizeof(dst), "abc");
	assert_string_equal(dst, "abc");
	str_clean(dst, sizeof(dst), "wxyz");
	assert_string_equal(dst, "wxy");
	str_clean(dst, 1, "abc");
	assert_string_equal(dst, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_up_to_the_maximum),
		cmocka_unit_test(numbers_above_the_maximum),
		cmocka_unit_test(what_is_no_number),
		cmocka_unit_test(copies_whole_or_not_at_all),
		cmocka_unit_test(case_is_folded_for_ascii_only),
		cmocka_unit_test(names_of_the_field),
		cmocka_unit_test(interface_names),
		cmocka_unit_test(cleans_control_characters),
		cmocka_unit_test(cleans_what_is_more_than_one_byte),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(cleans_into_what_there_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
