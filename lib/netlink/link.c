/* SPDX-License-Identifier: Apache-2.0 */
/* link.c - create, change and delete links */

#include "cbr/netlink/link.h"
#include "cbr/base/array.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "link_info.h"

static struct link_info begin_info(struct nl_batch *batch, uint16_t kind_type, const char *kind,
				   uint16_t data_type)
{
	struct link_info info = { .info = nl_nest_begin(batch, IFLA_LINKINFO) };

	nl_put_str(batch, kind_type, kind);
	info.data = nl_nest_begin(batch, data_type);
	return info;
}

struct link_info link_info_begin(struct nl_batch *batch, const char *kind)
{
	return begin_info(batch, IFLA_INFO_KIND, kind, IFLA_INFO_DATA);
}

void link_info_end(struct nl_batch *batch, const struct link_info *info)
{
	nl_nest_end(batch, info->data);
	nl_nest_end(batch, info->info);
}

static struct link_info begin_port_info(struct nl_batch *batch)
{
	return begin_info(batch, IFLA_INFO_SLAVE_KIND, "bridge", IFLA_INFO_SLAVE_DATA);
}

static void put_mac(struct nl_batch *batch, const struct mac *mac)
{
	nl_put(batch, IFLA_ADDRESS, mac->bytes, sizeof(mac->bytes));
}

static void put_netfilter(struct nl_batch *batch, bool ipv4, bool ipv6)
{
	nl_put_u8(batch, IFLA_BR_NF_CALL_IPTABLES, ipv4);
	nl_put_u8(batch, IFLA_BR_NF_CALL_IP6TABLES, ipv6);
}

/* Another one, as near as can be: to be changed from. */
static uint32_t near_mtu(uint32_t mtu)
{
	return mtu < ETH_MAX_MTU ? mtu + 1 : mtu - 1;
}

size_t link_put_bridge(struct nl_batch *batch, const struct link_bridge *bridge)
{
	const struct ifinfomsg header = { 0 };
	struct link_info info;
	char mtu[32] = "";
	size_t index;

	if (bridge->mtu)
		snprintf(mtu, sizeof(mtu), ", mtu %u", bridge->mtu);
	index = nl_request(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "create bridge %s%s",
			   bridge->name, mtu);
	nl_tolerate(batch, EEXIST);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, bridge->name);
	put_mac(batch, &bridge->mac);
	nl_put_u32(batch, IFLA_GROUP, LINK_GROUP_UNFINISHED);
	if (bridge->mtu)
		nl_put_u32(batch, IFLA_MTU, near_mtu(bridge->mtu));
	info = link_info_begin(batch, "bridge");
	put_netfilter(batch, true, true);
	if (bridge->vlan_filtering)
		nl_put_u8(batch, IFLA_BR_VLAN_FILTERING, 1);
	link_info_end(batch, &info);
	return index;
}

void link_put_bridge_netfilter(struct nl_batch *batch, int index, bool ipv4, bool ipv6)
{
	const struct ifinfomsg header = { .ifi_index = index };
	struct link_info info;

	nl_request(batch, RTM_NEWLINK, 0, "let netfilter see what crosses link %d, or not", index);
	nl_put_header(batch, &header, sizeof(header));
	info = link_info_begin(batch, "bridge");
	put_netfilter(batch, ipv4, ipv6);
	link_info_end(batch, &info);
}

void link_put_bridge_finish(struct nl_batch *batch, const struct link *bridge, uint32_t mtu)
{
	const struct ifinfomsg header = { .ifi_index = bridge->index };

	if (mtu && mtu == bridge->mtu)
		link_put_change(batch, bridge->index, NULL, near_mtu(mtu), 0, 0);
	nl_request(batch, RTM_NEWLINK, 0, "finish bridge %s", bridge->name);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_u32(batch, IFLA_GROUP, 0);
	if (mtu)
		nl_put_u32(batch, IFLA_MTU, mtu);
}

