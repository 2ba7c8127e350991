/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - sets of single elements whose key begins with an interface name */

#include "cbr/nftables/key.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "private.h"

/*
 * nft's own numbers of types; the kernel only keeps them (nft's datatype.h). A key of two
 * parts has the first one's number in front of the second one's six bits.
 */
#define TYPE_INTEGER 4
#define TYPE_IPV4_ADDR 7
#define TYPE_IPV6_ADDR 8
#define TYPE_ETHER_ADDR 9
#define TYPE_IFNAME 41
#define TYPE_BITS 6
#define TYPE_WITH_IFNAME(type) (TYPE_IFNAME << TYPE_BITS | (type))

/* nft's own user data of a set: what its keys are (libnftnl's udata.h, nft's expression.h). */
#define UDATA_SET_KEYBYTEORDER 0
#define UDATA_SET_TYPEOF 3
#define BYTEORDER_HOST 1
#define UDATA_EXPR 0
#define UDATA_DATA 1
#define EXPR_PAYLOAD 7
#define EXPR_META 9
#define EXPR_CONCAT 13
#define UDATA_PAYLOAD_PROTOCOL 0
#define UDATA_PAYLOAD_FIELD 1
#define UDATA_PAYLOAD_BASE 2
#define UDATA_PAYLOAD_OFFSET 3
#define UDATA_PAYLOAD_BITS 4
#define BASE_TRANSPORT 3

/*
 * @type, @len: of the key
 * @offset, @bits: of the second part within the transport header, if nft knows no field there
 */
static const struct kind {
	uint32_t type;
	uint32_t len;
	uint32_t offset;
	uint32_t bits;
} kinds[] = {
	[NFT_KEY_PORT] = { TYPE_IFNAME, IF_NAMESIZE, 0, 0 },
	[NFT_KEY_PORT_MAC] = { TYPE_WITH_IFNAME(TYPE_ETHER_ADDR), IF_NAMESIZE + 8, 0, 0 },
	[NFT_KEY_PORT_IPV4] = { TYPE_WITH_IFNAME(TYPE_IPV4_ADDR), IF_NAMESIZE + 4, 0, 0 },
	[NFT_KEY_PORT_IPV6] = { TYPE_WITH_IFNAME(TYPE_IPV6_ADDR), IF_NAMESIZE + 16, 0, 0 },
	[NFT_KEY_PORT_ND_TARGET] = { TYPE_WITH_IFNAME(TYPE_INTEGER), IF_NAMESIZE + 16, 64, 128 },
	[NFT_KEY_PORT_ND_OPTION] = { TYPE_WITH_IFNAME(TYPE_INTEGER), IF_NAMESIZE + 8, 208, 48 },
};

struct nft_key nft_key_port(const char *port)
{
	struct nft_key key = { .len = kinds[NFT_KEY_PORT].len };

	memcpy(key.bytes, port, strnlen(port, IF_NAMESIZE - 1));
	return key;
}

struct nft_key nft_key_mac(const char *port, const struct mac *mac)
{
	struct nft_key key = nft_key_port(port);

	memcpy(key.bytes + IF_NAMESIZE, mac->bytes, sizeof(mac->bytes));
	key.len = kinds[NFT_KEY_PORT_MAC].len;
	return key;
}

struct nft_key nft_key_ip(const char *port, const struct ip_addr *addr)
{
	struct nft_key key = nft_key_port(port);
	const size_t len = ip_size(addr->family);

	memcpy(key.bytes + IF_NAMESIZE, addr->bytes, len);
	key.len += len;
	return key;
}

/* A growing user data, as nft has it: type, length, value. */
struct udata {
	uint8_t bytes[96];
	size_t len;
};

static size_t begin_udata(struct udata *udata, uint8_t type)
{
	udata->bytes[udata->len++] = type;
	return udata->len++;
}

static void end_udata(struct udata *udata, size_t mark)
{
	udata->bytes[mark] = (uint8_t)(udata->len - mark - 1);
}

static void add_udata(struct udata *udata, uint8_t type, uint32_t value)
{
	const size_t mark = begin_udata(udata, type);

	memcpy(udata->bytes + udata->len, &value, sizeof(value));
	udata->len += sizeof(value);
	end_udata(udata, mark);
}

/* typeof iifname . @th,offset,bits: what makes nft take its own listing of the set again */
static void add_typeof(struct udata *udata, const struct kind *kind)
{
	const size_t type = begin_udata(udata, UDATA_SET_TYPEOF);
	size_t concat;
	size_t part;
	size_t data;

	add_udata(udata, UDATA_EXPR, EXPR_CONCAT);
	concat = begin_udata(udata, UDATA_DATA);
	part = begin_udata(udata, 0);
	add_udata(udata, UDATA_EXPR, EXPR_META);
	data = begin_udata(udata, UDATA_DATA);
	add_udata(udata, 0, NFT_META_IIFNAME);
	end_udata(udata, data);
	end_udata(udata, part);
	part = begin_udata(udata, 1);
	add_udata(udata, UDATA_EXPR, EXPR_PAYLOAD);
	data = begin_udata(udata, UDATA_DATA);
	add_udata(udata, UDATA_PAYLOAD_PROTOCOL, 0);
	add_udata(udata, UDATA_PAYLOAD_FIELD, 0);
	add_udata(udata, UDATA_PAYLOAD_BASE, BASE_TRANSPORT);
	add_udata(udata, UDATA_PAYLOAD_OFFSET, kind->offset);
	add_udata(udata, UDATA_PAYLOAD_BITS, kind->bits);
	end_udata(udata, data);
	end_udata(udata, part);
	end_udata(udata, concat);
	end_udata(udata, type);
}

