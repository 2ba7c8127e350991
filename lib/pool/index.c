/* SPDX-License-Identifier: Apache-2.0 */
/* index.c - the note by which others' changes are seen */

#include "index.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/base/str.h"
#include "names.h"

#define STATE_MODE 0600

/* Of this length always, so that writing it anew needs no room on a full disk. */
#define STATE_SIZE 256

/* Of the format; another one counts as none. */
#define LAYOUT 1

/* Return: is there a number next? */
static bool read_number(char **text, uint64_t *ret)
{
	const char *word = strsep(text, " \n");

	return word && str_to_u64(word, INT64_MAX, ret) == 0;
}

/* One line: the boot, then a number for each member. */
static bool parse(char *text, struct pool_index *ret, struct timespec *ret_stamp)
{
	const char *boot = strsep(&text, " ");
	uint64_t layout = 0;
	uint64_t stamp_s = 0;
	uint64_t stamp_ns = 0;
	uint64_t searched_s = 0;
	uint64_t looked_s = 0;
	const struct {
		uint64_t *ret;
		bool came_later; /* 0 in one of an earlier version, which in turn ignores it */
	} members[] = {
		{ &layout, false },           { &stamp_s, false },          { &stamp_ns, false },
		{ &ret->reserved[0], false }, { &ret->reserved[1], false }, { &searched_s, false },
		{ &ret->unreadable, true },   { &ret->looked_set, true },   { &ret->looked, true },
		{ &looked_s, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(members); i++)
		if (!read_number(&text, members[i].ret) && !members[i].came_later)
			return false;
	if (layout != LAYOUT || str_copy(ret->boot, sizeof(ret->boot), boot) < 0)
		return false;
	*ret_stamp = (struct timespec){ (time_t)stamp_s, (long)stamp_ns };
	ret->searched_s = (int64_t)searched_s;
	ret->looked_s = (int64_t)looked_s;
	return true;
}

static bool has_stamp(int dir_fd, const struct timespec *stamp)
{
	struct stat st;

	return fstat(dir_fd, &st) == 0 && st.st_mtim.tv_sec == stamp->tv_sec &&
	       st.st_mtim.tv_nsec == stamp->tv_nsec;
}

void pool_index_read(const struct pool_store *store, const struct pool_world *world,
		     struct pool_index *ret)
{
	char text[STATE_SIZE + 1];
	struct timespec stamp;

	*ret = (struct pool_index){ 0 };
	if (store->records_fd < 0 ||
	    file_read(store->dir_fd, POOL_STATE_NAME, text, sizeof(text)) != STATE_SIZE ||
	    !parse(text, ret, &stamp)) {
		*ret = (struct pool_index){ 0 };
		return;
	}
	ret->current = strcmp(ret->boot, world->boot) == 0 && has_stamp(store->dir_fd, &stamp) &&
		       has_stamp(store->records_fd, &stamp);
}

/*
 * A time that no other change can have: those are of the clock's last tick, and where a
 * file system keeps less than nanoseconds, this one is cut and never found again.
 */
static struct timespec choose_stamp(void)
{
	struct timespec stamp;

	clock_gettime(CLOCK_REALTIME, &stamp);
	stamp.tv_nsec |= 1;
	return stamp;
}

/* Not a device, not a file of somebody else that was linked in here, and not too long. */
static bool is_usable(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 &&
	       (st.st_size <= STATE_SIZE || ftruncate(fd, STATE_SIZE) == 0);
}

bool pool_index_write(struct pool_store *store, struct pool_index *index)
{
	const struct timespec stamp = choose_stamp();
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, stamp };
	char text[STATE_SIZE + 1];
	autoclose int fd = -1;
	int len;

	if (!index->current || !*index->boot)
		return false;
	len = snprintf(text, sizeof(text),
		       "%s %d %lld %ld %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64
		       " %" PRIu64 " %" PRId64,
		       index->boot, LAYOUT, (long long)stamp.tv_sec, stamp.tv_nsec,
		       index->reserved[0], index->reserved[1], index->searched_s, index->unreadable,
		       index->looked_set, index->looked, index->looked_s);
	memset(text + len, '\n', STATE_SIZE - (size_t)len);
	fd = openat(store->dir_fd, POOL_STATE_NAME,
		    O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
		    STATE_MODE);
	if (fd < 0 || !is_usable(fd))
		return false;
	/* The stamps last: what is written but not stamped counts as not current. */
	return pwrite(fd, text, STATE_SIZE, 0) == STATE_SIZE &&
	       futimens(store->records_fd, times) == 0 && futimens(store->dir_fd, times) == 0;
}

void pool_index_count(struct pool_index *index, const struct ip_addr *addr, int n)
{
	uint64_t *reserved = &index->reserved[addr->family != AF_INET];

	index->looked_set = 0;
	*reserved = n < 0 && *reserved < (uint64_t)-n ? 0 : *reserved + (uint64_t)n;
}
