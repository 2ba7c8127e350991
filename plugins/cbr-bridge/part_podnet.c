/* SPDX-License-Identifier: Apache-2.0 */
/* part_podnet.c - addresses and routes inside the pod */

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/netlink/addr.h"
#include "cbr/netlink/dad.h"
#include "cbr/netlink/events.h"
#include "cbr/netlink/local.h"
#include "cbr/netlink/route.h"
#include "cbr/sys/sysctl.h"
#include "link_conf.h"
#include "parts.h"
#include "podnet_repair.h"

/* The longest that duplicate address detection takes with default timers is about 2 s. */
#define DAD_DEADLINE_MS (5 * 1000)

/* A worker of the kernel does it as soon as a processor is free. */
#define LOCAL_DEADLINE_MS (5 * 1000)

static bool has_family(const struct cni_result *result, int family)
{
	for (size_t i = 0; i < result->n_ips; i++)
		if (result->ips[i].address.addr.family == family)
			return true;
	return false;
}

/* Looked at first: who writes it spins while somebody else changes links (addrconf_disable_ipv6()).
 */
static int enable_ipv6(const char *link, struct error *err)
{
	const int rc = sysctl_ensure_link(AF_INET6, link, "disable_ipv6", "0", err);

	return rc == -ENOENT ? 0 : rc;
}

/*
 * Runs in the pod's namespace, before the interface is up. Where the kernel has no IPv6
 * there is nothing to set, and the address will be refused.
 */
static int prepare_ipv6(void *arg, struct error *err)
{
	const struct attach *a = arg;
	const char *eth = a->call->ifname;
	const char *dad = a->conf.enable_dad ? "1" : "0";
	int rc;

	/* Runtimes create namespaces with IPv6 off; keep what we add over down and up. */
	if ((rc = enable_ipv6("lo", err)) < 0 || (rc = enable_ipv6(eth, err)) < 0 ||
	    (rc = link_conf_put(AF_INET6, eth, "keep_addr_on_down", "1", err)) < 0 ||
	    (rc = link_conf_put(AF_INET6, eth, "ndisc_notify", "1", err)) < 0 ||
	    (rc = link_conf_put(AF_INET6, eth, "accept_dad", dad, err)) < 0)
		return rc;
	return a->conf.enable_dad ? link_conf_put(AF_INET6, eth, "enhanced_dad", "1", err) : 0;
}

/* Runs in the pod's namespace. */
static int refuse_advertisements(void *arg, struct error *err)
{
	const struct attach *a = arg;

	return link_conf_refuse_advertisements(a->call->ifname, err);
}

/*
 * Where nobody hands out addresses, an advertisement may be how the pod is to get one: what
 * it hears is left to the namespace, as with the reference plugin.
 */
int podnet_prepare(struct attach *a, struct error *err)
{
	if (!attach_is_layer3(a))
		return 0;
	return netns_call(&a->netns, refuse_advertisements, a, err);
}

/* What has the address of the first lease has its MAC, always: no cache can be stale. */
struct mac podnet_mac(const struct attach *a)
{
	if (!a->conf.has_mac && a->result.n_ips)
		return mac_from_ip(&a->result.ips[0].address.addr);
	return a->container.mac;
}

static const struct ip_addr *find_gateway(const struct cni_result *result, int family)
{
	for (size_t i = 0; i < result->n_ips; i++)
		if (result->ips[i].gateway.family == family)
			return &result->ips[i].gateway;
	return NULL;
}

struct route podnet_route(const struct attach *a, const struct cni_route *from)
{
	const struct ip_addr *gateway = find_gateway(&a->result, from->dst.addr.family);
	struct route route = {
		.dst = from->dst,
		.gw = from->gw,
		.oif = a->container.index,
		.table = from->has_table ? from->table : 0,
		.scope = from->has_scope ? (uint8_t)from->scope : RT_SCOPE_UNIVERSE,
		.protocol = RTPROT_BOOT,
		.priority = from->priority,
		.mtu = from->mtu,
		.advmss = from->advmss,
	};

	/* One that is zero says that there is to be none, unlike one that is left out. */
	if (!route.gw.family && gateway)
		route.gw = *gateway;
	else if (ip_is_unspecified(&route.gw))
		route.gw.family = AF_UNSPEC;
	return route;
}

