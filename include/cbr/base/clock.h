/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h - monotonic time and deadlines */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* clock_now_ns() - CLOCK_MONOTONIC in nanoseconds */
int64_t clock_now_ns(void);

/* @at_ns: CLOCK_MONOTONIC */
struct deadline {
	int64_t at_ns;
};

/* deadline_in() - @ms milliseconds from now */
struct deadline deadline_in(int ms);

/* deadline_left_ms() - milliseconds left, rounded up, never negative; fits poll(2) */
int deadline_left_ms(const struct deadline *deadline);
