/* SPDX-License-Identifier: Apache-2.0 */
/* link_read.c - links as the kernel tells them */

#include "cbr/netlink/link.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "attr.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"

static const struct attr_policy link_policy[] = {
	{ IFLA_GROUP, MNL_TYPE_U32 },       { IFLA_IFNAME, MNL_TYPE_NUL_STRING },
	{ IFLA_MASTER, MNL_TYPE_U32 },      { IFLA_LINK, MNL_TYPE_U32 },
	{ IFLA_MTU, MNL_TYPE_U32 },         { IFLA_ADDRESS, MNL_TYPE_BINARY },
	{ IFLA_OPERSTATE, MNL_TYPE_U8 },    { IFLA_IFALIAS, MNL_TYPE_NUL_STRING },
	{ IFLA_LINKINFO, MNL_TYPE_NESTED }, { IFLA_LINK_NETNSID, MNL_TYPE_U32 },
	{ IFLA_AF_SPEC, MNL_TYPE_NESTED },
};

static const struct attr_policy info_policy[] = {
	{ IFLA_INFO_KIND, MNL_TYPE_NUL_STRING },
	{ IFLA_INFO_DATA, MNL_TYPE_NESTED },
	{ IFLA_INFO_SLAVE_KIND, MNL_TYPE_NUL_STRING },
	{ IFLA_INFO_SLAVE_DATA, MNL_TYPE_NESTED },
};

static const struct attr_policy bridge_policy[] = {
	{ IFLA_BR_VLAN_FILTERING, MNL_TYPE_U8 },
	{ IFLA_BR_NF_CALL_IPTABLES, MNL_TYPE_U8 },
	{ IFLA_BR_NF_CALL_IP6TABLES, MNL_TYPE_U8 },
	{ IFLA_BR_VLAN_DEFAULT_PVID, MNL_TYPE_U16 },
};

static const struct attr_policy families_policy[] = {
	{ AF_INET, MNL_TYPE_NESTED },
	{ AF_INET6, MNL_TYPE_NESTED },
};

static const struct attr_policy inet_policy[] = {
	{ IFLA_INET_CONF, MNL_TYPE_BINARY },
};

static const struct attr_policy inet6_policy[] = {
	{ IFLA_INET6_CONF, MNL_TYPE_BINARY },
};

static const struct attr_policy vlan_policy[] = {
	{ IFLA_VLAN_ID, MNL_TYPE_U16 },
};

static const struct attr_policy port_policy[] = {
	{ IFLA_BRPORT_MODE, MNL_TYPE_U8 },
	{ IFLA_BRPORT_ISOLATED, MNL_TYPE_U8 },
	{ IFLA_BRPORT_GROUP_FWD_MASK, MNL_TYPE_U16 },
};

static void read_bridge(const struct nlattr *data, struct link *ret)
{
	struct attrs attrs;

	attrs_of_nest(data, bridge_policy, ARRAY_SIZE(bridge_policy), &attrs);
	ret->vlan_filtering = attr_u8(&attrs, IFLA_BR_VLAN_FILTERING);
	ret->nf_call_iptables = attr_u8(&attrs, IFLA_BR_NF_CALL_IPTABLES);
	ret->nf_call_ip6tables = attr_u8(&attrs, IFLA_BR_NF_CALL_IP6TABLES);
	ret->knows_netfilter = attrs.at[IFLA_BR_NF_CALL_IPTABLES] != NULL;
	/* Told of any bridge, but only by a kernel with CONFIG_BRIDGE_VLAN_FILTERING. */
	ret->knows_vlans = attrs.at[IFLA_BR_VLAN_DEFAULT_PVID] != NULL;
	ret->default_pvid = attr_u16(&attrs, IFLA_BR_VLAN_DEFAULT_PVID);
}

static void read_vlan(const struct nlattr *data, struct link *ret)
{
	struct attrs attrs;

	attrs_of_nest(data, vlan_policy, ARRAY_SIZE(vlan_policy), &attrs);
	ret->vlan = attr_u16(&attrs, IFLA_VLAN_ID);
}

