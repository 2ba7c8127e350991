/* SPDX-License-Identifier: Apache-2.0 */
/* vlan_node.h - a node whose pods are in VLANs */
#pragma once

#include <stdbool.h>

#include "one_node.h"

/* kernel_filters() - can bridges filter VLANs here? */
bool kernel_filters(void);

/* First line of each test that needs it. */
#define NEEDS_FILTER()                                                      \
	do {                                                                \
		(void)state;                                                \
		if (!kernel_filters())                                      \
			skip_because("needs CONFIG_BRIDGE_VLAN_FILTERING"); \
	} while (0)

/* use_keys() - from now on, pods of one pool with these keys */
void use_keys(const char *keys);

/*
 * use_network() - from now on, a network of this VLAN (0 = none) with a gateway of its own
 * @more: more keys, with a comma before them
 *
 * The gateways are 10.<vlan>.0.1 and fd00:<vlan>::1, pods come behind.
 */
void use_network(int vlan, const char *more);

/* add() - a new pod, attached and checked */
struct pod *add(const char *id);

/* add_in(), del_in() - of that VLAN's network */
struct pod *add_in(int vlan, const char *id);
void del_in(int vlan, struct pod *pod);

/* link_exists() - on the node */
bool link_exists(const char *name);

/* assert_vlans() - of a port or bridge: JSON, [[first, last, "flags"], ...] */
void assert_vlans(const char *link, const char *expected);

/* assert_talk(), assert_apart() - does one reach the other? */
void assert_talk(const struct pod *from, const struct pod *to);
void assert_apart(const struct pod *from, const struct pod *to);

/* assert_add_changes_nothing() - ADD fails with this, and the node is as it was */
void assert_add_changes_nothing(struct pod *pod, int code, const char *text);
