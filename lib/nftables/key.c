/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - sets of single elements whose key begins with an interface name */

#include "cbr/nftables/key.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "element.h"
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
 * @type, @len: of the key
 * @offset, @bits: of the second part within the transport header, if nft knows no field there
 */
static const struct kind {
	uint32_t type;
	uint32_t len;
	uint32_t offset;
	uint32_t bits;
} kinds[] = {
	[NFT_KEY_PORT] = { TYPE_IFNAME, IF_NAMESIZE, 0, 0 },
	[NFT_KEY_PORT_MAC] = { TYPE_WITH_IFNAME(TYPE_ETHER_ADDR), IF_NAMESIZE + 8, 0, 0 },
	[NFT_KEY_PORT_IPV4] = { TYPE_WITH_IFNAME(TYPE_IPV4_ADDR), IF_NAMESIZE + 4, 0, 0 },
	[NFT_KEY_PORT_IPV6] = { TYPE_WITH_IFNAME(TYPE_IPV6_ADDR), IF_NAMESIZE + 16, 0, 0 },
	[NFT_KEY_PORT_ND_TARGET] = { TYPE_WITH_IFNAME(TYPE_INTEGER), IF_NAMESIZE + 16, 64, 128 },
	[NFT_KEY_PORT_ND_OPTION] = { TYPE_WITH_IFNAME(TYPE_INTEGER), IF_NAMESIZE + 8, 208, 48 },
};

struct nft_key nft_key_port(const char *port)
{
	struct nft_key key = { .len = kinds[NFT_KEY_PORT].len };

	memcpy(key.bytes, port, strnlen(port, IF_NAMESIZE - 1));
	return key;
}

struct nft_key nft_key_mac(const char *port, const struct mac *mac)
{
	struct nft_key key = nft_key_port(port);

	memcpy(key.bytes + IF_NAMESIZE, mac->bytes, sizeof(mac->bytes));
	key.len = kinds[NFT_KEY_PORT_MAC].len;
	return key;
}

struct nft_key nft_key_ip(const char *port, const struct ip_addr *addr)
{
	struct nft_key key = nft_key_port(port);
	const size_t len = ip_size(addr->family);

	memcpy(key.bytes + IF_NAMESIZE, addr->bytes, len);
	key.len += len;
	return key;
}

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

/* Without it nft would print the names in a set of names backwards. */
static void put_udata(struct nl_batch *batch, enum nft_key_kind kind)
{
	struct udata udata = { .len = 0 };

	if (kind == NFT_KEY_PORT)
		add_udata(&udata, UDATA_SET_KEYBYTEORDER, BYTEORDER_HOST);
	if (kinds[kind].bits)
		add_typeof(&udata, &kinds[kind]);
	if (udata.len)
		nl_put(batch, NFTA_SET_USERDATA, udata.bytes, udata.len);
}

void nft_put_key_set(struct nl_batch *batch, const struct nft_table *table, const char *set,
		     enum nft_key_kind kind)
{
	nft_request(batch, NFT_MSG_NEWSET, NLM_F_CREATE, "make set", table, set);
	nl_put_str(batch, NFTA_SET_TABLE, table->name);
	nl_put_str(batch, NFTA_SET_NAME, set);
	nft_put_be32(batch, NFTA_SET_FLAGS, 0);
	nft_put_be32(batch, NFTA_SET_KEY_TYPE, kinds[kind].type);
	nft_put_be32(batch, NFTA_SET_KEY_LEN, kinds[kind].len);
	/* Any number that no other set of this transaction has. */
	nft_put_be32(batch, NFTA_SET_ID, (uint32_t)batch->n);
	put_udata(batch, kind);
}

static void put_one(struct nl_batch *batch, uint16_t message, uint16_t flags, const char *verb,
		    const struct nft_table *table, const char *set, const struct nft_key *key,
		    const char *comment)
{
	const size_t list = nft_elements_begin(batch, message, flags, verb, table, set);

	nft_put_element(batch, key, 0, comment);
	nl_nest_end(batch, list);
}

void nft_put_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
		 const struct nft_key *key, const char *comment)
{
	put_one(batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "add an element to", table, set, key,
		comment);
}

void nft_put_delete_key(struct nl_batch *batch, const struct nft_table *table, const char *set,
			const struct nft_key *key)
{
	put_one(batch, NFT_MSG_DELSETELEM, 0, "remove an element from", table, set, key, NULL);
}

/* One whose key is not like ours is nobody's here. */
static bool begins_with_name(const struct nft_key *key)
{
	return key->len >= IF_NAMESIZE && !key->bytes[IF_NAMESIZE - 1];
}

int nft_list_keys(struct nl_socket *nft, const struct nft_table *table, const char *set,
		  struct nft_key **ret, size_t *ret_n, struct error *err)
{
	autofree struct nft_element *elements = NULL;
	size_t n = 0;
	int rc = nft_list_elements(nft, table, set, &elements, &n, err);

	if (rc < 0)
		return rc;
	*ret = calloc(n + 1, sizeof(**ret));
	if (!*ret)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot list a set");
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (begins_with_name(&elements[i].key))
			(*ret)[(*ret_n)++] = elements[i].key;
	return 0;
}
