/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dad.h - wait for duplicate address detection (RFC 4862 section 5.4) by events
 */
#pragma once

#include "cbr/base/clock.h"
#include "cbr/netlink/socket.h"

/*
 * dad_listen() - hear of changes of IPv6 addresses in @netns from now on
 * @ret: a socket for dad_wait() only; close it with nl_socket_done()
 *
 * Call it before the addresses are added.
 */
int dad_listen(const struct netns *netns, struct nl_socket *ret, struct error *err);

/*
 * dad_wait() - until no IPv6 address of the interface is tentative
 * @sock: in the same namespace, for looking
 * @events: from dad_listen()
 *
 * Return: 0; -EADDRINUSE when another host has one of them, with the address;
 * -ETIMEDOUT past the deadline.
 */
int dad_wait(struct nl_socket *sock, struct nl_socket *events, int index,
	     const struct deadline *deadline, struct error *err);
