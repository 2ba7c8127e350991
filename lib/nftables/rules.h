/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h - are the rules that are there those that we would make? */
#pragma once

#include "cbr/nftables/object.h"

/*
 * nft_compare_rules() - rules of a table beside those of a batch, by dump
 * @chain: only of this chain, or NULL for all
 * @wanted: holds the requests for all rules that should be there; it is not sent
 * @ret, @size: which rule is missing or another one
 *
 * What the kernel tells beyond what we asked for, such as defaults, makes no difference.
 * Return: 1 if all are as wanted; 0 and *ret; or negative.
 */
int nft_compare_rules(struct nl_socket *nft, const struct nft_table *table, const char *chain,
		      const struct nl_batch *wanted, char *ret, size_t size, struct error *err);
