/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h - names in a directory, each to be ticked off */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* @used: somebody needs it */
struct pool_name {
	char *text;
	bool used;
};

/* @items, @n: owned, in order */
struct pool_listing {
	struct pool_name *items;
	size_t n;
};

/*
 * pool_listing_read() - all names of a directory but those that begin with a dot
 *
 * Temporary files are listed nevertheless. Return: 0 or a negative errno;
 * pool_listing_done() releases it either way.
 */
int pool_listing_read(int dir_fd, struct pool_listing *ret);

/* pool_listing_find() - Return: the item of that name, or NULL */
struct pool_name *pool_listing_find(const struct pool_listing *listing, const char *name);

/* pool_listing_done() - release; accepts a zeroed one */
void pool_listing_done(struct pool_listing *listing);
