/* SPDX-License-Identifier: Apache-2.0 */
/* read.c - look up chains and the elements of sets */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/nftables/key.h"
#include "element.h"
#include "private.h"

static bool is_hook(const struct nlattr *nest, const struct nft_hook *hook)
{
	const struct nlattr *attr;
	bool there = false;
	bool in_time = false;

	mnl_attr_for_each_nested (attr, nest) {
		if (mnl_attr_get_type(attr) == NFTA_HOOK_HOOKNUM)
			there = nft_read_be32(attr) == hook->number;
		if (mnl_attr_get_type(attr) == NFTA_HOOK_PRIORITY)
			in_time = nft_read_be32(attr) == (uint32_t)hook->priority;
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
			ret->uses = nft_read_be32(attr);
		if (type == NFTA_CHAIN_HOOK)
			hooked = !hook || is_hook(attr, hook);
		if (type == NFTA_CHAIN_TYPE)
			typed = hook && is_type(attr, hook);
		if (type == NFTA_CHAIN_POLICY)
			accepts = nft_read_be32(attr) == NF_ACCEPT;
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

/* Family 0 if it is none. */
static struct ip_addr key_addr(const struct nft_key *key)
{
	struct ip_addr addr = { 0 };

	if (key->len != 4 && key->len != 16)
		return addr;
	addr.family = key->len == 4 ? AF_INET : AF_INET6;
	memcpy(addr.bytes, key->bytes, key->len);
	return addr;
}

/*
 * The kernel answers with the first address of the interval around the key. Its end can be
 * asked for too (NFT_SET_ELEM_INTERVAL_END), but where an interval begins at the key or ends
 * there, kernels differ in what they answer to that (__nft_rbtree_get()).
 */
void nft_put_get_interval(struct nl_batch *batch, const struct nft_table *table, const char *set,
			  const struct ip_addr *addr, struct nft_element *ret)
{
	const struct nft_key key = nft_key_addr(*addr);

	nft_put_get_key(batch, table, set, &key, ret);
}

/* An address where an interval begins or, if @is_end, the first behind one. */
struct bound {
	struct ip_addr addr;
	bool is_end;
};

/* By address; where one interval ends and the next begins, the end comes first. */
static int compare_bounds(const void *left, const void *right)
{
	const struct bound *a = left;
	const struct bound *b = right;
	int order = ip_compare(&a->addr, &b->addr);

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

static size_t make_prefixes(struct bound *bounds, size_t n, struct ip_prefix *ret)
{
	size_t n_ret = 0;

	qsort(bounds, n, sizeof(*bounds), compare_bounds);
	for (size_t i = 0; i < n; i++) {
		const struct bound *next = i + 1 < n ? &bounds[i + 1] : NULL;
		const struct ip_addr *end = next && next->is_end ? &next->addr : NULL;

		if (!bounds[i].is_end && make_prefix(&bounds[i].addr, end, &ret[n_ret]))
			n_ret++;
	}
	return n_ret;
}

int nft_list_prefixes(struct nl_socket *nft, const struct nft_table *table, const char *set,
		      struct ip_prefix **ret, size_t *ret_n, struct error *err)
{
	autofree struct nft_element *elements = NULL;
	autofree struct bound *bounds = NULL;
	autofree struct ip_prefix *prefixes = NULL;
	size_t n_elements = 0;
	size_t n = 0;
	int rc = nft_list_elements(nft, table, set, &elements, &n_elements, err);

	if (rc < 0)
		return rc;
	bounds = calloc(n_elements + 1, sizeof(*bounds));
	prefixes = calloc(n_elements + 1, sizeof(*prefixes));
	if (!bounds || !prefixes)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot list a set");
	for (size_t i = 0; i < n_elements; i++) {
		bounds[n] = (struct bound){ key_addr(&elements[i].key), elements[i].is_end };
		n += bounds[n].addr.family != 0;
	}
	*ret_n = make_prefixes(bounds, n, prefixes);
	*ret = TAKE_PTR(prefixes);
	return 0;
}
