/* SPDX-License-Identifier: Apache-2.0 */
/* dad.c - wait for duplicate address detection */

#include "cbr/netlink/dad.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"

int dad_listen(const struct netns *netns, struct nl_socket *ret, struct error *err)
{
	int group = RTNLGRP_IPV6_IFADDR;
	int rc = nl_socket_open(NETLINK_ROUTE, netns, ret, err);

	if (rc < 0)
		return rc;
	if (mnl_socket_setsockopt(ret->mnl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_errno(err, ERROR_KERNEL, errno, "cannot listen for address changes");
	return 0;
}

/* 1: some address is still tentative; 0: none is; negative: one was found to be a duplicate */
static int look(struct nl_socket *sock, int index, struct error *err)
{
	autofree struct addr *addrs = NULL;
	char text[IP_TEXT_SIZE];
	size_t n = 0;
	int tentative = 0;
	int rc = addr_list(sock, index, AF_INET6, &addrs, &n, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < n; i++) {
		if (addrs[i].flags & IFA_F_DADFAILED)
			return error_errno(err, ERROR_CONFLICT, EADDRINUSE,
					   "address %s is used by another host",
					   ip_prefix_format(&addrs[i].prefix, text));
		if (addrs[i].flags & IFA_F_TENTATIVE)
			tentative = 1;
	}
	return tentative;
}

/* What the events say does not matter, only that there were some. */
static void swallow(int fd)
{
	char buf[8192];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

int dad_wait(struct nl_socket *sock, struct nl_socket *events, int index,
	     const struct deadline *deadline, struct error *err)
{
	struct pollfd wait = { .fd = mnl_socket_get_fd(events->mnl), .events = POLLIN };

	for (;;) {
		int left = deadline_left_ms(deadline);
		int rc = look(sock, index, err);

		if (rc <= 0)
			return rc;
		if (!left)
			return error_errno(err, ERROR_SYSTEM, ETIMEDOUT,
					   "duplicate address detection did not end");
		poll(&wait, 1, left);
		swallow(wait.fd);
	}
}
