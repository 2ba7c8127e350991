/* SPDX-License-Identifier: Apache-2.0 */
/* test_trace.c - which texts are a traceparent */

#include "harness.h"

#include <string.h>

#include "cbr/base/array.h"
#include "cbr/cni/trace.h"

#define TRACE "0af7651916cd43dd8448eb211c80319c"
#define SPAN "b7ad6b7169203331"

static void takes_trace_and_span(void **state)
{
	static const char *const texts[] = {
		"00-" TRACE "-" SPAN "-01",
		"00-" TRACE "-" SPAN "-00",
		"00-" TRACE "-" SPAN "-ff",
		/* Later versions may have more behind. */
		"01-" TRACE "-" SPAN "-01",
		"cc-" TRACE "-" SPAN "-01-what-the-future-brings",
		"cc-" TRACE "-" SPAN "-01-",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trace trace = { 0 };

		if (!trace_parse(texts[i], &trace))
			fail_msg("refused: %s", texts[i]);
		assert_string_equal(trace.trace_id, TRACE);
		assert_string_equal(trace.span_id, SPAN);
	}
}

static void refuses_everything_else(void **state)
{
	static const char *const texts[] = {
		"",
		"00",
		"00-",
		"00-" TRACE,
		"00-" TRACE "-" SPAN,
		"00-" TRACE "-" SPAN "-",
		"00-" TRACE "-" SPAN "-0",
		"00-" TRACE "-" SPAN "-0g",
		"00-" TRACE "-" SPAN "-01-",
		"00-" TRACE "-" SPAN "-01-more",
		"00-" TRACE "-" SPAN "-010",
		"cc-" TRACE "-" SPAN "-010",
		"ff-" TRACE "-" SPAN "-01",
		"0-" TRACE "-" SPAN "-01",
		"000-" TRACE "-" SPAN "-1",
		" 00-" TRACE "-" SPAN "-01",
		"00-" TRACE "-" SPAN "-01 ",
		"00-" TRACE "-" SPAN "-01\n",
		"00_" TRACE "-" SPAN "-01",
		"00-" TRACE "_" SPAN "-01",
		"00-" TRACE "-" SPAN "_01",
		"0A-" TRACE "-" SPAN "-01",
		"00-0AF7651916CD43DD8448EB211C80319C-" SPAN "-01",
		"00-" TRACE "-B7AD6B7169203331-01",
		"00-00000000000000000000000000000000-" SPAN "-01",
		"00-" TRACE "-0000000000000000-01",
		"00-0af7651916cd43dd8448eb211c80319-" SPAN "1-01",
		"00-0af7651916cd43dd8448eb211c80319c0-7ad6b7169203331-01",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct trace trace = { "as it was", "too" };

		if (trace_parse(texts[i], &trace))
			fail_msg("accepted: \"%s\"", texts[i]);
		assert_string_equal(trace.trace_id, "as it was");
		assert_string_equal(trace.span_id, "too");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_trace_and_span),
		cmocka_unit_test(refuses_everything_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
