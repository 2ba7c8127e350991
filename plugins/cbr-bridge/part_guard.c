/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_guard.c - the pod sends from its own addresses only
 *
 * 1. Before the link exists its name is guarded with no address at all: whatever the
 *    pod does with its end meanwhile, nothing passes.
 * 2. When the addresses are known, and before the pod's end goes up, they may pass.
 * 3. When the link is gone, its name is forgotten.
 */

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/nftables/guard.h"
#include "parts.h"

bool guard_is_wanted(const struct attach *a)
{
	return a->conf.mac_guard || a->conf.ip_guard;
}

/* This IPAM plugin sends and hears from inside the pod to get an address. */
static bool is_dhcp(const struct attach *a)
{
	return strcmp(a->conf.ipam_type, "dhcp") == 0;
}

int guard_close(struct attach *a, struct error *err)
{
	const struct mac born = podlink_mac(a);
	const struct guard guard = {
		.port = a->host_name,
		.mac = is_dhcp(a) ? &born : NULL,
		.by_address = true,
	};
	int rc;

	/* What lives is not cut off until its addresses are told again. */
	if (!guard_is_wanted(a) || a->resumed)
		return 0;
	rc = attach_open_nft(a, err);
	if (rc >= 0)
		rc = guard_make(&a->nft, &guard, err);
	return rc < 0 ? rc : 1;
}

typedef int guard_fn(struct nl_socket *nft, const struct guard *guard, struct error *err);

static int with_guard(struct attach *a, const struct mac *mac, guard_fn *fn, struct error *err)
{
	autofree struct ip_addr *addrs = calloc(a->result.n_ips + 1, sizeof(*addrs));
	const struct guard guard = {
		.port = a->host_name,
		.mac = mac,
		.by_address = a->conf.ip_guard,
		.addrs = addrs,
		.n = a->conf.ip_guard ? a->result.n_ips : 0,
	};
	int rc = attach_open_nft(a, err);

	if (!addrs)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep addresses");
	for (size_t i = 0; i < a->result.n_ips; i++)
		addrs[i] = a->result.ips[i].address.addr;
	return rc < 0 ? rc : fn(&a->nft, &guard, err);
}

int guard_open(struct attach *a, struct error *err)
{
	const struct mac mac = podnet_mac(a);

	if (guard_is_wanted(a))
		return with_guard(a, &mac, guard_make, err);
	return a->resumed ? guard_forget(a, err) : 0;
}

int guard_verify(struct attach *a, struct error *err)
{
	int rc;

	if (!guard_is_wanted(a))
		return 0;
	rc = with_guard(a, &a->container.mac, guard_check, err);
	if (rc < 0 || a->host.reserved)
		return rc;
	return error_set(err, ERROR_CHECK,
			 "%s takes in reserved groups past the source guard (group_fwd_mask)",
			 a->host.name);
}

/* Return: 1 if there can be guards; 0 where the kernel has no netfilter to ask for them */
static int open_guards(struct attach *a, struct error *err)
{
	struct error lost = { 0 };
	int rc = attach_open_nft(a, &lost);

	if (rc == -EPROTONOSUPPORT)
		return 0;
	if (rc < 0)
		*err = lost;
	return rc < 0 ? rc : 1;
}

int guard_forget(struct attach *a, struct error *err)
{
	int rc = open_guards(a, err);

	return rc <= 0 ? rc : guard_remove(&a->nft, a->host_name, err);
}

/* Names of all links of the node, sorted. */
struct names {
	char (*items)[IF_NAMESIZE];
	size_t n;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool has_link(const char *port, void *arg)
{
	const struct names *names = arg;

	return bsearch(port, names->items, names->n, sizeof(*names->items), compare_names);
}

static int sweep(struct attach *a, struct error *err)
{
	autofree struct link *links = NULL;
	autofree char(*items)[IF_NAMESIZE] = NULL;
	struct names names = { 0 };
	int rc = link_list(&a->node, 0, &links, &names.n, err);

	if (rc < 0)
		return rc;
	items = calloc(names.n + 1, sizeof(*items));
	if (!items)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot list links");
	for (size_t i = 0; i < names.n; i++)
		memcpy(items[i], links[i].name, sizeof(items[i]));
	qsort(items, names.n, sizeof(*items), compare_names);
	names.items = items;
	return guard_sweep(&a->nft, has_link, &names, err);
}

int guard_collect(struct attach *a, struct error *err)
{
	int rc = open_guards(a, err);

	return rc <= 0 ? rc : sweep(a, err);
}
