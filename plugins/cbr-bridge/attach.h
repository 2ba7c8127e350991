/* SPDX-License-Identifier: Apache-2.0 */
/* attach.h - one attachment in work: what a verb's steps share */
#pragma once

#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/link.h"
#include "cbr/netlink/socket.h"
#include "cbr/sys/netns.h"
#include "config.h"

/*
 * The steps of a verb hand each other these; the part that fills a field is named.
 * @call: what the runtime asked; borrowed
 * @conf: config, by the verb
 * @netns: the pod's namespace, fd -1 when it is gone; attach_open()
 * @node, @pod, @nft: netlink sockets: node, pod, node's netfilter; attach_open(),
 *	attach_open_nft()
 * @host_name: host end, computed; attach_open()
 * @bridge: as found by attach_look(), then as part_bridge made it
 * @vlan_gateway: of conf.vlan_gateway; attach_look(), then part_vlangw
 * @vlan_gateway_back: this call brought it back onto a new bridge; part_vlangw
 * @host, @container: ends of the pod link; attach_look(), then part_podlink
 * @resumed: the pod link was there before this call; add.c
 * @lock_fd: share of the namespace's lock; part_bridge
 * @bridge_made: this call made the bridge; part_bridge
 * @mac_put: this call gave the bridge that was there its MAC; bridge_mac
 * @filtering_made: this call let the bridge filter VLANs; part_bridge
 * @bridge_before: one that was there, as it was, else index 0; part_bridge
 * @gateways, @n_gateways: addresses for the bridge; part_lease
 * @gateways_added: which of them this call added, by index; gateway_address
 * @replaced, @n_replaced: addresses of the bridge that this call took away; gateway_address
 * @routes_added: which nodeRoutes this call added, by index; part_noderoutes
 * @ipam: the delegate at work; part_lease
 * @result: of ADD, as it grows; for CHECK and DEL: prevResult; part_lease
 */
struct attach {
	const struct cni_call *call;
	struct bridge_conf conf;
	struct netns netns;
	struct nl_socket node;
	struct nl_socket pod;
	struct nl_socket nft;
	char host_name[IF_NAMESIZE];
	struct link bridge;
	struct link vlan_gateway;
	bool vlan_gateway_back;
	struct link host;
	struct link container;
	bool resumed;
	int lock_fd;
	bool bridge_made;
	bool mac_put;
	bool filtering_made;
	struct link bridge_before;
	struct ip_prefix *gateways;
	size_t n_gateways;
	bool *gateways_added;
	struct addr *replaced;
	size_t n_replaced;
	bool *routes_added;
	struct cni_delegate ipam;
	struct cni_result result;
};

/* The attachment before anything is known of it. */
#define ATTACH_NONE(the_call)                          \
	((struct attach){ .call = (the_call),          \
			  .netns = NETNS_NONE,         \
			  .lock_fd = -1,               \
			  .conf = { .ipam_type = "" }, \
			  .ipam = CNI_DELEGATE_NONE })

/* attach_open() - open the pod's namespace and the sockets; both must be possible */
int attach_open(struct attach *a, struct error *err);

/*
 * attach_open_leftovers() - the same for taking down: a namespace that is gone, is none (any
 * more), or is the node's own by now, is no error, and not entered
 */
int attach_open_leftovers(struct attach *a, struct error *err);

/* attach_open_nft() - open @nft, if it is not open yet */
int attach_open_nft(struct attach *a, struct error *err);

/* attach_look() - look up bridge, host end and the pod's interface; changes nothing */
int attach_look(struct attach *a, struct error *err);

/* attach_is_layer3() - is there IPAM? */
bool attach_is_layer3(const struct attach *a);

/*
 * attach_is_inherited() - for CHECK: did another bridge plugin make it, before we took over?
 *
 * Its host end has another name than we would have given; or it has none any more.
 */
bool attach_is_inherited(const struct attach *a);

/* attach_gateway() - the interface that has the gateways' addresses: bridge, or that of its VLAN */
const struct link *attach_gateway(const struct attach *a);

/* attach_gateway_name() - its name, be it there or not */
const char *attach_gateway_name(const struct attach *a);

void attach_done(struct attach *a);
