/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c - monotonic time and deadlines */

#include "cbr/base/clock.h"

#include <limits.h>
#include <time.h>

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

int64_t clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
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
