/* SPDX-License-Identifier: Apache-2.0 */
/* boot.c - which boot is this, and since when? */

#include "cbr/sys/boot.h"

#include <string.h>
#include <sys/stat.h>

#include "cbr/base/array.h"
#include "cbr/base/clock.h"
#include "cbr/sys/sysctl.h"

#define NS_PER_S 1000000000LL

/*
 * Made by the kernel itself: on devtmpfs, where udev stamps it anew each time that it applies
 * permissions; and when /proc was mounted.
 */
static const char *const early_files[] = { "/dev/null", "/proc" };

const char *boot_id(char buf[static BOOT_ID_SIZE])
{
	if (sysctl_read("kernel/random/boot_id", buf, BOOT_ID_SIZE) < 0)
		*buf = '\0';
	return buf;
}

int64_t boot_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct timespec boot_wall_time(void)
{
	struct timespec now;
	struct timespec first;
	struct stat st;
	int64_t start;

	clock_gettime(CLOCK_REALTIME, &now);
	start = now.tv_sec * NS_PER_S + now.tv_nsec - boot_clock_ns();
	first = (struct timespec){ start / NS_PER_S, start % NS_PER_S };
	for (size_t i = 0; i < ARRAY_SIZE(early_files); i++)
		if (stat(early_files[i], &st) == 0 && clock_is_before(&st.st_mtim, &first))
			first = st.st_mtim;
	return first;
}
