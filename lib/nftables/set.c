/* SPDX-License-Identifier: Apache-2.0 */
/* set.c - make sets, and tell nft(8) what their keys are */

#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/nftables/key.h"
#include "private.h"

/*
 * nft's own numbers of types; the kernel only keeps them (nft's datatype.h). A key of two
 * parts has the first one's number in front of the second one's six bits.
 */
#define TYPE_INTEGER 4
#define TYPE_IPV4_ADDR 7
#define TYPE_IPV6_ADDR 8
#define TYPE_ETHER_ADDR 9
#define TYPE_IFNAME 41
#define TYPE_BITS 6
#define TYPE_WITH_IFNAME(type) (TYPE_IFNAME << TYPE_BITS | (type))

/* nft's own user data of a set: what its keys are (libnftnl's udata.h, nft's expression.h). */
#define UDATA_SET_KEYBYTEORDER 0
#define UDATA_SET_TYPEOF 3
#define BYTEORDER_HOST 1
#define BYTEORDER_BIG_ENDIAN 2
#define UDATA_EXPR 0
#define UDATA_DATA 1
#define EXPR_PAYLOAD 7
#define EXPR_META 9
#define EXPR_CONCAT 13
#define UDATA_PAYLOAD_PROTOCOL 0
#define UDATA_PAYLOAD_FIELD 1
#define UDATA_PAYLOAD_BASE 2
#define UDATA_PAYLOAD_OFFSET 3
#define UDATA_PAYLOAD_BITS 4
#define BASE_TRANSPORT 3

/*
 * @flags: NFT_SET_*
 * @type, @len: of the key
 * @byteorder: of a key of one part; without it nft would print names backwards
 * @offset, @bits: of the second part within the transport header, if nft knows no field there
 */
struct kind {
	uint32_t flags;
	uint32_t type;
	uint32_t len;
	uint32_t byteorder;
	uint32_t offset;
	uint32_t bits;
};

static const struct kind key_kinds[] = {
	[NFT_KEY_PORT] = { .type = TYPE_IFNAME, .len = IF_NAMESIZE, .byteorder = BYTEORDER_HOST },
	[NFT_KEY_PORT_MAC] = { .type = TYPE_WITH_IFNAME(TYPE_ETHER_ADDR), .len = IF_NAMESIZE + 8 },
	[NFT_KEY_PORT_IPV4] = { .type = TYPE_WITH_IFNAME(TYPE_IPV4_ADDR), .len = IF_NAMESIZE + 4 },
	[NFT_KEY_PORT_IPV6] = { .type = TYPE_WITH_IFNAME(TYPE_IPV6_ADDR), .len = IF_NAMESIZE + 16 },
	[NFT_KEY_PORT_ND_TARGET] = { .type = TYPE_WITH_IFNAME(TYPE_INTEGER),
				     .len = IF_NAMESIZE + 16,
				     .offset = 64,
				     .bits = 128 },
	[NFT_KEY_PORT_ND_OPTION] = { .type = TYPE_WITH_IFNAME(TYPE_INTEGER),
				     .len = IF_NAMESIZE + 8,
				     .offset = 208,
				     .bits = 48 },
};

/* A growing user data, as nft has it: type, length, value. */
struct udata {
	uint8_t bytes[96];
	size_t len;
};

static size_t begin_udata(struct udata *udata, uint8_t type)
{
	udata->bytes[udata->len++] = type;
	return udata->len++;
}

static void end_udata(struct udata *udata, size_t mark)
{
	udata->bytes[mark] = (uint8_t)(udata->len - mark - 1);
}

static void add_udata(struct udata *udata, uint8_t type, uint32_t value)
{
	const size_t mark = begin_udata(udata, type);

	memcpy(udata->bytes + udata->len, &value, sizeof(value));
	udata->len += sizeof(value);
	end_udata(udata, mark);
}

/* typeof iifname . @th,offset,bits: what makes nft take its own listing of the set again */
static void add_typeof(struct udata *udata, const struct kind *kind)
{
	const size_t type = begin_udata(udata, UDATA_SET_TYPEOF);
	size_t concat;
	size_t part;
	size_t data;

	add_udata(udata, UDATA_EXPR, EXPR_CONCAT);
	concat = begin_udata(udata, UDATA_DATA);
	part = begin_udata(udata, 0);
	add_udata(udata, UDATA_EXPR, EXPR_META);
	data = begin_udata(udata, UDATA_DATA);
	add_udata(udata, 0, NFT_META_IIFNAME);
	end_udata(udata, data);
	end_udata(udata, part);
	part = begin_udata(udata, 1);
	add_udata(udata, UDATA_EXPR, EXPR_PAYLOAD);
	data = begin_udata(udata, UDATA_DATA);
	add_udata(udata, UDATA_PAYLOAD_PROTOCOL, 0);
	add_udata(udata, UDATA_PAYLOAD_FIELD, 0);
	add_udata(udata, UDATA_PAYLOAD_BASE, BASE_TRANSPORT);
	add_udata(udata, UDATA_PAYLOAD_OFFSET, kind->offset);
	add_udata(udata, UDATA_PAYLOAD_BITS, kind->bits);
	end_udata(udata, data);
	end_udata(udata, part);
	end_udata(udata, concat);
	end_udata(udata, type);
}

static void put_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		    const struct kind *kind)
{
	struct udata udata = { .len = 0 };

	nft_request(batch, NFT_MSG_NEWSET, NLM_F_CREATE, "make set", table, set);
	nl_put_str(batch, NFTA_SET_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_NAME, set);
	nft_put_be32(batch, NFTA_SET_FLAGS, kind->flags);
	nft_put_be32(batch, NFTA_SET_KEY_TYPE, kind->type);
	nft_put_be32(batch, NFTA_SET_KEY_LEN, kind->len);
	/* Any number that no other set of this transaction has. */
	nft_put_be32(batch, NFTA_SET_ID, (uint32_t)batch->n);
	if (kind->byteorder)
		add_udata(&udata, UDATA_SET_KEYBYTEORDER, kind->byteorder);
	if (kind->bits)
		add_typeof(&udata, kind);
	if (udata.len)
		nl_put(batch, NFTA_SET_USERDATA, udata.bytes, udata.len);
}

void nft_put_set(struct nl_batch *batch, const struct nft_table *table, const char *set, int family)
{
	const struct kind kind = {
		.flags = NFT_SET_INTERVAL,
		.type = family == AF_INET ? TYPE_IPV4_ADDR : TYPE_IPV6_ADDR,
		.len = (uint32_t)ip_size(family),
		.byteorder = BYTEORDER_BIG_ENDIAN,
	};

	put_set(batch, table, set, &kind);
}

void nft_put_key_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     enum nft_key_kind kind)
{
	put_set(batch, table, set, &key_kinds[kind]);
}
