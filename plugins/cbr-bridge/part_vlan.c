/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_vlan.c - the bridge filters VLANs, and the pod's port is in those of the config
 *
 * A bridge that is there may not filter yet. To let it do so changes nothing for ports that
 * are all in the one VLAN that the bridge gives to every port, so that is simply done; one
 * that is in another was put there for the filter's sake. Where somebody would be cut off, for
 * he is in none, it is refused, and before anything is made.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/netlink/vlan.h"
#include "cbr/sys/nslock.h"
#include "parts.h"

static bool is_native(const struct vlan_entry *entries, size_t n, int index, uint16_t vlan)
{
	const struct vlan_entry *entry = vlan_find(entries, n, index, vlan);

	return entry && entry->pvid && entry->untagged;
}

static bool has_native(const struct vlan_entry *entries, size_t n, int index)
{
	for (size_t i = 0; i < n; i++)
		if (entries[i].index == index && entries[i].pvid && entries[i].untagged)
			return true;
	return false;
}

/* What hears the bridge: its ports, and 802.1Q links on it. */
static bool is_cut_off(const struct attach *a, const struct link *link,
		       const struct vlan_entry *entries, size_t n)
{
	const struct link *bridge = &a->bridge;

	if (link->master == bridge->index || link->index == bridge->index)
		return !has_native(entries, n, link->index);
	return strcmp(link->kind, "vlan") == 0 && link->peer == bridge->index &&
	       !vlan_find(entries, n, bridge->index, link->vlan);
}

static bool has_ports(const struct attach *a, const struct link *links, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (links[i].master == a->bridge.index)
			return true;
	return false;
}

/*
 * Once in the life of a bridge, so two dumps do not matter. That frames with tags pass between
 * pods, through a bridge that so far passed everything, cannot be seen from here.
 */
static int judge_users(struct attach *a, struct error *err)
{
	autofree struct vlan_entry *entries = NULL;
	autofree struct link *links = NULL;
	size_t n_entries = 0;
	size_t n_links = 0;
	int rc;

	if ((rc = link_list(&a->node, 0, &links, &n_links, err)) < 0 ||
	    (rc = vlan_list(&a->node, 0, &entries, &n_entries, err)) < 0)
		return rc;
	if (!has_ports(a, links, n_links))
		return 0;
	for (size_t i = 0; i < n_links; i++) {
		if (!is_cut_off(a, &links[i], entries, n_entries))
			continue;
		error_set(err, ERROR_CONFLICT,
			  "bridge \"%s\" does not filter VLANs, and if it did, %s would be cut off",
			  a->conf.bridge, links[i].name);
		return error_hint(err,
				  "put it into its VLAN (bridge vlan add dev %s vid N pvid "
				  "untagged), or choose another bridge with the key \"bridge\"",
				  links[i].name);
	}
	return 0;
}

int vlan_judge_bridge(struct attach *a, struct error *err)
{
	const struct link *bridge = &a->bridge;

	if (!a->conf.vlan.filtering || !bridge->index || bridge->vlan_filtering)
		return 0;
	if (bridge->knows_vlans)
		return judge_users(a, err);
	error_set(err, ERROR_CONFLICT, "bridge \"%s\" cannot filter VLANs, as %s wants",
		  a->conf.bridge, a->conf.vlan.id ? "vlan" : "vlanTrunk");
	return error_hint(err, "VLANs need a kernel with CONFIG_BRIDGE_VLAN_FILTERING");
}

int vlan_put_bridge(struct attach *a, struct nl_batch *batch, struct error *err)
{
	int rc;

	if (!a->conf.vlan.filtering || a->bridge.vlan_filtering)
		return 0;
	/* Again: it may have been made, and otherwise, by somebody else since we looked. */
	rc = vlan_judge_bridge(a, err);
	if (rc < 0)
		return rc;
	vlan_put_filtering(batch, a->bridge.index, true);
	a->filtering_made = true;
	return 0;
}

