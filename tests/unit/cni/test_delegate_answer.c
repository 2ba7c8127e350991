/* SPDX-License-Identifier: Apache-2.0 */
/* test_delegate_answer.c - results and errors of other people's plugins, good and bad */

#include "harness.h"

#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "fixture.h"

static void takes_a_result(void **state)
{
	static const char *const scripts[] = {
		"echo '{\"cniVersion\": \"1.0.0\", \"ips\": [{\"address\": \"10.0.0.1/8\"}]}'",
		/* No version: the config's. */
		"echo '{\"ips\": [{\"address\": \"10.0.0.1/8\"}]}'",
		/* Another version than the config's. */
		"echo '{\"cniVersion\": \"0.2.0\", \"ip4\": {\"ip\": \"10.0.0.1/8\"}}'",
		"echo '{\"cniVersion\": \"0.3.1\", \"ips\": [{\"address\": \"10.0.0.1/8\"}]}'",
		/*
		 * Output in pieces, and an end some time after it. It sleeps since there is
		 * nothing to wait for: it cannot see what has been read.
		 */
		("printf '{\"ips\": [{\"address\": '; sleep 0.05; echo '\"10.0.0.1/8\"}]}';"
		 " exec >&-; sleep 0.05"),
		/* It need not read its stdin, nor leave stderr open. */
		"exec <&- 2>&-; echo '{\"ips\": [{\"address\": \"10.0.0.1/8\"}]}'",
	};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		auto_with(cni_result_done) struct cni_result result = { 0 };
		struct error err = { 0 };
		char text[IP_TEXT_SIZE];

		assert_ok(fixture_run(*state, scripts[i], CNI_ADD, &result, &err), &err);
		assert_int_equal(result.n_ips, 1);
		assert_string_equal(ip_prefix_format(&result.ips[0].address, text), "10.0.0.1/8");
	}
}

static void takes_null_for_an_empty_result(void **state)
{
	struct cni_result result = { 0 };
	struct error err = { 0 };

	assert_ok(fixture_run(*state, "echo null", CNI_ADD, &result, &err), &err);
	assert_int_equal(result.n_ips, 0);
}

static void drops_the_output_of_other_verbs(void **state)
{
	struct error err = { 0 };

	assert_ok(fixture_run(*state, "true", CNI_DEL, NULL, &err), &err);
	assert_ok(fixture_run(*state, "echo garbage", CNI_CHECK, NULL, &err), &err);
	assert_ok(fixture_run(*state, "echo '{\"code\": 7}'", CNI_GC, NULL, &err), &err);
}

static void passes_errors_on_unchanged(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *msg;
		const char *details;
	} rows[] = {
		{ "echo '{\"code\": 11, \"msg\": \"full\", \"details\": \"add a range\"}'; exit 1",
		  11, "full", "add a range" },
		{ "echo '{\"cniVersion\": \"1.0.0\", \"code\": 999, \"msg\": \"m\"}'; exit 3", 999,
		  "m", "" },
		{ "echo '{\"Code\": 7, \"MSG\": \"any case\"}'; echo noise >&2; exit 1", 7,
		  "any case", "" },
		{ "echo '{\"code\": 4}'; exit 1", 4, "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cni_result result = { 0 };
		struct error err = { 0 };

		assert_fails(fixture_run(*state, rows[i].script, CNI_ADD, &result, &err), &err,
			     rows[i].code, rows[i].msg);
		assert_string_equal(err.msg, rows[i].msg);
		assert_string_equal(err.hint, rows[i].details);
	}
}