static void read_port(const struct nlattr *data, struct link *ret)
{
	struct attrs attrs;

	attrs_of_nest(data, port_policy, ARRAY_SIZE(port_policy), &attrs);
	ret->hairpin = attr_u8(&attrs, IFLA_BRPORT_MODE);
	ret->isolated = attr_u8(&attrs, IFLA_BRPORT_ISOLATED);
	ret->reserved = attr_u16(&attrs, IFLA_BRPORT_GROUP_FWD_MASK) == LINK_RESERVED_GROUPS;
}

static void read_info(const struct nlattr *info, struct link *ret)
{
	struct attrs attrs;
	char master_kind[16];

	attrs_of_nest(info, info_policy, ARRAY_SIZE(info_policy), &attrs);
	attr_text(&attrs, IFLA_INFO_KIND, ret->kind, sizeof(ret->kind));
	attr_text(&attrs, IFLA_INFO_SLAVE_KIND, master_kind, sizeof(master_kind));
	if (strcmp(ret->kind, "bridge") == 0)
		read_bridge(attrs.at[IFLA_INFO_DATA], ret);
	if (strcmp(ret->kind, "vlan") == 0)
		read_vlan(attrs.at[IFLA_INFO_DATA], ret);
	if (strcmp(master_kind, "bridge") == 0)
		read_port(attrs.at[IFLA_INFO_SLAVE_DATA], ret);
}

static void read_mac(const struct nlattr *attr, struct link *ret)
{
	if (!attr || mnl_attr_get_payload_len(attr) != sizeof(ret->mac.bytes))
		return;
	memcpy(ret->mac.bytes, mnl_attr_get_payload(attr), sizeof(ret->mac.bytes));
}

/* One of an array of settings; later kernels have more of them. */
static int conf_at(const struct nlattr *array, size_t i)
{
	int32_t value = LINK_CONF_NONE;

	if (array && mnl_attr_get_payload_len(array) >= (i + 1) * sizeof(value))
		memcpy(&value, (const char *)mnl_attr_get_payload(array) + i * sizeof(value),
		       sizeof(value));
	return value;
}

/* The kernel numbers those of IPv4 from 1, and puts the first at the beginning. */
static void read_conf(const struct nlattr *families, struct link_conf *ret)
{
	struct attrs attrs;
	struct attrs inet;
	struct attrs inet6;
	const struct nlattr *conf;

	attrs_of_nest(families, families_policy, ARRAY_SIZE(families_policy), &attrs);
	attrs_of_nest(attrs.at[AF_INET], inet_policy, ARRAY_SIZE(inet_policy), &inet);
	attrs_of_nest(attrs.at[AF_INET6], inet6_policy, ARRAY_SIZE(inet6_policy), &inet6);
	conf = inet.at[IFLA_INET_CONF];
	ret->forwarding = conf_at(conf, IPV4_DEVCONF_FORWARDING - 1);
	ret->rp_filter = conf_at(conf, IPV4_DEVCONF_RP_FILTER - 1);
	ret->tag = conf_at(conf, IPV4_DEVCONF_TAG - 1);
	conf = inet6.at[IFLA_INET6_CONF];
	ret->forwarding6 = conf_at(conf, DEVCONF_FORWARDING);
	ret->accept_ra = conf_at(conf, DEVCONF_ACCEPT_RA);
	ret->autoconf = conf_at(conf, DEVCONF_AUTOCONF);
	ret->accept_dad = conf_at(conf, DEVCONF_ACCEPT_DAD);
}

