/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nsid.h - by which number the kernel calls a network namespace in another one
 *
 * What a link says of its other end's namespace is such a number (IFLA_LINK_NETNSID).
 * Source: linux/net_namespace.h.
 */
#pragma once

#include "cbr/netlink/socket.h"

/* It has none there. */
#define NSID_NONE (-1)

/*
 * nsid_get() - the number of @netns in the namespace of @sock
 *
 * Return: 0 and *ret, NSID_NONE among them; or negative.
 */
int nsid_get(struct nl_socket *sock, const struct netns *netns, int *ret, struct error *err);
