/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - network interfaces: look up, create, change, delete
 *
 * Functions named _put_ add one request to a batch; the batch runs it.
 * Source: linux/if_link.h, linux/rtnetlink.h.
 */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "cbr/base/mac.h"
#include "cbr/netlink/batch.h"
#include "cbr/netlink/nsid.h"

/* IF_OPER_UP of linux/if.h, which does not go with net/if.h. */
#define LINK_OPER_UP 6

#define LINK_ALIAS_SIZE 256
#define LINK_ALTNAME_SIZE 128

/* Not told: the kernel has no such setting, as without IPv6. */
#define LINK_CONF_NONE (-1)

/*
 * Settings of a link below net.ipv4.conf, of which the kernel tells with the link.
 * @forwarding, @rp_filter, @tag: as named there
 * @forwarding6, @accept_ra, @autoconf, @accept_dad: below net.ipv6.conf
 *
 * Source: IFLA_INET_CONF, IFLA_INET6_CONF in linux/if_link.h.
 */
struct link_conf {
	int forwarding;
	int rp_filter;
	int tag;
	int forwarding6;
	int accept_ra;
	int autoconf;
	int accept_dad;
};

/*
 * A link as the kernel told it; index 0 = there is none of that name.
 * @index, @master, @peer: interface indexes; @peer (IFLA_LINK) counts in the peer's netns
 * @peer_netns: ID of that, see nsid.h; NSID_NONE = the one that the link is in
 * @kind: "bridge", "veth", …; empty for a physical device
 * @flags: IFF_*
 * @group: to which it belongs, 0 unless somebody says so
 * @mtu: bytes
 * @operstate: IF_OPER_*
 * @mac: hardware address, zero if it has none of six bytes
 * @alias: text that we put there for people
 * @hairpin, @isolated, @reserved: flags of a bridge port, see link_put_port() and
 *	link_put_port_reserved()
 * @conf: what the kernel tells of its settings
 * @vlan_filtering, @nf_call_iptables, @nf_call_ip6tables: of a bridge
 * @knows_netfilter: of a bridge: the kernel could call netfilter there
 * @knows_vlans: of a bridge: the kernel could filter VLANs there
 * @default_pvid: of such a bridge: the VLAN that it gives to every new port, 0 = none
 * @vlan: ID of an 802.1Q link, whose @peer is the link below
 */
struct link {
	int index;
	int master;
	int peer;
	int peer_netns;
	char name[IF_NAMESIZE];
	char kind[16];
	unsigned int flags;
	uint32_t group;
	uint32_t mtu;
	uint8_t operstate;
	struct mac mac;
	char alias[LINK_ALIAS_SIZE];
	struct link_conf conf;
	bool hairpin;
	bool isolated;
	bool reserved;
	bool vlan_filtering;
	bool nf_call_iptables;
	bool nf_call_ip6tables;
	bool knows_netfilter;
	bool knows_vlans;
	uint16_t default_pvid;
	uint16_t vlan;
};

/* link_put_get() - look up by name; *ret is filled by the run, all zero if there is none */
void link_put_get(struct nl_batch *batch, const char *name, struct link *ret);

/* link_put_get_index() - the same by interface index */
void link_put_get_index(struct nl_batch *batch, int index, struct link *ret);

/*
 * link_get() - look up one link by name, by itself
 *
 * Return: 1 found, 0 there is none (*ret is all zero), or a negative errno.
 */
int link_get(struct nl_socket *sock, const char *name, struct link *ret, struct error *err);

/* link_get_index() - the same by interface index */
int link_get_index(struct nl_socket *sock, int index, struct link *ret, struct error *err);

/*
 * link_list() - links of a namespace, by dump
 * @master: only ports of this bridge, or 0 for all
 * @ret, @ret_n: array owned by the caller, freed with free(3)
 */
int link_list(struct nl_socket *sock, int master, struct link **ret, size_t *ret_n,
	      struct error *err);

/* Of a bridge from its creation until it is finished: known if its maker dies in between. */
#define LINK_GROUP_UNFINISHED 67

/*
 * @mac: pinned, so that the bridge never borrows a port's address
 * @mtu: what it will have when it is finished, 0 = the kernel's default
 * @vlan_filtering: on from the start
 */
struct link_bridge {
	const char *name;
	struct mac mac;
	uint32_t mtu;
	bool vlan_filtering;
};

/*
 * link_put_bridge() - create a bridge, down, with netfilter called for bridged packets
 *
 * EEXIST is tolerated: see nl_batch_result() to learn whether this call made it.
 * The netfilter calls are the bridge's own attributes (IFLA_BR_NF_CALL_*), so no
 * global sysctl is touched. It is in LINK_GROUP_UNFINISHED until link_put_bridge_finish().
 *
 * Return: index of the request.
 */
size_t link_put_bridge(struct nl_batch *batch, const struct link_bridge *bridge);

/*
 * link_put_bridge_finish() - give it its MTU, and take it out of LINK_GROUP_UNFINISHED
 * @bridge: as it is
 * @mtu: bytes, 0 = as it is
 *
 * A bridge has the least MTU of its ports until someone changes it (br_change_mtu()); one
 * given at creation, or equal to what it has, is no change. So it is born with another.
 */
void link_put_bridge_finish(struct nl_batch *batch, const struct link *bridge, uint32_t mtu);

