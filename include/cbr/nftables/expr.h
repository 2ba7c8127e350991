/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - the statements of a rule, one builder each
 *
 * They are put between nft_put_rule_begin() and nft_put_rule_end() (object.h), in the
 * order in which nft(8) would put them, so that it prints the rule as one would write
 * it. All work on register 1. Source: linux/netfilter/nf_tables.h.
 */
#pragma once

#include "cbr/netlink/batch.h"

/* iifname <name> */
void nft_put_iifname(struct nl_batch *batch, const char *name);

/* meta nfproto ipv4 or ipv6; @family: AF_INET or AF_INET6 */
void nft_put_family(struct nl_batch *batch, int family);

/* Which address of a packet. */
enum nft_field {
	NFT_FIELD_SADDR,
	NFT_FIELD_DADDR,
};

/* ip saddr @set, or ip daddr != @set if @inverted; @family must have been matched before */
void nft_put_lookup(struct nl_batch *batch, int family, enum nft_field field, const char *set,
		    bool inverted);

/* masquerade fully-random: no two flows race for one port */
void nft_put_masquerade(struct nl_batch *batch);
