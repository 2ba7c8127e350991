/* SPDX-License-Identifier: Apache-2.0 */
/* find.h - which addresses an attachment holds, and giving them back */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/alloc.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

/*
 * @addr: an address that an attachment holds
 * @exact: on record with its interface; else for its container only
 */
struct pool_held {
	struct ip_addr addr;
	bool exact;
};

/*
 * @items, @n: owned; exact ones first, then ascending
 * @unreadable: how many files could not be read, each of which may be its as well
 * @why: the first of these errors
 */
struct pool_found {
	struct pool_held *items;
	size_t n;
	size_t unreadable;
	struct error why;
};

/*
 * pool_store_find() - all addresses of an attachment
 *
 * By its record if that and the address files agree, else by reading every file. Needs
 * no lock.
 *
 * Return: 0 and *ret, also if nothing is found; negative if the directory cannot be
 * read. Release it with pool_found_done() either way.
 */
int pool_store_find(const struct pool_store *store, const struct pool_owner *owner,
		    struct pool_found *ret, struct error *err);

/* pool_found_done() - release; accepts a zeroed one */
void pool_found_done(struct pool_found *found);

/*
 * pool_release() - give back all addresses of an attachment
 * @news: @unreadable is set where nothing was found, and files that cannot be read are left
 *
 * Records without an interface are taken for its own only if it has no others, as
 * host-local does. The lock must be held.
 *
 * Return: 1 some were released, 0 it has none as far as anybody can know, or negative: a file
 * could not be removed.
 */
int pool_release(struct pool_store *store, const struct pool_owner *owner,
		 const struct pool_world *world, struct pool_news *news, struct error *err);