/* link_put_bridge_netfilter() - netfilter calls of a bridge that was there before */
void link_put_bridge_netfilter(struct nl_batch *batch, int index, bool ipv4, bool ipv6);

/*
 * A veth pair, born in place: one end here, one in @peer_netns, or here too if that is NULL.
 * @name, @mac: our end, which is made up
 * @down: it is not made up, but left for link_put_up()
 * @master: index of the bridge that it is a port of
 * @mtu: bytes for both ends, 0 = the kernel's default
 * @peer_netns: where the other end is born
 * @peer_name: its final name
 * @peer_mac: its address, or NULL for one that the kernel makes up
 */
struct link_veth {
	const char *name;
	struct mac mac;
	bool down;
	int master;
	uint32_t mtu;
	const struct netns *peer_netns;
	const char *peer_name;
	const struct mac *peer_mac;
};

/*
 * link_put_veth() - create the pair in one message, each end with one queue
 *
 * Source: drivers/net/veth.c. Return: index of the request.
 */
size_t link_put_veth(struct nl_batch *batch, const struct link_veth *veth);

/*
 * link_put_port() - flags of a bridge port and its alias, by name, in one message
 *
 * By name, so that it can follow link_put_veth() in the same batch.
 * Source: IFLA_BRPORT_MODE, IFLA_BRPORT_ISOLATED within IFLA_INFO_SLAVE_DATA.
 * @alias: text for people, or NULL to leave it
 */
void link_put_port(struct nl_batch *batch, const char *name, bool hairpin, bool isolated,
		   const char *alias);

/* Bit n is the group 01:80:c2:00:00:0n; the kernel keeps 1 to itself (BR_GROUPFWD_MACPAUSE). */
#define LINK_RESERVED_GROUPS 0xfffd

/*
 * link_put_port_reserved() - frames to 01:80:c2:00:00:0x take the way of all others
 *
 * Otherwise those of 802.1D and LLDP are taken in, and their source is learned, without
 * any bridge hook of netfilter being asked (br_handle_frame() in net/bridge/br_input.c).
 * Those of 802.3x (pause) are dropped in any case.
 * Source: IFLA_BRPORT_GROUP_FWD_MASK (Linux 4.15).
 */
void link_put_port_reserved(struct nl_batch *batch, const char *name, bool on);

/*
 * link_put_altname() - another name for a link, for people
 * @altname: shorter than LINK_ALTNAME_SIZE
 *
 * Never fails a batch: not if somebody has that name (nor if it is this link), nor on a
 * kernel before 5.5 or one whose security module does not know the request. The kernel
 * looks links up by their other names, too, but makes none of them with the link.
 * Source: RTM_NEWLINKPROP in linux/rtnetlink.h, rtnl_linkprop() in net/core/rtnetlink.c.
 */
void link_put_altname(struct nl_batch *batch, const char *name, const char *altname);

/*
 * link_put_arp_notify() - announce an IPv4 address to the neighbours when the link comes up
 *
 * What net.ipv4.conf.<link>.arp_notify does, by netlink.
 * Source: IFLA_INET_CONF in linux/if_link.h, IPV4_DEVCONF_ARP_NOTIFY in linux/ip.h.
 */
void link_put_arp_notify(struct nl_batch *batch, int index);

/*
 * link_put_tag() - a number that means nothing to the kernel: net.ipv4.conf.<link>.tag
 *
 * "Allows you to write a number, which can be used as required": ip-sysctl.rst.
 */
void link_put_tag(struct nl_batch *batch, int index, int tag);

/*
 * link_put_change() - alter a link by index
 * @mac: new address, or NULL
 * @mtu: bytes, or 0 to leave it
 * @flags, @mask: IFF_* to set as in @flags, where @mask has them
 */
void link_put_change(struct nl_batch *batch, int index, const struct mac *mac, uint32_t mtu,
		     unsigned int flags, unsigned int mask);

/*
 * link_put_no_link_local() - have a link make up no IPv6 address of its own, by name
 *
 * For one that comes up later. Never fails a batch for a kernel, or a link, without IPv6.
 * Source: IFLA_INET6_ADDR_GEN_MODE in linux/if_link.h; not taken with the link's creation.
 */
void link_put_no_link_local(struct nl_batch *batch, const char *name);

/* link_put_alias() - text for people, by name */
void link_put_alias(struct nl_batch *batch, const char *name, const char *alias);

/* link_put_up() - by name, so that it can follow link_put_veth() in the same batch */
void link_put_up(struct nl_batch *batch, const char *name);

/* link_put_enslave() - make a link a port of a bridge, and up */
void link_put_enslave(struct nl_batch *batch, int index, int master);

/* link_put_delete() - by name; ENODEV is tolerated. Return: index of the request */
size_t link_put_delete(struct nl_batch *batch, const char *name);

/* link_put_group() - into a group of links, by name; ENODEV is tolerated */
void link_put_group(struct nl_batch *batch, const char *name, uint32_t group);

/*
 * link_put_delete_group() - all links of a group, which for the kernel is little more than one
 *
 * For each by itself it would wait for RCU anew (rtnl_group_dellink(), net/core/rtnetlink.c).
 * ENODEV is tolerated.
 */
void link_put_delete_group(struct nl_batch *batch, uint32_t group);
