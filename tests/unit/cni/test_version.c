/* SPDX-License-Identifier: Apache-2.0 */
/* test_version.c - which versions there are, and how they compare */

#include "harness.h"

#include <string.h>

#include "cbr/base/array.h"
#include "cbr/cni/version.h"

static void knows_each_version(void **state)
{
	static const char *const texts[] = { "0.1.0", "0.2.0", "0.3.0", "0.3.1",
					     "0.4.0", "1.0.0", "1.1.0" };
	size_t n;
	const struct cni_version *versions = cni_versions(&n);

	(void)state;
	assert_int_equal(n, 7);
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(versions[i].text, texts[i]);
		assert_ptr_equal(cni_version_find(texts[i]), &versions[i]);
	}
	assert_string_equal(versions[n - 1].text, CNI_VERSION_NEWEST);
}

static void knows_each_shape(void **state)
{
	(void)state;
	assert_int_equal(cni_version_find("0.2.0")->format, CNI_FORMAT_020);
	assert_int_equal(cni_version_find("0.3.0")->format, CNI_FORMAT_040);
	assert_int_equal(cni_version_find("0.4.0")->format, CNI_FORMAT_040);
	assert_int_equal(cni_version_find("1.0.0")->format, CNI_FORMAT_100);
}

static void takes_no_version_for_the_oldest(void **state)
{
	(void)state;
	assert_string_equal(cni_version_find("")->text, "0.1.0");
	assert_string_equal(cni_version_find(NULL)->text, "0.1.0");
}

static void finds_exact_text_only(void **state)
{
	static const char *const texts[] = { "1.1",    "1",     "01.1.0", "1.1.0 ",
					     "v1.1.0", "1.1.1", "0.5.0" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_null(cni_version_find(texts[i]));
}

static void compares_by_number(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		int order;
	} rows[] = {
		{ "1.1.0", "1.1.0", 0 }, { "1.1", "1.1.0", 0 },    { "1", "1.0.0", 0 },
		{ "", "0.1.0", 0 },      { "", "0.2.0", -1 },      { "0.10.0", "0.9.0", 1 },
		{ "1.1.1", "1.1.0", 1 }, { "0.3.1", "0.4.0", -1 }, { "2", "1.99.99", 1 },
		{ "01.1", "1.1.0", 0 },  { "0.4", "0.4.0", 0 },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int order = 9;

		assert_ok(cni_version_compare(rows[i].a, rows[i].b, &order, &err), &err);
		assert_int_equal(order, rows[i].order);
		assert_ok(cni_version_compare(rows[i].b, rows[i].a, &order, &err), &err);
		assert_int_equal(order, -rows[i].order);
	}
}

static void refuses_what_is_no_version(void **state)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "1.2.3.4", "invalid version \"1.2.3.4\": too many parts" },
		{ "1..2", "invalid version \"1..2\": a part is no number" },
		{ ".", "invalid version \".\": a part is no number" },
		{ "1.x", "invalid version \"1.x\": a part is no number" },
		{ "-1.0", "invalid version \"-1.0\": a part is no number" },
		{ "1.99999999999", "a part is no number" },
		{ "one\n", "invalid version \"one?\": a part is no number" },
		{ "1.00000000000000000000000000000000000000000000000000000000000000000",
		  "too long" },
	};
	struct error err = { 0 };
	int order = 9;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_fails(cni_version_compare(rows[i].text, "1.0.0", &order, &err), &err,
			     ERROR_DECODE, rows[i].msg);
		assert_fails(cni_version_compare("1.0.0", rows[i].text, &order, &err), &err,
			     ERROR_DECODE, rows[i].msg);
	}
	assert_int_equal(order, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_each_version),
		cmocka_unit_test(knows_each_shape),
		cmocka_unit_test(takes_no_version_for_the_oldest),
		cmocka_unit_test(finds_exact_text_only),
		cmocka_unit_test(compares_by_number),
		cmocka_unit_test(refuses_what_is_no_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
