/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dad.h - wait for duplicate address detection (RFC 4862 section 5.4) by events
 */
#pragma once

#include "cbr/base/clock.h"
#include "cbr/netlink/socket.h"

/*
 * dad_wait() - until no IPv6 address of the interface is tentative
 * @sock: in the interface's namespace, for looking
 * @events: from events_listen() for RTNLGRP_IPV6_IFADDR there, before the addresses came
 *
 * Return: 0; -EADDRINUSE when another host has one of them, with the address;
 * -ETIMEDOUT past the deadline.
 */
int dad_wait(struct nl_socket *sock, struct nl_socket *events, int index,
	     const struct deadline *deadline, struct error *err);
