/* SPDX-License-Identifier: Apache-2.0 */
/* find.c - addresses of an attachment, without the lock */

#include "cbr/pool/find.h"

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "faults.h"
#include "give_back.h"
#include "scan.h"
#include "unread.h"

/*
 * A scan of the store for @owner.
 * @unreadable: files that nobody could read, @failed: that only we could not
 * @no_memory: something found could not be kept
 */
struct search {
	const struct pool_store *store;
	const struct pool_owner *owner;
	struct pool_found found;
	struct pool_faults unreadable;
	struct pool_faults failed;
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

	if (pool_is_unreadable(content))
		pool_faults_add(&search->unreadable, search->store, "read", addr, -content);
	else if (content < 0 && content != -ENOENT)
		pool_faults_add(&search->failed, search->store, "read", addr, -content);
	if (content == POOL_OWNED && pool_owner_matches(&owner, search->owner))
		keep(search, addr, *owner.ifname);
}

static int compare(const void *left, const void *right)
{
	const struct pool_held *a = left;
	const struct pool_held *b = right;

	return a->exact != b->exact ? b->exact - a->exact : ip_compare(&a->addr, &b->addr);
}

/* By the record alone. Return: does all that it says agree with the address files? */
static bool find_on_record(struct search *search)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };

	if (pool_record_load(search->store, search->owner, &record) <= 0 || !record.n)
		return false;
	for (size_t i = 0; i < record.n; i++) {
		if (!pool_is_held(search->store, &record.addrs[i], &record))
			return false;
		keep(search, &record.addrs[i], true);
	}
	return true;
}

/* Return: as pool_store_find() */
static int finish(struct search *search, int rc, struct pool_found *ret, struct error *err)
{
	*ret = search->found;
	ret->unreadable = search->unreadable.n;
	ret->why = search->unreadable.first;
	if (rc < 0)
		return rc;
	if (search->no_memory)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot search %s",
				   search->store->path);
	rc = pool_faults_report(&search->failed, err);
	if (rc < 0)
		return rc;
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	return 0;
}

int pool_scan(const struct pool_store *store, const struct pool_owner *owner,
	      struct pool_found *ret, struct error *err)
{
	struct search search = { .store = store, .owner = owner };

	return finish(&search, pool_store_each(store, look_at, &search, err), ret, err);
}

int pool_store_find(const struct pool_store *store, const struct pool_owner *owner,
		    struct pool_found *ret, struct error *err)
{
	struct search search = { .store = store, .owner = owner };

	if (find_on_record(&search))
		return finish(&search, 0, ret, err);
	free(search.found.items);
	return pool_scan(store, owner, ret, err);
}

void pool_found_done(struct pool_found *found)
{
	free(found->items);
	*found = (struct pool_found){ 0 };
}
