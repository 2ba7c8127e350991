/* SPDX-License-Identifier: Apache-2.0 */
/* test_clock.c - monotonic time and deadlines */

#include "harness.h"

#include <limits.h>
#include <time.h>

#include "cbr/base/array.h"
#include "cbr/base/clock.h"

static void now_is_monotonic_nanoseconds(void **state)
{
	int64_t before = clock_now_ns();
	struct timespec now;
	int64_t witness;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	witness = now.tv_sec * 1000000000LL + now.tv_nsec;

	assert_true(before > 0);
	assert_true(before <= witness);
	assert_true(witness <= clock_now_ns());
}

static void a_deadline_lies_ahead(void **state)
{
	int64_t before = clock_now_ns();
	struct deadline deadline = deadline_in(5000);
	int64_t after = clock_now_ns();

	(void)state;
	assert_true(deadline.at_ns >= before + 5000000000LL);
	assert_true(deadline.at_ns <= after + 5000000000LL);
	assert_in_range(deadline_left_ms(&deadline), 1, 5000);
}

static void a_longest_deadline_does_not_overflow(void **state)
{
	struct deadline deadline = deadline_in(INT_MAX);

	(void)state;
	assert_true(deadline.at_ns > clock_now_ns());
	assert_in_range(deadline_left_ms(&deadline), INT_MAX - 60000, INT_MAX);
}

static void nothing_is_left_of_the_past(void **state)
{
	struct deadline now = deadline_in(0);
	struct deadline past = deadline_in(-5000);
	struct deadline origin = { 0 };

	(void)state;
	assert_int_equal(deadline_left_ms(&now), 0);
	assert_int_equal(deadline_left_ms(&past), 0);
	assert_int_equal(deadline_left_ms(&origin), 0);
}

/* Rounded down, poll(2) would be called with 0 again and again through the last one. */
static void the_last_millisecond_is_rounded_up(void **state)
{
	struct deadline deadline = { clock_now_ns() + 3600LL * 1000000000 + 1 };
	int64_t left;
	int ms;

	(void)state;
	ms = deadline_left_ms(&deadline);
	left = deadline.at_ns - clock_now_ns();

	assert_true(ms * 1000000LL >= left);
}

static void far_ones_fit_poll(void **state)
{
	struct deadline deadline = { INT64_MAX };

	(void)state;
	assert_int_equal(deadline_left_ms(&deadline), INT_MAX);
}

static void earlier_is_before_later(void **state)
{
	const struct timespec early = { 5, 999999999 };
	const struct timespec late = { 6, 0 };
	const struct timespec later = { 6, 1 };

	(void)state;
	assert_true(clock_is_before(&early, &late));
	assert_true(clock_is_before(&late, &later));
	assert_false(clock_is_before(&late, &early));
	assert_false(clock_is_before(&late, &late));
}

static void an_age_is_in_milliseconds(void **state)
{
	struct timespec then;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &then);
	then.tv_sec -= 3600;
	assert_in_range(clock_age_ms(&then), 3600000, 3600000 + 60000);
	then.tv_sec += 7200;
	assert_in_range(-clock_age_ms(&then), 3600000 - 60000, 3600000);
}

static void an_absurd_time_has_an_age(void **state)
{
	const int64_t seconds[] = { INT64_MIN, INT64_MIN / 1000 - 1, INT64_MIN / 1000 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(seconds); i++) {
		const struct timespec past = { (time_t)seconds[i], 999999999 };
		const struct timespec future = { (time_t) - (seconds[i] + 1), 0 };

		/* On 32 bits of time_t these are ordinary. */
		if (past.tv_sec != seconds[i])
			skip_because("time_t has 32 bits");
		assert_true(clock_age_ms(&past) == INT64_MAX);
		assert_true(clock_age_ms(&future) <= INT64_MIN + 4000000000000LL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(now_is_monotonic_nanoseconds),
		cmocka_unit_test(a_deadline_lies_ahead),
		cmocka_unit_test(a_longest_deadline_does_not_overflow),
		cmocka_unit_test(nothing_is_left_of_the_past),
		cmocka_unit_test(the_last_millisecond_is_rounded_up),
		cmocka_unit_test(far_ones_fit_poll),
		cmocka_unit_test(earlier_is_before_later),
		cmocka_unit_test(an_age_is_in_milliseconds),
		cmocka_unit_test(an_absurd_time_has_an_age),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
