/* SPDX-License-Identifier: Apache-2.0 */
/* release.c - give back the addresses of an attachment */

#include "cbr/base/cleanup.h"
#include "cbr/pool/find.h"
#include "give_back.h"
#include "index.h"
#include "rest.h"
#include "scan.h"
#include "unread.h"

/* Remove the items from the first one on that are as exact as that. */
static int remove_items(struct pool_store *store, const struct pool_found *found,
			const struct pool_owner *owner, struct error *err)
{
	struct pool_faults faults = { 0 };
	int rc;

	for (size_t i = 0; i < found->n && found->items[i].exact == found->items[0].exact; i++) {
		const struct ip_addr *addr = &found->items[i].addr;

		pool_rest_begin(store, addr, owner);
		rc = pool_store_remove(store, addr);
		if (rc < 0)
			pool_faults_add(&faults, store, "remove", addr, -rc);
	}
	rc = pool_faults_report(&faults, err);
	return rc < 0 ? rc : found->n > 0;
}

/* What the record tells of beyond that, if anybody can read it. Return: as pool_release() */
static int release_unread(struct pool_store *store, const struct pool_owner *owner,
			  struct pool_index *index, struct error *err)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	struct pool_faults faults = { 0 };
	size_t removed;
	int rc = pool_record_load(store, owner, &record);

	if (rc < 0 && !pool_is_unreadable(rc))
		return error_errno(err, ERROR_SYSTEM, -rc,
				   "cannot read what is on record of container %s in %s",
				   owner->container_id, store->path);
	if (rc <= 0)
		return 0;
	removed = pool_give_back(store, &record, true, index, &faults);
	rc = pool_faults_report(&faults, err);
	return rc < 0 ? rc : removed > 0;
}

/*
 * By reading every file. One that cannot be read is this attachment's if its record says so.
 * If nobody knows whose it is, to refuse would make each DEL on the node fail, those of
 * attachments that hold nothing among them: it is told, and GC or a reboot takes it back.
 */
static int release_found(struct pool_store *store, const struct pool_owner *owner,
			 struct pool_index *index, struct pool_news *news, struct error *err)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	int rc = pool_scan(store, owner, &found, err);
	int more = 0;

	index->current = false;
	if (rc < 0)
		return rc;
	rc = remove_items(store, &found, owner, err);
	if (rc >= 0 && found.unreadable)
		more = release_unread(store, owner, index, err);
	if (rc < 0 || more < 0)
		return rc < 0 ? rc : more;
	if (!rc && !more)
		news->unreadable = found.unreadable;
	pool_record_remove(store, owner);
	return rc || more;
}

/* Without a whole record it has nothing, unless there is one that somebody damaged. */
static int release_unrecorded(struct pool_store *store, const struct pool_owner *owner,
			      struct pool_index *index, struct pool_news *news, struct error *err)
{
	const struct pool_owner bare = { owner->container_id, "" };

	/* It may be readable by now, which changes nothing that the index goes by. */
	if (pool_record_remove(store, owner) <= 0 && pool_record_remove(store, &bare) <= 0 &&
	    !index->unreadable)
		return 0;
	return release_found(store, owner, index, news, err);
}

/*
 * All is on record. If that cannot be read now, the address files tell as well, and no more is
 * needed to give back. Return: as pool_release()
 */
static int release_on_record(struct pool_store *store, const struct pool_owner *owner,
			     struct pool_index *index, struct pool_news *news, struct error *err)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	const struct pool_owner bare = { owner->container_id, "" };
	struct pool_faults faults = { 0 };
	size_t removed;
	int rc = pool_record_load(store, owner, &record);

	if (rc == 0)
		rc = pool_record_load(store, &bare, &record);
	if (rc < 0)
		return release_found(store, owner, index, news, err);
	if (rc == 0)
		return release_unrecorded(store, owner, index, news, err);
	removed = pool_give_back(store, &record, true, index, &faults);
	rc = pool_faults_report(&faults, err);
	return rc < 0 ? rc : removed > 0;
}

int pool_release(struct pool_store *store, const struct pool_owner *owner,
		 const struct pool_world *world, struct pool_news *news, struct error *err)
{
	struct pool_index index;
	int rc;

	pool_index_read(store, world, &index);
	if (!index.current)
		rc = release_found(store, owner, &index, news, err);
	else
		rc = release_on_record(store, owner, &index, news, err);
	/* Whoever was killed at work on this attachment may never be followed by another. */
	pool_store_tidy(store);
	if (rc > 0)
		pool_index_write(store, &index);
	if (rc > 0 && pool_store_sync(store, err) < 0)
		return -err->errnum;
	return rc;
}
