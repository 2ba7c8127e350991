/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parts.h - the things that an attachment is made of
 *
 * Each part has its own file with make, check and undo side by side. _make functions
 * are steps of ADD (see steps.h), _check functions are CHECK's: 0 = as ADD left it,
 * negative with ERROR_CHECK = not.
 */
#pragma once

#include "attach.h"
#include "cbr/netlink/batch.h"

/*
 * The lease: addresses from IPAM, started beside the kernel's work, taken when
 * needed, given back when anything fails. Without IPAM these do nothing.
 */
int lease_start(struct attach *a, struct error *err);
int lease_await(struct attach *a, struct error *err);
int lease_return(struct attach *a, struct error *err);

/*
 * The bridge: shared by all attachments of the node. bridge_join() - from here on nobody takes
 * back what we may come to count on, until bridge_leave(), or attach_done().
 */
int bridge_join(struct attach *a, struct error *err);
void bridge_leave(struct attach *a);
int bridge_make(struct attach *a, struct error *err);
int bridge_unmake(struct attach *a, struct error *err);
int bridge_verify(struct attach *a, struct error *err);

/* bridge_is_ours_alone() - 1 if no other attachment uses or is about to use the bridge */
int bridge_is_ours_alone(struct attach *a);

/*
 * The source guard: which MAC and IP addresses the host end lets in. Without its keys
 * these do nothing, but guard_open() forgets what an earlier ADD of a living pod made.
 */
int guard_close(struct attach *a, struct error *err);
int guard_open(struct attach *a, struct error *err);
int guard_verify(struct attach *a, struct error *err);

/* guard_is_wanted() - does the config say so? */
bool guard_is_wanted(const struct attach *a);

/* guard_forget() - that of this attachment, whose link is gone; 1 removed, 0 none there */
int guard_forget(struct attach *a, struct error *err);

/* guard_collect() - those of links that are gone; no ADD may be under way, see bridge_join() */
int guard_collect(struct attach *a, struct error *err);

/*
 * VLANs: the bridge filters them, the port is in those of the config.
 *
 * vlan_judge_bridge() - can the bridge that is there be made to filter? Changes nothing.
 *	Return: 0, or negative with ERROR_CONFLICT.
 * vlan_put_bridge() - make it so, if it is not yet; as vlan_judge_bridge() otherwise
 * vlan_put_orphan() - bring a port that is one again, and may be gone, into the VLANs of the config
 * vlan_unmake_bridge() - back, if that changes nothing for anybody
 */
int vlan_judge_bridge(struct attach *a, struct error *err);
int vlan_put_bridge(struct attach *a, struct nl_batch *batch, struct error *err);
int vlan_unmake_bridge(struct attach *a, struct error *err);
int vlan_make(struct attach *a, struct error *err);
void vlan_put_orphan(const struct attach *a, struct nl_batch *batch, int index);
int vlan_check(struct attach *a, struct error *err);

/*
 * The gateway interface of a VLAN: shared by the pods of that VLAN, it goes with the last.
 *
 * vlangw_judge() - is what is there of its name fit for it? Changes nothing.
 * vlangw_join() - before the pod link is made: its undo comes after the link is gone
 * vlangw_leave() - remove those of the bridge whose VLANs have no pods any more, if the
 *	attachment may have been in one
 * vlangw_collect() - the same in any case
 */
int vlangw_judge(struct attach *a, struct error *err);
int vlangw_join(struct attach *a, struct error *err);
int vlangw_leave(struct attach *a, struct error *err);
int vlangw_collect(struct attach *a, struct error *err);
int vlangw_make(struct attach *a, struct error *err);
int vlangw_check(struct attach *a, struct error *err);

/* orphans_adopt() - pods that were ports of this bridge before it was deleted are so again */
int orphans_adopt(struct attach *a, struct error *err);

/* The pod link: a veth pair, one end a port of the bridge. */
int podlink_make(struct attach *a, struct error *err);
int podlink_unmake(struct attach *a, struct error *err);
int podlink_await(struct attach *a, struct error *err);
int podlink_check(struct attach *a, struct error *err);

/* podlink_refuse_foreign() - for ADD: what is in the pod under this name is not what we made */
int podlink_refuse_foreign(struct attach *a, struct error *err);
/* podlink_reflect() - hairpin mode, where it had to wait until the pod has announced itself */
int podlink_reflect(struct attach *a, struct error *err);

/* podlink_mac() - with which the pod's end is born */
struct mac podlink_mac(const struct attach *a);

/*
 * podlink_find() - for DEL: both ends, looked for from the pod's side
 *
 * Return: 1 @host and @container are they, 0 there is none, or it is not this attachment's.
 */
int podlink_find(struct attach *a, struct error *err);

/* podlink_remove() - DEL: by name, else by what is in the pod; 1 removed, 0 none there */
int podlink_remove(struct attach *a, struct error *err);

/* podlink_alias() - what the host end says of itself; see podlink_alias_parse() */
void podlink_alias(const struct attach *a, char ret[static LINK_ALIAS_SIZE]);

/*
 * podlink_alias_parse() - whose host end is this?
 * @ret_*: parts of the alias, cut out of @copy
 *
 * Return: true only if the alias is whole and names the attachment whose computed
 * name the link bears: then it is ours.
 */
bool podlink_alias_parse(const struct link *link, char copy[static LINK_ALIAS_SIZE],
			 const char **ret_network, const char **ret_container,
			 const char **ret_ifname);

/* podlink_is_of() - is it ours, of a pod of this network? NULL = of any */
bool podlink_is_of(const struct link *link, const char *network);

/* The inside of the pod: addresses and routes; they go with the link. */
int podnet_prepare(struct attach *a, struct error *err);
int podnet_make(struct attach *a, struct error *err);
int podnet_check(struct attach *a, struct error *err);

/* podnet_recall() - for DEL: @result's addresses are those that the pod has */
int podnet_recall(struct attach *a, struct error *err);

/* podnet_announce() - tell who remembers a former owner of the addresses, once traffic passes */
int podnet_announce(struct attach *a, struct error *err);

/* podnet_mac() - that of the pod's end, from when the addresses are known */
struct mac podnet_mac(const struct attach *a);

/* The gateway: addresses of the bridge, forwarding, the pod's neighbour entries. */
int gateway_make(struct attach *a, struct error *err);
int gateway_unmake(struct attach *a, struct error *err);
int gateway_check(struct attach *a, struct error *err);

/* gateway_introduce() - tell the node of its new neighbour, so that it need not ask */
int gateway_introduce(struct attach *a, struct error *err);

/* gateway_forget() - the neighbour entries of @result's addresses */
int gateway_forget(struct attach *a, struct error *err);

/* What is reported of the interfaces. */
int result_make(struct attach *a, struct error *err);

/* Masquerade: shared by the network. */
int masq_make(struct attach *a, struct error *err);
int masq_check(struct attach *a, struct error *err);

/* Routes to the pods of other nodes: shared by the node. */
int noderoutes_make(struct attach *a, struct error *err);
int noderoutes_unmake(struct attach *a, struct error *err);
int noderoutes_check(struct attach *a, struct error *err);
