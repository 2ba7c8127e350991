/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object.h - tables, chains, sets, elements and rules
 *
 * Functions named _put_ add a request to a batch. Those that change anything must stand
 * between nft_put_begin() and nft_put_end(), which make the batch one transaction.
 * Comments are what nft(8) shows as such; they are cut at 127 bytes.
 * Source: linux/netfilter/nf_tables.h, linux/netfilter/nfnetlink.h.
 */
#pragma once

#include <net/if.h>

#include "cbr/netlink/batch.h"

/* Length of any name, with its NUL; shorter than the kernel's NFT_NAME_MAXLEN. */
#define NFT_NAME_SIZE 128

/* What a comment may hold, with its NUL. */
#define NFT_COMMENT_SIZE 128

/*
 * A table.
 * @family: NFPROTO_INET or NFPROTO_BRIDGE: two families' tables of one name are two
 */
struct nft_table {
	uint8_t family;
	const char *name;
};

/*
 * Where and when a base chain is asked; all that we make accept what they do not decide on.
 * @type: "nat", "filter"
 * @number: NF_INET_* or NF_BR_*, by the family
 * @priority: the lower, the earlier
 */
struct nft_hook {
	const char *type;
	uint32_t number;
	int32_t priority;
};

/*
 * nft_put_begin(), nft_put_end() - the marks of a transaction
 * @generation: of the ruleset that the changes are made for, from nft_get_generation(); the
 *              kernel answers ERESTART if it is another by now; 0 = for any
 */
void nft_put_begin(struct nl_batch *batch, uint32_t generation);
void nft_put_end(struct nl_batch *batch);

/* nft_get_generation() - which ruleset is in force; Return: 0 and *ret, or negative */
int nft_get_generation(struct nl_socket *nft, uint32_t *ret, struct error *err);

/* nft_put_table() - make a table if there is none of that name */
void nft_put_table(struct nl_batch *batch, const struct nft_table *table, const char *comment);

/*
 * nft_put_chain() - make a chain if there is none of that name
 * @hook: NULL for a chain that only rules lead to
 */
void nft_put_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain,
		   const struct nft_hook *hook, const char *comment);

/*
 * nft_put_set() - make a set of address intervals if there is none of that name
 * @family: AF_INET or AF_INET6
 */
void nft_put_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		 int family);

/*
 * nft_put_elements() - add prefixes, which must not overlap, to a set
 * @comment: for each element
 */
void nft_put_elements(struct nl_batch *batch, const struct nft_table *table, const char *set,
		      const struct ip_prefix *prefixes, size_t n, const char *comment);

/* nft_put_flush_set() - remove all elements */
void nft_put_flush_set(struct nl_batch *batch, const struct nft_table *table, const char *set);

/* nft_put_flush_chain() - remove all rules */
void nft_put_flush_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain);

/* nft_put_delete_chain() - remove the chain itself, which must have been flushed */
void nft_put_delete_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain);

/* nft_put_rule_begin() - append a rule; its statements follow. Return: mark for the end */
size_t nft_put_rule_begin(struct nl_batch *batch, const struct nft_table *table, const char *chain);

/* nft_put_rule_end() - and no more of them; @comment: "" for none */
void nft_put_rule_end(struct nl_batch *batch, size_t mark, const char *comment);

/*
 * A chain as the kernel told it.
 * @hook: that it should have, NULL = none
 * @there: it exists
 * @as_made: type, hook, priority and policy are those that nft_put_chain() gives with @hook
 * @uses: how many rules it has, and how many lead to it
 */
struct nft_chain {
	const struct nft_hook *hook;
	bool there;
	bool as_made;
	uint32_t uses;
	char comment[NFT_COMMENT_SIZE];
};

/* nft_put_get_chain() - look up; *ret is filled by the run. ENOENT is tolerated */
void nft_put_get_chain(struct nl_batch *batch, const struct nft_table *table, const char *chain,
		       const struct nft_hook *hook, struct nft_chain *ret);

/*
 * The key of an element as the kernel has it: an address; or some values one behind the
 * other, each padded with zeros to a multiple of four bytes.
 * @len: how many bytes count
 */
struct nft_key {
	uint8_t bytes[IF_NAMESIZE + 16];
	size_t len;
};

/* nft_key_addr() - the key of an address */
struct nft_key nft_key_addr(struct ip_addr addr);

/*
 * An element as the kernel told it.
 * @key: of an interval the first address; length 0: there is no such element
 * @is_end: @key is the first address behind an interval
 * @comment: "" without
 */
struct nft_element {
	struct nft_key key;
	bool is_end;
	char comment[NFT_COMMENT_SIZE];
};

/* nft_put_get_key() - look up; *ret is filled by the run. ENOENT is tolerated */
void nft_put_get_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     const struct nft_key *key, struct nft_element *ret);

/*
 * nft_put_get_interval() - look up the interval of a set around an address
 *
 * *ret is filled by the run: two addresses with one key in it are in one interval. ENOENT
 * is tolerated.
 */
void nft_put_get_interval(struct nl_batch *batch, const struct nft_table *table, const char *set,
			  const struct ip_addr *addr, struct nft_element *ret);

/*
 * nft_list_prefixes() - the elements of a set that nft_put_elements() filled, by dump
 * @ret, @ret_n: array owned by the caller; empty if there is no such set
 */
int nft_list_prefixes(struct nl_socket *nft, const struct nft_table *table, const char *set,
		      struct ip_prefix **ret, size_t *ret_n, struct error *err);