static void put_route(struct nl_batch *batch, const struct attach *a, const struct cni_route *from)
{
	const struct route route = podnet_route(a, from);

	/* Without EXCL or REPLACE, as the reference plugin: equal dst by another gw is ECMP. */
	route_put_add(batch, &route, NLM_F_CREATE);
	if (a->resumed)
		nl_tolerate(batch, EEXIST);
}

static void put_all(struct nl_batch *batch, const struct attach *a)
{
	const int index = a->container.index;
	const uint32_t flags = a->conf.enable_dad ? 0 : IFA_F_NODAD;

	if (has_family(&a->result, AF_INET))
		link_put_arp_notify(batch, index);
	link_put_change(batch, index, &a->container.mac, 0, IFF_UP, IFF_UP);
	for (size_t i = 0; i < a->result.n_ips; i++) {
		const struct ip_prefix *address = &a->result.ips[i].address;

		addr_put_add(batch, index, address, address->addr.family == AF_INET6 ? flags : 0);
		if (a->resumed)
			nl_tolerate(batch, EEXIST);
	}
	for (size_t i = 0; i < a->result.n_routes; i++)
		put_route(batch, a, &a->result.routes[i]);
}

/* Duplicate address detection must end before the address is reported as usable. */
static int run_with_dad(struct attach *a, struct nl_batch *batch, struct error *err)
{
	const struct deadline deadline = deadline_in(DAD_DEADLINE_MS);
	auto_with(nl_socket_done) struct nl_socket events = { 0 };
	int rc = events_listen(RTNLGRP_IPV6_IFADDR, &a->netns, &events, err);

	if (rc < 0)
		return rc;
	rc = nl_batch_run(batch, err);
	if (rc < 0)
		return rc;
	return dad_wait(&a->pod, &events, a->container.index, &deadline, err);
}

int podnet_make(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc = 0;

	if (a->conf.disable_container_interface)
		return 0;
	a->container.mac = podnet_mac(a);
	nl_batch_begin(&batch, &a->pod);
	if (has_family(&a->result, AF_INET6))
		rc = netns_call(&a->netns, prepare_ipv6, a, err);
	if (rc >= 0 && a->resumed)
		rc = podnet_put_repair(a, &batch, err);
	if (rc < 0)
		return rc;
	put_all(&batch, a);
	if (a->conf.enable_dad && has_family(&a->result, AF_INET6))
		return run_with_dad(a, &batch, err);
	return nl_batch_run(&batch, err);
}

/*
 * What the kernel announces when the interface comes up, or an address comes, is lost: the
 * port does not forward yet. A MAC that is set once more, though the same, is announced
 * again for each address (inetdev_event(), ndisc_netdev_event() on NETDEV_CHANGEADDR).
 */
static int announce(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(LOCAL_DEADLINE_MS);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc = 0;

	if (!a->result.n_ips)
		return 0;
	for (size_t i = 0; i < a->result.n_ips && rc >= 0; i++)
		rc = local_wait(&a->pod, &a->netns, &a->result.ips[i].address.addr, &deadline, err);
	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, &a->pod);
	link_put_change(&batch, a->container.index, &a->container.mac, 0, 0, 0);
	return nl_batch_run(&batch, err);
}

int podnet_announce(struct attach *a, struct error *err)
{
	int rc = announce(a, err);

	return rc < 0 ? rc : podlink_reflect(a, err);
}

int podnet_recall(struct attach *a, struct error *err)
{
	autofree struct addr *addrs = NULL;
	size_t n = 0;
	int rc = podlink_find(a, err);

	if (rc > 0)
		rc = addr_list(&a->pod, a->container.index, AF_UNSPEC, &addrs, &n, err);
	for (size_t i = 0; i < n; i++) {
		struct cni_ip *ip = cni_result_add_ip(&a->result);

		if (!ip)
			return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep addresses");
		ip->address = addrs[i].prefix;
	}
	return rc < 0 ? rc : 0;
}

static int check_addresses(struct attach *a, struct error *err)
{
	autofree struct addr *addrs = NULL;
	char text[IP_TEXT_SIZE];
	size_t n = 0;
	int rc = addr_list(&a->pod, a->container.index, AF_UNSPEC, &addrs, &n, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < a->result.n_ips; i++) {
		const struct cni_ip *ip = &a->result.ips[i];
		bool found = false;

		for (size_t j = 0; j < n && !found; j++)
			found = ip_prefix_equal(&addrs[j].prefix, &ip->address);
		if (!found)
			return error_set(err, ERROR_CHECK,
					 "Failed to match addr %s on interface %s",
					 ip_prefix_format(&ip->address, text), a->call->ifname);
	}
	return 0;
}

