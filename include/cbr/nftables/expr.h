/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr.h - the statements of a rule, one builder each
 *
 * They are put between nft_put_rule_begin() and nft_put_rule_end() (object.h), in the
 * order in which nft(8) would put them, so that it prints the rule as one would write
 * it. All work on register 1, or on the first two. Source: linux/netfilter/nf_tables.h.
 */
#pragma once

#include <linux/netfilter/nf_tables.h>

#include "cbr/netlink/batch.h"

/* nft_put_iifname() - iifname @name */
void nft_put_iifname(struct nl_batch *batch, const char *name);

/* nft_put_family() - meta nfproto ipv4 or ipv6; @family: AF_INET or AF_INET6 */
void nft_put_family(struct nl_batch *batch, int family);

/* Which address of a packet. */
enum nft_field {
	NFT_FIELD_SADDR,
	NFT_FIELD_DADDR,
};

/*
 * nft_put_lookup() - ip saddr @set, or ip daddr != @set if @inverted
 * @family: must have been matched before
 */
void nft_put_lookup(struct nl_batch *batch, int family, enum nft_field field, const char *set,
		    bool inverted);

/* nft_put_masquerade() - masquerade fully-random: no two flows race for one port */
void nft_put_masquerade(struct nl_batch *batch);

/*
 * nft_put_protocol() - meta protocol @ethertype: what a frame carries, behind one VLAN tag if
 * it has one
 * @ethertype: ETH_P_*
 */
void nft_put_protocol(struct nl_batch *batch, uint16_t ethertype);

/*
 * nft_put_l4proto() - meta l4proto @protocol, behind the extension headers of IPv6
 * @protocol: IPPROTO_*
 */
void nft_put_l4proto(struct nl_batch *batch, uint8_t protocol);

/*
 * Some bytes of a packet. A statement about bytes that a packet does not have never holds,
 * not even inverted.
 * @base: NFT_PAYLOAD_*_HEADER that @offset counts from
 * @offset, @len: bytes, at most 16
 */
struct nft_payload {
	enum nft_payload_bases base;
	uint32_t offset;
	uint32_t len;
};

/* nft_put_compare() - these bytes are, or are not if @inverted, those at @data */
void nft_put_compare(struct nl_batch *batch, const struct nft_payload *payload, const void *data,
		     bool inverted);

/* nft_put_between() - one byte is at least @first and at most @last */
void nft_put_between(struct nl_batch *batch, const struct nft_payload *payload, uint8_t first,
		     uint8_t last);

/*
 * nft_put_port_lookup() - iifname @set, or iifname . @payload @set
 * @payload: NULL for the interface name alone
 * @inverted: is not in the set
 */
void nft_put_port_lookup(struct nl_batch *batch, const struct nft_payload *payload, const char *set,
			 bool inverted);

/* nft_put_verdict() - the end: NF_ACCEPT, NF_DROP, or NFT_GOTO and the chain */
void nft_put_verdict(struct nl_batch *batch, int verdict, const char *chain);
