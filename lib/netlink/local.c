/* SPDX-License-Identifier: Apache-2.0 */
/* local.c - wait until an address that was added is one's own */

#include "cbr/netlink/local.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/events.h"
#include "cbr/netlink/route.h"

/*
 * The kernel tells of a route a moment before a look-up finds it (fib6_add_rt2node() sets
 * RTN_RTINFO last). Who looks in between hears of nothing more: so there is another look.
 */
#define GLANCE_MS 5

/* 1: packets to it end here; 0: not yet */
static int look(struct nl_socket *sock, const struct ip_addr *addr, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct route route;
	int rc;

	nl_batch_begin(&batch, sock);
	route_put_lookup(&batch, addr, &route);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : route.type == RTN_LOCAL;
}

int local_wait(struct nl_socket *sock, const struct netns *netns, const struct ip_addr *addr,
	       const struct deadline *deadline, struct error *err)
{
	auto_with(nl_socket_done) struct nl_socket events = { 0 };
	char text[IP_TEXT_SIZE];
	int rc;

	if (addr->family != AF_INET6)
		return 0;
	rc = look(sock, addr, err);
	if (rc)
		return rc < 0 ? rc : 0;
	rc = events_listen(RTNLGRP_IPV6_ROUTE, netns, &events, err);
	if (rc < 0)
		return rc;
	while ((rc = look(sock, addr, err)) == 0) {
		const struct deadline glance = deadline_in(GLANCE_MS);

		if (!deadline_left_ms(deadline))
			return error_errno(err, ERROR_SYSTEM, ETIMEDOUT,
					   "address %s does not become local",
					   ip_format(addr, text));
		events_wait(&events, &glance);
	}
	return rc < 0 ? rc : 0;
}
