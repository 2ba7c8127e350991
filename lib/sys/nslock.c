/* SPDX-License-Identifier: Apache-2.0 */
/* nslock.c - a lock on our network namespace */

#include "cbr/sys/nslock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>

#include "cbr/base/cleanup.h"

int nslock_share(const struct deadline *deadline, int *ret_fd, struct error *err)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	autoclose int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno,
				   "cannot open our own network namespace");
	/* flock(2) has no timeout; whoever is alone is so for milliseconds and rarely. */
	while (flock(fd, LOCK_SH | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, ERROR_SYSTEM, errno,
					   "cannot lock our network namespace");
		if (deadline_left_ms(deadline) == 0)
			return error_errno(err, ERROR_AGAIN, ETIMEDOUT,
					   "another call is removing the bridge");
		nanosleep(&pause, NULL);
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int nslock_try_alone(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}
