/* SPDX-License-Identifier: Apache-2.0 */
/* expr.c - the statements of a rule */

#include "cbr/nftables/expr.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "private.h"

/* An expression: its name, and its data in a nest. */
struct expr {
	size_t elem;
	size_t data;
};

static struct expr begin(struct nl_batch *batch, const char *name)
{
	struct expr expr = { .elem = nl_nest_begin(batch, NFTA_LIST_ELEM) };

	nl_put_str(batch, NFTA_EXPR_NAME, name);
	expr.data = nl_nest_begin(batch, NFTA_EXPR_DATA);
	return expr;
}

static void end(struct nl_batch *batch, const struct expr *expr)
{
	nl_nest_end(batch, expr->data);
	nl_nest_end(batch, expr->elem);
}

static void put_meta(struct nl_batch *batch, enum nft_meta_keys key)
{
	struct expr expr = begin(batch, "meta");

	nft_put_be32(batch, NFTA_META_KEY, key);
	nft_put_be32(batch, NFTA_META_DREG, NFT_REG_1);
	end(batch, &expr);
}

static void put_compare(struct nl_batch *batch, enum nft_cmp_ops op, const void *data, size_t len)
{
	struct expr expr = begin(batch, "cmp");

	nft_put_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
	nft_put_be32(batch, NFTA_CMP_OP, op);
	nft_put_data(batch, NFTA_CMP_DATA, data, len);
	end(batch, &expr);
}

static void put_equal(struct nl_batch *batch, const void *data, size_t len)
{
	put_compare(batch, NFT_CMP_EQ, data, len);
}

void nft_put_iifname(struct nl_batch *batch, const char *name)
{
	char padded[IF_NAMESIZE] = { 0 };

	memcpy(padded, name, strnlen(name, sizeof(padded) - 1));
	put_meta(batch, NFT_META_IIFNAME);
	put_equal(batch, padded, sizeof(padded));
}

void nft_put_family(struct nl_batch *batch, int family)
{
	const uint8_t proto = family == AF_INET ? NFPROTO_IPV4 : NFPROTO_IPV6;

	put_meta(batch, NFT_META_NFPROTO);
	put_equal(batch, &proto, sizeof(proto));
}

static void put_payload(struct nl_batch *batch, const struct nft_payload *payload, uint32_t reg)
{
	struct expr expr = begin(batch, "payload");

	nft_put_be32(batch, NFTA_PAYLOAD_DREG, reg);
	nft_put_be32(batch, NFTA_PAYLOAD_BASE, payload->base);
	nft_put_be32(batch, NFTA_PAYLOAD_OFFSET, payload->offset);
	nft_put_be32(batch, NFTA_PAYLOAD_LEN, payload->len);
	end(batch, &expr);
}

static void put_lookup(struct nl_batch *batch, const char *set, bool inverted)
{
	struct expr expr = begin(batch, "lookup");

	nl_put_str(batch, NFTA_LOOKUP_SET, set);
	nft_put_be32(batch, NFTA_LOOKUP_SREG, NFT_REG_1);
	/* None, too: what we do not tell is not compared with what is there (rules.c). */
	nft_put_be32(batch, NFTA_LOOKUP_FLAGS, inverted ? NFT_LOOKUP_F_INV : 0);
	end(batch, &expr);
}

/* Offsets in the headers of RFC 791 and RFC 8200. */
void nft_put_lookup(struct nl_batch *batch, int family, enum nft_field field, const char *set,
		    bool inverted)
{
	const uint32_t len = (uint32_t)ip_size(family);
	const uint32_t source = family == AF_INET ? 12 : 8;
	const struct nft_payload address = {
		.base = NFT_PAYLOAD_NETWORK_HEADER,
		.offset = source + (field == NFT_FIELD_DADDR ? len : 0),
		.len = len,
	};

	put_payload(batch, &address, NFT_REG_1);
	put_lookup(batch, set, inverted);
}

void nft_put_masquerade(struct nl_batch *batch)
{
	struct expr expr = begin(batch, "masq");

	nft_put_be32(batch, NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	end(batch, &expr);
}

void nft_put_protocol(struct nl_batch *batch, uint16_t ethertype)
{
	const uint16_t value = htons(ethertype);

	put_meta(batch, NFT_META_PROTOCOL);
	put_equal(batch, &value, sizeof(value));
}

void nft_put_l4proto(struct nl_batch *batch, uint8_t protocol)
{
	put_meta(batch, NFT_META_L4PROTO);
	put_equal(batch, &protocol, sizeof(protocol));
}

void nft_put_compare(struct nl_batch *batch, const struct nft_payload *payload, const void *data,
		     bool inverted)
{
	put_payload(batch, payload, NFT_REG_1);
	put_compare(batch, inverted ? NFT_CMP_NEQ : NFT_CMP_EQ, data, payload->len);
}

void nft_put_between(struct nl_batch *batch, const struct nft_payload *payload, uint8_t first,
		     uint8_t last)
{
	put_payload(batch, payload, NFT_REG_1);
	put_compare(batch, NFT_CMP_GTE, &first, sizeof(first));
	put_compare(batch, NFT_CMP_LTE, &last, sizeof(last));
}

/* An interface name takes all of register 1; what follows it in a key is in register 2. */
void nft_put_port_lookup(struct nl_batch *batch, const struct nft_payload *payload, const char *set,
			 bool inverted)
{
	put_meta(batch, NFT_META_IIFNAME);
	if (payload)
		put_payload(batch, payload, NFT_REG_2);
	put_lookup(batch, set, inverted);
}

void nft_put_verdict(struct nl_batch *batch, int verdict, const char *chain)
{
	struct expr expr = begin(batch, "immediate");
	size_t data;
	size_t nest;

	nft_put_be32(batch, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	data = nl_nest_begin(batch, NFTA_IMMEDIATE_DATA);
	nest = nl_nest_begin(batch, NFTA_DATA_VERDICT);
	nft_put_be32(batch, NFTA_VERDICT_CODE, (uint32_t)verdict);
	if (chain)
		nl_put_str(batch, NFTA_VERDICT_CHAIN, chain);
	nl_nest_end(batch, nest);
	nl_nest_end(batch, data);
	end(batch, &expr);
}
