/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - addresses of an attachment */

#include "cbr/pool/find.h"

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "faults.h"

/*
 * A scan of the store for @owner.
 * @no_memory: something found could not be kept
 */
struct search {
	const struct pool_store *store;
	const struct pool_owner *owner;
	struct pool_found found;
	struct pool_faults unreadable;
	bool no_memory;
};

static void keep(struct search *search, const struct ip_addr *addr, bool exact)
{
	struct pool_found *found = &search->found;
	struct pool_held *items = array_grow(found->items, found->n, sizeof(*items));

	if (!items) {
		search->no_memory = true;
		return;
	}
	found->items = items;
	items[found->n++] = (struct pool_held){ *addr, exact };
}

static void look_at(const struct ip_addr *addr, void *arg)
{
	struct search *search = arg;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	int content = pool_store_read(search->store, addr, buf, &owner);

	if (content < 0 && content != -ENOENT)
		pool_faults_add(&search->unreadable, search->store, "read", addr, -content);
	if (content == POOL_OWNED && pool_owner_matches(&owner, search->owner))
		keep(search, addr, *owner.ifname);
}

static int compare(const void *left, const void *right)
{
	const struct pool_held *a = left;
	const struct pool_held *b = right;

	return a->exact != b->exact ? b->exact - a->exact : ip_compare(&a->addr, &b->addr);
}

int pool_store_find(const struct pool_store *store, const struct pool_owner *owner,
		    struct pool_found *ret, struct error *err)
{
	struct search search = { .store = store, .owner = owner };
	int rc = pool_store_each(store, look_at, &search, err);

	*ret = search.found;
	ret->unreadable = search.unreadable.n;
	ret->why = search.unreadable.first;
	if (rc < 0)
		return rc;
	if (search.no_memory)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot search %s", store->path);
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return 0;
}

void pool_found_done(struct pool_found *found)
{
	free(found->items);
	*found = (struct pool_found){ 0 };
}

/* Remove the items from the first one on that are as exact as that. */
static int remove_items(struct pool_store *store, const struct pool_found *found, struct error *err)
{
	struct pool_faults faults = { 0 };
	int rc;

	for (size_t i = 0; i < found->n && found->items[i].exact == found->items[0].exact; i++) {
		rc = pool_store_remove(store, &found->items[i].addr);
		if (rc < 0)
			pool_faults_add(&faults, store, "remove", &found->items[i].addr, -rc);
	}
	rc = pool_faults_report(&faults, err);
	return rc < 0 ? rc : found->n > 0;
}

int pool_release(struct pool_store *store, const struct pool_owner *owner, struct error *err)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	int rc = pool_store_find(store, owner, &found, err);

	if (rc < 0)
		return rc;
	if (!found.n && found.unreadable) {
		*err = found.why;
		return error_hint(err,
				  "an address of container %s may be in there: repair or "
				  "remove the file",
				  owner->container_id);
	}
	return remove_items(store, &found, err);
}
