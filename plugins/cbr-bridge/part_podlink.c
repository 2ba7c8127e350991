/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_podlink.c - the veth pair between pod and bridge
 *
 * The kernel makes it in one request: host end named, addressed and enslaved, the other
 * end born in the pod under its final name. A caller killed at any moment leaves
 * either nothing or a pair that is found again by its name.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/hash.h"
#include "cbr/cni/log.h"
#include "cbr/netlink/events.h"
#include "link_conf.h"
#include "parts.h"
#include "podlink_name.h"

/* Longer than linkwatch ever takes its time for (LW_INTERVAL in the kernel, one second). */
#define CARRIER_DEADLINE_MS 1500

/* @end distinguishes the MACs of the two ends. */
static struct mac make_mac(const struct attach *a, const char *end)
{
	const struct cni_call *call = a->call;
	uint64_t hash = hash_attachment(call->network, call->container_id, call->ifname);

	return mac_from_hash(hash_bytes(hash, end, strlen(end)));
}

struct mac podlink_mac(const struct attach *a)
{
	return a->conf.has_mac ? a->conf.mac : make_mac(a, "pod");
}

/* What the host end bears is what its pod gets: the network's MTU, else the bridge's. */
static uint32_t choose_mtu(const struct attach *a)
{
	return a->conf.mtu ? a->conf.mtu : a->bridge.mtu;
}

/*
 * In hairpin mode a pod hears what it announces itself. For IPv4 that is nothing, for IPv6
 * the kernel logs a warning of a duplicate each time (ndisc_recv_na()).
 */
static bool hears_itself(const struct attach *a)
{
	/* There are IPAM plugins whose ranges nobody knows. */
	const bool ipv6 = !a->conf.ranges.n || bridge_conf_wants_ipv6(&a->conf);

	return attach_is_layer3(a) && ipv6;
}

/*
 * The kernel takes a new host end for connected until it is looked at. One that was up then would
 * be let forward, stopped, let forward again, and each time the bridge goes through all ports.
 */
static int create(struct attach *a, const struct mac *peer_mac, struct error *err)
{
	const struct link_veth veth = {
		.name = a->host_name,
		.mac = make_mac(a, "host"),
		.down = true,
		.master = a->bridge.index,
		.mtu = choose_mtu(a),
		.peer_netns = &a->netns,
		.peer_name = a->call->ifname,
		.peer_mac = peer_mac,
	};
	const bool hairpin = a->conf.hairpin_mode && !hears_itself(a);
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	char alias[LINK_ALIAS_SIZE];
	struct error ignored;
	size_t made;
	int rc;

	podlink_alias(a, alias);
	nl_batch_begin(&batch, &a->node);
	made = link_put_veth(&batch, &veth);
	link_put_no_link_local(&batch, a->host_name);
	link_put_port(&batch, a->host_name, hairpin, a->conf.port_isolation, alias);
	if (guard_is_wanted(a))
		link_put_port_reserved(&batch, a->host_name, true);
	podlink_put_altnames(a, &batch);
	link_put_get(&batch, a->host_name, &a->host);
	link_put_up(&batch, a->host_name);
	rc = nl_batch_run(&batch, err);
	if (rc < 0 && nl_batch_result(&batch, made) == 0)
		podlink_unmake(a, &ignored);
	return rc;
}

/* First of all: below the least MTU of IPv6 there are no settings of it to make. */
static int restore_mtu(struct attach *a, struct nl_batch *node, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch pod = { 0 };
	const uint32_t mtu = choose_mtu(a);

	if (a->host.mtu != mtu)
		link_put_change(node, a->host.index, NULL, mtu, 0, 0);
	nl_batch_begin(&pod, &a->pod);
	if (a->container.mtu != mtu)
		link_put_change(&pod, a->container.index, NULL, mtu, 0, 0);
	a->container.mtu = mtu;
	return nl_batch_run(&pod, err);
}

/* The pair is there: see that the host end is as it would be. */
static int refresh(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	char alias[LINK_ALIAS_SIZE];
	int rc;

	podlink_alias(a, alias);
	nl_batch_begin(&batch, &a->node);
	rc = restore_mtu(a, &batch, err);
	if (rc < 0)
		return rc;
	link_put_no_link_local(&batch, a->host_name);
	if (a->host.master != a->bridge.index || !(a->host.flags & IFF_UP))
		link_put_enslave(&batch, a->host.index, a->bridge.index);
	link_put_port(&batch, a->host_name, a->conf.hairpin_mode, a->conf.port_isolation, alias);
	if (guard_is_wanted(a) || a->host.reserved)
		link_put_port_reserved(&batch, a->host_name, guard_is_wanted(a));
	podlink_put_altnames(a, &batch);
	link_put_get(&batch, a->host_name, &a->host);
	/* A guarded pod that gave itself another MAC does not make it its own by that. */
	if (a->conf.has_mac || guard_is_wanted(a))
		a->container.mac = podlink_mac(a);
	return nl_batch_run(&batch, err);
}

