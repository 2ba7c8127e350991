/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - are the rules that are there those that we would make? */
#pragma once

#include <stdbool.h>

#include "cbr/nftables/object.h"

/*
 * The rules that should be there.
 * @chain: only of this chain, or NULL for all that @batch has rules for; others are not ours
 * @batch: holds the requests for all of them; it is not sent
 * @may_be_reworded: nft(8) loads some rules otherwise than we make them, when it is given what
 *		     it listed: other loads, in another order. Then what decides is compared,
 *		     set look-ups and verdicts; of rules without a condition all the same
 */
struct nft_wanted_rules {
	const struct nft_table *table;
	const char *chain;
	const struct nl_batch *batch;
	bool may_be_reworded;
};

/*
 * nft_compare_rules() - rules that are there beside those that should be, by dump
 * @ret, @size: which rule is missing or another one
 *
 * What the kernel tells beyond what we asked for, such as defaults, makes no difference.
 * Return: 1 if all are as wanted; 0 and *ret; or negative.
 */
int nft_compare_rules(struct nl_socket *nft, const struct nft_wanted_rules *wanted, char *ret,
		      size_t size, struct error *err);
