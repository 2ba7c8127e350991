/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h - wait until an address that was added is one's own
 *
 * An IPv4 address is at once. With an IPv6 address the kernel takes its time, even if it
 * need not detect duplicates (addrconf_dad_start() leaves it to a worker): until then
 * nobody answers for it.
 */
#pragma once

#include "cbr/base/clock.h"
#include "cbr/base/ip.h"
#include "cbr/netlink/socket.h"
#include "cbr/sys/netns.h"

/*
 * local_wait() - until the namespace answers for @addr
 * @sock: in that namespace
 * @netns: it, or NULL for our own
 *
 * Asks once, and listens for events only if it must wait.
 * Return: 0; -ETIMEDOUT past the deadline.
 */
int local_wait(struct nl_socket *sock, const struct netns *netns, const struct ip_addr *addr,
	       const struct deadline *deadline, struct error *err);
