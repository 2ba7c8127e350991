/* SPDX-License-Identifier: Apache-2.0 */
/* nslock.c - a lock on our network namespace */

#include "cbr/sys/nslock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <time.h>

#include "cbr/base/cleanup.h"

/*
 * flock(2) has no timeout. Whoever holds the lock does so for milliseconds and rarely.
 * @busy: what the other is doing, for the error
 */
static int lock(int fd, int how, const char *busy, const struct deadline *deadline,
		struct error *err)
{
	const struct timespec pause = { .tv_nsec = 200 * 1000 };

	while (flock(fd, how | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, ERROR_SYSTEM, errno,
					   "cannot lock our network namespace");
		if (deadline_left_ms(deadline) == 0)
			return error_errno(err, ERROR_AGAIN, ETIMEDOUT, "another call is %s", busy);
		nanosleep(&pause, NULL);
	}
	return 0;
}

static int open_own(int *ret_fd, struct error *err)
{
	*ret_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (*ret_fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno,
				   "cannot open our own network namespace");
	return 0;
}

int nslock_share(const struct deadline *deadline, int *ret_fd, struct error *err)
{
	autoclose int fd = -1;
	int rc = open_own(&fd, err);

	if (rc >= 0)
		rc = lock(fd, LOCK_SH, "removing the bridge", deadline, err);
	if (rc < 0)
		return rc;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int nslock_take_turn(const struct deadline *deadline, int *ret_fd, struct error *err)
{
	autoclose int fd = -1;
	autoclose int owner = -1;
	int rc = open_own(&fd, err);

	if (rc < 0)
		return rc;
	owner = ioctl(fd, NS_GET_USERNS); /* close-on-exec, see open_related_ns() */
	if (owner < 0)
		return error_errno(err, ERROR_SYSTEM, errno,
				   "cannot open the owner of our network namespace");
	rc = lock(owner, LOCK_EX, "at what we both share", deadline, err);
	if (rc < 0)
		return rc;
	*ret_fd = TAKE_FD(owner);
	return 0;
}

int nslock_try_alone(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}
