/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_vlangw.c - the gateway interface of a VLAN, "<bridge>.<vlan>"
 *
 * It is an 802.1Q link on the bridge, with the bridge's MAC, and the bridge itself hears the
 * VLAN. So packets go up where they always do: what netfilter translated to another
 * destination as they crossed the bridge (br_nf_pre_routing_finish()) goes up, too, which it
 * would not by a port of its own. Only in a VLAN that the bridge hears untagged no such link
 * can be: there it is one end of a veth pair whose other end is a port.
 *
 * The other bridge plugin always makes such a pair. One that is there is taken over.
 */

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "bridge.h"
#include "cbr/base/hash.h"
#include "cbr/cni/log.h"
#include "cbr/netlink/vlan.h"
#include "cbr/sys/nslock.h"
#include "cbr/sys/sysctl.h"
#include "parts.h"
#include "vlangw.h"

#define TURN_DEADLINE_MS (10 * 1000)

void vlangw_mark(const struct attach *a, unsigned int vlan, char ret[static LINK_ALIAS_SIZE])
{
	snprintf(ret, LINK_ALIAS_SIZE, "cbr-bridge: gateway of VLAN %u on %s", vlan,
		 a->conf.bridge);
}

int vlangw_take_turn(int *ret_fd, struct error *err)
{
	const struct deadline deadline = deadline_in(TURN_DEADLINE_MS);

	return nslock_own("gateways of VLANs", &deadline, ret_fd, err);
}

int vlangw_fits(struct attach *a, const struct link *link, unsigned int vlan, struct error *err)
{
	char mark[LINK_ALIAS_SIZE];
	struct link port;
	int rc;

	if (strcmp(link->kind, "vlan") == 0)
		return a->bridge.index && link->peer == a->bridge.index && link->vlan == vlan;
	if (strcmp(link->kind, "veth") != 0 || !link->peer)
		return 0;
	rc = link_get_index(&a->node, link->peer, &port, err);
	if (rc < 0 || port.peer != link->index)
		return rc < 0 ? rc : 0;
	if (port.master)
		return port.master == a->bridge.index;
	vlangw_mark(a, vlan, mark);
	return strcmp(link->alias, mark) == 0;
}

int vlangw_judge(struct attach *a, struct error *err)
{
	const struct link *link = &a->vlan_gateway;
	int rc;

	if (!*a->conf.vlan_gateway || !link->index)
		return 0;
	rc = vlangw_fits(a, link, a->conf.vlan.id, err);
	if (rc)
		return rc < 0 ? rc : 0;
	error_set(err, ERROR_CONFLICT,
		  "\"%s\" already exists but leads not into VLAN %u of bridge \"%s\"", link->name,
		  a->conf.vlan.id, a->conf.bridge);
	return error_hint(err,
			  "it is %s%s; remove it, or choose another bridge with the key "
			  "\"bridge\"",
			  *link->kind ? "of kind " : "a device", link->kind);
}

static void put_mark(const struct attach *a, struct nl_batch *batch)
{
	char mark[LINK_ALIAS_SIZE];

	vlangw_mark(a, a->conf.vlan.id, mark);
	link_put_alias(batch, a->conf.vlan_gateway, mark);
}

/*
 * In one go, so that whoever dies leaves a marked one or none. The MAC is what the bridge had
 * before our pod's port came, and the bridge keeps that now: one that borrows its ports' would
 * change it with them, and become promiscuous to hear the old one.
 */