/*
 * Without being told, the kernel makes a queue for each processor that could ever be, and
 * takes all but one away again, for which it waits while nobody else can change any link
 * (veth_init_queues()).
 */
static void put_one_queue(struct nl_batch *batch)
{
	nl_put_u32(batch, IFLA_NUM_TX_QUEUES, 1);
	nl_put_u32(batch, IFLA_NUM_RX_QUEUES, 1);
}

static void put_peer(struct nl_batch *batch, const struct link_veth *veth)
{
	const struct ifinfomsg header = { 0 };
	size_t peer = nl_nest_begin(batch, VETH_INFO_PEER);

	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, veth->peer_name);
	if (veth->peer_netns)
		nl_put_u32(batch, IFLA_NET_NS_FD, (uint32_t)veth->peer_netns->fd);
	if (veth->peer_mac)
		put_mac(batch, veth->peer_mac);
	if (veth->mtu)
		nl_put_u32(batch, IFLA_MTU, veth->mtu);
	put_one_queue(batch);
	nl_nest_end(batch, peer);
}

size_t link_put_veth(struct nl_batch *batch, const struct link_veth *veth)
{
	const struct ifinfomsg header = { .ifi_flags = veth->down ? 0 : IFF_UP,
					  .ifi_change = IFF_UP };
	size_t index = nl_request(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				  "create veth %s with %s%s, mtu %u", veth->name, veth->peer_name,
				  veth->peer_netns ? " in the pod" : "", veth->mtu);
	struct link_info info;

	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, veth->name);
	put_mac(batch, &veth->mac);
	nl_put_u32(batch, IFLA_MASTER, (uint32_t)veth->master);
	if (veth->mtu)
		nl_put_u32(batch, IFLA_MTU, veth->mtu);
	put_one_queue(batch);
	info = link_info_begin(batch, "veth");
	put_peer(batch, veth);
	link_info_end(batch, &info);
	return index;
}

/* RTM_SETLINK of the bridge family takes only an index; this way takes the name. */
void link_put_port(struct nl_batch *batch, const char *name, bool hairpin, bool isolated,
		   const char *alias)
{
	const struct ifinfomsg header = { 0 };
	struct link_info info;

	nl_request(batch, RTM_NEWLINK, 0, "set port flags of %s", name);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	if (alias)
		nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
	info = begin_port_info(batch);
	nl_put_u8(batch, IFLA_BRPORT_MODE, hairpin);
	nl_put_u8(batch, IFLA_BRPORT_ISOLATED, isolated);
	link_info_end(batch, &info);
}

void link_put_port_reserved(struct nl_batch *batch, const char *name, bool on)
{
	const struct ifinfomsg header = { 0 };
	struct link_info info;

	nl_request(batch, RTM_NEWLINK, 0, "let %s forward reserved groups, or not", name);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	info = begin_port_info(batch);
	nl_put_u16(batch, IFLA_BRPORT_GROUP_FWD_MASK, on ? LINK_RESERVED_GROUPS : 0);
	link_info_end(batch, &info);
}

void link_put_altname(struct nl_batch *batch, const char *name, const char *altname)
{
	static const int tolerated[] = { EEXIST, EOPNOTSUPP, EINVAL, ENOMEM };
	const struct ifinfomsg header = { 0 };
	size_t list;

	nl_request(batch, RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND,
		   "give %s the other name %s", name, altname);
	for (size_t i = 0; i < ARRAY_SIZE(tolerated); i++)
		nl_tolerate(batch, tolerated[i]);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	list = nl_nest_begin(batch, IFLA_PROP_LIST);
	nl_put_str(batch, IFLA_ALT_IFNAME, altname);
	nl_nest_end(batch, list);
}

