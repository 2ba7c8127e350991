/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_vlangw_last.c - the gateway interface of a VLAN goes with the VLAN's last pod
 *
 * Of whatever network that is, by its DEL or by the undo of its ADD. The pod's port is in the
 * VLAN before ADD looks for the interface, and gone before anybody looks for ports, and the
 * two take turns: so ADD finds an interface that stays, or none, and of several that go
 * together the last finds no port.
 */

#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/netlink/addr.h"
#include "cbr/netlink/vlan.h"
#include "parts.h"
#include "vlangw.h"

int vlangw_join(struct attach *a, struct error *err)
{
	(void)err;
	return a->conf.vlan.filtering;
}

/* Another's address means another's use. */
static bool is_known(const struct attach *a, const struct addr *addr)
{
	const struct ip_addr *ip = &addr->prefix.addr;

	if (addr->proto == ADDR_PROTO_CBR ||
	    (ip->family == AF_INET6 && ip->bytes[0] == 0xfe && (ip->bytes[1] & 0xc0) == 0x80))
		return true;
	for (size_t i = 0; i < a->conf.ranges.n; i++)
		if (ip_prefix_contains(&a->conf.ranges.items[i], ip))
			return true;
	for (size_t i = 0; i < a->result.n_ips; i++)
		if (ip_equal(&a->result.ips[i].gateway, ip))
			return true;
	return false;
}

static int has_foreign_address(struct attach *a, const struct link *link, struct error *err)
{
	autofree struct addr *addrs = NULL;
	size_t n = 0;
	int rc = addr_list(&a->node, link->index, AF_UNSPEC, &addrs, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++)
		if (!is_known(a, &addrs[i]))
			return 1;
	return rc < 0 ? rc : 0;
}

/* Pods have veth or tap devices; an uplink that carries the VLAN needs no gateway here. */
static bool is_pod(const struct link *port)
{
	return strcmp(port->kind, "veth") == 0 || strcmp(port->kind, "tun") == 0;
}

static int has_pods(struct attach *a, const struct link *gateway, unsigned int vlan,
		    const struct vlan_entry *entries, size_t n, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct link port;
		int rc;

		if (!vlan_find(&entries[i], 1, entries[i].index, vlan) ||
		    entries[i].index == a->bridge.index || entries[i].index == gateway->peer)
			continue;
		rc = link_get_index(&a->node, entries[i].index, &port, err);
		if (rc < 0)
			return rc;
		if (port.master == a->bridge.index && is_pod(&port))
			return 1;
	}
	return 0;
}

static int remove_gateway(struct attach *a, const struct link *gateway, unsigned int vlan,
			  struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	link_put_delete(&batch, gateway->name);
	if (strcmp(gateway->kind, "vlan") == 0)
		vlan_put_self_delete(&batch, a->bridge.index, vlan);
	return nl_batch_run(&batch, err);
}

static int remove_if_unused(struct attach *a, unsigned int vlan, const struct vlan_entry *entries,
			    size_t n, struct error *err)
{
	char name[IF_NAMESIZE + sizeof(".4094")];
	char mark[LINK_ALIAS_SIZE];
	struct link gateway;
	int rc;

	snprintf(name, sizeof(name), "%s.%u", a->conf.bridge, vlan);
	vlangw_mark(a, vlan, mark);
	if (strlen(name) >= IF_NAMESIZE)
		return 0;
	rc = link_get(&a->node, name, &gateway, err);
	if (rc <= 0 || strcmp(gateway.alias, mark) != 0)
		return rc < 0 ? rc : 0;
	if ((rc = vlangw_fits(a, &gateway, vlan, err)) <= 0)
		return rc;
	if ((rc = has_pods(a, &gateway, vlan, entries, n, err)) != 0 ||
	    (rc = has_foreign_address(a, &gateway, err)) != 0)
		return rc;
	return remove_gateway(a, &gateway, vlan, err);
}

/*
 * All that the bridge hears, not only the config's: it may have changed since the ADD.
 * @own: a VLAN whose interface is looked for in any case: one end of a pair is not on the
 *	bridge, but behind a port; 0 = none
 */
static int remove_unused(struct attach *a, uint16_t own, const struct vlan_entry *entries, size_t n,
			 struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < n; i++) {
		const struct vlan_range *range = &entries[i].range;

		if (entries[i].index != a->bridge.index)
			continue;
		for (unsigned int vlan = range->first; vlan <= range->last && rc >= 0; vlan++)
			rc = remove_if_unused(a, vlan, entries, n, err);
	}
	if (rc >= 0 && own && !vlan_find(entries, n, a->bridge.index, own))
		rc = remove_if_unused(a, own, entries, n, err);
	return rc < 0 ? rc : 0;
}

/* Without the bridge nobody is in any VLAN of it. */
static int remove_all_unused(struct attach *a, uint16_t own, struct error *err)
{
	autofree struct vlan_entry *entries = NULL;
	autoclose int turn = -1;
	size_t n = 0;
	int rc = link_get(&a->node, a->conf.bridge, &a->bridge, err);

	if (rc < 0 || (!own && !a->bridge.knows_vlans))
		return rc < 0 ? rc : 0;
	if ((rc = vlangw_take_turn(&turn, err)) < 0 ||
	    (a->bridge.knows_vlans && (rc = vlan_list(&a->node, 0, &entries, &n, err)) < 0))
		return rc;
	return remove_unused(a, own, entries, n, err);
}

/* As the result of ADD tells; the config may have lost its "vlan" since. */
static uint16_t find_reported_vlan(const struct attach *a)
{
	const size_t len = strlen(a->conf.bridge);

	for (size_t i = 0; i < a->result.n_interfaces; i++) {
		const struct cni_interface *entry = &a->result.interfaces[i];
		unsigned long vlan;
		char *end;

		if ((entry->sandbox && *entry->sandbox) ||
		    strncmp(entry->name, a->conf.bridge, len) != 0 || entry->name[len] != '.')
			continue;
		vlan = strtoul(entry->name + len + 1, &end, 10);
		if (!*end && vlan >= VLAN_MIN && vlan <= VLAN_MAX)
			return (uint16_t)vlan;
	}
	return 0;
}

int vlangw_leave(struct attach *a, struct error *err)
{
	const uint16_t reported = find_reported_vlan(a);

	if (!a->conf.vlan.filtering && !reported)
		return 0;
	return remove_all_unused(a, reported ? reported : a->conf.vlan.id, err);
}

int vlangw_collect(struct attach *a, struct error *err)
{
	return remove_all_unused(a, a->conf.vlan.id, err);
}
