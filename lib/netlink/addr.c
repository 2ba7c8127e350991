/* SPDX-License-Identifier: Apache-2.0 */
/* addr.c - addresses of an interface */

#include "cbr/netlink/addr.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "attr.h"
#include "cbr/base/array.h"

/* Headers before 5.18 do not have it. Kernels before ignore it: addresses are parsed leniently. */
#define ATTR_PROTO 11

static const struct attr_policy addr_policy[] = {
	{ IFA_ADDRESS, MNL_TYPE_BINARY },
	{ IFA_LOCAL, MNL_TYPE_BINARY },
	{ IFA_FLAGS, MNL_TYPE_U32 },
	{ ATTR_PROTO, MNL_TYPE_U8 },
};

static struct ifaddrmsg make_header(int index, const struct ip_prefix *prefix)
{
	return (struct ifaddrmsg){
		.ifa_family = (uint8_t)prefix->addr.family,
		.ifa_prefixlen = (uint8_t)prefix->len,
		.ifa_index = (uint32_t)index,
	};
}

size_t addr_put_add(struct nl_batch *batch, int index, const struct ip_prefix *prefix,
		    uint32_t flags)
{
	const struct ifaddrmsg header = make_header(index, prefix);
	char text[IP_TEXT_SIZE];
	size_t request = nl_request(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "add address %s",
				    ip_prefix_format(prefix, text));

	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, IFA_LOCAL, &prefix->addr);
	nl_put_ip(batch, IFA_ADDRESS, &prefix->addr);
	if (prefix->addr.family == AF_INET && prefix->len < 31) {
		const struct ip_addr broadcast = ip_last(prefix);

		nl_put_ip(batch, IFA_BROADCAST, &broadcast);
	}
	if (flags)
		nl_put_u32(batch, IFA_FLAGS, flags);
	nl_put_u8(batch, ATTR_PROTO, ADDR_PROTO_CBR);
	return request;
}

void addr_put_delete(struct nl_batch *batch, int index, const struct ip_prefix *prefix)
{
	const struct ifaddrmsg header = make_header(index, prefix);
	char text[IP_TEXT_SIZE];

	nl_request(batch, RTM_DELADDR, 0, "delete address %s", ip_prefix_format(prefix, text));
	nl_tolerate(batch, EADDRNOTAVAIL);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, IFA_LOCAL, &prefix->addr);
	nl_put_ip(batch, IFA_ADDRESS, &prefix->addr);
}

static void put_told(struct nl_batch *batch, const struct addr *addr)
{
	nl_put_header(batch, addr->told, addr->told_len);
}

void addr_put_restore(struct nl_batch *batch, const struct addr *addr)
{
	char text[IP_TEXT_SIZE];

	nl_request(batch, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, "restore address %s",
		   ip_prefix_format(&addr->prefix, text));
	nl_tolerate(batch, EEXIST);
	put_told(batch, addr);
}

void addr_put_remove(struct nl_batch *batch, const struct addr *addr)
{
	char text[IP_TEXT_SIZE];

	nl_request(batch, RTM_DELADDR, 0, "remove address %s",
		   ip_prefix_format(&addr->prefix, text));
	nl_tolerate(batch, EADDRNOTAVAIL);
	put_told(batch, addr);
}

static int read_addr(const struct nlmsghdr *msg, const struct ifaddrmsg *header, struct addr *ret)
{
	const struct nlattr *address;
	struct attrs attrs;

	attrs_of_message(msg, sizeof(*header), addr_policy, ARRAY_SIZE(addr_policy), &attrs);
	/* With a point-to-point peer IFA_ADDRESS is the peer's; IPv6 has IFA_LOCAL only then. */
	address = attrs.at[IFA_LOCAL] ? attrs.at[IFA_LOCAL] : attrs.at[IFA_ADDRESS];
	if (!address || mnl_attr_get_payload_len(address) != ip_size(header->ifa_family) ||
	    header->ifa_prefixlen > ip_bits(header->ifa_family) ||
	    mnl_nlmsg_get_payload_len(msg) > sizeof(ret->told))
		return -EPROTO;
	memset(ret, 0, sizeof(*ret));
	ret->told_len = mnl_nlmsg_get_payload_len(msg);
	memcpy(ret->told, header, ret->told_len);
	ret->prefix.addr.family = header->ifa_family;
	ret->prefix.len = header->ifa_prefixlen;
	memcpy(ret->prefix.addr.bytes, mnl_attr_get_payload(address),
	       mnl_attr_get_payload_len(address));
	ret->flags = attrs.at[IFA_FLAGS] ? attr_u32(&attrs, IFA_FLAGS) : header->ifa_flags;
	ret->proto = attr_u8(&attrs, ATTR_PROTO);
	return 0;
}

static int append_addr(const struct nlmsghdr *msg, void *arg)
{
	const struct ifaddrmsg *header = mnl_nlmsg_get_payload(msg);
	struct nl_dump *dump = arg;
	const struct ifaddrmsg *wanted = dump->arg;
	struct addr *items;
	int rc;

	if (msg->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(msg) < sizeof(*header))
		return -EPROTO;
	/* Kernels before 5.0 do not filter. */
	if (header->ifa_index != wanted->ifa_index || !ip_size(header->ifa_family))
		return 0;
	items = array_grow(dump->items, dump->n, sizeof(*items));
	if (!items)
		return -ENOMEM;
	dump->items = items;
	rc = read_addr(msg, header, &items[dump->n]);
	if (rc == 0)
		dump->n++;
	return rc;
}

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	const struct ifaddrmsg *header = dump->arg;

	nl_request(batch, RTM_GETADDR, NLM_F_DUMP, "list addresses of link %u", header->ifa_index);
	nl_on_reply(batch, append_addr, dump);
	nl_put_header(batch, header, sizeof(*header));
}

int addr_list(struct nl_socket *sock, int index, int family, struct addr **ret, size_t *ret_n,
	      struct error *err)
{
	struct ifaddrmsg header = { .ifa_family = (uint8_t)family, .ifa_index = (uint32_t)index };
	struct nl_dump dump = { .put = put_list, .arg = &header };
	int rc = nl_dump_run(&dump, sock, err);

	if (rc < 0)
		return rc;
	*ret = dump.items;
	*ret_n = dump.n;
	return 0;
}
