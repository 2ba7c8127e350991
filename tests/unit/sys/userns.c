/* SPDX-License-Identifier: Apache-2.0 */
/* userns.c - namespaces in which a test may do what needs privilege */

#include "userns.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, text, strlen(text));
	close(fd);
	return n < 0 ? -1 : 0;
}

int userns_enter(void)
{
	char users[64];
	char groups[64];

	snprintf(users, sizeof(users), "0 %u 1", geteuid());
	snprintf(groups, sizeof(groups), "0 %u 1", getegid());
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) < 0)
		return -1;
	/* Without "deny", only a privileged process may map groups (user_namespaces(7)). */
	if (put("/proc/self/setgroups", "deny") < 0 || put("/proc/self/uid_map", users) < 0)
		return -1;
	return put("/proc/self/gid_map", groups);
}
