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

#include "bridge.h"
#include "cbr/cni/log.h"
#include "cbr/sys/nslock.h"
#include "cbr/sys/sysctl.h"
#include "parts.h"

#define JOIN_DEADLINE_MS (10 * 1000)
#define TURN_DEADLINE_MS (10 * 1000)

int bridge_join(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(JOIN_DEADLINE_MS);

	return nslock_share(&deadline, &a->lock_fd, err);
}

void bridge_leave(struct attach *a)
{
	close(a->lock_fd);
	a->lock_fd = -1;
}

/* By us, and finished; or found, and settled. */
static bool is_settled(const struct link *bridge)
{
	return bridge->conf.tag == BRIDGE_TAG;
}

static int create(struct attach *a, uint32_t mtu, struct error *err)
{
	struct link_bridge bridge = { .name = a->conf.bridge,
				      .mtu = mtu,
				      .vlan_filtering = a->conf.vlan.filtering };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	size_t made;
	int rc = bridge_choose_mac(a, &bridge.mac, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, &a->node);
	made = link_put_bridge(&batch, &bridge);
	link_put_get(&batch, bridge.name, &a->bridge);
	rc = nl_batch_run(&batch, err);
	a->bridge_made = nl_batch_result(&batch, made) == 0;
	if (rc == -EOPNOTSUPP && bridge.vlan_filtering)
		return error_hint(err, "VLANs need a kernel with CONFIG_BRIDGE_VLAN_FILTERING");
	return rc;
}

/* What an ADD left that was killed. Others may use the same group for theirs. */
static bool is_unfinished(const struct attach *a)
{
	return a->bridge.index && a->bridge.group == LINK_GROUP_UNFINISHED &&
	       bridge_is_of_ours(a, &a->bridge);
}

/* Make it, or finish it. It comes up when it has its settings and its MTU. */
static int put_new(struct attach *a, struct nl_batch *batch, struct error *err)
{
	uint32_t mtu;
	int rc = bridge_choose_mtu(a, &mtu, err);

	if (rc >= 0 && !a->bridge.index)
		rc = create(a, mtu, err);
	if (rc < 0 || !is_unfinished(a))
		return rc;
	a->bridge_made = true;
	link_put_bridge_finish(batch, &a->bridge, mtu);
	a->bridge.mtu = mtu ? mtu : a->bridge.mtu;
	return 0;
}

/* What is switched on in vain is worth a word, once in the life of a bridge. */
static void look_for_netfilter(const struct attach *a)
{
	struct error err = { 0 };
	char value[8];

	if (sysctl_read("net/bridge/bridge-nf-call-iptables", value, sizeof(value)) != -ENOENT)
		return;
	error_set(&err, ERROR_KERNEL,
		  "br_netfilter is not loaded: iptables, and so kube-proxy and network policies, "
		  "do not see what bridge \"%s\" passes between its ports",
		  a->conf.bridge);
	error_hint(&err, "modprobe br_netfilter, if anything needs it");
	cni_log_warn(a->call->log, &err);
}

/* That all is done. It is a request by itself: if another fails, those behind it are made. */
static int put_tag(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	if (is_settled(&a->bridge))
		return 0;
	nl_batch_begin(&batch, &a->node);
	link_put_tag(&batch, a->bridge.index, BRIDGE_TAG);
	a->bridge.conf.tag = BRIDGE_TAG;
	look_for_netfilter(a);
	return nl_batch_run(&batch, err);
}

/*
 * Its MTU is its maker's; one that was there keeps what it has. Only where pods are to take
 * less it is lowered: what the bridge takes and a port does not is lost without a word
 * (is_skb_forwardable()).
 */
static void put_less(struct attach *a, struct nl_batch *batch)
{
	const uint32_t mtu = a->conf.mtu;

	if (!mtu || mtu >= a->bridge.mtu)
		return;
	link_put_change(batch, a->bridge.index, NULL, mtu, 0, 0);
	a->bridge.mtu = mtu;
}

static int put_settings(struct attach *a, struct nl_batch *batch, struct error *err)
{
	const unsigned int wanted = IFF_UP | (a->conf.promisc_mode ? IFF_PROMISC : 0);
	struct link *bridge = &a->bridge;
	int rc;

	put_less(a, batch);
	if (bridge->knows_netfilter && !(bridge->nf_call_iptables && bridge->nf_call_ip6tables) &&
	    bridge_shows_netfilter(a)) {
		link_put_bridge_netfilter(batch, bridge->index, true, true);
		bridge->nf_call_iptables = bridge->nf_call_ip6tables = true;
	}
	rc = vlan_put_bridge(a, batch, err);
	if ((bridge->flags & wanted) != wanted)
		link_put_change(batch, bridge->index, NULL, 0, wanted, wanted);
	bridge->flags |= wanted;
	if (rc < 0 || a->bridge_made || is_settled(bridge))
		return rc;
	return bridge_put_mac(a, batch, err);
}

