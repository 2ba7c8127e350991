/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - monotonic time and deadlines */

#include "cbr/base/clock.h"

#include <limits.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL
#define MS_PER_S 1000LL

int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

bool clock_is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

int64_t clock_age_ms(const struct timespec *since)
{
	struct timespec now;
	int64_t seconds;
	int64_t ms;

	clock_gettime(CLOCK_REALTIME, &now);
	/* A file may claim any time: before the universe, or when the sun is gone. */
	if (__builtin_sub_overflow((int64_t)now.tv_sec, (int64_t)since->tv_sec, &seconds) ||
	    __builtin_mul_overflow(seconds, MS_PER_S, &ms) ||
	    __builtin_add_overflow(ms, (now.tv_nsec - since->tv_nsec) / NS_PER_MS, &ms))
		return clock_is_before(since, &now) ? INT64_MAX : INT64_MIN;
	return ms;
}

struct deadline deadline_in(int ms)
{
	return (struct deadline){ .at_ns = clock_now_ns() + ms * NS_PER_MS };
}

int deadline_left_ms(const struct deadline *deadline)
{
	int64_t left = deadline->at_ns - clock_now_ns();

	if (left <= 0)
		return 0;
	left = (left + NS_PER_MS - 1) / NS_PER_MS;
	return left > INT_MAX ? INT_MAX : (int)left;
}
