/* SPDX-License-Identifier: Apache-2.0 */
/* ns.c - network namespaces for pods, nodes and the world outside */

#include "ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/clock.h"
#include "harness.h"
#include "run.h"

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

#define OWN "/proc/thread-self/ns/net"

static int loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc = fd < 0 ? -1 : ioctl(fd, SIOCSIFFLAGS, &lo);

	close(fd);
	return rc;
}

void ns_make(const struct tmp *tmp, const char *name, struct ns *ret)
{
	char *file = tmp_write(tmp, name, "", 0600);
	int home = open(OWN, O_RDONLY | O_CLOEXEC);
	bool made;

	must(home >= 0, OWN);
	must(unshare(CLONE_NEWNET) == 0, "unshare");
	made = loopback_up() == 0 && mount(OWN, file, NULL, MS_BIND, NULL) == 0;
	must(setns(home, CLONE_NEWNET) == 0, "setns");
	close(home);
	must(made, file);
	snprintf(ret->path, sizeof(ret->path), "%s", file);
	free(file);
}

void ns_destroy(struct ns *ns)
{
	if (!ns->path[0])
		return;
	must(umount2(ns->path, MNT_DETACH) == 0, ns->path);
	must(unlink(ns->path) == 0, ns->path);
	ns->path[0] = '\0';
}

int ns_enter(const struct ns *ns)
{
	int fd, rc;

	if (!ns)
		return 0;
	fd = open(ns->path, O_RDONLY | O_CLOEXEC);
	rc = fd < 0 ? -1 : setns(fd, CLONE_NEWNET);
	if (fd >= 0)
		close(fd);
	return rc;
}

int ns_call(const struct ns *ns, int (*fn)(void *arg), void *arg)
{
	int home = open(OWN, O_RDONLY | O_CLOEXEC);
	int rc, errnum;

	must(home >= 0, OWN);
	must(ns_enter(ns) == 0, "enter namespace");
	rc = fn(arg);
	errnum = errno;
	must(setns(home, CLONE_NEWNET) == 0, "setns");
	close(home);
	errno = errnum;
	return rc;
}

static int open_socket(void *arg)
{
	const int *want = arg;

	return socket(want[0], want[1] | SOCK_CLOEXEC, want[2]);
}

int ns_socket(const struct ns *ns, int domain, int type, int protocol)
{
	int want[] = { domain, type, protocol };
	int fd = ns_call(ns, open_socket, want);

	must(fd >= 0, "socket");
	return fd;
}

/* A socket that becomes readable whenever something of the namespace's network changes. */
static int open_monitor(const struct ns *ns)
{
	struct sockaddr_nl groups = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_NEIGH | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
			     RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE,
	};
	int fd = ns_socket(ns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	must(bind(fd, (struct sockaddr *)&groups, sizeof(groups)) == 0, "bind");
	return fd;
}

void ns_wait(const struct ns *ns, int ms, const char *fmt, ...)
{
	struct deadline deadline = deadline_in(harness_patience(ms));
	struct pollfd monitor = { .fd = open_monitor(ns), .events = POLLIN };
	char command[1024];
	char buf[16384];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	for (;;) {
		struct run run = run_shell(ns, "%s", command);
		int status = run.status;

		run_done(&run);
		if (status == 0)
			break;
		if (poll(&monitor, 1, deadline_left_ms(&deadline)) == 0)
			harness_fail(__FILE__, __LINE__, "after %d ms still not: %s", ms, command);
		while (recv(monitor.fd, buf, sizeof(buf), MSG_DONTWAIT) >= 0 || errno == ENOBUFS)
			;
	}
	close(monitor.fd);
}
