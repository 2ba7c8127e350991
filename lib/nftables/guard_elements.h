/* SPDX-License-Identifier: Apache-2.0 */
/* guard_elements.h - which elements a guarded port has, and the note by which they are found */
#pragma once

#include "guard_rules.h"

/* An element of one of the sets. */
struct guard_element {
	enum guard_set set;
	struct nft_key key;
};

/*
 * The elements of a port.
 * @items, @n: array, owned; the port itself is the first
 * @note: comment of the port's element: "closed", or its MAC address, or that and "from"
 *        and the IP addresses; with "..." at the end where these did not fit
 */
struct guard_elements {
	struct guard_element *items;
	size_t n;
	char note[NFT_COMMENT_SIZE];
};

/* guard_elements_make() - those that a port should have; Return: 0 or -ENOMEM */
int guard_elements_make(const struct guard *guard, struct guard_elements *ret, struct error *err);

/*
 * guard_elements_recall() - those that a note tells of
 *
 * Return: 1 these are all, 0 the note does not tell, or -ENOMEM.
 */
int guard_elements_recall(const char *port, const char *note, struct guard_elements *ret,
			  struct error *err);

/* guard_elements_add() - append one; Return: 0 or -ENOMEM */
int guard_elements_add(struct guard_elements *list, enum guard_set set, const struct nft_key *key,
		       struct error *err);

void guard_elements_done(struct guard_elements *list);
