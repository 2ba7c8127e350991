/* SPDX-License-Identifier: Apache-2.0 */
/* test_owner.c - content of address files */

#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/pool/owner.h"

static void writes_two_lines_without_an_end(void **state)
{
	const struct pool_owner owner = { "abc", "eth0" };
	char text[POOL_OWNER_SIZE];
	struct error err;

	(void)state;
	assert_int_equal(pool_owner_format(&owner, text, &err), 9);
	assert_string_equal(text, "abc\r\neth0");
}

static void refuses_an_id_that_does_not_fit(void **state)
{
	char id[POOL_OWNER_SIZE];
	const struct pool_owner owner = { id, "eth0" };
	char text[POOL_OWNER_SIZE];
	struct error err;

	(void)state;
	memset(id, 'a', sizeof(id));
	id[POOL_OWNER_SIZE - 6] = '\0';
	assert_fails(pool_owner_format(&owner, text, &err), &err, ERROR_ENV, "4090 characters");
	id[POOL_OWNER_SIZE - 7] = '\0';
	assert_int_equal(pool_owner_format(&owner, text, &err), POOL_OWNER_SIZE - 1);
}

/* One file; @len is 0 for what ends at its NUL. */
static const struct {
	const char *text;
	size_t len;
	enum pool_content content;
	const char *container_id;
	const char *ifname;
} files[] = {
	{ "abc\r\neth0", 0, POOL_OWNED, "abc", "eth0" },
	{ " \n abc\r\neth0\r\n", 0, POOL_OWNED, "abc", "eth0" },
	{ "abc", 0, POOL_OWNED, "abc", "" },
	{ "abc\n", 0, POOL_OWNED, "abc", "" },
	{ "abc\r\n", 0, POOL_OWNED, "abc", "" },
	{ "", 0, POOL_BLANK, NULL, NULL },
	{ " \t\r\n", 0, POOL_BLANK, NULL, NULL },
	{ "\0\0\0\0\0\0\0\0\0", 9, POOL_BLANK, NULL, NULL },
	{ "abc\r\neth0\0\0\0", 12, POOL_OWNED, "abc", "eth0" },
	{ "abc\0def", 7, POOL_FOREIGN, NULL, NULL },
	{ "abc\r\neth0\0x", 11, POOL_FOREIGN, NULL, NULL },
	{ "abc\neth0", 0, POOL_FOREIGN, NULL, NULL },
	{ "kept for the printer", 0, POOL_FOREIGN, NULL, NULL },
	{ "abc\r\neth0\r\nmore", 0, POOL_FOREIGN, NULL, NULL },
	{ "abc\r\nan interface with blanks", 0, POOL_FOREIGN, NULL, NULL },
	{ "../abc\r\neth0", 0, POOL_FOREIGN, NULL, NULL },
};

static void reads_what_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		size_t len = files[i].len ? files[i].len : strlen(files[i].text);
		struct pool_owner owner;
		/* Of exactly that size, so that a sanitizer sees a read behind it. */
		char *text = malloc(len + 1);

		memcpy(text, files[i].text, len);
		text[len] = '\0';
		assert_int_equal(pool_owner_parse(text, len, &owner), files[i].content);
		if (files[i].container_id) {
			assert_string_equal(owner.container_id, files[i].container_id);
			assert_string_equal(owner.ifname, files[i].ifname);
		}
		free(text);
	}
}

static void matches_by_container_where_no_interface_is_on_record(void **state)
{
	const struct pool_owner eth0 = { "abc", "eth0" };
	const struct pool_owner eth1 = { "abc", "eth1" };
	const struct pool_owner other = { "abd", "eth0" };
	const struct pool_owner legacy = { "abc", "" };

	(void)state;
	assert_true(pool_owner_matches(&eth0, &eth0));
	assert_false(pool_owner_matches(&eth1, &eth0));
	assert_false(pool_owner_matches(&other, &eth0));
	assert_true(pool_owner_matches(&legacy, &eth0));
	assert_true(pool_owner_matches(&legacy, &eth1));
	assert_false(pool_owner_matches(&legacy, &other));
}

static void sorts_by_container_then_by_interface(void **state)
{
	static const struct pool_owner ascending[] = {
		{ "ab", "eth9" }, { "abc", "" }, { "abc", "eth0" }, { "abc", "eth1" }, { "b", "" }
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ascending); i++)
		for (size_t j = 0; j < ARRAY_SIZE(ascending); j++) {
			const int order = pool_owner_compare(&ascending[i], &ascending[j]);

			assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
		}
}

static void a_copy_outlives_its_original(void **state)
{
	char id[] = "abc";
	char ifname[] = "eth0";
	const struct pool_owner owner = { id, ifname };
	struct pool_owner copy = { 0 };
	char *text = pool_owner_copy(&owner, &copy);

	(void)state;
	assert_non_null(text);
	*id = *ifname = 'x';
	assert_string_equal(copy.container_id, "abc");
	assert_string_equal(copy.ifname, "eth0");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_two_lines_without_an_end),
		cmocka_unit_test(refuses_an_id_that_does_not_fit),
		cmocka_unit_test(reads_what_is_there),
		cmocka_unit_test(matches_by_container_where_no_interface_is_on_record),
		cmocka_unit_test(sorts_by_container_then_by_interface),
		cmocka_unit_test(a_copy_outlives_its_original),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
