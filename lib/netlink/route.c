/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - add, delete and look up routes */

#include "cbr/netlink/route.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "route_read.h"

static struct rtmsg make_header(const struct route *route)
{
	const uint32_t table = route->table ? route->table : RT_TABLE_MAIN;

	return (struct rtmsg){
		.rtm_family = (uint8_t)route->dst.addr.family,
		.rtm_dst_len = (uint8_t)route->dst.len,
		.rtm_table = (uint8_t)(table < 256 ? table : RT_TABLE_UNSPEC),
		.rtm_protocol = route->protocol,
		.rtm_scope = route->scope,
		.rtm_type = route->type ? route->type : RTN_UNICAST,
	};
}

static void put_metrics(struct nl_batch *batch, const struct route *route)
{
	size_t nest;

	if (!route->mtu && !route->advmss)
		return;
	nest = nl_nest_begin(batch, RTA_METRICS);
	if (route->mtu)
		nl_put_u32(batch, RTAX_MTU, route->mtu);
	if (route->advmss)
		nl_put_u32(batch, RTAX_ADVMSS, route->advmss);
	nl_nest_end(batch, nest);
}

static void put_route(struct nl_batch *batch, const struct route *route)
{
	const struct rtmsg header = make_header(route);
	const struct ip_addr dst = ip_network(&route->dst);

	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, RTA_DST, &dst);
	if (route->table > 255)
		nl_put_u32(batch, RTA_TABLE, route->table);
	if (route->gw.family)
		nl_put_ip(batch, RTA_GATEWAY, &route->gw);
	if (route->oif)
		nl_put_u32(batch, RTA_OIF, (uint32_t)route->oif);
	if (route->priority)
		nl_put_u32(batch, RTA_PRIORITY, route->priority);
	put_metrics(batch, route);
}

size_t route_put_add(struct nl_batch *batch, const struct route *route, uint16_t flags)
{
	size_t index = nl_request(batch, RTM_NEWROUTE, flags, "add route");

	nl_name_later(batch, route_name);
	put_route(batch, route);
	return index;
}

void route_put_delete(struct nl_batch *batch, const struct route *route)
{
	nl_request(batch, RTM_DELROUTE, 0, "delete route");
	nl_name_later(batch, route_name);
	nl_tolerate(batch, ESRCH);
	put_route(batch, route);
}

static int take_route(const struct nlmsghdr *msg, void *arg)
{
	return route_read(msg, arg);
}

static void put_question(struct nl_batch *batch, const struct ip_addr *addr, uint32_t flags,
			 struct route *ret)
{
	const struct rtmsg header = {
		.rtm_family = (uint8_t)addr->family,
		.rtm_dst_len = (uint8_t)ip_bits(addr->family),
		.rtm_flags = flags,
	};

	memset(ret, 0, sizeof(*ret));
	nl_request(batch, RTM_GETROUTE, 0, "look up route to");
	nl_name_later(batch, route_name);
	/* No entry; or one that is unreachable, prohibit, blackhole (fib_props[] in the kernel). */
	nl_tolerate(batch, ENETUNREACH);
	nl_tolerate(batch, EHOSTUNREACH);
	nl_tolerate(batch, EACCES);
	nl_tolerate(batch, EINVAL);
	/* A kernel without IPv6 leads nowhere. */
	nl_tolerate(batch, EOPNOTSUPP);
	nl_on_reply(batch, take_route, ret);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, RTA_DST, addr);
}

void route_put_lookup(struct nl_batch *batch, const struct ip_addr *addr, struct route *ret)
{
	/* IPv4 says "main" of all unless asked; IPv6 tells anyway, and knows no such flag. */
	const uint32_t table = addr->family == AF_INET ? RTM_F_LOOKUP_TABLE : 0;

	put_question(batch, addr, RTM_F_FIB_MATCH | table, ret);
}

int route_find_way(struct nl_socket *sock, const struct ip_addr *addr, int *ret, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct route route;
	int rc;

	nl_batch_begin(&batch, sock);
	put_question(&batch, addr, 0, &route);
	rc = nl_batch_run(&batch, err);
	*ret = route.oif;
	return rc < 0 ? rc : route.oif != 0;
}
