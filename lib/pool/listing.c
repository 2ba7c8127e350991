/* SPDX-License-Identifier: Apache-2.0 */
/* listing.c - names in a directory, each to be ticked off */

#include "listing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"

static int compare(const void *left, const void *right)
{
	return strcmp(((const struct pool_name *)left)->text,
		      ((const struct pool_name *)right)->text);
}

static bool is_wanted(const char *name)
{
	return *name != '.' || file_is_temporary(name);
}

static bool add(struct pool_listing *listing, const char *name)
{
	struct pool_name *items = array_grow(listing->items, listing->n, sizeof(*items));

	if (!items)
		return false;
	listing->items = items;
	items[listing->n].text = strdup(name);
	return items[listing->n].text && ++listing->n;
}

int pool_listing_read(int dir_fd, struct pool_listing *ret)
{
	autodir DIR *dir = file_open_dir(dir_fd);
	const struct dirent *entry;

	*ret = (struct pool_listing){ 0 };
	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir)))
		if (is_wanted(entry->d_name) && !add(ret, entry->d_name))
			return -ENOMEM;
	if (errno)
		return -errno;
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return 0;
}

struct pool_name *pool_listing_find(const struct pool_listing *listing, const char *name)
{
	const struct pool_name key = { .text = (char *)name };

	return listing->n ? bsearch(&key, listing->items, listing->n, sizeof(key), compare) : NULL;
}

void pool_listing_done(struct pool_listing *listing)
{
	for (size_t i = 0; i < listing->n; i++)
		free(listing->items[i].text);
	free(listing->items);
	*listing = (struct pool_listing){ 0 };
}
