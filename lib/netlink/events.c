/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - hear that the kernel changed something */

#include "cbr/netlink/events.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>

int events_listen(int group, const struct netns *netns, struct nl_socket *ret, struct error *err)
{
	int rc = nl_socket_open(NETLINK_ROUTE, netns, ret, err);

	if (rc < 0)
		return rc;
	if (mnl_socket_setsockopt(ret->mnl, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) < 0)
		return error_errno(err, ERROR_KERNEL, errno, "cannot listen for changes");
	return 0;
}

int events_wait(struct nl_socket *events, const struct deadline *deadline)
{
	struct pollfd wait = { .fd = mnl_socket_get_fd(events->mnl), .events = POLLIN };
	const int left = deadline_left_ms(deadline);
	char buf[8192];

	if (!left)
		return 0;
	poll(&wait, 1, left);
	/* ENOBUFS, events lost, is an event as well. */
	while (recv(wait.fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
	return 1;
}
