/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_masq.c - pods that speak to the outside bear the node's address
 *
 * The rules belong to the network: the first attachment sets them up, a pod's coming
 * and going changes nothing.
 */

#include <errno.h>
#include <stdlib.h>

#include "cbr/nftables/masquerade.h"
#include "parts.h"

/* The network's own prefixes: what its config speaks of and what IPAM just gave. */
static int collect_own(const struct attach *a, struct prefix_list *ret, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < a->conf.ranges.n && rc >= 0; i++)
		rc = prefix_list_add(ret, &a->conf.ranges.items[i], err);
	for (size_t i = 0; i < a->result.n_ips && rc >= 0; i++)
		rc = prefix_list_add(ret, &a->result.ips[i].address, err);
	ret->n = ip_prefix_merge(ret->items, ret->n);
	return rc;
}

static int collect_exempt(const struct attach *a, struct prefix_list *ret, struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < a->conf.not_masqueraded.n && rc >= 0; i++)
		rc = prefix_list_add(ret, &a->conf.not_masqueraded.items[i], err);
	for (size_t i = 0; i < a->conf.n_routes && rc >= 0; i++)
		rc = prefix_list_add(ret, &a->conf.routes[i].dst, err);
	return rc;
}

static void free_list(struct prefix_list *list)
{
	free(list->items);
}

typedef int masq_fn(struct nl_socket *nft, const struct masquerade *masq, struct error *err);

static int with_masquerade(struct attach *a, masq_fn *fn, struct error *err)
{
	auto_with(free_list) struct prefix_list own = { 0 };
	auto_with(free_list) struct prefix_list exempt = { 0 };
	struct masquerade masq = { .network = a->call->network, .bridge = attach_gateway_name(a) };
	int rc;

	if (!a->conf.ip_masq || !attach_is_layer3(a))
		return 0;
	if ((rc = collect_own(a, &own, err)) < 0 || (rc = collect_exempt(a, &exempt, err)) < 0 ||
	    (rc = attach_open_nft(a, err)) < 0)
		return rc;
	masq.pods = own.items;
	masq.n_pods = own.n;
	masq.exempt = exempt.items;
	masq.n_exempt = exempt.n;
	return fn(&a->nft, &masq, err);
}

int masq_make(struct attach *a, struct error *err)
{
	return with_masquerade(a, masquerade_make, err);
}

int masq_check(struct attach *a, struct error *err)
{
	return with_masquerade(a, masquerade_check, err);
}
