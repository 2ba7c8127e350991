/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.h - what the bridge is made of: part_bridge.c and the files beside it */
#pragma once

#include "attach.h"

/*
 * The tag (link_put_tag()) of a bridge that has its MTU and keeps its MAC. On any other one
 * ADD after the other sees to that, before it makes a port.
 */
#define BRIDGE_TAG 67

/*
 * bridge_choose_mtu() - of a bridge that is made: the config's, else that of the way out
 *
 * Return: 0 and *ret, 0 = there is no way out, so whatever the kernel gives; or negative.
 */
int bridge_choose_mtu(struct attach *a, uint32_t *ret, struct error *err);

/*
 * bridge_judge_mtu() - is that of the bridge enough for what the network is to carry?
 *
 * The config's own is judged with it. Return: 0, or negative if not.
 */
int bridge_judge_mtu(const struct attach *a, struct error *err);

/* bridge_choose_mac() - that of a bridge of this name which we make; 0 and *ret, or negative */
int bridge_choose_mac(const struct attach *a, struct mac *ret, struct error *err);

/* bridge_is_of_ours() - did we make it, this call or one before? By its MAC. */
bool bridge_is_of_ours(const struct attach *a, const struct link *link);

/* bridge_put_mac() - see that @a->bridge, which was there, has one and keeps it */
int bridge_put_mac(struct attach *a, struct nl_batch *batch, struct error *err);

/*
 * bridge_shows_netfilter() - is netfilter to see what crosses it?
 *
 * Services need that. On a bridge that was there, and where pods are no more than on a wire,
 * rules that are not meant for what crosses it could stop the machines of others.
 */
bool bridge_shows_netfilter(const struct attach *a);

/*
 * bridge_settle_link() - the settings of a link that is the pods' gateway: the bridge, or
 * that of its VLAN
 * @link: as the kernel tells it; its @conf is then as it is made
 * @is_new: we make it; else it may be somebody's, who knows better
 *
 * What cannot be set is logged. Return: 0, or negative if it is not known what to set.
 */
int bridge_settle_link(struct attach *a, struct link *link, bool is_new, struct error *err);

/* bridge_restore_link() - back to the settings of @before */
void bridge_restore_link(const struct attach *a, const struct link *now, const struct link *before);

/* bridge_verify_link() - are they so? 0, or negative with ERROR_CHECK */
int bridge_verify_link(struct attach *a, const struct link *link, struct error *err);