/* @a->bridge is as it will be, and @a->bridge_before as it is. */
static int settle(struct attach *a, struct error *err)
{
	const bool is_new = !a->bridge.index || is_unfinished(a);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	nl_batch_begin(&batch, &a->node);
	rc = is_new ? put_new(a, &batch, err) : 0;
	if (rc < 0)
		return rc;
	if (strcmp(a->bridge.kind, "bridge") != 0)
		return error_set(err, ERROR_CONFLICT, "\"%s\" already exists but is not a bridge",
				 a->conf.bridge);
	if ((rc = bridge_judge_mtu(a, err)) < 0)
		return rc;
	if (!a->bridge_made)
		a->bridge_before = a->bridge;
	if ((rc = bridge_settle_link(a, &a->bridge, a->bridge_made, err)) < 0 ||
	    (rc = put_settings(a, &batch, err)) < 0 || (rc = nl_batch_run(&batch, err)) < 0)
		return rc;
	return put_tag(a, err);
}

/* What is not settled may be in somebody's hands: we wait for our turn, and look again. */
static int take_turn(struct attach *a, int *ret_fd, struct error *err)
{
	const struct deadline deadline = deadline_in(TURN_DEADLINE_MS);
	char what[64];
	int rc;

	snprintf(what, sizeof(what), "bridge %s", a->conf.bridge);
	rc = nslock_own(what, &deadline, ret_fd, err);
	return rc < 0 ? rc : link_get(&a->node, a->conf.bridge, &a->bridge, err);
}

int bridge_make(struct attach *a, struct error *err)
{
	autoclose int turn = -1;
	struct error ignored;
	int rc = is_settled(&a->bridge) ? 0 : take_turn(a, &turn, err);

	if (rc >= 0)
		rc = settle(a, err);
	if (rc < 0)
		bridge_unmake(a, &ignored);
	return rc < 0 ? rc : 1;
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

/* May others have come to rely on what this call changed? */
static bool serves_others(struct attach *a)
{
	autofree struct link *ports = NULL;
	struct error ignored;
	size_t n = 0;

	if (!nslock_try_alone(a->lock_fd) ||
	    link_list(&a->node, a->bridge.index, &ports, &n, &ignored) < 0)
		return true;
	for (size_t i = 0; i < n; i++)
		if (strcmp(ports[i].name, a->host_name) != 0 && podlink_is_of(&ports[i], NULL))
			return true;
	return false;
}

static bool is_same(const struct link *a, const struct link *b)
{
	return a->mtu == b->mtu && a->flags == b->flags &&
	       a->nf_call_iptables == b->nf_call_iptables &&
	       a->nf_call_ip6tables == b->nf_call_ip6tables &&
	       memcmp(&a->conf, &b->conf, sizeof(a->conf)) == 0;
}

/* A bridge that was there is as it was before; but that its MAC is pinned the kernel keeps. */
static int restore(struct attach *a, struct error *err)
{
	const struct link *before = &a->bridge_before;
	const struct link *now = &a->bridge;
	const unsigned int flags = before->flags ^ now->flags;
	const bool has_mac = a->mac_put && mac_is_unicast(&before->mac);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	if (!before->index || (is_same(before, now) && !has_mac) || serves_others(a))
		return 0;
	bridge_restore_link(a, now, before);
	nl_batch_begin(&batch, &a->node);
	link_put_change(&batch, before->index, has_mac ? &before->mac : NULL,
			before->mtu != now->mtu ? before->mtu : 0, before->flags & flags, flags);
	if (before->knows_netfilter)
		link_put_bridge_netfilter(&batch, before->index, before->nf_call_iptables,
					  before->nf_call_ip6tables);
	if (before->conf.tag != now->conf.tag)
		link_put_tag(&batch, before->index, before->conf.tag);
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
	rc = restore(a, err);
	if (a->filtering_made)
		vlan_rc = vlan_unmake_bridge(a, rc < 0 ? &ignored : err);
	return rc < 0 ? rc : vlan_rc;
}
