/* SPDX-License-Identifier: Apache-2.0 */
/* expr.c - the statements of a rule */

#include "cbr/nftables/expr.h"

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

static void put_equal(struct nl_batch *batch, const void *data, size_t len)
{
	struct expr expr = begin(batch, "cmp");

	nft_put_be32(batch, NFTA_CMP_SREG, NFT_REG_1);
	nft_put_be32(batch, NFTA_CMP_OP, NFT_CMP_EQ);
	nft_put_data(batch, NFTA_CMP_DATA, data, len);
	end(batch, &expr);
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

/* Offsets in the headers of RFC 791 and RFC 8200. */
static void put_address(struct nl_batch *batch, int family, enum nft_field field)
{
	const uint32_t len = (uint32_t)ip_size(family);
	const uint32_t source = family == AF_INET ? 12 : 8;
	struct expr expr = begin(batch, "payload");

	nft_put_be32(batch, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nft_put_be32(batch, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nft_put_be32(batch, NFTA_PAYLOAD_OFFSET, source + (field == NFT_FIELD_DADDR ? len : 0));
	nft_put_be32(batch, NFTA_PAYLOAD_LEN, len);
	end(batch, &expr);
}

void nft_put_lookup(struct nl_batch *batch, int family, enum nft_field field, const char *set,
		    bool inverted)
{
	struct expr expr;

	put_address(batch, family, field);
	expr = begin(batch, "lookup");
	nl_put_str(batch, NFTA_LOOKUP_SET, set);
	nft_put_be32(batch, NFTA_LOOKUP_SREG, NFT_REG_1);
	if (inverted)
		nft_put_be32(batch, NFTA_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
	end(batch, &expr);
}

void nft_put_masquerade(struct nl_batch *batch)
{
	struct expr expr = begin(batch, "masq");

	nft_put_be32(batch, NFTA_MASQ_FLAGS, NF_NAT_RANGE_PROTO_RANDOM_FULLY);
	end(batch, &expr);
}
