/* SPDX-License-Identifier: Apache-2.0 */
/* file.c - files below a directory that we hold open */

#include "cbr/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"

#define MAX_LOCK_PAUSE_MS 20

bool file_is_temporary(const char *name)
{
	return strncmp(name, FILE_TEMPORARY_PREFIX, strlen(FILE_TEMPORARY_PREFIX)) == 0;
}

static int open_regular(int dir_fd, const char *name, struct stat *st)
{
	/* O_NONBLOCK: a FIFO without a writer must not hold us. */
	autoclose int fd = openat(dir_fd, name,
				  O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);

	*st = (struct stat){ 0 };
	if (fd < 0 || fstat(fd, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return -EINVAL;
	return TAKE_FD(fd);
}

ssize_t file_read_stat(int dir_fd, const char *name, char *buf, size_t size, struct stat *st)
{
	autoclose int fd = open_regular(dir_fd, name, st);
	size_t len = 0;

	if (fd < 0)
		return fd;
	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
		/* Below /proc and /sys sizes say nothing; else they spare asking for the end. */
		if (n == 0 || (st->st_size > 0 && len == (size_t)st->st_size && len < size)) {
			buf[len] = '\0';
			return (ssize_t)len;
		}
	}
	return -EFBIG;
}

ssize_t file_read(int dir_fd, const char *name, char *buf, size_t size)
{
	struct stat st;

	return file_read_stat(dir_fd, name, buf, size, &st);
}

DIR *file_open_dir(int dir_fd)
{
	autoclose int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		fd = -1; /* closed with it */
	return dir;
}

static int write_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

static int open_temporary(int dir_fd, mode_t mode)
{
	return openat(dir_fd, FILE_TEMPORARY_NAME,
		      O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
}

static int write_temporary(int dir_fd, const void *data, size_t len, mode_t mode)
{
	autoclose int fd = open_temporary(dir_fd, mode);
	int rc;

	/* It is from one who died; a directory is from nobody who writes files. */
	if (fd < 0 && errno == EEXIST &&
	    (unlinkat(dir_fd, FILE_TEMPORARY_NAME, 0) == 0 ||
	     unlinkat(dir_fd, FILE_TEMPORARY_NAME, AT_REMOVEDIR) == 0))
		fd = open_temporary(dir_fd, mode);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (rc < 0)
		unlinkat(dir_fd, FILE_TEMPORARY_NAME, 0);
	return rc;
}

/* Where there are no links at all. Whoever dies here leaves a part; others do it always so. */
static int create_in_place(int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	autoclose int fd = openat(dir_fd, name,
				  O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int rc;

	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (rc < 0)
		unlinkat(dir_fd, name, 0);
	return rc;
}

static bool has_no_links(int errnum)
{
	return errnum == EPERM || errnum == EOPNOTSUPP || errnum == ENOSYS;
}

static int create_by_name(int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	int rc = write_temporary(dir_fd, data, len, mode);

	if (rc < 0)
		return rc;
	/* Unlike rename(2), link(2) refuses a name that is taken. */
	rc = linkat(dir_fd, FILE_TEMPORARY_NAME, dir_fd, name, 0) < 0 ? -errno : 0;
	unlinkat(dir_fd, FILE_TEMPORARY_NAME, 0);
	return has_no_links(-rc) ? create_in_place(dir_fd, name, data, len, mode) : rc;
}

int file_create(int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	autoclose int fd = openat(dir_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
	char path[64];
	int rc;

	/* EISDIR: a kernel or file system that does not know O_TMPFILE. */
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
		return create_by_name(dir_fd, name, data, len, mode);
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, len);
	if (rc < 0)
		return rc;
	/* The way without CAP_DAC_READ_SEARCH, given in open(2) under O_TMPFILE. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	if (errno == ENOENT || has_no_links(errno)) /* no /proc here, or no links */
		return create_by_name(dir_fd, name, data, len, mode);
	return -errno;
}

int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode)
{
	int rc = write_temporary(dir_fd, data, len, mode);

	if (rc < 0)
		return rc;
	if (renameat(dir_fd, FILE_TEMPORARY_NAME, dir_fd, name) == 0)
		return 0;
	rc = -errno;
	unlinkat(dir_fd, FILE_TEMPORARY_NAME, 0);
	return rc;
}

int file_lock(int fd, const struct deadline *deadline)
{
	int pause_ms = 1;

	/*
	 * flock(2) waits for ever or not at all; an alarm would need a signal handler, which
	 * a library must not take. Holders keep it for well under a millisecond, so the
	 * second try nearly always succeeds.
	 */
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		struct timespec pause = { 0 };
		int left;

		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		left = deadline_left_ms(deadline);
		if (left == 0)
			return -ETIMEDOUT;
		pause.tv_nsec = (pause_ms < left ? pause_ms : left) * 1000L * 1000;
		nanosleep(&pause, NULL);
		pause_ms = pause_ms * 2 > MAX_LOCK_PAUSE_MS ? MAX_LOCK_PAUSE_MS : pause_ms * 2;
	}
	return 0;
}

/* mkdir(2) says EEXIST of whatever has the name; only a directory will do. */
static int make_dir(const char *path, mode_t mode)
{
	struct stat st;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST || stat(path, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int file_make_dirs(const char *path, mode_t mode)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	int rc;

	if (len == 0 || len >= sizeof(part))
		return len ? -ENAMETOOLONG : -ENOENT;
	/* The common case first: it is there, or only its last component is missing. */
	rc = make_dir(path, mode);
	if (rc != -ENOENT)
		return rc;
	memcpy(part, path, len + 1);
	for (char *p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		rc = make_dir(part, mode);
		if (rc < 0)
			return rc;
		*p = '/';
	}
	return make_dir(path, mode);
}
