/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - monotonic time and deadlines */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* clock_now_ns() - CLOCK_MONOTONIC in nanoseconds */
int64_t clock_now_ns(void);

/* clock_is_before() - is @a earlier than @b? */
bool clock_is_before(const struct timespec *a, const struct timespec *b);

/*
 * clock_age_ms() - milliseconds since then by CLOCK_REALTIME, negative if that is to come
 *
 * Any time will do: what does not fit is INT64_MAX or INT64_MIN.
 */
int64_t clock_age_ms(const struct timespec *since);

/* @at_ns: CLOCK_MONOTONIC */
struct deadline {
	int64_t at_ns;
};

/* deadline_in() - @ms milliseconds from now */
struct deadline deadline_in(int ms);

/* deadline_left_ms() - milliseconds left, rounded up, never negative; fits poll(2) */
int deadline_left_ms(const struct deadline *deadline);