/* Without it nft would print the names in a set of names backwards. */
static void put_udata(struct nl_batch *batch, enum nft_key_kind kind)
{
	struct udata udata = { .len = 0 };

	if (kind == NFT_KEY_PORT)
		add_udata(&udata, UDATA_SET_KEYBYTEORDER, BYTEORDER_HOST);
	if (kinds[kind].bits)
		add_typeof(&udata, &kinds[kind]);
	if (udata.len)
		nl_put(batch, NFTA_SET_USERDATA, udata.bytes, udata.len);
}

void nft_put_key_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     enum nft_key_kind kind)
{
	nft_request(batch, NFT_MSG_NEWSET, NLM_F_CREATE, "make set", table, set);
	nl_put_str(batch, NFTA_SET_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_NAME, set);
	nft_put_be32(batch, NFTA_SET_FLAGS, 0);
	nft_put_be32(batch, NFTA_SET_KEY_TYPE, kinds[kind].type);
	nft_put_be32(batch, NFTA_SET_KEY_LEN, kinds[kind].len);
	/* Any number that no other set of this transaction has. */
	nft_put_be32(batch, NFTA_SET_ID, (uint32_t)batch->n);
	put_udata(batch, kind);
}

static void put_element(struct nl_batch *batch, const struct nft_table *table, const char *set,
			const struct nft_key *key, const char *comment)
{
	size_t list;
	size_t elem;

	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, set);
	list = nl_nest_begin(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = nl_nest_begin(batch, NFTA_LIST_ELEM);
	nft_put_data(batch, NFTA_SET_ELEM_KEY, key->bytes, key->len);
	if (comment)
		nft_put_comment(batch, NFTA_SET_ELEM_USERDATA, comment);
	nl_nest_end(batch, elem);
	nl_nest_end(batch, list);
}

void nft_put_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		 const struct nft_key *key, const char *comment)
{
	nft_request(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add an element to", table, set);
	put_element(batch, table, set, key, comment);
}

void nft_put_delete_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
			const struct nft_key *key)
{
	nft_request(batch, NFT_MSG_DELSETELEM, 0, "remove an element from", table, set);
	put_element(batch, table, set, key, NULL);
}

/* An element as the kernel told it; one with a key that is not like ours has length 0. */
struct element {
	struct nft_key key;
	char comment[NFT_COMMENT_SIZE];
};

static void read_key(const struct nlattr *nest, struct nft_key *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		const size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_DATA_VALUE || len < IF_NAMESIZE ||
		    len > sizeof(ret->bytes))
			continue;
		memcpy(ret->bytes, mnl_attr_get_payload(attr), len);
		ret->len = ret->bytes[IF_NAMESIZE - 1] ? 0 : len;
	}
}

static void read_element(const struct nlattr *nest, struct element *ret)
{
	const struct nlattr *attr;

	memset(ret, 0, sizeof(*ret));
	mnl_attr_for_each_nested (attr, nest) {
		const uint16_t type = mnl_attr_get_type(attr);

		if (type == NFTA_SET_ELEM_KEY)
			read_key(attr, &ret->key);
		if (type == NFTA_SET_ELEM_USERDATA)
			nft_read_comment(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr),
					 ret->comment, sizeof(ret->comment));
	}
}

static int for_each_element(const struct nlmsghdr *msg,
			    int (*fn)(const struct element *element, void *arg), void *arg)
{
	const struct nlattr *list;
	const struct nlattr *nest;
	struct element element;
	int rc = 0;

	mnl_attr_for_each (list, msg, sizeof(struct nfgenmsg)) {
		if (mnl_attr_get_type(list) != NFTA_SET_ELEM_LIST_ELEMENTS)
			continue;
		mnl_attr_for_each_nested (nest, list) {
			read_element(nest, &element);
			if (rc == 0 && element.key.len)
				rc = fn(&element, arg);
		}
	}
	return rc;
}

static int keep_found(const struct element *element, void *arg)
{
	struct nft_found *ret = arg;

	ret->there = true;
	memcpy(ret->comment, element->comment, sizeof(ret->comment));
	return 0;
}

static int take_found(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, keep_found, arg);
}

void nft_put_get_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     const struct nft_key *key, struct nft_found *ret)
{
	*ret = (struct nft_found){ 0 };
	nft_request(batch, NFT_MSG_GETSETELEM, 0, "look up an element of", table, set);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_found, ret);
	put_element(batch, table, set, key, NULL);
}

static int append_key(const struct element *element, void *arg)
{
	struct nl_dump *dump = arg;
	struct nft_key *items = array_grow(dump->items, dump->n, sizeof(*items));

	if (!items)
		return -ENOMEM;
	dump->items = items;
	items[dump->n++] = element->key;
	return 0;
}

static int take_keys(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, append_key, arg);
}

/* Which set. */
struct set_name {
	const struct nft_table *table;
	const char *set;
};

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	const struct set_name *name = dump->arg;

	nft_request(batch, NFT_MSG_GETSETELEM, NLM_F_DUMP, "list elements of", name->table,
		    name->set);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_keys, dump);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, name->table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, name->set);
}

int nft_list_keys(struct nl_socket *nft, const struct nft_table *table, const char *set,
		  struct nft_key **ret, size_t *ret_n, struct error *err)
{
	const struct set_name name = { table, set };
	struct nl_dump dump = { .put = put_list, .arg = &name };
	int rc = nl_dump_run(&dump, nft, err);

	if (rc < 0)
		return rc;
	*ret = dump.items;
	*ret_n = dump.n;
	return 0;
}
