/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podnet_repair.c - what a living pod has and should not, when the same ADD comes again
 *
 * Should: take away the address of an earlier lease, which may be another pod's by now, and
 * routes that would share the traffic with those of the lease, or stay behind them.
 * Mustn't: touch what others added. An address of ours is marked (Linux 5.18), a route is
 * not: RTPROT_BOOT is also who typed it. So only one in the very place of one of the lease
 * goes: same interface, destination, table and metric.
 */

#include "podnet_repair.h"

#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "cbr/netlink/addr.h"

static bool is_in_lease(const struct cni_result *result, const struct ip_prefix *prefix)
{
	for (size_t i = 0; i < result->n_ips; i++)
		if (ip_prefix_equal(&result->ips[i].address, prefix))
			return true;
	return false;
}

static int put_addresses(struct attach *a, struct nl_batch *batch, struct error *err)
{
	autofree struct addr *addrs = NULL;
	size_t n = 0;
	int rc = addr_list(&a->pod, a->container.index, AF_UNSPEC, &addrs, &n, err);

	for (size_t i = 0; i < n; i++)
		if (addrs[i].proto == ADDR_PROTO_CBR && !is_in_lease(&a->result, &addrs[i].prefix))
			addr_put_delete(batch, a->container.index, &addrs[i].prefix);
	return rc;
}

static uint32_t priority_of(const struct route *route)
{
	if (!route->priority && route->dst.addr.family == AF_INET6)
		return ROUTE_METRIC_IPV6;
	return route->priority;
}

static bool is_in_place_of(const struct route *found, const struct route *wanted)
{
	const struct ip_prefix dst = { ip_network(&wanted->dst), wanted->dst.len };

	return found->protocol == RTPROT_BOOT && ip_prefix_equal(&found->dst, &dst) &&
	       found->table == (wanted->table ? wanted->table : RT_TABLE_MAIN) &&
	       found->priority == priority_of(wanted);
}

static bool is_same(const struct route *found, const struct route *wanted)
{
	return ip_equal(&found->gw, &wanted->gw) && found->mtu == wanted->mtu &&
	       found->advmss == wanted->advmss &&
	       (found->scope == wanted->scope || wanted->dst.addr.family == AF_INET6);
}

/* Several routes of a lease may have one place: then each of them is right there. */
static bool is_stale(const struct attach *a, const struct route *found)
{
	bool in_place = false;

	for (size_t i = 0; i < a->result.n_routes; i++) {
		const struct route wanted = podnet_route(a, &a->result.routes[i]);

		if (!is_in_place_of(found, &wanted))
			continue;
		if (is_same(found, &wanted))
			return false;
		in_place = true;
	}
	return in_place;
}

static int put_routes(struct attach *a, int family, struct nl_batch *batch, struct error *err)
{
	autofree struct route *routes = NULL;
	size_t n = 0;
	int rc = route_list(&a->pod, family, a->container.index, 0, &routes, &n, err);

	for (size_t i = 0; i < n; i++)
		if (is_stale(a, &routes[i]))
			route_put_delete(batch, &routes[i]);
	return rc;
}

int podnet_put_repair(struct attach *a, struct nl_batch *batch, struct error *err)
{
	int rc = attach_is_layer3(a) ? put_addresses(a, batch, err) : 0;

	if (rc >= 0 && a->result.n_routes)
		rc = put_routes(a, AF_INET, batch, err);
	if (rc >= 0 && a->result.n_routes)
		rc = put_routes(a, AF_INET6, batch, err);
	return rc;
}
