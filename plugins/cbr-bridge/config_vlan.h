/* SPDX-License-Identifier: Apache-2.0 */
/* config_vlan.h - the keys vlan, vlanTrunk and preserveDefaultVlan */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/netlink/vlan.h"

/*
 * @id: vlan, 0 = none
 * @filtering: the bridge must filter VLANs: there is a vlan, or a vlanTrunk, be it empty
 * @has_trunk: vlanTrunk names at least one
 * @trunk: those that it names
 * @preserve_default: preserveDefaultVlan
 */
struct vlan_conf {
	uint16_t id;
	bool filtering;
	bool has_trunk;
	bool preserve_default;
	struct vlan_set trunk;
};

/* vlan_conf_load() - read and check them; Return: 0 and *ret, or negative */
int vlan_conf_load(const json_t *config, struct vlan_conf *ret, struct error *err);

/*
 * vlan_conf_native() - VLAN of a port's frames without a tag, 0 = as the bridge gives it
 *
 * vlan; a trunk without one has VLAN 1, whatever the bridge gives.
 */
uint16_t vlan_conf_native(const struct vlan_conf *conf);
