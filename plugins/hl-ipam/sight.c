/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sight.c - is a network namespace gone, or only out of sight?
 *
 * An address is taken back for this, so only what cannot mean anything else counts: that there
 * is no such name. Of no memory, a bad disk or a missing permission nothing follows, nor of a
 * name with something else behind it: mounts are seen by those only to whom they propagate, and
 * a link may lead to where another process sees what we do not.
 */

#include "sight.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/str.h"

#define PROC "/proc/"
#define OWN_PID_NS PROC "thread-self/ns/pid"

static bool is_below_proc(const char *path)
{
	return strncmp(path, PROC, strlen(PROC)) == 0;
}

/* It shows the numbers of the pid namespace that it was mounted in. */
static bool has_our_numbers(void)
{
	char self[16] = "";
	uint64_t pid;

	return readlink(PROC "self", self, sizeof(self) - 1) > 0 &&
	       str_to_u64(self, INT_MAX, &pid) == 0 && (pid_t)pid == getpid();
}

/*
 * Where /proc is mounted with hidepid, there seems to be nothing of the processes of others, but
 * a signal tells whether they exist. One that can be seen and has no namespace has ended, and
 * only its parent does not know.
 */
static bool is_process_gone(const char *path)
{
	char directory[sizeof(PROC) + 32];
	char *end;
	const long pid = strtol(path + strlen(PROC), &end, 10);
	struct stat st;

	if (pid <= 0 || pid > INT_MAX || *end != '/' || !has_our_numbers())
		return false;
	if (kill((pid_t)pid, 0) < 0 && errno == ESRCH)
		return true;
	snprintf(directory, sizeof(directory), PROC "%ld", pid);
	return stat(directory, &st) == 0;
}

static bool is_missing(int rc)
{
	return rc == -ENOENT || rc == -ENOTDIR;
}

static bool is_name_gone(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 && is_missing(-errno);
}

int sight_look(const char *path, struct netns *ret)
{
	const int rc = netns_look(path, ret);

	if (rc == 0)
		return 1;
	if (!is_missing(rc))
		return rc;
	return (is_below_proc(path) ? is_process_gone(path) : is_name_gone(path)) ? 0 : -EACCES;
}

int sight_place(const char *path, uint64_t *ret_dev, uint64_t *ret_ino)
{
	const char *slash = strrchr(path, '/');
	char directory[PATH_MAX] = ".";
	struct stat st;

	if (slash)
		snprintf(directory, sizeof(directory), "%.*s", (int)(slash - path) + 1, path);
	if (stat(is_below_proc(path) ? OWN_PID_NS : directory, &st) < 0)
		return -errno;
	*ret_dev = st.st_dev;
	*ret_ino = st.st_ino;
	return 0;
}
