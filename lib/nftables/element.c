/* SPDX-License-Identifier: Apache-2.0 */
/* element.c - elements of sets: add, remove, look up, list */

#include "element.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "cbr/base/array.h"
#include "private.h"

struct nft_key nft_key_addr(struct ip_addr addr)
{
	struct nft_key key = { .len = ip_size(addr.family) };

	memcpy(key.bytes, addr.bytes, key.len);
	return key;
}

size_t nft_elements_begin(struct nl_batch *batch, uint16_t message, uint16_t flags,
			  const char *verb, const struct nft_table *table, const char *set)
{
	nft_request(batch, message, flags, verb, table, set);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, set);
	return nl_nest_begin(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
}

void nft_put_element(struct nl_batch *batch, const struct nft_key *key, uint32_t flags,
		     const char *comment)
{
	const size_t elem = nl_nest_begin(batch, NFTA_LIST_ELEM);

	nft_put_data(batch, NFTA_SET_ELEM_KEY, key->bytes, key->len);
	if (flags)
		nft_put_be32(batch, NFTA_SET_ELEM_FLAGS, flags);
	if (comment)
		nft_put_comment(batch, NFTA_SET_ELEM_USERDATA, comment);
	nl_nest_end(batch, elem);
}

uint32_t nft_read_be32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static void read_key(const struct nlattr *nest, struct nft_key *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		const size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_DATA_VALUE || len > sizeof(ret->bytes))
			continue;
		memcpy(ret->bytes, mnl_attr_get_payload(attr), len);
		ret->len = len;
	}
}

static void read_element(const struct nlattr *nest, struct nft_element *ret)
{
	const struct nlattr *attr;

	*ret = (struct nft_element){ 0 };
	mnl_attr_for_each_nested (attr, nest) {
		const uint16_t type = mnl_attr_get_type(attr);

		if (type == NFTA_SET_ELEM_KEY)
			read_key(attr, &ret->key);
		if (type == NFTA_SET_ELEM_FLAGS)
			ret->is_end = nft_read_be32(attr) & NFT_SET_ELEM_INTERVAL_END;
		if (type == NFTA_SET_ELEM_USERDATA)
			nft_read_comment(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr),
					 ret->comment, sizeof(ret->comment));
	}
}

static int for_each_element(const struct nlmsghdr *msg,
			    int (*fn)(const struct nft_element *element, void *arg), void *arg)
{
	const struct nlattr *list;
	const struct nlattr *nest;
	struct nft_element element;
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

static int keep(const struct nft_element *element, void *arg)
{
	*(struct nft_element *)arg = *element;
	return 0;
}

static int take_one(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, keep, arg);
}

void nft_put_get_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     const struct nft_key *key, struct nft_element *ret)
{
	size_t list;

	*ret = (struct nft_element){ 0 };
	list = nft_elements_begin(batch, NFT_MSG_GETSETELEM, 0, "look up an element of", table,
				  set);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_one, ret);
	nft_put_element(batch, key, 0, NULL);
	nl_nest_end(batch, list);
}

static int append(const struct nft_element *element, void *arg)
{
	struct nl_dump *dump = arg;
	struct nft_element *items = array_grow(dump->items, dump->n, sizeof(*items));

	if (!items)
		return -ENOMEM;
	dump->items = items;
	items[dump->n++] = *element;
	return 0;
}

static int take_all(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, append, arg);
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
	nl_on_reply(batch, take_all, dump);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, name->table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, name->set);
}

int nft_list_elements(struct nl_socket *nft, const struct nft_table *table, const char *set,
		      struct nft_element **ret, size_t *ret_n, struct error *err)
{
	struct set_name name = { table, set };
	struct nl_dump dump = { .put = put_list, .arg = &name };
	int rc = nl_dump_run(&dump, nft, err);

	if (rc < 0)
		return rc;
	*ret = dump.items;
	*ret_n = dump.n;
	return 0;
}