/* Does nobody rely on the filter: is everything in the bridge's one VLAN and in no other? */
static bool is_plain(const struct attach *a, const struct link *ports, size_t n_ports,
		     const struct vlan_entry *entries, size_t n)
{
	const uint16_t pvid = a->bridge.default_pvid;

	for (size_t i = 0; i < n; i++) {
		bool here = entries[i].index == a->bridge.index;

		for (size_t j = 0; j < n_ports && !here; j++)
			here = entries[i].index == ports[j].index;
		if (here && (entries[i].range.first != pvid || entries[i].range.last != pvid))
			return false;
	}
	return true;
}

int vlan_unmake_bridge(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	autofree struct vlan_entry *entries = NULL;
	autofree struct link *ports = NULL;
	size_t n_ports = 0;
	size_t n = 0;
	int rc;

	/* Another ADD under way may have found it filtering, and counted on it. */
	if (!nslock_try_alone(a->lock_fd))
		return 0;
	if ((rc = link_list(&a->node, a->bridge.index, &ports, &n_ports, err)) < 0 ||
	    (rc = vlan_list(&a->node, 0, &entries, &n, err)) < 0 ||
	    !is_plain(a, ports, n_ports, entries, n))
		return rc;
	nl_batch_begin(&batch, &a->node);
	vlan_put_filtering(&batch, a->bridge.index, false);
	return nl_batch_run(&batch, err);
}

static bool is_asked_for(const struct attach *a)
{
	return vlan_conf_native(&a->conf.vlan) || a->conf.vlan.has_trunk;
}

static bool is_wanted(const struct attach *a, unsigned int vlan)
{
	return vlan == vlan_conf_native(&a->conf.vlan) || a->conf.vlan.trunk.has[vlan];
}

/*
 * A port that was just made is in the VLAN that the bridge gives, and in no other. One that
 * was there may be in any.
 */
static void put_port(const struct attach *a, struct nl_batch *batch, int index, bool is_new,
		     int tolerated)
{
	const struct vlan_conf *conf = &a->conf.vlan;
	const unsigned int pvid = a->bridge.default_pvid;
	struct vlan_set unwanted = { 0 };

	if (!is_asked_for(a))
		return;
	vlan_put_port(batch, index, vlan_conf_native(conf), &conf->trunk);
	nl_tolerate(batch, tolerated);
	for (unsigned int vlan = VLAN_MIN; vlan <= VLAN_MAX; vlan++)
		unwanted.has[vlan] = (!is_new || vlan == pvid) && !is_wanted(a, vlan);
	if (conf->preserve_default || vlan_set_is_empty(&unwanted))
		return;
	vlan_put_port_delete(batch, index, &unwanted);
	nl_tolerate(batch, tolerated);
}

void vlan_put_orphan(const struct attach *a, struct nl_batch *batch, int index)
{
	put_port(a, batch, index, true, ENODEV);
}

int vlan_make(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	put_port(a, &batch, a->host.index, !a->resumed, 0);
	return nl_batch_run(&batch, err);
}

static int check_port(const struct attach *a, const struct vlan_entry *entries, size_t n,
		      struct error *err)
{
	const uint16_t native = vlan_conf_native(&a->conf.vlan);
	const char *name = a->host.name;
	const int index = a->host.index;

	if (native && !is_native(entries, n, index, native))
		return error_set(err, ERROR_CHECK, "VLAN %u of %s is not there, or not untagged",
				 native, name);
	for (uint16_t vlan = VLAN_MIN; vlan <= VLAN_MAX; vlan++) {
		const bool there = vlan_find(entries, n, index, vlan);

		if (is_wanted(a, vlan) && !there)
			return error_set(err, ERROR_CHECK, "%s is not in VLAN %u", name, vlan);
		if (!is_wanted(a, vlan) && there && !a->conf.vlan.preserve_default)
			return error_set(err, ERROR_CHECK, "%s is in VLAN %u, too", name, vlan);
	}
	return 0;
}

int vlan_check(struct attach *a, struct error *err)
{
	autofree struct vlan_entry *entries = NULL;
	size_t n = 0;
	int rc;

	if (!a->conf.vlan.filtering)
		return 0;
	if (!a->bridge.vlan_filtering)
		return error_set(err, ERROR_CHECK, "bridge \"%s\" does not filter VLANs",
				 a->conf.bridge);
	if (!is_asked_for(a))
		return 0;
	rc = vlan_list(&a->node, a->host.index, &entries, &n, err);
	return rc < 0 ? rc : check_port(a, entries, n, err);
}
