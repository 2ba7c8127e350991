/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_gateway.c - the bridge, or the interface of its VLAN, as the pods' gateway
 *
 * The common case is that all is as it should be. It is recognised by asking for
 * exactly what should be there, so that no list is fetched; only when something is
 * missing are the bridge's addresses read and compared (gateway_address.c).
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "bridge.h"
#include "cbr/base/array.h"
#include "cbr/cni/log.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/neigh.h"
#include "cbr/netlink/route.h"
#include "cbr/sys/sysctl.h"
#include "gateway_address.h"
#include "parts.h"

/*
 * @all: switches all links on, those to come too unless their default says otherwise
 * @dir: where that of each link is; @offset: and where in struct link_conf
 */
struct forwarding {
	int family;
	const char *all;
	const char *dir;
	size_t offset;
};

static const struct forwarding forwarding[] = {
	{ AF_INET, "net/ipv4/ip_forward", "net/ipv4/conf", offsetof(struct link_conf, forwarding) },
	{ AF_INET6, "net/ipv6/conf/all/forwarding", "net/ipv6/conf",
	  offsetof(struct link_conf, forwarding6) },
};

#define FORWARDING_PATH_SIZE 64

static bool wants_family(const struct attach *a, int family)
{
	for (size_t i = 0; i < a->n_gateways; i++)
		if (a->gateways[i].addr.family == family)
			return true;
	return false;
}

/*
 * Where the address and where its subnet lead. An address on the bridge shows in both:
 * @self: the local entry of the address itself
 * @subnet: the connected route that another address of the subnet takes
 */
struct traces {
	struct route self;
	struct route subnet;
};

static void put_traces(struct nl_batch *batch, const struct ip_prefix *gateway, struct traces *ret)
{
	struct ip_addr other = gateway->addr;

	if (!ip_next(&other) || !ip_prefix_contains(gateway, &other))
		ip_prev(&other);
	route_put_lookup(batch, &gateway->addr, &ret->self);
	route_put_lookup(batch, &other, &ret->subnet);
}

static bool shows(const struct attach *a, const struct ip_prefix *gateway,
		  const struct traces *traces)
{
	const struct route *self = &traces->self;
	const struct route *subnet = &traces->subnet;

	/* IPv4 names the address as the source, which leaves no doubt where several share. */
	if (gateway->addr.family == AF_INET && !ip_equal(&subnet->src, &gateway->addr))
		return false;
	return self->type == RTN_LOCAL && self->oif == attach_gateway(a)->index &&
	       subnet->oif == attach_gateway(a)->index && subnet->dst.len == gateway->len &&
	       !subnet->gw.family;
}

static int all_there(struct attach *a, struct error *err)
{
	autofree struct traces *traces = calloc(a->n_gateways, sizeof(*traces));
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	if (!traces)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look up gateways");
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->n_gateways; i++)
		put_traces(&batch, &a->gateways[i], &traces[i]);
	rc = nl_batch_run(&batch, err);
	for (size_t i = 0; i < a->n_gateways && rc >= 0; i++)
		if (!shows(a, &a->gateways[i], &traces[i]))
			return 0;
	return rc < 0 ? rc : 1;
}

/*
 * A host that forwards ignores router advertisements unless told twice (accept_ra 2 in
 * Documentation/networking/ip-sysctl.rst), and so loses a default route that it has from
 * one. Uplinks with such a route are told, before forwarding goes on.
 */
static int keep_advertised_routes(struct attach *a, struct error *err)
{
	autofree struct route *routes = NULL;
	size_t n = 0;
	int rc = route_list(&a->node, AF_INET6, 0, RTPROT_RA, &routes, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++) {
		struct link uplink;
		char path[64];
		char value[8];

		if (!ip_prefix_is_default(&routes[i].dst) || !routes[i].oif)
			continue;
		rc = link_get_index(&a->node, routes[i].oif, &uplink, err);
		if (rc <= 0)
			continue;
		snprintf(path, sizeof(path), "net/ipv6/conf/%s/accept_ra", uplink.name);
		if (sysctl_read(path, value, sizeof(value)) <= 0 || *value != '1')
			continue;
		rc = sysctl_ensure(path, "2", err);
		if (rc > 0)
			cni_log_note(a->call->log,
				     "%s was 1 and is 2 now: %s keeps its advertised default "
				     "route when the node forwards",
				     path, uplink.name);
	}
	return rc < 0 ? rc : 0;
}

static bool is_on(const char *sysctl)
{
	char value[8];

	return sysctl_read(sysctl, value, sizeof(value)) > 0 && *value != '0';
}

