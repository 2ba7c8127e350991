/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h - sets of single elements whose key begins with an interface name
 *
 * Looking one up costs the same however many there are. Functions named _put_ add a
 * request to a batch, see object.h. Source: linux/netfilter/nf_tables.h.
 */
#pragma once

#include <net/if.h>

#include "cbr/base/mac.h"
#include "cbr/nftables/object.h"

/* What the keys of a set are. */
enum nft_key_kind {
	NFT_KEY_PORT,           /* ifname */
	NFT_KEY_PORT_MAC,       /* ifname . ether_addr */
	NFT_KEY_PORT_IPV4,      /* ifname . ipv4_addr */
	NFT_KEY_PORT_IPV6,      /* ifname . ipv6_addr */
	NFT_KEY_PORT_ND_TARGET, /* ifname . @th,64,128: an IPv6 address where nft knows none */
	NFT_KEY_PORT_ND_OPTION, /* ifname . @th,208,48: likewise a MAC address */
};

/*
 * nft_key_port(), nft_key_mac(), nft_key_ip() - the key of a name, with what follows it
 *
 * The first IF_NAMESIZE bytes are the name, always with a NUL behind it.
 */
struct nft_key nft_key_port(const char *port);
struct nft_key nft_key_mac(const char *port, const struct mac *mac);
struct nft_key nft_key_ip(const char *port, const struct ip_addr *addr);

/* nft_put_key_set() - make a set if there is none of that name */
void nft_put_key_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     enum nft_key_kind kind);

/* nft_put_key() - add; an element that is there stays as it is. @comment: or NULL */
void nft_put_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		 const struct nft_key *key, const char *comment);

/* nft_put_delete_key() - remove; that there is none fails the transaction */
void nft_put_delete_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
			const struct nft_key *key);

/*
 * nft_list_keys() - all keys of a set, by dump
 * @ret, @ret_n: array owned by the caller; empty if there is no such set
 */
int nft_list_keys(struct nl_socket *nft, const struct nft_table *table, const char *set,
		  struct nft_key **ret, size_t *ret_n, struct error *err);
