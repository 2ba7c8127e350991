/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_bridge.c - the bridge
 *
 * It is shared: whoever comes first makes it, nobody removes it, except that an ADD
 * which made it and then fails takes it away again if no one else has joined.
 */

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "cbr/base/array.h"
#include "cbr/base/hash.h"
#include "cbr/cni/log.h"
#include "cbr/netlink/route.h"
#include "cbr/sys/nslock.h"
#include "cbr/sys/sysctl.h"
#include "parts.h"

#define JOIN_DEADLINE_MS (10 * 1000)

int bridge_join(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(JOIN_DEADLINE_MS);
	int rc = nslock_share(&deadline, &a->lock_fd, err);

	return rc < 0 ? rc : 1;
}

int bridge_leave(struct attach *a, struct error *err)
{
	(void)err;
	close(a->lock_fd);
	a->lock_fd = -1;
	return 0;
}

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

/* Random, so that two nodes' bridges never share an address; pinned by being given. */
static int choose_mac(struct mac *ret, struct error *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return error_errno(err, ERROR_SYSTEM, errno, "cannot get random bytes");
	*ret = mac_from_hash(random);
	return 0;
}

/*
 * A gateway of pods is no uplink: it hears no router advertisements, and its link-local
 * address, which asks for neighbours, needs no detection of duplicates, since its MAC is
 * our own. Pods answer from wherever a Service sent them: reverse path filtering is loose.
 */
void bridge_settle_link(const struct attach *a, const char *name)
{
	static const struct {
		const char *family;
		const char *key;
		const char *value;
	} settings[] = {
		{ "ipv6", "accept_ra", "0" },
		{ "ipv6", "autoconf", "0" },
		{ "ipv6", "accept_dad", "0" },
		{ "ipv4", "rp_filter", "2" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		char path[64];
		struct error err = { 0 };

		/* Absent where the kernel has no IPv6, which is as good; or read-only. */
		snprintf(path, sizeof(path), "net/%s/conf/%s/%s", settings[i].family, name,
			 settings[i].key);
		if (sysctl_ensure(path, settings[i].value, &err) < 0 && err.errnum != ENOENT)
			cni_log_warn(a->call->log, &err);
	}
}

static int create(struct attach *a, struct error *err)
{
	struct link_bridge bridge = { .name = a->conf.bridge,
				      .vlan_filtering = a->conf.vlan.filtering };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	size_t made;
	int rc = choose_mac(&bridge.mac, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, &a->node);
	made = link_put_bridge(&batch, &bridge);
	link_put_get(&batch, bridge.name, &a->bridge);
	rc = nl_batch_run(&batch, err);
	a->bridge_made = nl_batch_result(&batch, made) == 0;
	if (rc == -EOPNOTSUPP && bridge.vlan_filtering)
		return error_hint(err, "VLANs need a kernel with CONFIG_BRIDGE_VLAN_FILTERING");
	if (rc < 0)
		return rc;
	if (a->bridge_made)
		bridge_settle_link(a, bridge.name);
	if (strcmp(a->bridge.kind, "bridge") != 0)
		return error_set(err, ERROR_CONFLICT, "\"%s\" already exists but is not a bridge",
				 bridge.name);
	return 0;
}

/*
 * Its MTU is settled by its maker; one that was there keeps what it has. Only where pods are
 * to take less it is lowered: what the bridge takes and a port does not is lost without a
 * word (is_skb_forwardable()).
 */
static int settle_mtu(struct attach *a, struct nl_batch *batch, struct error *err)
{
	uint32_t mtu = a->conf.mtu;
	int rc = 0;

	if (!a->bridge_made && (!mtu || mtu >= a->bridge.mtu))
		return 0;
	if (!mtu)
		rc = find_default_mtu(a, &mtu, err);
	if (rc < 0 || !mtu)
		return rc;
	link_put_bridge_mtu(batch, a->bridge.index, mtu);
	if (!a->bridge_made)
		a->mtu_before = a->bridge.mtu;
	a->bridge.mtu = mtu;
	return 0;
}

static int settle(struct attach *a, struct error *err)
{
	const unsigned int wanted = IFF_UP | (a->conf.promisc_mode ? IFF_PROMISC : 0);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	nl_batch_begin(&batch, &a->node);
	rc = settle_mtu(a, &batch, err);
	if (!a->bridge.nf_call_iptables || !a->bridge.nf_call_ip6tables)
		link_put_bridge_netfilter(&batch, a->bridge.index);
	if ((a->bridge.flags & wanted) != wanted)
		link_put_change(&batch, a->bridge.index, NULL, 0, wanted, wanted);
	if (rc >= 0)
		rc = vlan_put_bridge(a, &batch, err);
	return rc < 0 ? rc : nl_batch_run(&batch, err);
}

int bridge_make(struct attach *a, struct error *err)
{
	struct error ignored;
	int rc = a->bridge.index ? 0 : create(a, err);

	if (rc >= 0)
		rc = settle(a, err);
	if (rc < 0)
		bridge_unmake(a, &ignored);
	return rc < 0 ? rc : a->bridge_made || a->filtering_made || a->mtu_before;
}

int bridge_is_ours_alone(struct attach *a)
{
	autofree struct link *ports = NULL;
	struct error ignored;
	size_t n = 0;

	if (!nslock_try_alone(a->lock_fd) ||
	    link_list(&a->node, a->bridge.index, &ports, &n, &ignored) < 0)
		return 0;
	for (size_t i = 0; i < n; i++)
		if (strcmp(ports[i].name, a->host_name) != 0)
			return 0;
	return 1;
}

/* Another ADD under way may count on it. */
static int restore_mtu(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	if (!a->mtu_before || !nslock_try_alone(a->lock_fd))
		return 0;
	nl_batch_begin(&batch, &a->node);
	link_put_bridge_mtu(&batch, a->bridge.index, a->mtu_before);
	return nl_batch_run(&batch, err);
}

static int remove_bridge(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	/* Made, but not looked at: that failed. */
	if (!a->bridge.index && link_get(&a->node, a->conf.bridge, &a->bridge, err) < 0)
		return -err->errnum;
	if (!bridge_is_ours_alone(a))
		return 0;
	nl_batch_begin(&batch, &a->node);
	link_put_delete(&batch, a->conf.bridge);
	return nl_batch_run(&batch, err);
}

int bridge_unmake(struct attach *a, struct error *err)
{
	struct error ignored;
	int rc;
	int vlan_rc = 0;

	if (a->bridge_made)
		return remove_bridge(a, err);
	rc = restore_mtu(a, err);
	if (a->filtering_made)
		vlan_rc = vlan_unmake_bridge(a, rc < 0 ? &ignored : err);
	return rc < 0 ? rc : vlan_rc;
}

int bridge_verify(struct attach *a, struct error *err)
{
	const struct link *bridge = &a->bridge;
	const char *name = a->conf.bridge;

	if (!bridge->index)
		return error_set(err, ERROR_CHECK, "bridge \"%s\" not found", name);
	if (strcmp(bridge->kind, "bridge") != 0)
		return error_set(err, ERROR_CHECK, "\"%s\" is not a bridge", name);
	if (!(bridge->flags & IFF_UP))
		return error_set(err, ERROR_CHECK, "bridge \"%s\" is down", name);
	/* Others may make it promiscuous too; only what was asked for must be there. */
	if (a->conf.promisc_mode && !(bridge->flags & IFF_PROMISC))
		return error_set(err, ERROR_CHECK, "bridge \"%s\" is not promiscuous", name);
	return 0;
}
