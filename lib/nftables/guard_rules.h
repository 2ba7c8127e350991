/* SPDX-License-Identifier: Apache-2.0 */
/* guard_rules.h - table, sets, chains and rules of the source guard */
#pragma once

#include "cbr/nftables/guard.h"
#include "cbr/nftables/key.h"

/* The sets, by what they hold. */
enum guard_set {
	GUARD_PORTS,     /* ports that are guarded */
	GUARD_MACS,      /* . the MAC address of each */
	GUARD_ADDRESSED, /* ports whose addresses are looked at, too */
	GUARD_IPV4,      /* . the addresses of each */
	GUARD_IPV6,
	GUARD_TARGETS, /* those of GUARD_IPV6 and of GUARD_MACS, as neighbour discovery has them */
	GUARD_OPTIONS,
	GUARD_SETS
};

/* How many chains there are. */
#define GUARD_CHAINS 4

extern const struct nft_table guard_table;

/* guard_set_name() - what it is called in the table */
const char *guard_set_name(enum guard_set set);

/*
 * guard_rules_put() - see that everything but elements is there; rules are made anew
 * @found: the chains as guard_rules_put_get() found them
 */
void guard_rules_put(struct nl_batch *batch, const struct nft_chain found[static GUARD_CHAINS]);

/* guard_rules_put_get() - look up the chains; @ret is filled by the run */
void guard_rules_put_get(struct nl_batch *batch, struct nft_chain ret[static GUARD_CHAINS]);

/* guard_rules_missing() - Return: NULL if they are as made, else what is not, put into @buf */
const char *guard_rules_missing(const struct nft_chain found[static GUARD_CHAINS], char *buf,
				size_t size);

/* guard_rules_compare() - are all rules as we make them? As nft_compare_rules() */
int guard_rules_compare(struct nl_socket *nft, char *ret, size_t size, struct error *err);
