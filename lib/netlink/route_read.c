/* SPDX-License-Identifier: Apache-2.0 */
/* route_read.c - routes as the kernel tells them */

#include "route_read.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "attr.h"
#include "cbr/base/array.h"

static const struct attr_policy route_policy[] = {
	{ RTA_DST, MNL_TYPE_BINARY },     { RTA_GATEWAY, MNL_TYPE_BINARY },
	{ RTA_PREFSRC, MNL_TYPE_BINARY }, { RTA_OIF, MNL_TYPE_U32 },
	{ RTA_TABLE, MNL_TYPE_U32 },      { RTA_PRIORITY, MNL_TYPE_U32 },
	{ RTA_METRICS, MNL_TYPE_NESTED }, { RTA_MULTIPATH, MNL_TYPE_BINARY },
};

static const struct attr_policy metrics_policy[] = {
	{ RTAX_MTU, MNL_TYPE_U32 },
	{ RTAX_ADVMSS, MNL_TYPE_U32 },
};

static void read_ip(const struct nlattr *attr, int family, struct ip_addr *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) != ip_size(family))
		return;
	ret->family = family;
	memcpy(ret->bytes, mnl_attr_get_payload(attr), ip_size(family));
}

static void read_metrics(const struct nlattr *nest, struct route *ret)
{
	struct attrs attrs;

	attrs_of_nest(nest, metrics_policy, ARRAY_SIZE(metrics_policy), &attrs);
	ret->mtu = attr_u32(&attrs, RTAX_MTU);
	ret->advmss = attr_u32(&attrs, RTAX_ADVMSS);
}

/* One hop of a multipath route: its interface, and its attributes behind. */
static void read_hop(const struct rtnexthop *hop, int family, struct route *ret)
{
	const struct nlattr *attr = (const struct nlattr *)RTNH_DATA(hop);
	int len = hop->rtnh_len - (int)RTNH_LENGTH(0);

	ret->oif = hop->rtnh_ifindex;
	ret->gw = (struct ip_addr){ 0 };
	for (; mnl_attr_ok(attr, len);
	     len -= (int)NLMSG_ALIGN(attr->nla_len), attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == RTA_GATEWAY)
			read_ip(attr, family, &ret->gw);
}

/* Calls @fn for the route with each of its hops. */
static int for_each_hop(const struct nlattr *multipath, const struct route *route,
			int (*fn)(const struct route *hop, void *arg), void *arg)
{
	const struct rtnexthop *hop = mnl_attr_get_payload(multipath);
	int len = mnl_attr_get_payload_len(multipath);
	int rc = 0;

	for (; len >= (int)sizeof(*hop) && hop->rtnh_len >= sizeof(*hop) && hop->rtnh_len <= len &&
	       rc == 0;
	     len -= (int)RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
		struct route one = *route;

		read_hop(hop, route->dst.addr.family, &one);
		rc = fn(&one, arg);
	}
	return rc;
}

/* Return: 1 and what the fields of a message say, 0 for a family that has no addresses, -EPROTO */
static int read_fields(const struct nlmsghdr *msg, struct attrs *attrs, struct route *ret)
{
	const struct rtmsg *header = mnl_nlmsg_get_payload(msg);
	int family;

	*ret = (struct route){ 0 };
	if (mnl_nlmsg_get_payload_len(msg) < sizeof(*header))
		return -EPROTO;
	family = header->rtm_family;
	if (!ip_size(family))
		return 0;
	if (header->rtm_dst_len > ip_bits(family))
		return -EPROTO;
	attrs_of_message(msg, sizeof(*header), route_policy, ARRAY_SIZE(route_policy), attrs);
	ret->dst.addr.family = family;
	ret->dst.len = header->rtm_dst_len;
	ret->scope = header->rtm_scope;
	ret->type = header->rtm_type;
	ret->protocol = header->rtm_protocol;
	ret->table = attrs->at[RTA_TABLE] ? attr_u32(attrs, RTA_TABLE) : header->rtm_table;
	ret->oif = (int)attr_u32(attrs, RTA_OIF);
	ret->priority = attr_u32(attrs, RTA_PRIORITY);
	read_ip(attrs->at[RTA_DST], family, &ret->dst.addr);
	read_ip(attrs->at[RTA_GATEWAY], family, &ret->gw);
	read_ip(attrs->at[RTA_PREFSRC], family, &ret->src);
	read_metrics(attrs->at[RTA_METRICS], ret);
	return 1;
}

