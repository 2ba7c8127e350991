/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - cbr-bridge's part of the network configuration */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "cbr/cni/call.h"
#include "cbr/cni/config.h"
#include "config_vlan.h"

/* The least MTU that IPv6 works with (RFC 8200, section 5). */
#define IPV6_MTU 1280

/* A route to the pods of another node: @dst through @gw. */
struct node_route {
	struct ip_prefix dst;
	struct ip_addr gw;
};

/* A growing list of prefixes. */
struct prefix_list {
	struct ip_prefix *items;
	size_t n;
};

/*
 * @bridge: name of the bridge
 * @is_gateway … @port_isolation: keys of the same name
 * @mac_guard, @ip_guard: macspoofchk, ipSpoofChk
 * @mtu: bytes, 0 = as the default route's device
 * @vlan: VLANs of the port
 * @vlan_gateway: "<bridge>.<vlan>", the interface that has the gateway's address instead of
 *                the bridge, "" = none
 * @ipam_type: delegate, "" = layer 2 only
 * @dns: replaces IPAM's if @has_dns
 * @mac: asked for by the runtime or the config, if @has_mac
 * @routes, @n_routes: nodeRoutes
 * @not_masqueraded: nonMasqueradeCIDRs
 * @ranges: subnets that the "ipam" section and runtimeConfig.ipRanges speak of
 */
struct bridge_conf {
	char bridge[IF_NAMESIZE];
	bool is_gateway;
	bool is_default_gateway;
	bool force_address;
	bool ip_masq;
	bool hairpin_mode;
	bool promisc_mode;
	bool enable_dad;
	bool disable_container_interface;
	bool port_isolation;
	bool mac_guard;
	bool ip_guard;
	uint32_t mtu;
	struct vlan_conf vlan;
	char vlan_gateway[IF_NAMESIZE];
	const char *ipam_type;
	bool has_dns;
	struct cni_dns dns;
	struct cni_args args;
	bool has_mac;
	struct mac mac;
	struct node_route *routes;
	size_t n_routes;
	struct prefix_list not_masqueraded;
	struct prefix_list ranges;
};

/*
 * bridge_conf_load() - every key, checked; what ADD and CHECK need
 *
 * CNI_ARGS too. Nothing is touched. Return: 0 and *ret, or negative.
 */
int bridge_conf_load(const struct cni_call *call, struct bridge_conf *ret, struct error *err);

/* bridge_conf_load_status() - every key, but not CNI_ARGS, which STATUS does not have */
int bridge_conf_load_status(const struct cni_call *call, struct bridge_conf *ret,
			    struct error *err);

/*
 * bridge_conf_load_names() - only which bridge, VLANs and subnets, and which delegate
 *
 * What taking down needs, so that no other key, broken since the ADD, can keep an
 * attachment alive. Values of a wrong type count as absent.
 */
void bridge_conf_load_names(const struct cni_call *call, struct bridge_conf *ret);

/* bridge_conf_wants_ipv6() - has the network ranges of it? */
bool bridge_conf_wants_ipv6(const struct bridge_conf *conf);

void bridge_conf_done(struct bridge_conf *conf);

/* prefix_list_add() - append; Return: 0 or -ENOMEM with *err */
int prefix_list_add(struct prefix_list *list, const struct ip_prefix *prefix, struct error *err);
