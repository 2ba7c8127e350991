/* SPDX-License-Identifier: Apache-2.0 */
/* bridge.h - what the bridge is made of: part_bridge.c and the files beside it */
#pragma once

#include "attach.h"

/*
 * The tag (link_put_tag()) of a bridge that has its MTU and keeps its MAC. On any other one
 * ADD after the other sees to that, before it makes a port.
 */
#define BRIDGE_TAG 67

/* The least that IPv6 works with (RFC 8200, section 5). */
#define BRIDGE_IPV6_MTU 1280

/*
 * bridge_choose_mtu() - of a bridge that is made: the config's, else that of the way out
 *
 * Return: 0 and *ret, 0 = there is no way out, so whatever the kernel gives; or negative.
 */
int bridge_choose_mtu(struct attach *a, uint32_t *ret, struct error *err);

/* bridge_judge_mtu() - is it enough for what the network is to carry? 0, or negative if not */
int bridge_judge_mtu(const struct attach *a, struct error *err);

/* bridge_wants_ipv6() - has the network ranges of it? */
bool bridge_wants_ipv6(const struct attach *a);

/*
 * bridge_settle_link() - the settings of a link that is the pods' gateway: the bridge, or
 * that of its VLAN
 * @link: as the kernel tells it; its @conf is then as it is made
 * @is_ours: we make it; else it may have been somebody's before
 *
 * What cannot be set is logged.
 */
void bridge_settle_link(const struct attach *a, struct link *link, bool is_ours);

/* bridge_restore_link() - back to the settings of @before */
void bridge_restore_link(const struct attach *a, const struct link *now, const struct link *before);

/* bridge_verify_link() - are they so? 0, or negative with ERROR_CHECK */
int bridge_verify_link(const struct link *link, struct error *err);
