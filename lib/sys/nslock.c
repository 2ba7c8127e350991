/* SPDX-License-Identifier: Apache-2.0 */
/* nslock.c - a lock on our network namespace */

#include "cbr/sys/nslock.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"

#define DIRECTORY "/run/cbr"
#define OWN "/proc/thread-self/ns/net"

/* It cannot be waited for with a timeout, and is held for milliseconds and rarely. */
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

/* Whoever it is, by the kernel's list. */
static int report_holder(int fd, const char *what, struct error *err)
{
	held_by_other(what, err);
	return file_lock_blame(fd, err, "lslocks(8) names who holds a file of " DIRECTORY);
}

/*
 * The file of our namespace, and of what is done there. None is ever removed: they are empty,
 * and as few as the namespaces that were a node's since the boot. One whose number comes again
 * serves its successor.
 */
static int open_file(const char *what)
{
	const int flags = O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
	char path[sizeof(DIRECTORY) + 128];
	struct stat st;
	int fd;

	if (stat(OWN, &st) < 0)
		return -errno;
	snprintf(path, sizeof(path), DIRECTORY "/netns-%ju%s%.64s", (uintmax_t)st.st_ino,
		 *what ? "." : "", what);
	for (char *c = path + sizeof(DIRECTORY); *c; c++)
		if (*c == ' ' || *c == '/')
			*c = '-';
	fd = open(path, flags, 0600);
	if (fd < 0 && errno == ENOENT && (mkdir(DIRECTORY, 0700) == 0 || errno == EEXIST))
		fd = open(path, flags, 0600);
	return fd < 0 ? -errno : fd;
}

/* What keeps a file from being made there, for as long as it does, and whoever tries. */
static bool is_no_place(int rc)
{
	return rc == -EACCES || rc == -EPERM || rc == -EROFS || rc == -ENOENT || rc == -ENOSPC;
}

int nslock_share(const struct deadline *deadline, int *ret_fd, struct error *err)
{
	autoclose int fd = open_file("");

	if (is_no_place(fd)) {
		fd = open(OWN, O_RDONLY | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	if (fd < 0)
		return error_errno(err, ERROR_SYSTEM, -fd, "cannot open our own network namespace");
	while (flock(fd, LOCK_SH | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return error_errno(err, ERROR_SYSTEM, errno,
					   "cannot lock our network namespace");
		if (deadline_left_ms(deadline) == 0)
			return report_holder(fd, "the lock of our network namespace", err);
		pause_briefly();
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int nslock_try_alone(int fd)
{
	return flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* An abstract unix(7) address is per namespace, and dies with its holder. */
static int own_address(const char *what, const struct deadline *deadline, int *ret_fd,
		       struct error *err)
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

int nslock_own(const char *what, const struct deadline *deadline, int *ret_fd, struct error *err)
{
	autoclose int fd = open_file(what);
	int rc;

	if (is_no_place(fd))
		return own_address(what, deadline, ret_fd, err);
	rc = fd < 0 ? fd : file_lock(fd, deadline);
	if (rc == -ETIMEDOUT)
		return report_holder(fd, what, err);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot lock %s", what);
	*ret_fd = TAKE_FD(fd);
	return 0;
}