static const char *path_of_one(const struct attach *a, const struct forwarding *what,
			       char buf[static FORWARDING_PATH_SIZE])
{
	snprintf(buf, FORWARDING_PATH_SIZE, "%s/%s/forwarding", what->dir, attach_gateway_name(a));
	return buf;
}

/* As the kernel told with the link, before all were switched on, if they were. */
static bool was_off(const struct attach *a, const struct forwarding *what)
{
	const struct link_conf *conf = &attach_gateway(a)->conf;

	return *(const int *)((const char *)conf + what->offset) == 0;
}

static int enable_one(struct attach *a, const struct forwarding *what, struct error *err)
{
	const bool all = is_on(what->all);
	char path[FORWARDING_PATH_SIZE];
	int rc = 0;

	if (all && !was_off(a, what))
		return 0;
	if (what->family == AF_INET6)
		rc = keep_advertised_routes(a, err);
	if (rc < 0)
		return rc;
	return sysctl_ensure(all ? path_of_one(a, what, path) : what->all, "1", err);
}

static int enable_forwarding(struct attach *a, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(forwarding); i++)
		if (wants_family(a, forwarding[i].family) && enable_one(a, &forwarding[i], err) < 0)
			return error_wrap(err, "failed to enable forwarding");
	return 0;
}

/*
 * Once all have a carrier: the kernel forgets the neighbours of a link that is without (arp.c).
 * It spares the node a question. A table that is full has no room for more (gc_thresh3), which
 * is a trouble of the node's, not of this pod's.
 */
int gateway_introduce(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	if (!a->n_gateways)
		return 0;
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->result.n_ips; i++)
		neigh_put_set(&batch, attach_gateway(a)->index, &a->result.ips[i].address.addr,
			      &a->container.mac);
	rc = nl_batch_run(&batch, err);
	if (rc != -ENOBUFS)
		return rc;
	cni_log_warn(a->call->log, err);
	return 0;
}

int gateway_make(struct attach *a, struct error *err)
{
	struct error ignored;
	int rc;

	if (!a->n_gateways)
		return 0;
	rc = all_there(a, err);
	if (rc == 0)
		rc = gateway_address_make(a, err);
	if (rc >= 0)
		rc = enable_forwarding(a, err);
	if (rc < 0)
		gateway_unmake(a, &ignored);
	return rc < 0 ? rc : 1;
}

int gateway_forget(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	if (!attach_gateway(a)->index)
		return 0;
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->result.n_ips; i++)
		neigh_put_delete(&batch, attach_gateway(a)->index, &a->result.ips[i].address.addr);
	return nl_batch_run(&batch, err);
}

/* Addresses stay if anyone else may have come to rely on them meanwhile. */
int gateway_unmake(struct attach *a, struct error *err)
{
	gateway_forget(a, err);
	return gateway_address_unmake(a, err);
}

static int check_forwarding(const struct attach *a, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(forwarding); i++) {
		const struct forwarding *what = &forwarding[i];
		char path[FORWARDING_PATH_SIZE];

		if (!wants_family(a, what->family))
			continue;
		if (!is_on(what->all))
			return error_set(err, ERROR_CHECK, "forwarding is off: %s", what->all);
		if (was_off(a, what))
			return error_set(err, ERROR_CHECK, "forwarding is off: %s",
					 path_of_one(a, what, path));
	}
	return 0;
}

int gateway_check(struct attach *a, struct error *err)
{
	autofree struct addr *addrs = NULL;
	char text[IP_TEXT_SIZE];
	size_t n = 0;
	int rc;

	if (!a->n_gateways)
		return 0;
	rc = addr_list(&a->node, attach_gateway(a)->index, AF_UNSPEC, &addrs, &n, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < a->n_gateways; i++) {
		bool found = false;

		for (size_t j = 0; j < n && !found; j++)
			found = ip_prefix_equal(&addrs[j].prefix, &a->gateways[i]);
		if (!found)
			return error_set(err, ERROR_CHECK, "%s \"%s\" lacks its address %s",
					 *a->conf.vlan_gateway ? "gateway interface" : "bridge",
					 attach_gateway_name(a),
					 ip_prefix_format(&a->gateways[i], text));
	}
	/* That of the bridge is looked at with it. */
	rc = *a->conf.vlan_gateway && !attach_is_inherited(a) ?
		     bridge_verify_link(a, &a->vlan_gateway, err) :
		     0;
	return rc < 0 ? rc : check_forwarding(a, err);
}
