/* SPDX-License-Identifier: Apache-2.0 */
/* key.c - elements whose key begins with an interface name */

#include "cbr/nftables/key.h"

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "element.h"
#include "private.h"

struct nft_key nft_key_port(const char *port)
{
	struct nft_key key = { .len = IF_NAMESIZE };

	memcpy(key.bytes, port, strnlen(port, IF_NAMESIZE - 1));
	return key;
}

struct nft_key nft_key_mac(const char *port, const struct mac *mac)
{
	struct nft_key key = nft_key_port(port);

	memcpy(key.bytes + IF_NAMESIZE, mac->bytes, sizeof(mac->bytes));
	/* Padded, see struct nft_key. */
	key.len += 8;
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
