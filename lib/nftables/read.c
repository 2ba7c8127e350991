/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - look up chains and the elements of sets */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/nftables/object.h"
#include "private.h"

/* A big-endian number; 0 for an attribute that is none. */
static uint32_t read_be32(const struct nlattr *attr)
{
	return mnl_attr_validate(attr, MNL_TYPE_U32) >= 0 ? ntohl(mnl_attr_get_u32(attr)) : 0;
}

static bool is_hook(const struct nlattr *nest, const struct nft_hook *hook)
{
	const struct nlattr *attr;
	bool there = false;
	bool in_time = false;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
			there = read_be32(attr) == hook->number;
		if (mnl_attr_get_type(attr) == NFTA_HOOK_PRIORITY)
			in_time = read_be32(attr) == (uint32_t)hook->priority;
	}
	return there && in_time;
}

static bool is_type(const struct nlattr *attr, const struct nft_hook *hook)
{
	return mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
	       strcmp(mnl_attr_get_str(attr), hook->type) == 0;
}

static int take_chain(const struct nlmsghdr *msg, void *arg)
{
	struct nft_chain *ret = arg;
	const struct nft_hook *hook = ret->hook;
	const struct nlattr *attr;
	bool hooked = false;
	bool typed = false;
	bool accepts = false;

	ret->there = true;
	mnl_attr_for_each (attr, msg, sizeof(struct nfgenmsg)) {
		const uint16_t type = mnl_attr_get_type(attr);

		if (type == NFTA_CHAIN_USE)
			ret->uses = read_be32(attr);
		if (type == NFTA_CHAIN_HOOK)
			hooked = !hook || is_hook(attr, hook);
		if (type == NFTA_CHAIN_TYPE)
			typed = hook && is_type(attr, hook);
		if (type == NFTA_CHAIN_POLICY)
			accepts = read_be32(attr) == NF_ACCEPT;
		if (type == NFTA_CHAIN_USERDATA)
			nft_read_comment(mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr),
					 ret->comment, sizeof(ret->comment));
	}
	ret->as_made = hook ? hooked && typed && accepts : !hooked;
	return 0;
}

void nft_put_get_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain,
		       const struct nft_hook *hook, struct nft_chain *ret)
{
	*ret = (struct nft_chain){ .hook = hook };
	nft_request(batch, NFT_MSG_GETCHAIN, 0, "look up chain", table, chain);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_chain, ret);
	nl_put_str(batch, NFTA_CHAIN_TABLE, table->name);
	nl_put_str(batch, NFTA_CHAIN_NAME, chain);
}

static int take_set(const struct nlmsghdr *msg, void *arg)
{
	bool *ret = arg;

	(void)msg;
	*ret = true;
	return 0;
}

void nft_put_get_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     bool *ret)
{
	*ret = false;
	nft_request(batch, NFT_MSG_GETSET, 0, "look up set", table, set);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_set, ret);
	nl_put_str(batch, NFTA_SET_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_NAME, set);
}

/*
 * One element as the kernel told it.
 * @is_end: @key is the first address behind an interval
 */
struct element {
	struct ip_addr key;
	bool is_end;
	char comment[NFT_COMMENT_SIZE];
};

static void read_key(const struct nlattr *nest, struct ip_addr *ret)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest) {
		size_t len = mnl_attr_get_payload_len(attr);

		if (mnl_attr_get_type(attr) != NFTA_DATA_VALUE || (len != 4 && len != 16))
			continue;
		ret->family = len == 4 ? AF_INET : AF_INET6;
		memcpy(ret->bytes, mnl_attr_get_payload(attr), len);
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
		if (type == NFTA_SET_ELEM_FLAGS)
			ret->is_end = read_be32(attr) & NFT_SET_ELEM_INTERVAL_END;
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
			if (rc == 0 && element.key.family)
				rc = fn(&element, arg);
		}
	}
	return rc;
}

