/* SPDX-License-Identifier: Apache-2.0 */
/* route.h - routes (linux/rtnetlink.h) */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cbr/netlink/batch.h"

/* rtm_protocol of every route that is ours on the node; what does not carry it is not touched. */
#define ROUTE_PROTO_CBR 67

/*
 * The metric of an IPv6 route that is given none: IP6_RT_PRIO_USER of linux/ipv6_route.h, which
 * does not go with netinet/in.h.
 */
#define ROUTE_METRIC_IPV6 1024

/*
 * @dst: destination; family 0 is not allowed, a default route is 0.0.0.0/0 or ::/0
 * @gw: next hop, family 0 = none
 * @src: preferred source (answers only), family 0 = none
 * @oif: interface index, 0 = the kernel finds it; in answers, that of a next hop object
 * @table: RT_TABLE_*, 0 = main
 * @scope: RT_SCOPE_*
 * @type: RTN_*, 0 = unicast
 * @protocol: RTPROT_* or ROUTE_PROTO_CBR
 * @priority: metric, 0 = the family's default
 * @mtu, @advmss: RTAX_MTU and RTAX_ADVMSS in bytes, 0 = none
 */
struct route {
	struct ip_prefix dst;
	struct ip_addr gw;
	struct ip_addr src;
	int oif;
	uint32_t table;
	uint8_t scope;
	uint8_t type;
	uint8_t protocol;
	uint32_t priority;
	uint32_t mtu;
	uint32_t advmss;
};

/*
 * route_put_add() - add a route; host bits of @dst are cleared
 * @flags: NLM_F_CREATE with NLM_F_EXCL, NLM_F_REPLACE, NLM_F_APPEND or nothing
 *
 * Return: index of the request.
 */
size_t route_put_add(struct nl_batch *batch, const struct route *route, uint16_t flags);

/* route_put_delete() - the route with this dst, table, priority and protocol; ESRCH is tolerated */
void route_put_delete(struct nl_batch *batch, const struct route *route);

/*
 * route_put_lookup() - which entry of the routing tables would this address take?
 *
 * The entry itself (RTM_F_FIB_MATCH), with its own prefix, table and protocol. *ret is all
 * zero if no route leads there, or one that says so on purpose (unreachable, blackhole).
 */
void route_put_lookup(struct nl_batch *batch, const struct ip_addr *addr, struct route *ret);

/*
 * route_lookup() - the same by itself, with all hops of a multipath route
 * @ret, @ret_n: array owned by the caller, freed with free(3); an entry for each hop, none if
 *               no route leads there
 */
int route_lookup(struct nl_socket *sock, const struct ip_addr *addr, struct route **ret,
		 size_t *ret_n, struct error *err);

/*
 * route_find_way() - by which interface would a packet to this address go now?
 *
 * Also where the entry names none: one with a next hop object (net.ipv4.nexthop_compat_mode 0).
 * Return: 1 and *ret, 0 if no route leads there, or negative.
 */
int route_find_way(struct nl_socket *sock, const struct ip_addr *addr, int *ret, struct error *err);

/*
 * route_list() - routes of a namespace by dump, filtered by the kernel where it can
 * @oif: only those out of this interface, or 0
 * @protocol: only those of this protocol, or 0
 * @ret, @ret_n: array owned by the caller, freed with free(3); each hop of a
 *               multipath route is an entry of its own
 */
int route_list(struct nl_socket *sock, int family, int oif, uint8_t protocol, struct route **ret,
	       size_t *ret_n, struct error *err);
