/* SPDX-License-Identifier: Apache-2.0 */
/* test_error.c - one error: set, carried up, cut to fit */

#include "harness.h"

#include <errno.h>
#include <string.h>

/* An error as a caller may hand it in: full of an earlier one. */
static struct error used_error(void)
{
	return (struct error){ .code = 99, .errnum = 99, .msg = "old", .hint = "old" };
}

static void set_replaces_everything(void **state)
{
	struct error err = used_error();

	(void)state;
	assert_int_equal(error_set(&err, ERROR_CONFIG, "mtu %d of \"%s\"", -1, "net"), -EINVAL);

	assert_int_equal(err.code, ERROR_CONFIG);
	assert_int_equal(err.errnum, EINVAL);
	assert_string_equal(err.msg, "mtu -1 of \"net\"");
	assert_string_equal(err.hint, "");
}

static void errno_is_named_and_returned(void **state)
{
	struct error err = used_error();

	(void)state;
	assert_int_equal(error_errno(&err, ERROR_SYSTEM, ENOENT, "open %s", "/x"), -ENOENT);

	assert_int_equal(err.code, ERROR_SYSTEM);
	assert_int_equal(err.errnum, ENOENT);
	assert_string_equal(err.msg, "open /x: No such file or directory");
	assert_string_equal(err.hint, "");
}

static void unknown_errno_has_its_number(void **state)
{
	struct error err = used_error();

	(void)state;
	assert_int_equal(error_errno(&err, ERROR_SYSTEM, 4095, "odd"), -4095);

	assert_string_equal(err.msg, "odd: Unknown error 4095");
}

static void wrap_goes_in_front(void **state)
{
	struct error err = used_error();

	(void)state;
	error_errno(&err, ERROR_KERNEL, EPERM, "create veth");
	error_hint(&err, "needs CAP_NET_ADMIN");

	assert_int_equal(error_wrap(&err, "pod link"), -EPERM);
	assert_int_equal(error_wrap(&err, "attach %s", "eth0"), -EPERM);

	assert_string_equal(err.msg, "attach eth0: pod link: create veth: Operation not permitted");
	assert_int_equal(err.code, ERROR_KERNEL);
	assert_int_equal(err.errnum, EPERM);
	assert_string_equal(err.hint, "needs CAP_NET_ADMIN");
}

static void hint_replaces_hint_only(void **state)
{
	struct error err = used_error();

	(void)state;
	error_errno(&err, ERROR_AGAIN, ETIMEDOUT, "lock");

	assert_int_equal(error_hint(&err, "first"), -ETIMEDOUT);
	assert_int_equal(error_hint(&err, "wait %d s", 5), -ETIMEDOUT);

	assert_string_equal(err.hint, "wait 5 s");
	assert_string_equal(err.msg, "lock: Connection timed out");
	assert_int_equal(err.code, ERROR_AGAIN);
}

static void percent_signs_are_text(void **state)
{
	struct error err = used_error();

	(void)state;
	error_set(&err, ERROR_ENV, "%s", "100%s%n");
	error_wrap(&err, "%s", "%d");
	error_hint(&err, "%s", "%x");

	assert_string_equal(err.msg, "%d: 100%s%n");
	assert_string_equal(err.hint, "%x");
}

static void long_texts_are_cut(void **state)
{
	struct error err = used_error();
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	error_set(&err, ERROR_CONFIG, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	error_hint(&err, "%s", text);
	assert_int_equal(strlen(err.hint), sizeof(err.hint) - 1);
	error_wrap(&err, "outer");
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
	assert_memory_equal(err.msg, "outer: xxx", 10);
	error_wrap(&err, "%s", text);
	assert_int_equal(strlen(err.msg), sizeof(err.msg) - 1);
}

static void cause_survives_a_long_text(void **state)
{
	struct error err = used_error();
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';

	error_errno(&err, ERROR_SYSTEM, EACCES, "%s", text);

	assert_contains(err.msg, "x: Permission denied");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_replaces_everything),
		cmocka_unit_test(errno_is_named_and_returned),
		cmocka_unit_test(unknown_errno_has_its_number),
		cmocka_unit_test(wrap_goes_in_front),
		cmocka_unit_test(hint_replaces_hint_only),
		cmocka_unit_test(percent_signs_are_text),
		cmocka_unit_test(long_texts_are_cut),
		cmocka_unit_test(cause_survives_a_long_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
