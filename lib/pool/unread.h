/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unread.h - address files that cannot be read: whose are they?
 *
 * A bad block, a file of another user. The record of an attachment may tell of the address;
 * where none does, nothing is known but when the file was written.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

/* @time: of its last modification; @known: some record tells of it */
struct pool_unread_file {
	struct ip_addr addr;
	struct timespec time;
	bool known;
};

/* @items, @n: owned */
struct pool_unread {
	struct pool_unread_file *items;
	size_t n;
};

/*
 * pool_is_unreadable() - is the file at fault?
 * @content: what pool_store_read() returned
 *
 * Else it could be read, is gone, or we have no memory or no descriptors to read it with.
 */
bool pool_is_unreadable(int content);

/* pool_unread_add() - one more; Return: 0 or -ENOMEM */
int pool_unread_add(const struct pool_store *store, struct pool_unread *unread,
		    const struct ip_addr *addr);

/*
 * pool_unread_match() - which of them are on record?
 * @fn: called for each, with the record that tells of it; may be NULL
 */
void pool_unread_match(struct pool_store *store, struct pool_unread *unread,
		       void (*fn)(const struct pool_unread_file *file,
				  const struct pool_record *record, void *arg),
		       void *arg);

/*
 * pool_unread_list() - all there are, matched
 *
 * Return: 0 or negative; pool_unread_done() releases it either way.
 */
int pool_unread_list(struct pool_store *store, struct pool_unread *ret, struct error *err);

/* pool_unread_done() - release; accepts a zeroed one */
void pool_unread_done(struct pool_unread *unread);
