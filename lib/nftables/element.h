/* SPDX-License-Identifier: Apache-2.0 */
/* element.h - elements of sets, whatever their keys are */
#pragma once

#include "cbr/nftables/object.h"

/*
 * nft_elements_begin() - begin a message about elements of one set; see nft_request()
 *
 * Return: mark of the list that nft_put_element() adds to; nl_nest_end() ends it
 */
size_t nft_elements_begin(struct nl_batch *batch, uint16_t message, uint16_t flags,
			  const char *verb, const struct nft_table *table, const char *set);

/* @flags: NFT_SET_ELEM_*, @comment: or NULL */
void nft_put_element(struct nl_batch *batch, const struct nft_key *key, uint32_t flags,
		     const char *comment);

/*
 * nft_list_elements() - all elements of a set, by dump
 * @ret, @ret_n: array owned by the caller; empty if there is no such set
 */
int nft_list_elements(struct nl_socket *nft, const struct nft_table *table, const char *set,
		      struct nft_element **ret, size_t *ret_n, struct error *err);