static void blames_a_delegate_that_makes_no_sense(void **state)
{
	static const struct {
		const char *script;
		const char *msg;
		const char *hint;
	} rows[] = {
		{ "exit 3", "plugin \"fake\" failed with no error message: exit status 3",
		  "it said nothing on stderr" },
		{ "echo one >&2; echo two >&2; exit 1", "no error message: exit status 1",
		  "it said on stderr: one two" },
		{ "kill -9 $$", "no error message: signal 9 (Killed)",
		  "it said nothing on stderr" },
		{ "echo ouch >&2; kill -SEGV $$", "signal 11 (Segmentation fault)",
		  "it said on stderr: ouch" },
		{ "echo garbage; exit 1",
		  "failed (exit status 1) but its message cannot be read: ", "nothing" },
		{ "echo '[1]'; exit 1", "cannot be read: no object: \"[1]?\"", "nothing" },
		{ "echo '{\"code\": \"7\"}'; exit 1", "code must be an integer, not \"7\"",
		  "nothing" },
		{ "echo '{\"code\": 7, \"msg\": {}}'; exit 1", "msg must be a string", "nothing" },
		{ "echo '{\"code\": -1, \"msg\": \"m\"}'; exit 1", "code -1 must be", "nothing" },
		{ "echo '{\"msg\": \"m\"}'; exit 1",
		  "plugin \"fake\" failed (exit status 1) without a code: m", "nothing" },
		{ "echo '{\"code\": 0, \"msg\": \"m\", \"details\": \"d\"}'; exit 2",
		  "(exit status 2) without a code: m", "d" },
		{ "true", "result of plugin \"fake\": it printed nothing", "nothing" },
		{ "echo why >&2", "it printed nothing", "it said on stderr: why" },
		{ "echo garbage",
		  "result of plugin \"fake\": failed to unmarshal raw result: ", "nothing" },
		{ "echo '{} {}'", "failed to unmarshal raw result: end of file expected",
		  "nothing" },
		{ "echo '[]'", "result of plugin \"fake\": the result must be an object, not []",
		  "nothing" },
		{ "echo '{\"ips\": [null]}'", "ips[0] must be an object, not null", "nothing" },
		{ "echo '{\"cniVersion\": \"9.9\"}'", "unsupported CNI result version \"9.9\"",
		  "nothing" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct fixture_stderr capture = fixture_stderr();
		struct cni_result result = { 0 };
		struct error err = { 0 };
		int rc = fixture_run(*state, rows[i].script, CNI_ADD, &result, &err);

		free(fixture_stderr_end(&capture));
		assert_fails(rc, &err, ERROR_DELEGATE, rows[i].msg);
		assert_contains(err.hint, rows[i].hint);
		assert_int_equal(result.n_ips, 0);
	}
}

static void fails_for_other_verbs_as_well(void **state)
{
	struct error err = { 0 };

	assert_fails(fixture_run(*state, "exit 1", CNI_DEL, NULL, &err), &err, ERROR_DELEGATE,
		     "no error message: exit status 1");
	assert_fails(fixture_run(*state, "echo '{\"code\": 50, \"msg\": \"m\"}'; exit 1",
				 CNI_STATUS, NULL, &err),
		     &err, ERROR_NOT_READY, "m");
}

static void copies_what_a_successful_one_says(void **state)
{
	struct fixture_stderr capture = fixture_stderr();
	struct error err = { 0 };
	int rc = fixture_run(*state, "echo careful >&2", CNI_DEL, NULL, &err);
	autofree char *said = fixture_stderr_end(&capture);

	assert_ok(rc, &err);
	assert_string_equal(said, "careful\n");
}

static void copies_it_without_what_controls_a_terminal(void **state)
{
	struct fixture_stderr capture = fixture_stderr();
	struct error err = { 0 };
	int rc = fixture_run(*state, "printf 'a\\033[31mb\\n\\tc\\000d\\302\\233e' >&2", CNI_DEL,
			     NULL, &err);
	autofree char *said = fixture_stderr_end(&capture);

	assert_ok(rc, &err);
	assert_string_equal(said, "a?[31mb\n\tc?d?e");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TMP(takes_a_result),
		FIXTURE_TMP(takes_null_for_an_empty_result),
		FIXTURE_TMP(drops_the_output_of_other_verbs),
		FIXTURE_TMP(passes_errors_on_unchanged),
		FIXTURE_TMP(blames_a_delegate_that_makes_no_sense),
		FIXTURE_TMP(fails_for_other_verbs_as_well),
		FIXTURE_TMP(copies_what_a_successful_one_says),
		FIXTURE_TMP(copies_it_without_what_controls_a_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
