/* SPDX-License-Identifier: Apache-2.0 */
/* vlan.c - VLANs of a bridge that filters them */

#include "cbr/netlink/vlan.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "attr.h"
#include "cbr/base/array.h"
#include "link_info.h"

void vlan_set_add(struct vlan_set *set, struct vlan_range range)
{
	for (unsigned int vlan = range.first; vlan <= range.last; vlan++)
		set->has[vlan] = true;
}

bool vlan_set_next(const struct vlan_set *set, unsigned int from, struct vlan_range *ret)
{
	unsigned int last;

	while (from <= VLAN_MAX && !set->has[from])
		from++;
	if (from > VLAN_MAX)
		return false;
	for (last = from; set->has[last + 1]; last++)
		;
	*ret = (struct vlan_range){ (uint16_t)from, (uint16_t)last };
	return true;
}

bool vlan_set_is_empty(const struct vlan_set *set)
{
	struct vlan_range unused;

	return !vlan_set_next(set, VLAN_MIN, &unused);
}

static void put_info(struct nl_batch *batch, uint16_t vlan, uint16_t flags)
{
	const struct bridge_vlan_info info = { .flags = flags, .vid = vlan };

	nl_put(batch, IFLA_BRIDGE_VLAN_INFO, &info, sizeof(info));
}

/* A range has its first and its last member; one of a single member is none. */
static void put_set(struct nl_batch *batch, const struct vlan_set *set)
{
	struct vlan_range range;

	for (unsigned int from = VLAN_MIN; vlan_set_next(set, from, &range);
	     from = range.last + 1) {
		if (range.first == range.last) {
			put_info(batch, range.first, 0);
			continue;
		}
		put_info(batch, range.first, BRIDGE_VLAN_INFO_RANGE_BEGIN);
		put_info(batch, range.last, BRIDGE_VLAN_INFO_RANGE_END);
	}
}

/*
 * @whose: BRIDGE_FLAGS_MASTER: @index is a port, and its bridge is to act;
 *         BRIDGE_FLAGS_SELF: it is the bridge
 * Return: mark for nl_nest_end()
 */
static size_t begin(struct nl_batch *batch, uint16_t type, int index, uint16_t whose)
{
	const struct ifinfomsg header = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	size_t spec;

	nl_request(batch, type, 0, "%s VLANs of link %d", type == RTM_SETLINK ? "set" : "delete",
		   index);
	nl_put_header(batch, &header, sizeof(header));
	spec = nl_nest_begin(batch, IFLA_AF_SPEC);
	nl_put_u16(batch, IFLA_BRIDGE_FLAGS, whose);
	return spec;
}

void vlan_put_port(struct nl_batch *batch, int index, uint16_t native,
		   const struct vlan_set *tagged)
{
	struct vlan_set others = *tagged;
	size_t spec = begin(batch, RTM_SETLINK, index, BRIDGE_FLAGS_MASTER);

	/* Named again without its flags it would lose them (__vlan_add_flags()). */
	others.has[native] = false;
	if (native)
		put_info(batch, native, BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED);
	put_set(batch, &others);
	nl_nest_end(batch, spec);
}

void vlan_put_port_delete(struct nl_batch *batch, int index, const struct vlan_set *set)
{
	size_t spec = begin(batch, RTM_DELLINK, index, BRIDGE_FLAGS_MASTER);

	put_set(batch, set);
	nl_nest_end(batch, spec);
}

static void put_self(struct nl_batch *batch, uint16_t type, int bridge, uint16_t vlan)
{
	size_t spec = begin(batch, type, bridge, BRIDGE_FLAGS_SELF);

	put_info(batch, vlan, 0);
	nl_nest_end(batch, spec);
}

void vlan_put_self(struct nl_batch *batch, int bridge, uint16_t vlan)
{
	put_self(batch, RTM_SETLINK, bridge, vlan);
}

void vlan_put_self_delete(struct nl_batch *batch, int bridge, uint16_t vlan)
{
	put_self(batch, RTM_DELLINK, bridge, vlan);
}

void vlan_put_filtering(struct nl_batch *batch, int bridge, bool on)
{
	const struct ifinfomsg header = { .ifi_index = bridge };
	struct link_info info;

	nl_request(batch, RTM_NEWLINK, 0, "turn VLAN filtering of link %d %s", bridge,
		   on ? "on" : "off");
	nl_put_header(batch, &header, sizeof(header));
	info = link_info_begin(batch, "bridge");
	nl_put_u8(batch, IFLA_BR_VLAN_FILTERING, on);
	link_info_end(batch, &info);
}