/*
 * A port of a bridge hears nothing, but it is one only as long as the bridge is there; then a
 * pod must not lead the node astray. Nothing can arrive yet: the pod's end is down.
 */
static void deafen_host_end(const struct attach *a)
{
	struct error lost = { 0 };

	if (link_conf_refuse_advertisements(a->host_name, &lost) < 0)
		cni_log_warn(a->call->log, &lost);
}

/* A bridge whose MTU nobody ever set has that of its least port (br_mtu_auto_adjust()). */
static void follow_mtu(struct attach *a)
{
	struct error ignored;
	struct link bridge;

	if (a->bridge.mtu < choose_mtu(a) &&
	    link_get_index(&a->node, a->bridge.index, &bridge, &ignored) > 0)
		a->bridge.mtu = bridge.mtu;
}

int podlink_make(struct attach *a, struct error *err)
{
	const struct mac mac = podlink_mac(a);
	int rc = a->resumed ? refresh(a, err) : create(a, &mac, err);

	if (rc >= 0) {
		follow_mtu(a);
		deafen_host_end(a);
	}
	if (a->resumed)
		return rc;
	if (rc == -EXFULL)
		return error_hint(err, "bridge \"%s\" has as many ports as the kernel allows, 1023",
				  a->conf.bridge);
	if (rc < 0)
		return rc;
	a->container = (struct link){ .index = a->host.peer, .mac = mac, .mtu = a->host.mtu };
	return 1;
}

int podlink_unmake(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	link_put_delete(&batch, a->host_name);
	return nl_batch_run(&batch, err);
}

/* In this order: since 6.8 to look at a link passes on what it has to those that depend on it. */
static int look_up_carriers(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct link bridge;

	nl_batch_begin(&batch, &a->node);
	link_put_get_index(&batch, a->host.index, &a->host);
	if (a->vlan_gateway.index) {
		link_put_get_index(&batch, a->bridge.index, &bridge);
		link_put_get_index(&batch, a->vlan_gateway.index, &a->vlan_gateway);
	}
	return nl_batch_run(&batch, err);
}

/*
 * The kernel notices only some time after the pod's end went up that the host end has a
 * carrier (linkwatch), and lets packets out only then. By now it nearly always has; if not,
 * it is waited for, but its delay is no failure. IFF_RUNNING would not do: it is also set
 * while the kernel has not looked at a new link yet (IF_OPER_UNKNOWN in netif_oper_up()).
 */
static bool forwards(const struct attach *a)
{
	return a->host.operstate == LINK_OPER_UP &&
	       (!a->vlan_gateway.index || a->vlan_gateway.operstate == LINK_OPER_UP);
}

int podlink_await(struct attach *a, struct error *err)
{
	const struct deadline deadline = deadline_in(CARRIER_DEADLINE_MS);
	auto_with(nl_socket_done) struct nl_socket events = { 0 };
	int rc = a->conf.disable_container_interface ? 0 : look_up_carriers(a, err);

	if (rc < 0 || a->conf.disable_container_interface || forwards(a))
		return rc;
	rc = events_listen(RTNLGRP_LINK, NULL, &events, err);
	while (rc >= 0) {
		rc = look_up_carriers(a, err);
		if (forwards(a) || !events_wait(&events, &deadline))
			break;
	}
	return rc;
}

int podlink_reflect(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	if (!a->conf.hairpin_mode || a->host.hairpin)
		return 0;
	nl_batch_begin(&batch, &a->node);
	link_put_port(&batch, a->host_name, true, a->conf.port_isolation, NULL);
	return nl_batch_run(&batch, err);
}

/* The host end by its computed name, or the other end of what is in the pod. */
static int find_host_end(struct attach *a, struct error *err)
{
	if (a->host.index || !a->container.peer)
		return 0;
	return link_get_index(&a->node, a->container.peer, &a->host, err);
}

