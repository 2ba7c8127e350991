/* SPDX-License-Identifier: Apache-2.0 */
/* boot.c - which boot is this, and since when? */

#include "cbr/sys/boot.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "cbr/base/str.h"
#include "cbr/sys/sysctl.h"

#define NS_PER_S 1000000000LL

/* Of /proc/<pid>/stat, counted from 1. */
#define COMMAND_FIELD 2
#define START_FIELD 22

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

int64_t boot_init_start_ns(void)
{
	const long ticks_per_s = sysconf(_SC_CLK_TCK);
	char text[1024];
	uint64_t ticks;
	char *pos;

	if (ticks_per_s <= 0 || file_read(AT_FDCWD, "/proc/1/stat", text, sizeof(text)) < 0)
		return -1;
	/* The command before it may hold anything, blanks among others. */
	pos = strrchr(text, ')');
	for (int field = COMMAND_FIELD; field < START_FIELD && pos; field++)
		pos = strchr(pos + 1, ' ');
	if (!pos)
		return -1;
	pos++;
	pos[strcspn(pos, " ")] = '\0';
	if (str_to_u64(pos, INT64_MAX / NS_PER_S, &ticks) < 0)
		return -1;
	return (int64_t)ticks * (NS_PER_S / ticks_per_s);
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
