/* SPDX-License-Identifier: Apache-2.0 */
/* netns.c - network namespaces */

#include "cbr/sys/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "cbr/base/cleanup.h"

#define OWN_PATH "/proc/thread-self/ns/net"

static bool is_network_namespace(int fd)
{
	struct statfs fs;

	/* Only ask the ioctl of what is known to understand it. */
	if (fstatfs(fd, &fs) < 0 || (fs.f_type != NSFS_MAGIC && fs.f_type != PROC_SUPER_MAGIC))
		return false;
	return ioctl(fd, NS_GET_NSTYPE) == CLONE_NEWNET;
}

static int refuse_open(const char *path, int errnum, struct error *err)
{
	/* ENXIO: a socket, or a device that nobody serves. */
	if (errnum == 0 || errnum == ENXIO)
		return error_set(err, ERROR_NETNS,
				 "failed to open netns \"%s\": it is no network namespace", path);
	/* Where a parent is a file, the namespace is as gone as with a missing parent. */
	if (errnum == ENOTDIR)
		errnum = ENOENT;
	error_errno(err, ERROR_NETNS, errnum, "failed to open netns \"%s\"", path);
	if (errnum == EACCES)
		error_hint(err, "that of another process needs CAP_SYS_PTRACE; directories on the "
				"way must be open to the user this runs as, root included, since "
				"it gives up CAP_DAC_OVERRIDE");
	return -errnum;
}

int netns_open(const char *path, struct netns *ret, struct error *err)
{
	/* O_NONBLOCK: a FIFO in its place must not hold us. */
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return refuse_open(path, errno, err);
	if (!is_network_namespace(fd) || fstat(fd, &st) < 0)
		return refuse_open(path, 0, err);
	*ret = (struct netns){ .fd = TAKE_FD(fd), .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

/* What it is need not be proven: the kernel has nothing else to show there. */
static int open_own(struct netns *ret, struct error *err)
{
	autoclose int fd = open(OWN_PATH, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return refuse_open(OWN_PATH, errno, err);
	*ret = (struct netns){ .fd = TAKE_FD(fd), .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

void netns_done(struct netns *ns)
{
	cleanup_close(&ns->fd);
	*ns = NETNS_NONE;
}

int netns_look(const char *path, struct netns *ret)
{
	struct statfs fs;
	struct stat st;

	*ret = NETNS_NONE;
	if (statfs(path, &fs) < 0 || stat(path, &st) < 0)
		return -errno;
	/* Who may not trace a process is led by its links to their directory, by Linux 5.10. */
	if (fs.f_type == PROC_SUPER_MAGIC && S_ISDIR(st.st_mode))
		return -EACCES;
	if (fs.f_type != NSFS_MAGIC)
		return -EINVAL;
	*ret = (struct netns){ .fd = -1, .dev = st.st_dev, .ino = st.st_ino };
	return 0;
}

int netns_refuse_own(const struct netns *ns, const char *path, struct error *err)
{
	struct stat own;

	if (stat(OWN_PATH, &own) < 0 || ns->dev != own.st_dev || ns->ino != own.st_ino)
		return 0;
	error_set(err, ERROR_NETNS,
		  "plugin's netns and netns from CNI_NETNS should not be the same");
	return error_hint(err, "CNI_NETNS is \"%s\", the namespace of the node itself", path);
}

int netns_identify(const char *path, uint64_t *ret_dev, uint64_t *ret_ino)
{
	struct netns ns;
	const int rc = netns_look(path, &ns);

	if (rc < 0)
		return rc;
	*ret_dev = ns.dev;
	*ret_ino = ns.ino;
	return 0;
}

int netns_refuse_identity(const char *path, uint64_t dev, uint64_t ino, struct error *err)
{
	const struct netns ns = { .fd = -1, .dev = dev, .ino = ino };

	return netns_refuse_own(&ns, path, err);
}

int netns_call(const struct netns *target, int (*fn)(void *arg, struct error *err), void *arg,
	       struct error *err)
{
	auto_with(netns_done) struct netns own = NETNS_NONE;
	int rc;

	if (!target)
		return fn(arg, err);
	rc = open_own(&own, err);
	if (rc < 0)
		return rc;
	if (target->dev == own.dev && target->ino == own.ino)
		return fn(arg, err);
	if (setns(target->fd, CLONE_NEWNET) < 0) {
		error_errno(err, ERROR_NETNS, errno, "cannot enter the pod's network namespace");
		return error_hint(err, "entering a namespace needs CAP_SYS_ADMIN");
	}
	rc = fn(arg, err);
	/*
	 * A thread that cannot come back would go on in the pod: the node's bridge, routes
	 * and rules would be made there. No error code stops a caller that ignores it.
	 */
	if (setns(own.fd, CLONE_NEWNET) < 0)
		abort();
	return rc;
}
