/* SPDX-License-Identifier: Apache-2.0 */
/* socket.h - a netlink socket that lives in a chosen network namespace */
#pragma once

#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/sys/netns.h"

struct mnl_socket;

/*
 * @mnl: libmnl's socket, or NULL when closed
 * @portid: our address on the bus, to match answers
 * @seq: last sequence number used; only ever grows
 */
struct nl_socket {
	struct mnl_socket *mnl;
	unsigned int portid;
	uint32_t seq;
};

/*
 * nl_socket_open() - open, bind and prepare a socket
 * @bus: NETLINK_ROUTE or NETLINK_NETFILTER
 * @netns: namespace to open it in, or NULL for our own; a socket stays in the
 *         namespace where socket(2) was called, so nothing has to enter it again
 *
 * Close-on-exec; extended and capped ACKs and strict checking of dump filters are
 * on where the kernel has them.
 *
 * Return: 0 and *ret, to be closed with nl_socket_done(); or a negative errno.
 */
int nl_socket_open(int bus, const struct netns *netns, struct nl_socket *ret, struct error *err);

/* nl_socket_done() - close; accepts a zeroed or closed socket */
void nl_socket_done(struct nl_socket *sock);
