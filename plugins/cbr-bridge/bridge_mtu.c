/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_mtu.c - which MTU a bridge is given that is made */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bridge.h"
#include "cbr/base/array.h"
#include "cbr/netlink/route.h"

/* Routes whose destination is everything, of the main table, and the best of them. */
static size_t keep_default(struct route *routes, size_t n)
{
	uint32_t best = UINT32_MAX;
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		const struct route *route = &routes[i];

		if (!ip_prefix_is_default(&route->dst) || route->table != RT_TABLE_MAIN ||
		    !route->oif || route->priority > best)
			continue;
		if (route->priority < best)
			kept = 0;
		best = route->priority;
		routes[kept++] = *route;
	}
	return kept;
}

/*
 * The hops of the default route. The address is for documentation (RFC 5737, RFC 3849): no
 * route leads to it but a default one, and nothing is sent. Where it is in use all the same,
 * as in laboratories, all routes are looked through.
 */
static int find_hops(struct attach *a, const char *outside, struct route **ret, size_t *ret_n,
		     struct error *err)
{
	autofree struct route *routes = NULL;
	struct ip_addr addr;
	size_t n = 0;
	int rc;

	ip_parse(outside, &addr);
	rc = route_lookup(&a->node, &addr, &routes, &n, err);
	if (rc >= 0 && n && !ip_prefix_is_default(&routes[0].dst)) {
		free(TAKE_PTR(routes));
		rc = route_list(&a->node, addr.family, 0, 0, &routes, &n, err);
		n = rc < 0 ? 0 : keep_default(routes, n);
	}
	if (rc >= 0 && n == 1 && !routes[0].oif)
		rc = route_find_way(&a->node, &addr, &routes[0].oif, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(routes);
	*ret_n = n;
	return 0;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return !a || (b && b < a) ? b : a;
}

/* Whatever way a packet takes, it must fit: the least of all hops, and of what the route says. */
static int find_least(struct attach *a, const char *outside, uint32_t *mtu, struct error *err)
{
	autofree struct route *hops = NULL;
	size_t n = 0;
	int rc = find_hops(a, outside, &hops, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++) {
		struct link device;

		if (!hops[i].oif)
			continue;
		rc = link_get_index(&a->node, hops[i].oif, &device, err);
		if (rc > 0 && !(device.flags & IFF_LOOPBACK))
			*mtu = least(*mtu, least(device.mtu, hops[i].mtu));
	}
	return rc < 0 ? rc : 0;
}

int bridge_choose_mtu(struct attach *a, uint32_t *ret, struct error *err)
{
	static const char *const outside[] = { "192.0.2.1", "2001:db8::1" };

	*ret = a->conf.mtu;
	for (size_t i = 0; i < ARRAY_SIZE(outside) && !a->conf.mtu; i++) {
		int rc = find_least(a, outside[i], ret, err);

		if (rc < 0)
			return rc;
	}
	/* The way out that takes less is none for IPv6, but pods have it among themselves. */
	if (*ret && !a->conf.mtu && *ret < IPV6_MTU && bridge_conf_wants_ipv6(&a->conf))
		*ret = IPV6_MTU;
	return 0;
}

int bridge_judge_mtu(const struct attach *a, struct error *err)
{
	if (a->conf.mtu || a->bridge.mtu >= IPV6_MTU || !bridge_conf_wants_ipv6(&a->conf))
		return 0;
	error_set(err, ERROR_CONFLICT, "mtu %u of %s is too little for IPv6", a->bridge.mtu,
		  a->conf.bridge);
	return error_hint(err, "IPv6 needs %u: set the key \"mtu\", or the bridge's", IPV6_MTU);
}
