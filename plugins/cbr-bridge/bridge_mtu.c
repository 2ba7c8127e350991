/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_mtu.c - which MTU a bridge is given that is made */

#include <net/if.h>

#include "bridge.h"
#include "cbr/netlink/route.h"

/*
 * The MTU of the device with the default route. The addresses are for documentation
 * (RFC 5737, RFC 3849): no route leads to them but a default one, and nothing is sent.
 */
static int find_default_mtu(struct attach *a, uint32_t *ret, struct error *err)
{
	static const char *const outside[] = { "192.0.2.1", "2001:db8::1" };
	auto_with(nl_batch_done) struct nl_batch links = { 0 };
	struct route routes[2] = { 0 };
	struct link devices[2] = { 0 };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	nl_batch_begin(&batch, &a->node);
	nl_batch_begin(&links, &a->node);
	for (size_t i = 0; i < 2; i++) {
		struct ip_addr addr;

		ip_parse(outside[i], &addr);
		route_put_lookup(&batch, &addr, &routes[i]);
	}
	rc = nl_batch_run(&batch, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < 2; i++)
		if (routes[i].oif)
			link_put_get_index(&links, routes[i].oif, &devices[i]);
	rc = nl_batch_run(&links, err);
	if (rc < 0)
		return rc;
	*ret = 0;
	for (size_t i = 0; i < 2; i++)
		if (devices[i].index && !(devices[i].flags & IFF_LOOPBACK) &&
		    (!*ret || devices[i].mtu < *ret))
			*ret = devices[i].mtu;
	return 0;
}

int bridge_choose_mtu(struct attach *a, uint32_t *ret, struct error *err)
{
	*ret = a->conf.mtu;
	return *ret ? 0 : find_default_mtu(a, ret, err);
}
