/* SPDX-License-Identifier: Apache-2.0 */
/* object.c - make and remove tables, chains, elements and rules */

#include "cbr/nftables/object.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "element.h"
#include "private.h"

/* Elements of one message: what fits one netlink attribute, with ample room. */
#define ELEMENTS_PER_MESSAGE 256

void nft_put_table(struct nl_batch *batch, const struct nft_table *table, const char *comment)
{
	nft_request(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE, "make table", table, "");
	nl_put_str(batch, NFTA_TABLE_NAME, table->name);
	nft_put_comment(batch, NFTA_TABLE_USERDATA, comment);
}

static void put_hook(struct nl_batch *batch, const struct nft_hook *hook)
{
	size_t nest = nl_nest_begin(batch, NFTA_CHAIN_HOOK);

	nft_put_be32(batch, NFTA_HOOK_HOOKNUM, hook->number);
	nft_put_be32(batch, NFTA_HOOK_PRIORITY, (uint32_t)hook->priority);
	nl_nest_end(batch, nest);
	nft_put_be32(batch, NFTA_CHAIN_POLICY, NF_ACCEPT);
	nl_put_str(batch, NFTA_CHAIN_TYPE, hook->type);
}

void nft_put_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain,
		   const struct nft_hook *hook, const char *comment)
{
	nft_request(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "make chain", table, chain);
	nl_put_str(batch, NFTA_CHAIN_TABLE, table->name);
	nl_put_str(batch, NFTA_CHAIN_NAME, chain);
	if (hook)
		put_hook(batch, hook);
	nft_put_comment(batch, NFTA_CHAIN_USERDATA, comment);
}

/* An interval is its first address, and the first behind it, marked as the end. */
static void put_interval(struct nl_batch *batch, const struct ip_prefix *prefix,
			 const char *comment)
{
	const struct nft_key first = nft_key_addr(ip_network(prefix));
	struct ip_addr end = ip_last(prefix);

	nft_put_element(batch, &first, 0, comment);
	if (ip_next(&end)) {
		const struct nft_key behind = nft_key_addr(end);

		nft_put_element(batch, &behind, NFT_SET_ELEM_INTERVAL_END, NULL);
	}
}

void nft_put_elements(struct nl_batch *batch, const struct nft_table *table, const char *set,
		      const struct ip_prefix *prefixes, size_t n, const char *comment)
{
	for (size_t i = 0; i < n;) {
		size_t list = nft_elements_begin(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE,
						 "add elements to", table, set);

		for (size_t j = 0; j < ELEMENTS_PER_MESSAGE && i < n; j++, i++)
			put_interval(batch, &prefixes[i], comment);
		nl_nest_end(batch, list);
	}
}

void nft_put_flush_set(struct nl_batch *batch, const struct nft_table *table, const char *set)
{
	nft_request(batch, NFT_MSG_DELSETELEM, 0, "flush set", table, set);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_ELEM_LIST_SET, set);
}

void nft_put_flush_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain)
{
	nft_request(batch, NFT_MSG_DELRULE, 0, "flush chain", table, chain);
	nl_put_str(batch, NFTA_RULE_TABLE, table->name);
	nl_put_str(batch, NFTA_RULE_CHAIN, chain);
}

void nft_put_delete_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain)
{
	nft_request(batch, NFT_MSG_DELCHAIN, 0, "delete chain", table, chain);
	nl_put_str(batch, NFTA_CHAIN_TABLE, table->name);
	nl_put_str(batch, NFTA_CHAIN_NAME, chain);
}

size_t nft_put_rule_begin(struct nl_batch *batch, const struct nft_table *table, const char *chain)
{
	nft_request(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND, "add rule to", table,
		    chain);
	nl_put_str(batch, NFTA_RULE_TABLE, table->name);
	nl_put_str(batch, NFTA_RULE_CHAIN, chain);
	return nl_nest_begin(batch, NFTA_RULE_EXPRESSIONS);
}

void nft_put_rule_end(struct nl_batch *batch, size_t mark, const char *comment)
{
	nl_nest_end(batch, mark);
	if (*comment)
		nft_put_comment(batch, NFTA_RULE_USERDATA, comment);
}