static int read_link(const struct nlmsghdr *msg, struct link *ret)
{
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(msg);
	struct attrs attrs;

	if (msg->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(msg) < sizeof(*header))
		return -EPROTO;
	attrs_of_message(msg, sizeof(*header), link_policy, ARRAY_SIZE(link_policy), &attrs);
	memset(ret, 0, sizeof(*ret));
	ret->index = header->ifi_index;
	ret->flags = header->ifi_flags;
	ret->master = (int)attr_u32(&attrs, IFLA_MASTER);
	ret->peer = (int)attr_u32(&attrs, IFLA_LINK);
	ret->peer_netns = attrs.at[IFLA_LINK_NETNSID] ? (int)attr_u32(&attrs, IFLA_LINK_NETNSID) :
							NSID_NONE;
	ret->group = attr_u32(&attrs, IFLA_GROUP);
	ret->mtu = attr_u32(&attrs, IFLA_MTU);
	ret->operstate = attr_u8(&attrs, IFLA_OPERSTATE);
	attr_text(&attrs, IFLA_IFNAME, ret->name, sizeof(ret->name));
	attr_text(&attrs, IFLA_IFALIAS, ret->alias, sizeof(ret->alias));
	read_mac(attrs.at[IFLA_ADDRESS], ret);
	read_info(attrs.at[IFLA_LINKINFO], ret);
	read_conf(attrs.at[IFLA_AF_SPEC], &ret->conf);
	return 0;
}

static int take_link(const struct nlmsghdr *msg, void *arg)
{
	return read_link(msg, arg);
}

static void put_look_up(struct nl_batch *batch, const char *name, int index, struct link *ret)
{
	const struct ifinfomsg header = { .ifi_index = index };

	memset(ret, 0, sizeof(*ret));
	if (name)
		nl_request(batch, RTM_GETLINK, 0, "look up link %s", name);
	else
		nl_request(batch, RTM_GETLINK, 0, "look up link %d", index);
	nl_tolerate(batch, ENODEV);
	nl_on_reply(batch, take_link, ret);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_u32(batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (name)
		nl_put_str(batch, IFLA_IFNAME, name);
}

void link_put_get(struct nl_batch *batch, const char *name, struct link *ret)
{
	put_look_up(batch, name, 0, ret);
}

void link_put_get_index(struct nl_batch *batch, int index, struct link *ret)
{
	put_look_up(batch, NULL, index, ret);
}

static int look_up(struct nl_socket *sock, const char *name, int index, struct link *ret,
		   struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch;
	int rc;

	nl_batch_begin(&batch, sock);
	put_look_up(&batch, name, index, ret);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : ret->index != 0;
}

int link_get(struct nl_socket *sock, const char *name, struct link *ret, struct error *err)
{
	return look_up(sock, name, 0, ret, err);
}

int link_get_index(struct nl_socket *sock, int index, struct link *ret, struct error *err)
{
	return look_up(sock, NULL, index, ret, err);
}

static int append_link(const struct nlmsghdr *msg, void *arg)
{
	struct nl_dump *dump = arg;
	const int *master = dump->arg;
	struct link *items = array_grow(dump->items, dump->n, sizeof(*items));
	int rc;

	if (!items)
		return -ENOMEM;
	dump->items = items;
	rc = read_link(msg, &items[dump->n]);
	/* Kernels before 4.6 do not filter by master. */
	if (rc == 0 && (!*master || items[dump->n].master == *master))
		dump->n++;
	return rc;
}

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	const struct ifinfomsg header = { 0 };
	const int *master = dump->arg;

	nl_request(batch, RTM_GETLINK, NLM_F_DUMP, "list links");
	nl_on_reply(batch, append_link, dump);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_u32(batch, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	if (*master)
		nl_put_u32(batch, IFLA_MASTER, (uint32_t)*master);
}

int link_list(struct nl_socket *sock, int master, struct link **ret, size_t *ret_n,
	      struct error *err)
{
	struct nl_dump dump = { .put = put_list, .arg = &master };
	int rc = nl_dump_run(&dump, sock, err);

	if (rc < 0)
		return rc;
	*ret = dump.items;
	*ret_n = dump.n;
	return 0;
}