static void put_ipv4_conf(struct nl_batch *batch, int index, const char *what, uint16_t key,
			  uint32_t value)
{
	const struct ifinfomsg header = { .ifi_index = index };
	size_t spec;
	size_t inet;
	size_t conf;

	nl_request(batch, RTM_SETLINK, 0, "%s of link %d", what, index);
	nl_put_header(batch, &header, sizeof(header));
	spec = nl_nest_begin(batch, IFLA_AF_SPEC);
	inet = nl_nest_begin(batch, AF_INET);
	conf = nl_nest_begin(batch, IFLA_INET_CONF);
	nl_put_u32(batch, key, value);
	nl_nest_end(batch, conf);
	nl_nest_end(batch, inet);
	nl_nest_end(batch, spec);
}

void link_put_arp_notify(struct nl_batch *batch, int index)
{
	put_ipv4_conf(batch, index, "set arp_notify", IPV4_DEVCONF_ARP_NOTIFY, 1);
}

void link_put_tag(struct nl_batch *batch, int index, int tag)
{
	put_ipv4_conf(batch, index, "set the tag", IPV4_DEVCONF_TAG, (uint32_t)tag);
}

void link_put_no_link_local(struct nl_batch *batch, const char *name)
{
	const struct ifinfomsg header = { 0 };
	size_t spec;
	size_t inet6;

	nl_request(batch, RTM_NEWLINK, 0, "have %s make up no address", name);
	nl_tolerate(batch, EAFNOSUPPORT);
	nl_tolerate(batch, EOPNOTSUPP);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	spec = nl_nest_begin(batch, IFLA_AF_SPEC);
	inet6 = nl_nest_begin(batch, AF_INET6);
	nl_put_u8(batch, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	nl_nest_end(batch, inet6);
	nl_nest_end(batch, spec);
}

void link_put_change(struct nl_batch *batch, int index, const struct mac *mac, uint32_t mtu,
		     unsigned int flags, unsigned int mask)
{
	const struct ifinfomsg header = {
		.ifi_index = index,
		.ifi_flags = flags,
		.ifi_change = mask,
	};

	nl_request(batch, RTM_NEWLINK, 0, "change link %d", index);
	nl_put_header(batch, &header, sizeof(header));
	if (mac)
		put_mac(batch, mac);
	if (mtu)
		nl_put_u32(batch, IFLA_MTU, mtu);
}

void link_put_up(struct nl_batch *batch, const char *name)
{
	const struct ifinfomsg header = { .ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	nl_request(batch, RTM_NEWLINK, 0, "make %s up", name);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
}

void link_put_alias(struct nl_batch *batch, const char *name, const char *alias)
{
	const struct ifinfomsg header = { 0 };

	nl_request(batch, RTM_NEWLINK, 0, "set the alias of %s", name);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	nl_put(batch, IFLA_IFALIAS, alias, strlen(alias));
}

void link_put_enslave(struct nl_batch *batch, int index, int master)
{
	const struct ifinfomsg header = {
		.ifi_index = index,
		.ifi_flags = IFF_UP,
		.ifi_change = IFF_UP,
	};

	nl_request(batch, RTM_NEWLINK, 0, "make link %d a port of %d", index, master);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_u32(batch, IFLA_MASTER, (uint32_t)master);
}

void link_put_group(struct nl_batch *batch, const char *name, uint32_t group)
{
	const struct ifinfomsg header = { 0 };

	nl_request(batch, RTM_NEWLINK, 0, "put %s into group %u", name, group);
	nl_tolerate(batch, ENODEV);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	nl_put_u32(batch, IFLA_GROUP, group);
}

void link_put_delete_group(struct nl_batch *batch, uint32_t group)
{
	const struct ifinfomsg header = { 0 };

	nl_request(batch, RTM_DELLINK, 0, "delete the links of group %u", group);
	nl_tolerate(batch, ENODEV);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_u32(batch, IFLA_GROUP, group);
}

size_t link_put_delete(struct nl_batch *batch, const char *name)
{
	const struct ifinfomsg header = { 0 };
	size_t index = nl_request(batch, RTM_DELLINK, 0, "delete link %s", name);

	nl_tolerate(batch, ENODEV);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, name);
	return index;
}