int podlink_refuse_foreign(struct attach *a, struct error *err)
{
	struct error ignored;

	if (find_host_end(a, &ignored) >= 0 && podlink_is_renamed(a)) {
		error_set(err, ERROR_CONFLICT, "host interface %s of container %s is called %s now",
			  a->host_name, a->call->container_id, a->host.name);
		return error_hint(err, "give it its name back, or let DEL remove it");
	}
	error_set(err, ERROR_CONFLICT, "container interface \"%s\" already exists in %s",
		  a->call->ifname, a->call->netns);
	return error_hint(err, "a %s interface that this attachment did not make is there",
			  *a->container.kind ? a->container.kind : "hardware");
}

/* prevResult's entry for an interface of the pod, or of the node; or NULL */
static const struct cni_interface *find_entry(const struct attach *a, const char *name, bool in_pod)
{
	for (size_t i = 0; i < a->result.n_interfaces; i++) {
		const struct cni_interface *entry = &a->result.interfaces[i];

		if ((entry->sandbox && *entry->sandbox) == in_pod && strcmp(entry->name, name) == 0)
			return entry;
	}
	return NULL;
}

static int check_container(const struct attach *a, struct error *err)
{
	const char *name = a->call->ifname;
	const struct cni_interface *entry = find_entry(a, name, true);
	char text[MAC_TEXT_SIZE];
	struct mac mac;

	if (!entry)
		return error_set(err, ERROR_CHECK, "prevResult has no interface %s in a sandbox",
				 name);
	if (!a->container.index)
		return error_set(err, ERROR_CHECK, "container interface %s not found in %s", name,
				 a->call->netns);
	if (strcmp(a->container.kind, "veth") != 0)
		return error_set(err, ERROR_CHECK, "container interface %s not of type veth", name);
	if (!(a->container.flags & IFF_UP) && !a->conf.disable_container_interface)
		return error_set(err, ERROR_CHECK, "container interface %s is down", name);
	if (entry->mac && *entry->mac &&
	    (mac_parse(entry->mac, &mac) < 0 || !mac_equal(&mac, &a->container.mac)))
		return error_set(err, ERROR_CHECK,
				 "interface %s Mac %s doesn't match container Mac: %s", name,
				 entry->mac, mac_format(&a->container.mac, text));
	return 0;
}

static int check_port(const struct attach *a, struct error *err)
{
	const struct link *host = &a->host;

	if (!host->index || host->index != a->container.peer || host->peer != a->container.index)
		return error_set(err, ERROR_CHECK, "CNI veth created for bridge %s was not found",
				 a->conf.bridge);
	if (podlink_is_renamed(a))
		return error_set(err, ERROR_CHECK, "host interface %s is called %s now",
				 a->host_name, host->name);
	if (host->master != a->bridge.index)
		return error_set(err, ERROR_CHECK, "host interface %s is no port of bridge %s",
				 host->name, a->conf.bridge);
	if (!(host->flags & IFF_UP))
		return error_set(err, ERROR_CHECK, "host interface %s is down", host->name);
	if (host->hairpin != a->conf.hairpin_mode)
		return error_set(err, ERROR_CHECK, "hairpin mode of %s is %s", host->name,
				 host->hairpin ? "on" : "off");
	if (host->isolated != a->conf.port_isolation)
		return error_set(err, ERROR_CHECK, "port isolation of %s is %s", host->name,
				 host->isolated ? "on" : "off");
	return 0;
}

/*
 * What one end or the bridge takes and the next does not is lost without a word
 * (is_skb_forwardable()). The pod may take less: a later plugin can have told it so.
 */
static int check_mtu(const struct attach *a, struct error *err)
{
	const struct link *host = &a->host;
	const struct cni_interface *entry = find_entry(a, host->name, false);

	if (entry && entry->mtu && entry->mtu != host->mtu)
		return error_set(err, ERROR_CHECK, "MTU of host interface %s is %u, not %u",
				 host->name, host->mtu, entry->mtu);
	if (host->mtu < a->bridge.mtu)
		return error_set(err, ERROR_CHECK,
				 "MTU of host interface %s is %u, less than %u of bridge %s",
				 host->name, host->mtu, a->bridge.mtu, a->conf.bridge);
	if (a->container.mtu > host->mtu)
		return error_set(err, ERROR_CHECK,
				 "MTU of container interface %s is %u, more than %u of %s",
				 a->call->ifname, a->container.mtu, host->mtu, host->name);
	return 0;
}

int podlink_check(struct attach *a, struct error *err)
{
	int rc = check_container(a, err);

	if (rc < 0)
		return rc;
	rc = find_host_end(a, err);
	if (rc >= 0)
		rc = check_port(a, err);
	return rc < 0 ? rc : check_mtu(a, err);
}
