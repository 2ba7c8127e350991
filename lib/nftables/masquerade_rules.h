/* SPDX-License-Identifier: Apache-2.0 */
/* masquerade_rules.h - the rules of a network's chain */
#pragma once

#include "masquerade_plan.h"

/* masquerade_rules_put() - append them to the chain of the plan */
void masquerade_rules_put(struct nl_batch *batch, const struct nft_table *table,
			  const struct masquerade_plan *plan);

/* masquerade_rules_compare() - are they there, and as we make them? As nft_compare_rules() */
int masquerade_rules_compare(struct nl_socket *nft, const struct nft_table *table,
			     const struct masquerade_plan *plan, char *ret, size_t size,
			     struct error *err);
