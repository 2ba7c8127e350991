/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_orphans.c - pods of this network whose bridge was deleted under them
 *
 * Their links are whole, but lead nowhere. The first ADD of their network on the new bridge
 * makes them ports again, as its own config has it, and tells them the gateway's new MAC.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/cni/log.h"
#include "cbr/sys/sysctl.h"
#include "parts.h"

static bool is_orphan(const struct attach *a, const struct link *link)
{
	return !link->master && link->index != a->host.index && strcmp(link->kind, "veth") == 0 &&
	       podlink_is_of(link, a->call->network);
}

/* One that goes meanwhile is no loss. */
static void put_adoption(const struct attach *a, struct nl_batch *batch, const struct link *link)
{
	link_put_enslave(batch, link->index, a->bridge.index);
	nl_tolerate(batch, ENODEV);
	link_put_port(batch, link->name, a->conf.hairpin_mode, a->conf.port_isolation, NULL);
	nl_tolerate(batch, ENODEV);
	if (guard_is_wanted(a)) {
		link_put_port_reserved(batch, link->name, true);
		nl_tolerate(batch, ENODEV);
	}
	vlan_put_orphan(a, batch, link->index);
}

/* Return: 1 if there were any, 0 if not; or negative */
static int adopt(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	autofree struct link *links = NULL;
	size_t n = 0;
	bool any = false;
	int rc = link_list(&a->node, 0, &links, &n, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < n; i++)
		if (is_orphan(a, &links[i])) {
			put_adoption(a, &batch, &links[i]);
			any = true;
		}
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : any;
}

/* See podnet_announce(); here the gateway speaks. */
static int announce_gateway(struct attach *a, struct error *err)
{
	const struct link *gateway = attach_gateway(a);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct error ignored;

	if (!a->n_gateways)
		return 0;
	/* Where the kernel has no IPv6, there is no such setting. */
	sysctl_ensure_link(AF_INET6, gateway->name, "ndisc_notify", "1", &ignored);
	nl_batch_begin(&batch, &a->node);
	link_put_arp_notify(&batch, gateway->index);
	link_put_change(&batch, gateway->index, &gateway->mac, 0, 0, 0);
	return nl_batch_run(&batch, err);
}

/*
 * It made the bridge; or found the one that another network, or somebody else, made, without
 * the gateway of this network. Nothing tells that a bridge is new where there is no gateway.
 */
static bool is_first(const struct attach *a)
{
	for (size_t i = 0; i < a->n_gateways; i++)
		if (a->gateways_added[i])
			return true;
	return a->bridge_made || a->vlan_gateway_back;
}

int orphans_adopt(struct attach *a, struct error *err)
{
	struct error lost = { 0 };
	int rc;

	(void)err;
	if (!is_first(a))
		return 0;
	rc = adopt(a, &lost);
	if (rc > 0)
		rc = announce_gateway(a, &lost);
	/* The pod at hand is attached all the same; CHECK and an ADD of its own help the others. */
	if (rc < 0)
		cni_log_warn(a->call->log, &lost);
	return 0;
}
