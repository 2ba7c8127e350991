/* SPDX-License-Identifier: Apache-2.0 */
/* masquerade_rules.c - the rules of a network's chain: one for each address family */

#include "masquerade_rules.h"

#include <stdio.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/nftables/expr.h"
#include "rules.h"

static void put_rule(struct nl_batch *batch, const struct nft_table *table,
		     const struct masquerade_plan *plan, size_t which)
{
	const int family = which == 0 ? AF_INET : AF_INET6;
	char comment[NFT_COMMENT_SIZE];
	size_t rule = nft_put_rule_begin(batch, table, plan->chain);

	nft_put_iifname(batch, plan->masq->bridge);
	nft_put_family(batch, family);
	nft_put_lookup(batch, family, NFT_FIELD_SADDR, plan->pods[which], false);
	nft_put_lookup(batch, family, NFT_FIELD_DADDR, plan->pods[which], true);
	nft_put_lookup(batch, family, NFT_FIELD_DADDR, plan->exempt[which], true);
	nft_put_masquerade(batch);
	snprintf(comment, sizeof(comment), "network %.100s", plan->masq->network);
	nft_put_rule_end(batch, rule, comment);
}

void masquerade_rules_put(struct nl_batch *batch, const struct nft_table *table,
			  const struct masquerade_plan *plan)
{
	for (size_t i = 0; i < 2; i++)
		put_rule(batch, table, plan, i);
}

int masquerade_rules_compare(struct nl_socket *nft, const struct nft_table *table,
			     const struct masquerade_plan *plan, char *ret, size_t size,
			     struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	const struct nft_wanted_rules wanted = { table, plan->chain, &batch, false };

	nl_batch_begin(&batch, nft);
	masquerade_rules_put(&batch, table, plan);
	return nft_compare_rules(nft, &wanted, ret, size, err);
}
