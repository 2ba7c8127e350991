/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.c - settings below /proc/sys */

#include "cbr/sys/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"

/* Of a setting of a link. */
#define PATH_SIZE 128

static int make_full_path(const char *path, char full[static PATH_MAX])
{
	return snprintf(full, PATH_MAX, "/proc/sys/%s", path) < PATH_MAX ? 0 : -ENAMETOOLONG;
}

int sysctl_read(const char *path, char *buf, size_t size)
{
	char full[PATH_MAX];
	ssize_t n = make_full_path(path, full);

	if (n == 0)
		n = file_read(AT_FDCWD, full, buf, size);
	if (n < 0)
		return (int)n;
	while (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return (int)n;
}

static int write_setting(const char *path, const char *value)
{
	char full[PATH_MAX];
	int rc = make_full_path(path, full);
	autoclose int fd = rc < 0 ? -1 : open(full, O_WRONLY | O_CLOEXEC);

	if (rc < 0)
		return rc;
	if (fd < 0)
		return -errno;
	return write(fd, value, strlen(value)) < 0 ? -errno : 0;
}

int sysctl_ensure(const char *path, const char *value, struct error *err)
{
	char now[64];
	int rc = sysctl_read(path, now, sizeof(now));

	if (rc >= 0 && strcmp(now, value) == 0)
		return 0;
	if (rc >= 0)
		rc = write_setting(path, value);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot set /proc/sys/%s to %s", path,
				   value);
	return 1;
}

static int put_setting(const char *path, const char *value, struct error *err)
{
	return write_setting(path, value) == 0 ? 1 : sysctl_ensure(path, value, err);
}

static void put_path(int family, const char *link, const char *key, char path[static PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "net/ipv%d/conf/%s/%s", family == AF_INET ? 4 : 6, link, key);
}

static int set_link(int (*set)(const char *path, const char *value, struct error *err), int family,
		    const char *link, const char *key, const char *value, struct error *err)
{
	char path[PATH_SIZE];

	put_path(family, link, key, path);
	return set(path, value, err);
}

int sysctl_ensure_link(int family, const char *link, const char *key, const char *value,
		       struct error *err)
{
	return set_link(sysctl_ensure, family, link, key, value, err);
}

int sysctl_put_link(int family, const char *link, const char *key, const char *value,
		    struct error *err)
{
	return set_link(put_setting, family, link, key, value, err);
}

bool sysctl_is_writable_link(int family, const char *link, const char *key)
{
	char path[PATH_SIZE];
	char full[PATH_MAX];

	put_path(family, link, key, path);
	return make_full_path(path, full) == 0 && faccessat(AT_FDCWD, full, W_OK, AT_EACCESS) == 0;
}