static int create_vlan(struct attach *a, struct error *err)
{
	const struct vlan_link link = {
		.name = a->conf.vlan_gateway,
		.lower = a->bridge.index,
		.vlan = a->conf.vlan.id,
		.mac = a->bridge.mac,
	};
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	size_t made;
	int rc;

	nl_batch_begin(&batch, &a->node);
	link_put_change(&batch, a->bridge.index, &a->bridge.mac, 0, 0, 0);
	vlan_put_self(&batch, a->bridge.index, link.vlan);
	made = vlan_put_link(&batch, &link);
	put_mark(a, &batch);
	nl_tolerate(&batch, ENODEV);
	link_put_get(&batch, link.name, &a->vlan_gateway);
	rc = nl_batch_run(&batch, err);
	if (rc < 0 || nl_batch_result(&batch, made) == 0)
		return rc;
	if (a->vlan_gateway.index)
		return vlangw_judge(a, err);
	error_set(err, ERROR_CONFLICT, "bridge \"%s\" has another link of VLAN %u than \"%s\"",
		  a->conf.bridge, link.vlan, link.name);
	return error_hint(err, "ip -d link show type vlan tells which");
}

static void put_port_of_pair(const struct attach *a, struct nl_batch *batch, int index)
{
	static const struct vlan_set none;
	const uint16_t vlan = a->conf.vlan.id;
	struct vlan_set unwanted = { 0 };

	vlan_put_port(batch, index, vlan, &none);
	unwanted.has[a->bridge.default_pvid] = a->bridge.default_pvid != vlan;
	if (!vlan_set_is_empty(&unwanted))
		vlan_put_port_delete(batch, index, &unwanted);
}

/* The port is up before it is in its VLAN, but the end that is heard through it is not. */
static int create_pair(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	auto_with(nl_batch_done) struct nl_batch vlans = { 0 };
	struct link port;
	char name[IF_NAMESIZE];
	struct link_veth veth = {
		.name = name,
		.master = a->bridge.index,
		.mtu = a->bridge.mtu,
		.peer_name = a->conf.vlan_gateway,
	};
	const uint64_t hash = hash_bytes(hash_attachment("", "gateway", veth.peer_name),
					 a->bridge.mac.bytes, sizeof(a->bridge.mac.bytes));
	const struct mac mac = mac_from_hash(hash);
	int rc;

	hash_host_link("", "gateway", a->conf.vlan_gateway, name);
	veth.mac = mac_from_hash(~hash);
	veth.peer_mac = &mac;
	nl_batch_begin(&batch, &a->node);
	link_put_veth(&batch, &veth);
	put_mark(a, &batch);
	link_put_get(&batch, name, &port);
	link_put_get(&batch, a->conf.vlan_gateway, &a->vlan_gateway);
	rc = nl_batch_run(&batch, err);
	if (rc < 0)
		return rc;
	nl_batch_begin(&vlans, &a->node);
	put_port_of_pair(a, &vlans, port.index);
	return nl_batch_run(&vlans, err);
}

/*
 * Netfilter, called for what crosses the bridge, looks for the way to a translated destination
 * as if the packet had come in by the bridge (br_nf_pre_routing_finish()). With no address
 * there, reverse path filtering lets none pass in either mode.
 */
static void accept_translated(struct attach *a)
{
	struct error err = { 0 };

	if (a->bridge.conf.rp_filter == 0)
		return;
	if (sysctl_put_link(AF_INET, a->conf.bridge, "rp_filter", "0", &err) < 0)
		cni_log_warn(a->call->log, &err);
	else
		a->bridge.conf.rp_filter = 0;
}

static int create(struct attach *a, struct error *err)
{
	autofree struct vlan_entry *entries = NULL;
	const struct vlan_entry *entry;
	size_t n = 0;
	int rc = vlan_list(&a->node, a->bridge.index, &entries, &n, err);
	if (rc < 0)
		return rc;
	entry = vlan_find(entries, n, a->bridge.index, a->conf.vlan.id);
	rc = entry && (entry->pvid || entry->untagged) ? create_pair(a, err) : create_vlan(a, err);
	if (rc < 0)
		return rc;
	return bridge_settle_link(a, &a->vlan_gateway, true, err);
}