static int read_each(const struct nlmsghdr *msg, int (*fn)(const struct route *hop, void *arg),
		     void *arg)
{
	struct route route;
	struct attrs attrs;
	int rc = msg->nlmsg_type == RTM_NEWROUTE ? read_fields(msg, &attrs, &route) : -EPROTO;

	if (rc <= 0)
		return rc;
	if (attrs.at[RTA_MULTIPATH])
		return for_each_hop(attrs.at[RTA_MULTIPATH], &route, fn, arg);
	return fn(&route, arg);
}

void route_name(const struct nlmsghdr *msg, char *buf, size_t size)
{
	char dst[IP_TEXT_SIZE];
	char gw[IP_TEXT_SIZE];
	struct route route;
	struct attrs attrs;

	if (read_fields(msg, &attrs, &route) > 0)
		snprintf(buf, size, " %s%s%s", ip_prefix_format(&route.dst, dst),
			 route.gw.family ? " via " : "", ip_format(&route.gw, gw));
}

static int keep_first(const struct route *hop, void *arg)
{
	struct route *ret = arg;

	if (!ret->dst.addr.family)
		*ret = *hop;
	return 0;
}

int route_read(const struct nlmsghdr *msg, struct route *ret)
{
	memset(ret, 0, sizeof(*ret));
	return read_each(msg, keep_first, ret);
}

/*
 * What is listed: routes out of @oif and of @protocol, 0 = any.
 * @addr: only that which this address takes
 */
struct wanted {
	const struct ip_addr *addr;
	int family;
	int oif;
	uint8_t protocol;
};

static int append_hop(const struct route *hop, void *arg)
{
	struct nl_dump *dump = arg;
	const struct wanted *wanted = dump->arg;
	struct route *items;

	/* The kernel filters by both since 5.0. */
	if ((wanted->oif && hop->oif != wanted->oif) ||
	    (wanted->protocol && hop->protocol != wanted->protocol))
		return 0;
	items = array_grow(dump->items, dump->n, sizeof(*items));
	if (!items)
		return -ENOMEM;
	dump->items = items;
	items[dump->n++] = *hop;
	return 0;
}

static int append_route(const struct nlmsghdr *msg, void *arg)
{
	return read_each(msg, append_hop, arg);
}

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	const struct wanted *wanted = dump->arg;
	const struct rtmsg header = { .rtm_family = (uint8_t)wanted->family,
				      .rtm_protocol = wanted->protocol };

	nl_request(batch, RTM_GETROUTE, NLM_F_DUMP, "list routes");
	nl_on_reply(batch, append_route, dump);
	nl_put_header(batch, &header, sizeof(header));
	if (wanted->oif)
		nl_put_u32(batch, RTA_OIF, (uint32_t)wanted->oif);
}

static int run(struct nl_dump *dump, struct nl_socket *sock, struct route **ret, size_t *ret_n,
	       struct error *err)
{
	int rc = nl_dump_run(dump, sock, err);

	if (rc < 0)
		return rc;
	*ret = dump->items;
	*ret_n = dump->n;
	return 0;
}

int route_list(struct nl_socket *sock, int family, int oif, uint8_t protocol, struct route **ret,
	       size_t *ret_n, struct error *err)
{
	struct wanted wanted = { .family = family, .oif = oif, .protocol = protocol };
	struct nl_dump dump = { .put = put_list, .arg = &wanted };

	return run(&dump, sock, ret, ret_n, err);
}

static void put_lookup(struct nl_batch *batch, struct nl_dump *dump)
{
	const struct wanted *wanted = dump->arg;
	struct route unused;

	route_put_lookup(batch, wanted->addr, &unused);
	nl_on_reply(batch, append_route, dump);
}

int route_lookup(struct nl_socket *sock, const struct ip_addr *addr, struct route **ret,
		 size_t *ret_n, struct error *err)
{
	struct wanted wanted = { .addr = addr };
	struct nl_dump dump = { .put = put_lookup, .arg = &wanted };

	return run(&dump, sock, ret, ret_n, err);
}
