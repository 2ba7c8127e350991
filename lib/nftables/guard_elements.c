/* SPDX-License-Identifier: Apache-2.0 */
/* guard_elements.c - which elements a guarded port has, and the note by which they are found */

#include "guard_elements.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"

#define CLOSED "closed"
#define FROM "from"
#define MORE " ..."

void guard_elements_done(struct guard_elements *list)
{
	free(list->items);
	*list = (struct guard_elements){ 0 };
}

int guard_elements_add(struct guard_elements *list, enum guard_set set, const struct nft_key *key,
		       struct error *err)
{
	struct guard_element *items = array_grow(list->items, list->n, sizeof(*items));

	if (!items)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot list a source guard");
	list->items = items;
	items[list->n++] = (struct guard_element){ set, *key };
	return 0;
}

static int add_port(struct guard_elements *list, enum guard_set set, const char *port,
		    struct error *err)
{
	const struct nft_key key = nft_key_port(port);

	return guard_elements_add(list, set, &key, err);
}

static int add_mac(struct guard_elements *list, enum guard_set set, const char *port,
		   const struct mac *mac, struct error *err)
{
	const struct nft_key key = nft_key_mac(port, mac);

	return guard_elements_add(list, set, &key, err);
}

static int add_ip(struct guard_elements *list, const char *port, const struct ip_addr *addr,
		  struct error *err)
{
	const struct nft_key key = nft_key_ip(port, addr);
	int rc;

	if (addr->family == AF_INET)
		return guard_elements_add(list, GUARD_IPV4, &key, err);
	rc = guard_elements_add(list, GUARD_IPV6, &key, err);
	return rc < 0 ? rc : guard_elements_add(list, GUARD_TARGETS, &key, err);
}

/* fe80:: and the modified EUI-64 of the MAC address. */
static struct ip_addr make_link_local(const struct mac *mac)
{
	const uint8_t *b = mac->bytes;

	return (struct ip_addr){ AF_INET6,
				 { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, b[0] ^ 2, b[1], b[2], 0xff, 0xfe,
				   b[3], b[4], b[5] } };
}

/* Room for MORE is always left. */
static void make_note(const struct guard *guard, char ret[static NFT_COMMENT_SIZE])
{
	char text[IP_TEXT_SIZE];
	size_t len;

	if (!guard->mac) {
		snprintf(ret, NFT_COMMENT_SIZE, "%s", CLOSED);
		return;
	}
	len = (size_t)snprintf(ret, NFT_COMMENT_SIZE, "%s%s", mac_format(guard->mac, text),
			       guard->by_address ? " " FROM : "");
	for (size_t i = 0; i < guard->n; i++) {
		ip_format(&guard->addrs[i], text);
		if (len + 1 + strlen(text) + sizeof(MORE) > NFT_COMMENT_SIZE) {
			snprintf(ret + len, NFT_COMMENT_SIZE - len, "%s", MORE);
			return;
		}
		len += (size_t)snprintf(ret + len, NFT_COMMENT_SIZE - len, " %s", text);
	}
}

static int add_addresses(struct guard_elements *list, const struct guard *guard, struct error *err)
{
	const struct ip_addr link_local = make_link_local(guard->mac);
	int rc;

	if ((rc = add_port(list, GUARD_ADDRESSED, guard->port, err)) < 0 ||
	    (rc = add_mac(list, GUARD_OPTIONS, guard->port, guard->mac, err)) < 0 ||
	    (rc = add_ip(list, guard->port, &link_local, err)) < 0)
		return rc;
	for (size_t i = 0; i < guard->n && rc >= 0; i++)
		rc = add_ip(list, guard->port, &guard->addrs[i], err);
	return rc;
}

int guard_elements_make(const struct guard *guard, struct guard_elements *ret, struct error *err)
{
	int rc;

	*ret = (struct guard_elements){ 0 };
	make_note(guard, ret->note);
	rc = add_port(ret, GUARD_PORTS, guard->port, err);
	if (rc >= 0 && guard->mac)
		rc = add_mac(ret, GUARD_MACS, guard->port, guard->mac, err);
	if (rc >= 0 && guard->mac && guard->by_address)
		rc = add_addresses(ret, guard, err);
	return rc;
}

/* A note's parts, as make_note() puts them; false for anything else. */
static bool parse_note(char *note, struct mac *ret_mac, bool *ret_by_address,
		       struct ip_addr ret[static NFT_COMMENT_SIZE], size_t *ret_n)
{
	char *rest = note;
	const char *word = strsep(&rest, " ");

	if (mac_parse(word, ret_mac) < 0)
		return false;
	*ret_by_address = rest;
	if (rest && strcmp(strsep(&rest, " "), FROM) != 0)
		return false;
	while ((word = strsep(&rest, " ")))
		if (ip_parse(word, &ret[(*ret_n)++]) < 0)
			return false;
	return true;
}

int guard_elements_recall(const char *port, const char *note, struct guard_elements *ret,
			  struct error *err)
{
	autofree struct ip_addr *addrs = calloc(NFT_COMMENT_SIZE, sizeof(*addrs));
	struct guard guard = { .port = port, .addrs = addrs };
	char copy[NFT_COMMENT_SIZE];
	struct mac mac;
	int rc;

	*ret = (struct guard_elements){ 0 };
	if (!addrs)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot recall a source guard");
	snprintf(copy, sizeof(copy), "%s", note);
	if (strcmp(note, CLOSED) != 0) {
		if (!parse_note(copy, &mac, &guard.by_address, addrs, &guard.n))
			return 0;
		guard.mac = &mac;
	}
	rc = guard_elements_make(&guard, ret, err);
	return rc < 0 ? rc : 1;
}