/* As it would be if it were made now. What another plugin made in our place becomes ours. */
static int refresh(struct attach *a, struct error *err)
{
	const struct link *link = &a->vlan_gateway;
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc = bridge_settle_link(a, &a->vlan_gateway, false, err);

	if (rc < 0)
		return rc;
	accept_translated(a);
	nl_batch_begin(&batch, &a->node);
	if (strcmp(link->kind, "vlan") == 0)
		vlan_put_self(&batch, a->bridge.index, a->conf.vlan.id);
	else if (!*link->alias)
		put_mark(a, &batch);
	if (!(link->flags & IFF_UP))
		link_put_change(&batch, link->index, NULL, 0, IFF_UP, IFF_UP);
	return nl_batch_run(&batch, err);
}

/* A pair outlives its bridge. On the new one it is again what it was, but for the port. */
static int bring_back(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct link port;
	int rc;

	if (strcmp(a->vlan_gateway.kind, "veth") != 0)
		return 0;
	rc = link_get_index(&a->node, a->vlan_gateway.peer, &port, err);
	if (rc < 0 || port.master)
		return rc < 0 ? rc : 0;
	nl_batch_begin(&batch, &a->node);
	link_put_enslave(&batch, port.index, a->bridge.index);
	put_port_of_pair(a, &batch, port.index);
	a->vlan_gateway_back = true;
	return nl_batch_run(&batch, err);
}

int vlangw_make(struct attach *a, struct error *err)
{
	autoclose int turn = -1;
	int rc;

	if (!*a->conf.vlan_gateway)
		return 0;
	if ((rc = vlangw_take_turn(&turn, err)) < 0 ||
	    (rc = link_get(&a->node, a->conf.vlan_gateway, &a->vlan_gateway, err)) < 0)
		return rc;
	rc = a->vlan_gateway.index ? vlangw_judge(a, err) : create(a, err);
	if (rc >= 0)
		rc = bring_back(a, err);
	if (rc >= 0)
		rc = refresh(a, err);
	return rc < 0 ? rc : 0;
}

static int check_way(struct attach *a, struct error *err)
{
	const struct link *link = &a->vlan_gateway;
	const bool tagged = strcmp(link->kind, "vlan") == 0;
	const int index = tagged ? a->bridge.index : link->peer;
	autofree struct vlan_entry *entries = NULL;
	const struct vlan_entry *entry;
	size_t n = 0;
	int rc = vlan_list(&a->node, index, &entries, &n, err);

	if (rc < 0)
		return rc;
	entry = vlan_find(entries, n, index, a->conf.vlan.id);
	if (!entry || entry->untagged == tagged || entry->pvid == tagged)
		return error_set(err, ERROR_CHECK,
				 "gateway interface \"%s\" does not hear VLAN %u of bridge \"%s\"",
				 link->name, a->conf.vlan.id, a->conf.bridge);
	if (a->bridge.conf.tag == BRIDGE_TAG && a->bridge.conf.rp_filter > 0 &&
	    sysctl_is_writable_link(AF_INET, a->conf.bridge, "rp_filter"))
		return error_set(err, ERROR_CHECK,
				 "net/ipv4/conf/%s/rp_filter is %d: what Services translate on "
				 "the bridge does not get to \"%s\"",
				 a->conf.bridge, a->bridge.conf.rp_filter, link->name);
	return 0;
}

int vlangw_check(struct attach *a, struct error *err)
{
	const struct link *link = &a->vlan_gateway;
	const char *name = a->conf.vlan_gateway;
	int rc;

	if (!*name)
		return 0;
	if (!link->index)
		return error_set(err, ERROR_CHECK, "gateway interface \"%s\" not found", name);
	if (!(link->flags & IFF_UP))
		return error_set(err, ERROR_CHECK, "gateway interface \"%s\" is down", name);
	rc = vlangw_judge(a, err);
	if (rc < 0) {
		err->code = ERROR_CHECK;
		return rc;
	}
	return check_way(a, err);
}