static int keep_interval(const struct element *element, void *arg)
{
	struct nft_interval *ret = arg;

	ret->there = true;
	ret->first = element->key;
	memcpy(ret->comment, element->comment, sizeof(ret->comment));
	return 0;
}

static int take_interval(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, keep_interval, arg);
}

/*
 * The kernel answers with the first address of the interval around the key. Its end can be
 * asked for too (NFT_SET_ELEM_INTERVAL_END), but where an interval begins at the key or ends
 * there, kernels differ in what they answer to that (__nft_rbtree_get()).
 */
void nft_put_get_interval(struct nl_batch *batch, const struct nft_table *table, const char *set,
			  const struct ip_addr *addr, struct nft_interval *ret)
{
	size_t list;
	size_t elem;

	memset(ret, 0, sizeof(*ret));
	nft_request(batch, NFT_MSG_GETSETELEM, 0, "look up element of", table, set);
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, take_interval, ret);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, set);
	list = nl_nest_begin(batch, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = nl_nest_begin(batch, NFTA_LIST_ELEM);
	nft_put_data(batch, NFTA_SET_ELEM_KEY, addr->bytes, ip_size(addr->family));
	nl_nest_end(batch, elem);
	nl_nest_end(batch, list);
}

static int append_element(const struct element *element, void *arg)
{
	struct nl_dump *dump = arg;
	struct element *items = array_grow(dump->items, dump->n, sizeof(*items));

	if (!items)
		return -ENOMEM;
	dump->items = items;
	items[dump->n++] = *element;
	return 0;
}

static int take_elements(const struct nlmsghdr *msg, void *arg)
{
	return for_each_element(msg, append_element, arg);
}

/* By address; where one interval ends and the next begins, the end comes first. */
static int compare_elements(const void *left, const void *right)
{
	const struct element *a = left;
	const struct element *b = right;
	int order = ip_compare(&a->key, &b->key);

	return order ? order : b->is_end - a->is_end;
}

/* The prefix from @first to before @end; intervals that are none are not ours. */
static bool make_prefix(const struct ip_addr *first, const struct ip_addr *end,
			struct ip_prefix *ret)
{
	for (unsigned len = 0; len <= ip_bits(first->family); len++) {
		struct ip_prefix prefix = { *first, len };
		struct ip_addr network = ip_network(&prefix);
		struct ip_addr last = ip_last(&prefix);
		bool open = !ip_next(&last);

		if (!ip_equal(&network, first) || (end ? open || !ip_equal(&last, end) : !open))
			continue;
		*ret = prefix;
		return true;
	}
	return false;
}

static size_t make_prefixes(struct nl_dump *dump, struct ip_prefix *ret)
{
	struct element *items = dump->items;
	size_t n = 0;

	if (dump->n)
		qsort(items, dump->n, sizeof(*items), compare_elements);
	for (size_t i = 0; i < dump->n; i++) {
		const struct element *next = i + 1 < dump->n ? &items[i + 1] : NULL;
		const struct ip_addr *end = next && next->is_end ? &next->key : NULL;

		if (!items[i].is_end && make_prefix(&items[i].key, end, &ret[n]))
			n++;
	}
	return n;
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
	nl_on_reply(batch, take_elements, dump);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, name->table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, name->set);
}

int nft_list_prefixes(struct nl_socket *nft, const struct nft_table *table, const char *set,
		      struct ip_prefix **ret, size_t *ret_n, struct error *err)
{
	const struct set_name name = { table, set };
	struct nl_dump dump = { .put = put_list, .arg = &name };
	struct ip_prefix *prefixes;
	int rc = nl_dump_run(&dump, nft, err);

	if (rc < 0)
		return rc;
	prefixes = calloc(dump.n + 1, sizeof(*prefixes));
	if (prefixes)
		*ret_n = make_prefixes(&dump, prefixes);
	free(dump.items);
	if (!prefixes)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot list a set");
	*ret = prefixes;
	return 0;
}
