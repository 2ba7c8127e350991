/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_lease.c - addresses from IPAM
 *
 * The delegate is started first and awaited when the kernel's part of the pod link is
 * done, so that both run at the same time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "parts.h"

/* As long as a DHCP server may take; runtimes give up after two minutes. */
#define LEASE_DEADLINE_MS (60 * 1000)

/* By convention: bridge, host end, container. */
#define CONTAINER_INTERFACE 2

int lease_start(struct attach *a, struct error *err)
{
	int rc;

	if (!attach_is_layer3(a))
		return 0;
	rc = cni_delegate_start(a->call, a->conf.ipam_type, CNI_ADD, &a->ipam, err);
	/* What the attachment held before must not be given back if anything fails now. */
	return rc < 0 ? rc : !a->resumed;
}

int lease_return(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(LEASE_DEADLINE_MS);
	auto_with(cni_result_done) struct cni_result unused = { 0 };
	struct error ignored;

	/* Its ADD must have ended before its DEL begins, or the DEL finds nothing yet. */
	if (cni_delegate_is_at_work(&a->ipam))
		cni_delegate_wait(&a->ipam, &deadline, &unused, &ignored);
	return cni_delegate_run(a->call, a->conf.ipam_type, CNI_DEL, NULL, err);
}

static int settle_gateway_of(const struct attach *a, struct cni_ip *ip, struct error *err)
{
	char text[IP_TEXT_SIZE];

	if (!ip->gateway.family && a->conf.is_gateway) {
		ip->gateway = ip_network(&ip->address);
		if (!ip_next(&ip->gateway))
			return error_set(err, ERROR_DELEGATE, "no room for a gateway beside %s",
					 ip_prefix_format(&ip->address, text));
	}
	if (ip->gateway.family && ip->gateway.family != ip->address.addr.family)
		return error_set(err, ERROR_DELEGATE,
				 "gateway of %s is of the other address family",
				 ip_prefix_format(&ip->address, text));
	ip->interface = CONTAINER_INTERFACE;
	return 0;
}

static bool has_default_route(const struct cni_result *result, int family)
{
	for (size_t i = 0; i < result->n_routes; i++)
		if (result->routes[i].dst.addr.family == family &&
		    ip_prefix_is_default(&result->routes[i].dst))
			return true;
	return false;
}

static int add_default_route(struct cni_result *result, const struct ip_addr *gateway,
			     struct error *err)
{
	struct cni_route *route;

	if (has_default_route(result, gateway->family))
		return 0;
	route = cni_result_add_route(result);
	if (!route)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot add a default route");
	route->dst.addr.family = gateway->family;
	route->gw = *gateway;
	return 0;
}

static void keep_gateway(struct attach *a, const struct cni_ip *ip)
{
	const struct ip_prefix gateway = { .addr = ip->gateway, .len = ip->address.len };

	for (size_t i = 0; i < a->n_gateways; i++)
		if (ip_prefix_equal(&a->gateways[i], &gateway))
			return;
	a->gateways[a->n_gateways++] = gateway;
}

static int settle_gateways(struct attach *a, struct error *err)
{
	struct cni_result *result = &a->result;

	a->gateways = calloc(result->n_ips, sizeof(*a->gateways));
	a->gateways_added = calloc(result->n_ips, sizeof(*a->gateways_added));
	if (!a->gateways || !a->gateways_added)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep gateways");
	for (size_t i = 0; i < result->n_ips; i++) {
		struct cni_ip *ip = &result->ips[i];
		int rc = settle_gateway_of(a, ip, err);

		if (rc < 0)
			return rc;
		if (!a->conf.is_gateway)
			continue;
		keep_gateway(a, ip);
		if (a->conf.is_default_gateway) {
			rc = add_default_route(result, &ip->gateway, err);
			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

/* Interfaces are ours to report, whatever the delegate says of any. */
static void drop_interfaces(struct cni_result *result)
{
	struct cni_result only = { .interfaces = result->interfaces,
				   .n_interfaces = result->n_interfaces };

	cni_result_done(&only);
	result->interfaces = NULL;
	result->n_interfaces = 0;
}

static void override_dns(struct attach *a)
{
	if (!a->conf.has_dns)
		return;
	cni_dns_done(&a->result.dns);
	a->result.dns = a->conf.dns;
	a->conf.dns = (struct cni_dns){ 0 };
}

int lease_await(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(LEASE_DEADLINE_MS);
	int rc;

	if (attach_is_layer3(a)) {
		rc = cni_delegate_wait(&a->ipam, &deadline, &a->result, err);
		if (rc < 0)
			return rc;
		if (!a->result.n_ips)
			return error_set(err, ERROR_DELEGATE,
					 "IPAM plugin returned missing IP config");
		drop_interfaces(&a->result);
		rc = settle_gateways(a, err);
		if (rc < 0)
			return rc;
	}
	override_dns(a);
	return 0;
}
