/* SPDX-License-Identifier: Apache-2.0 */
/* dad.c - wait for duplicate address detection */

#include "cbr/netlink/dad.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/events.h"

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

int dad_wait(struct nl_socket *sock, struct nl_socket *events, int index,
	     const struct deadline *deadline, struct error *err)
{
	for (;;) {
		int rc = look(sock, index, err);

		if (rc <= 0)
			return rc;
		if (!events_wait(events, deadline))
			return error_errno(err, ERROR_SYSTEM, ETIMEDOUT,
					   "duplicate address detection did not end");
	}
}