size_t vlan_put_link(struct nl_batch *batch, const struct vlan_link *link)
{
	const struct ifinfomsg header = { 0 };
	size_t index = nl_request(batch, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
				  "create link %s of VLAN %u", link->name, link->vlan);
	struct link_info info;

	nl_tolerate(batch, EEXIST);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_str(batch, IFLA_IFNAME, link->name);
	nl_put_u32(batch, IFLA_LINK, (uint32_t)link->lower);
	nl_put(batch, IFLA_ADDRESS, link->mac.bytes, sizeof(link->mac.bytes));
	info = link_info_begin(batch, "vlan");
	nl_put_u16(batch, IFLA_VLAN_ID, link->vlan);
	link_info_end(batch, &info);
	return index;
}

static const struct attr_policy entry_policy[] = {
	{ BRIDGE_VLANDB_ENTRY_INFO, MNL_TYPE_BINARY },
	{ BRIDGE_VLANDB_ENTRY_RANGE, MNL_TYPE_U16 },
};

static int append_entry(struct nl_dump *dump, int index, const struct nlattr *nest)
{
	const struct bridge_vlan_info *info;
	struct vlan_range range;
	struct vlan_entry *items;
	struct attrs attrs;

	attrs_of_nest(nest, entry_policy, ARRAY_SIZE(entry_policy), &attrs);
	if (!attrs.at[BRIDGE_VLANDB_ENTRY_INFO] ||
	    mnl_attr_get_payload_len(attrs.at[BRIDGE_VLANDB_ENTRY_INFO]) < sizeof(*info))
		return -EPROTO;
	info = mnl_attr_get_payload(attrs.at[BRIDGE_VLANDB_ENTRY_INFO]);
	range = (struct vlan_range){ info->vid, info->vid };
	if (attrs.at[BRIDGE_VLANDB_ENTRY_RANGE])
		range.last = mnl_attr_get_u16(attrs.at[BRIDGE_VLANDB_ENTRY_RANGE]);
	if (range.first < VLAN_MIN || range.first > range.last || range.last > VLAN_MAX)
		return -EPROTO;
	items = array_grow(dump->items, dump->n, sizeof(*items));
	if (!items)
		return -ENOMEM;
	dump->items = items;
	items[dump->n++] = (struct vlan_entry){
		.index = index,
		.range = range,
		.pvid = info->flags & BRIDGE_VLAN_INFO_PVID,
		.untagged = info->flags & BRIDGE_VLAN_INFO_UNTAGGED,
	};
	return 0;
}

/* All that the kernel tells of one device comes in one message, or in several if it is long. */
static int append_entries(const struct nlmsghdr *msg, void *arg)
{
	const struct br_vlan_msg *header = mnl_nlmsg_get_payload(msg);
	const struct nlattr *attr;

	if (msg->nlmsg_type != RTM_NEWVLAN || mnl_nlmsg_get_payload_len(msg) < sizeof(*header))
		return -EPROTO;
	mnl_attr_for_each (attr, msg, sizeof(*header)) {
		int rc = 0;

		if (mnl_attr_get_type(attr) == BRIDGE_VLANDB_ENTRY)
			rc = append_entry(arg, (int)header->ifindex, attr);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	const int *index = dump->arg;
	const struct br_vlan_msg header = { .family = AF_BRIDGE, .ifindex = (uint32_t)*index };

	nl_request(batch, RTM_GETVLAN, NLM_F_DUMP, "list VLANs of link %d", *index);
	nl_on_reply(batch, append_entries, dump);
	nl_put_header(batch, &header, sizeof(header));
}

int vlan_list(struct nl_socket *sock, int index, struct vlan_entry **ret, size_t *ret_n,
	      struct error *err)
{
	struct nl_dump dump = { .put = put_list, .arg = &index };
	int rc = nl_dump_run(&dump, sock, err);

	if (rc < 0)
		return rc;
	*ret = dump.items;
	*ret_n = dump.n;
	return 0;
}

const struct vlan_entry *vlan_find(const struct vlan_entry *entries, size_t n, int index,
				   unsigned int vlan)
{
	for (size_t i = 0; i < n; i++)
		if (entries[i].index == index && entries[i].range.first <= vlan &&
		    vlan <= entries[i].range.last)
			return &entries[i];
	return NULL;
}
