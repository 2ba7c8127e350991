/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vlan.h - VLANs of a bridge that filters them
 *
 * Source: linux/if_bridge.h, linux/if_link.h; br_afspec() and br_vlan_rtm_dump() in
 * net/bridge. Functions named _put_ add one request to a batch.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "cbr/base/mac.h"
#include "cbr/netlink/batch.h"

#define VLAN_MIN 1
#define VLAN_MAX 4094

/* VLAN IDs @first to @last, both included */
struct vlan_range {
	uint16_t first;
	uint16_t last;
};

/* A set of VLAN IDs; indexes below VLAN_MIN and above VLAN_MAX stay false. */
struct vlan_set {
	bool has[VLAN_MAX + 2];
};

/* vlan_set_add() - all of a range, which must be within VLAN_MIN to VLAN_MAX */
void vlan_set_add(struct vlan_set *set, struct vlan_range range);

/* vlan_set_is_empty() - is none in it? */
bool vlan_set_is_empty(const struct vlan_set *set);

/*
 * vlan_set_next() - the first range of neighbours at or behind an ID
 * @from: VLAN_MIN to begin with, then one more than the last range's end
 *
 * Return: true and *ret, or false when there is none.
 */
bool vlan_set_next(const struct vlan_set *set, unsigned int from, struct vlan_range *ret);

/*
 * vlan_put_port() - bring a port into VLANs, in one message
 * @index: of the port
 * @native: its frames without a tag are of this VLAN, both ways; 0 = leave that as it is
 * @tagged: other VLANs, each run of neighbours as one range; @native is passed over
 *
 * What the port is in already is no error, and nobody is told of it.
 */
void vlan_put_port(struct nl_batch *batch, int index, uint16_t native,
		   const struct vlan_set *tagged);

/* vlan_put_port_delete() - take a port out of VLANs; those that it is not in are no error */
void vlan_put_port_delete(struct nl_batch *batch, int index, const struct vlan_set *set);

/* vlan_put_self() - the bridge itself hears this VLAN, tagged; as an 802.1Q link on it needs */
void vlan_put_self(struct nl_batch *batch, int bridge, uint16_t vlan);

/* vlan_put_self_delete() - and does no more */
void vlan_put_self_delete(struct nl_batch *batch, int bridge, uint16_t vlan);

/* vlan_put_filtering() - let a bridge filter VLANs, or not */
void vlan_put_filtering(struct nl_batch *batch, int bridge, bool on);

/*
 * An 802.1Q link on another.
 * @lower: index of that
 * @mac: fixed; the bridge's own, or the bridge becomes promiscuous to hear it
 */
struct vlan_link {
	const char *name;
	int lower;
	uint16_t vlan;
	struct mac mac;
};

/*
 * vlan_put_link() - create it, down
 *
 * EEXIST is tolerated: the name is taken, or @lower has a link of this VLAN.
 * Return: index of the request.
 */
size_t vlan_put_link(struct nl_batch *batch, const struct vlan_link *link);

/*
 * One run of VLANs of a port, or of the bridge itself.
 * @index: of the port or bridge
 * @pvid, @untagged: frames without a tag that come in are of it; its frames go out untagged
 */
struct vlan_entry {
	int index;
	struct vlan_range range;
	bool pvid;
	bool untagged;
};

/*
 * vlan_list() - who is in which VLANs, by dump
 * @index: of one port or bridge, which the kernel looks up without visiting the others; 0 = all
 * @ret, @ret_n: array owned by the caller, freed with free(3)
 *
 * Return: 0, with nothing if @index is neither bridge nor port; or negative, -EOPNOTSUPP
 * where the kernel has no VLAN filtering (CONFIG_BRIDGE_VLAN_FILTERING, RTM_GETVLAN: 5.6).
 */
int vlan_list(struct nl_socket *sock, int index, struct vlan_entry **ret, size_t *ret_n,
	      struct error *err);

/* vlan_find() - is a port, or the bridge itself, in a VLAN? Return: the entry that says so, or NULL
 */
const struct vlan_entry *vlan_find(const struct vlan_entry *entries, size_t n, int index,
				   unsigned int vlan);
