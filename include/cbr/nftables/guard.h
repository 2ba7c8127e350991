/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.h - pods send from their own addresses only
 *
 * One table "bridge cbr" for all networks of the node, with the same few rules however
 * many pods there are; a pod's coming and going adds and removes elements of its sets.
 * The rules concern the ports in the set "guarded" and nothing else, before the bridge
 * learns from a frame or forwards it:
 *
 * - A frame has the port's own MAC address as its source.
 * - Of a port in the set "addressed" too, it is IPv4, IPv6 or ARP, behind one VLAN tag at
 *   most, from one of the port's own addresses; ARP and neighbour discovery tell of these
 *   and of this MAC address only. Also its own: the link-local address made from the MAC
 *   address (RFC 4291, appendix A), no address yet where the protocols have it so
 *   (DHCP, RFC 5227, 4862, 3810).
 *
 * What a port has is noted in the comment of its element of "guarded", so that it can be
 * removed by the port's name alone.
 * Requires nf_tables with the bridge family and chain comments (Linux 5.9).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/base/mac.h"
#include "cbr/netlink/socket.h"

#define GUARD_TABLE "cbr"

/*
 * @port: interface name; it need not exist
 * @mac: its address; NULL: nothing passes at all
 * @by_address: IP addresses are looked at, too
 * @addrs, @n: those it may send from, beside the link-local one
 */
struct guard {
	const char *port;
	const struct mac *mac;
	bool by_address;
	const struct ip_addr *addrs;
	size_t n;
};

/*
 * guard_make() - see that the port is guarded so, and not otherwise
 * @nft: NETLINK_NETFILTER socket in the node's namespace
 *
 * One round trip of look-ups, then one transaction: at no moment in between is the port
 * open. Missing rules and sets are made; other ports' elements do not come back.
 *
 * Return: 0 or a negative errno (-EOPNOTSUPP with a hint naming the kernel options).
 */
int guard_make(struct nl_socket *nft, const struct guard *guard, struct error *err);

/*
 * guard_check() - are the rules there, and what this port needs of elements?
 *
 * Return: 0, or negative with ERROR_CHECK naming what is missing.
 */
int guard_check(struct nl_socket *nft, const struct guard *guard, struct error *err);

/*
 * guard_remove() - forget the port; rules and sets stay
 *
 * To be called when the link is gone. One look-up if the port is not guarded.
 * Return: 1 removed, 0 was not guarded (also without nf_tables), or a negative errno.
 */
int guard_remove(struct nl_socket *nft, const char *port, struct error *err);

/* Return: true if the port's elements are to stay. */
typedef bool guard_keep_fn(const char *port, void *arg);

/*
 * guard_sweep() - forget all ports but those that @keep names
 *
 * Return: 1 something was removed, 0 there was nothing, or a negative errno.
 */
int guard_sweep(struct nl_socket *nft, guard_keep_fn *keep, void *arg, struct error *err);
