/* SPDX-License-Identifier: Apache-2.0 */
/* nslock.c - a lock on our network namespace */

#include "cbr/sys/nslock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"

/* Neither lock can be waited for with a timeout; both are held for milliseconds and rarely. */
static void pause_briefly(void)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };

	nanosleep(&pause, NULL);
}

static int held_by_other(const char *what, struct error *err)
{
	error_set(err, ERROR_AGAIN, "another process has held %s for too long", what);
	err->errnum = ETIMEDOUT;
	return -ETIMEDOUT;
}

/* Whoever it is, by the kernel's list; pods in the node's network can hold it, too. */
static int report_holder(int fd, struct error *err)
{
	held_by_other("the lock of our network namespace", err);
	return file_lock_blame(fd, err, "lslocks(8) names who holds our network namespace");
}

int nslock_share(const struct deadline *deadline, int *ret_fd, struct error *err)
{
	autoclose int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno,
				   "cannot open our own network namespace");
	while (flock(fd, LOCK_SH | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, ERROR_SYSTEM, errno,
					   "cannot lock our network namespace");
		if (deadline_left_ms(deadline) == 0)
			return report_holder(fd, err);
		pause_briefly();
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int nslock_try_alone(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

int nslock_own(const char *what, const struct deadline *deadline, int *ret_fd, struct error *err)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Behind the first byte, which is zero: that makes it abstract. */
	const int len = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "cbr: %.64s", what);
	const socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
					   (size_t)len);

	if (fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot lock %s", what);
	while (bind(fd, (const struct sockaddr *)&name, size) < 0) {
		if (errno != EADDRINUSE)
			return error_errno(err, ERROR_SYSTEM, errno, "cannot lock %s", what);
		if (deadline_left_ms(deadline) == 0) {
			held_by_other(what, err);
			return error_hint(err, "ss -xlp names who holds @cbr: %.64s", what);
		}
		pause_briefly();
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}