/* Behind our own interface. A later plugin may have added routes by another to the result. */
static bool is_near(const struct attach *a, const struct ip_addr *gw)
{
	for (size_t i = 0; i < a->result.n_ips; i++)
		if (ip_prefix_contains(&a->result.ips[i].address, gw) ||
		    ip_equal(&a->result.ips[i].gateway, gw))
			return true;
	return false;
}

static bool metrics_fit(const struct cni_route *wanted, const struct route *found)
{
	/* IPv6 has no scopes of routes. */
	const bool has_scope = wanted->has_scope && wanted->dst.addr.family == AF_INET;

	return (!wanted->priority || found->priority == wanted->priority) &&
	       (!wanted->mtu || found->mtu == wanted->mtu) &&
	       (!wanted->advmss || found->advmss == wanted->advmss) &&
	       (!has_scope || found->scope == wanted->scope);
}

/* Is it as ADD would make it? */
static bool route_fits(const struct attach *a, const struct cni_route *from,
		       const struct route *found)
{
	const struct route wanted = podnet_route(a, from);
	const struct ip_addr *gw = &wanted.gw;
	const struct ip_prefix dst = { ip_network(&wanted.dst), wanted.dst.len };
	const bool leads = gw->family ? ip_equal(&found->gw, gw) : !found->gw.family;
	const bool ours = !gw->family || is_near(a, gw);

	return ip_prefix_equal(&found->dst, &dst) &&
	       found->table == (wanted.table ? wanted.table : RT_TABLE_MAIN) &&
	       found->type == RTN_UNICAST && leads && (!ours || found->oif == a->container.index) &&
	       metrics_fit(from, found);
}

static int check_results_routes(const struct attach *a, int family, const struct route *routes,
				size_t n, struct error *err)
{
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < a->result.n_routes; i++) {
		const struct cni_route *wanted = &a->result.routes[i];
		bool found = wanted->dst.addr.family != family;

		for (size_t j = 0; j < n && !found; j++)
			found = route_fits(a, wanted, &routes[j]);
		if (!found)
			return error_set(err, ERROR_CHECK,
					 "Expected Route to %s not found in routing table",
					 ip_prefix_format(&wanted->dst, text));
	}
	return 0;
}

/* Where it leads from the interface itself; in whatever table, as a VRF has its own. */
static bool is_subnet(const struct attach *a, const struct ip_prefix *subnet,
		      const struct route *found)
{
	return ip_prefix_equal(&found->dst, subnet) && found->oif == a->container.index &&
	       found->type == RTN_UNICAST && !found->gw.family;
}

/* The kernel adds them with the addresses, unless an address is all of its subnet. */
static int check_subnets(const struct attach *a, int family, const struct route *routes, size_t n,
			 struct error *err)
{
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < a->result.n_ips; i++) {
		const struct ip_prefix *address = &a->result.ips[i].address;
		const struct ip_prefix subnet = { ip_network(address), address->len };
		bool found = address->addr.family != family || address->len == ip_bits(family);

		for (size_t j = 0; j < n && !found; j++)
			found = is_subnet(a, &subnet, &routes[j]);
		if (!found)
			return error_set(err, ERROR_CHECK,
					 "route to the subnet %s of interface %s not found",
					 ip_prefix_format(&subnet, text), a->call->ifname);
	}
	return 0;
}

static int check_routes_of(struct attach *a, int family, struct error *err)
{
	autofree struct route *routes = NULL;
	size_t n = 0;
	int rc = route_list(&a->pod, family, 0, 0, &routes, &n, err);

	if (rc >= 0)
		rc = check_subnets(a, family, routes, n, err);
	return rc < 0 ? rc : check_results_routes(a, family, routes, n, err);
}

static bool has_routes_of(const struct cni_result *result, int family)
{
	for (size_t i = 0; i < result->n_routes; i++)
		if (result->routes[i].dst.addr.family == family)
			return true;
	return has_family(result, family);
}

int podnet_check(struct attach *a, struct error *err)
{
	int rc = 0;

	if (attach_is_layer3(a))
		rc = check_addresses(a, err);
	if (rc >= 0 && has_routes_of(&a->result, AF_INET))
		rc = check_routes_of(a, AF_INET, err);
	if (rc >= 0 && has_routes_of(&a->result, AF_INET6))
		rc = check_routes_of(a, AF_INET6, err);
	return rc;
}
