/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the builders of nf_tables messages share */
#pragma once

#include "cbr/nftables/object.h"

/* nft_request() - begin a message of nf_tables, of the table's family; see nl_request() */
size_t nft_request(struct nl_batch *batch, uint16_t message, uint16_t flags, const char *verb,
		   const struct nft_table *table, const char *name);

/* Numbers are big-endian in nf_tables. */
void nft_put_be32(struct nl_batch *batch, uint16_t type, uint32_t value);

/* nft_put_data() - a value within a nest, NFTA_DATA_VALUE */
void nft_put_data(struct nl_batch *batch, uint16_t type, const void *data, size_t len);

/* nft_put_comment() - as the only entry of an object's user data */
void nft_put_comment(struct nl_batch *batch, uint16_t type, const char *comment);

/* nft_read_comment() - from an object's user data; "" without */
void nft_read_comment(const void *data, size_t len, char *ret, size_t size);

/* nft_read_be32() - a big-endian number; 0 for an attribute that is none */
uint32_t nft_read_be32(const struct nlattr *attr);

/*
 * How often a lack is looked at before it is believed, and how long is waited before each.
 * While somebody's transaction is under way the kernel may count rules of it, and while it is
 * committed list some of before and some of after (nf_tables_commit()). That passes, but whoever
 * it is may be without a processor for a while.
 */
#define NFT_CHECK_TRIES 10
#define NFT_CHECK_TURN(tries) ((1 << (tries)) - 1)

/*
 * nft_wait_turn() - before the next try
 * @turns: as a rule how many there were; up to 200 us for each
 *
 * Who lost waits, each another while, lest many go on losing to one another.
 */
void nft_wait_turn(int turns);
