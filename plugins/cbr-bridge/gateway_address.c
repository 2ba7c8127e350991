/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway_address.c - the gateways' addresses on a bridge that others may use, too
 *
 * Only ADDs that find an address missing come here, one at a time. ADDs that find theirs
 * do so without a lock, with their port already on the bridge. So whoever takes an address
 * away looks at the ports once more afterwards: an ADD that has still found the address
 * is among them, and gets it back.
 */

#include "gateway_address.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/netlink/addr.h"
#include "cbr/netlink/local.h"
#include "cbr/netlink/vlan.h"
#include "cbr/sys/nslock.h"
#include "cbr/sys/sysctl.h"
#include "parts.h"

#define LOCK_DEADLINE_MS (10 * 1000)
#define LOCAL_DEADLINE_MS (5 * 1000)

/* Another subnet of this very network, as range sets may have several, is at home here. */
static bool is_sibling_subnet(const struct attach *a, const struct ip_prefix *there,
			      const struct ip_prefix *gateway)
{
	for (size_t i = 0; i < a->conf.ranges.n; i++) {
		const struct ip_prefix *range = &a->conf.ranges.items[i];

		if (ip_prefix_contains(range, &there->addr) &&
		    !ip_prefix_contains(range, &gateway->addr))
			return true;
	}
	return false;
}

/* Several sets of one family may each have a gateway here. */
static bool is_gateway(const struct attach *a, const struct ip_prefix *address)
{
	for (size_t i = 0; i < a->n_gateways; i++)
		if (ip_prefix_equal(&a->gateways[i], address))
			return true;
	return false;
}

/* IPv4: any other address is a conflict; IPv6: one whose network overlaps. */
static bool conflicts(const struct attach *a, const struct ip_prefix *there,
		      const struct ip_prefix *gateway)
{
	if (there->addr.family != gateway->addr.family || is_gateway(a, there) ||
	    is_sibling_subnet(a, there, gateway))
		return false;
	if (there->addr.family == AF_INET)
		return true;
	return ip_prefix_contains(there, &gateway->addr) ||
	       ip_prefix_contains(gateway, &there->addr);
}

static bool has(const struct addr *addrs, size_t n, const struct ip_prefix *wanted)
{
	for (size_t i = 0; i < n; i++)
		if (ip_prefix_equal(&addrs[i].prefix, wanted))
			return true;
	return false;
}

/* Marked as ours; or the gateway that a subnet of this network has unless told otherwise. */
static bool is_of_network(const struct attach *a, const struct addr *there)
{
	const struct ip_addr *addr = &there->prefix.addr;
	struct ip_addr first = ip_network(&there->prefix);
	bool inside = false;

	for (size_t i = 0; i < a->conf.ranges.n; i++)
		inside = inside || ip_prefix_contains(&a->conf.ranges.items[i], addr);
	for (size_t i = 0; i < a->n_gateways; i++)
		inside = inside || ip_prefix_contains(&a->gateways[i], addr);
	return there->proto == ADDR_PROTO_CBR ||
	       (inside && ip_next(&first) && ip_equal(&first, addr));
}

static int report_use(const struct attach *a, const struct addr *there, const struct link *port,
		      struct error *err)
{
	char text[IP_TEXT_SIZE];

	error_set(err, ERROR_CONFLICT, "\"%s\" already has the address %s, which %s (%s) uses",
		  attach_gateway_name(a), ip_prefix_format(&there->prefix, text), port->name,
		  *port->alias ? port->alias : "not ours");
	return error_hint(err,
			  "\"forceAddress\" replaces what this network put there, which kernels "
			  "before 5.18 do not tell beyond its own ranges, or what nobody "
			  "uses; remove the address, or choose another bridge");
}

/*
 * Ports whose peers reach the gateway: all of the bridge but our own; of a VLAN's gateway
 * those in the VLAN, but not its own one.
 */
static int list_users(struct attach *a, struct link **ret, size_t *ret_n, struct error *err)
{
	const uint16_t vlan = *a->conf.vlan_gateway ? a->conf.vlan.id : 0;
	autofree struct vlan_entry *entries = NULL;
	size_t n_entries = 0;
	size_t n_ports = 0;
	int rc = link_list(&a->node, a->bridge.index, ret, &n_ports, err);

	*ret_n = 0;
	if (rc >= 0 && vlan)
		rc = vlan_list(&a->node, 0, &entries, &n_entries, err);
	for (size_t i = 0; i < n_ports && rc >= 0; i++) {
		const struct link *port = &(*ret)[i];

		if (strcmp(port->name, a->host_name) == 0 ||
		    (vlan && (port->index == a->vlan_gateway.peer ||
			      !vlan_find(entries, n_entries, port->index, vlan))))
			continue;
		(*ret)[(*ret_n)++] = *port;
	}
	return rc;
}

/* Fails if somebody else could be using what is replaced. */
static int check_unused(struct attach *a, struct error *err)
{
	autofree struct link *users = NULL;
	size_t n = 0;
	int rc = list_users(a, &users, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++) {
		const bool is_pod = podlink_is_of(&users[i], a->call->network);

		for (size_t j = 0; j < a->n_replaced; j++)
			if (!is_pod || !is_of_network(a, &a->replaced[j]))
				return report_use(a, &a->replaced[j], &users[i], err);
	}
	return rc < 0 ? rc : 0;
}

static int refuse(const struct attach *a, const struct ip_prefix *there,
		  const struct ip_prefix *gateway, struct error *err)
{
	char text[IP_TEXT_SIZE];
	char other[IP_TEXT_SIZE];

	error_set(err, ERROR_CONFLICT, "\"%s\" already has an IP address different from %s",
		  attach_gateway_name(a), ip_prefix_format(gateway, text));
	return error_hint(err, "it has %s; \"forceAddress\": true replaces it",
			  ip_prefix_format(there, other));
}

/* The gateway that is still missing and cannot come beside @there, or NULL. */
static const struct ip_prefix *find_conflict(const struct attach *a, const struct addr *addrs,
					     size_t n, const struct ip_prefix *there)
{
	for (size_t i = 0; i < a->n_gateways; i++)
		if (!has(addrs, n, &a->gateways[i]) && conflicts(a, there, &a->gateways[i]))
			return &a->gateways[i];
	return NULL;
}

/* Which addresses must make room; none of them are touched yet. */
static int find_replaced(struct attach *a, const struct addr *addrs, size_t n, struct error *err)
{
	a->replaced = calloc(n + 1, sizeof(*a->replaced));
	if (!a->replaced)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep addresses");
	for (size_t i = 0; i < n; i++) {
		const struct ip_prefix *gateway = find_conflict(a, addrs, n, &addrs[i].prefix);

		if (gateway && !a->conf.force_address)
			return refuse(a, &addrs[i].prefix, gateway, err);
		if (gateway)
			a->replaced[a->n_replaced++] = addrs[i];
	}
	return a->n_replaced ? check_unused(a, err) : 0;
}

static int add_missing(struct attach *a, const struct addr *addrs, size_t n, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->n_gateways; i++) {
		if (has(addrs, n, &a->gateways[i]))
			continue;
		addr_put_add(&batch, attach_gateway(a)->index, &a->gateways[i], IFA_F_NODAD);
		nl_tolerate(&batch, EEXIST);
		a->gateways_added[i] = true;
	}
	return nl_batch_run(&batch, err);
}

/*
 * Beside an older address of its subnet, an IPv4 address is secondary, and goes with it
 * unless the kernel is told to promote it. Where that cannot be told, it comes again.
 */
static int remove_replaced(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct error ignored;

	sysctl_ensure_link(AF_INET, attach_gateway_name(a), "promote_secondaries", "1", &ignored);
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->n_replaced; i++)
		addr_put_remove(&batch, &a->replaced[i]);
	for (size_t i = 0; i < a->n_gateways; i++)
		if (a->gateways_added[i]) {
			addr_put_add(&batch, attach_gateway(a)->index, &a->gateways[i],
				     IFA_F_NODAD);
			nl_tolerate(&batch, EEXIST);
		}
	return nl_batch_run(&batch, err);
}

static int make_alone(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(LOCK_DEADLINE_MS);
	autofree struct addr *addrs = NULL;
	autoclose int lock = -1;
	char what[64];
	size_t n = 0;
	int rc;

	snprintf(what, sizeof(what), "gateway of %s", attach_gateway_name(a));
	if ((rc = nslock_own(what, &deadline, &lock, err)) < 0 ||
	    (rc = addr_list(&a->node, attach_gateway(a)->index, AF_UNSPEC, &addrs, &n, err)) < 0 ||
	    (rc = find_replaced(a, addrs, n, err)) < 0)
		a->n_replaced = 0; /* nothing of it has been done */
	if (rc >= 0)
		rc = add_missing(a, addrs, n, err);
	if (rc < 0 || !a->n_replaced)
		return rc;
	rc = remove_replaced(a, err);
	return rc < 0 ? rc : check_unused(a, err);
}

int gateway_address_make(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(LOCAL_DEADLINE_MS);
	int rc = make_alone(a, err);

	for (size_t i = 0; i < a->n_gateways && rc >= 0; i++)
		rc = local_wait(&a->node, NULL, &a->gateways[i].addr, &deadline, err);
	return rc;
}

int gateway_address_unmake(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	const bool alone = bridge_is_ours_alone(a);

	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < a->n_replaced; i++)
		addr_put_restore(&batch, &a->replaced[i]);
	for (size_t i = 0; i < a->n_gateways && alone; i++)
		if (a->gateways_added[i])
			addr_put_delete(&batch, attach_gateway(a)->index, &a->gateways[i]);
	return nl_batch_run(&batch, err);
}
