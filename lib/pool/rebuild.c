/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rebuild.c - make the records agree with the address files, after others changed these
 *
 * Whoever writes a file holds the lock meanwhile, as we do now; so a file without content
 * is left from one who died, and temporary names are nobody's.
 *
 * Where others left tens of thousands, making records of them may take longer than anybody
 * waits for the lock. So it is done a slice at a time, by as many calls as it takes; until
 * then each of them reads all address files.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "give_back.h"
#include "index.h"
#include "listing.h"
#include "names.h"
#include "rest.h"
#include "unread.h"

/* An address and whose file it has since @time. @owner: @text's, which is owned */
struct holding {
	struct ip_addr addr;
	struct timespec time;
	struct pool_owner owner;
	char *text;
};

/*
 * A pool_rebuild() in work.
 * @container_id: whose attachments come first, or NULL
 * @holdings, @n: what the address files say, and the records in place of those that nobody can read
 * @unread: these
 * @records: names of all records
 * @has_begun, @end: something was changed, and by then it is enough
 */
struct rebuild {
	struct pool_store *store;
	const struct pool_world *world;
	const char *container_id;
	struct pool_index *index;
	struct pool_news *news;
	struct holding *holdings;
	size_t n;
	struct pool_unread unread;
	struct pool_listing records;
	bool has_begun;
	struct deadline end;
};

static void rebuild_done(struct rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->n; i++)
		free(rebuild->holdings[i].text);
	free(rebuild->holdings);
	pool_unread_done(&rebuild->unread);
	pool_listing_done(&rebuild->records);
}

/*
 * After a change: what it takes to look at everything is not counted, so that each call
 * brings it on.
 */
static void spend(struct rebuild *rebuild)
{
	if (!rebuild->has_begun)
		rebuild->end = deadline_in(rebuild->store->slice_ms);
	rebuild->has_begun = true;
	if (rebuild->store->slice_ms && deadline_left_ms(&rebuild->end) == 0)
		rebuild->index->unfinished = true;
}

static void keep(struct rebuild *rebuild, const struct ip_addr *addr,
		 const struct pool_owner *owner, const struct timespec *time)
{
	struct holding holding = { .addr = *addr, .time = *time };
	struct holding *items = array_grow(rebuild->holdings, rebuild->n, sizeof(*items));

	holding.text = pool_owner_copy(owner, &holding.owner);
	if (items)
		rebuild->holdings = items;
	if (!items || !holding.text) {
		free(holding.text);
		pool_faults_add(&rebuild->index->faults, rebuild->store, "keep", addr, ENOMEM);
		return;
	}
	items[rebuild->n++] = holding;
}

static void look_at(const struct ip_addr *addr, void *arg)
{
	struct rebuild *rebuild = arg;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	struct timespec time;
	const int content = pool_store_read_time(rebuild->store, addr, buf, &owner, &time);

	if (content == POOL_BLANK && pool_store_remove(rebuild->store, addr) > 0) {
		rebuild->news->blank++;
		return;
	}
	if (content == POOL_OWNED)
		keep(rebuild, addr, &owner, &time);
	else if (content < 0 && (!pool_is_unreadable(content) ||
				 pool_unread_add(rebuild->store, &rebuild->unread, addr) < 0))
		pool_faults_add(&rebuild->index->faults, rebuild->store, "read", addr, -content);
	pool_index_count(rebuild->index, addr, 1);
}

static void keep_unread(const struct pool_unread_file *file, const struct pool_record *record,
			void *arg)
{
	keep(arg, &file->addr, &record->owner, &file->time);
}

static bool is_before_this_boot(const struct rebuild *rebuild, const struct timespec *time)
{
	struct pool_record record = { .owner = { "", "" }, .evidence = POOL_EVIDENCE_NONE };

	/* Not even that could be known. */
	if (!time->tv_sec)
		return false;
	record.evidence.boot = rebuild->world->boot;
	record.evidence.time = *time;
	return rebuild->world->life(&record, rebuild->world->arg) == POOL_DEAD;
}

/*
 * Of a file that nobody can read and no record tells of, all that is known is its time. If
 * that was before this boot nobody needs it, whoever made it. Any other may be of a living
 * pod that host-local made: it stays until GC has seen to all that live, or a reboot.
 */
static void settle_unread(struct rebuild *rebuild)
{
	pool_unread_match(rebuild->store, &rebuild->unread, keep_unread, rebuild);
	for (size_t i = 0; i < rebuild->unread.n; i++) {
		const struct pool_unread_file *file = &rebuild->unread.items[i];

		if (file->known)
			continue;
		if (is_before_this_boot(rebuild, &file->time) &&
		    pool_store_remove(rebuild->store, &file->addr) > 0) {
			pool_index_count(rebuild->index, &file->addr, -1);
			rebuild->news->earlier_boot++;
		} else {
			rebuild->index->unreadable++;
		}
	}
	rebuild->news->unreadable = rebuild->index->unreadable;
}

static int compare(const void *left, const void *right)
{
	const struct holding *a = left;
	const struct holding *b = right;
	const int order = pool_owner_compare(&a->owner, &b->owner);

	return order ? order : ip_compare(&a->addr, &b->addr);
}

static bool is_of_earlier_boot(const struct rebuild *rebuild, const struct pool_record *record)
{
	return !rebuild->store->lasting && *rebuild->world->boot && *record->evidence.boot &&
	       strcmp(record->evidence.boot, rebuild->world->boot) != 0;
}

/*
 * Does the record tell of all that the attachment holds? If not, somebody else reserved for
 * one of the same name: whether that lives is not to be seen by this record.
 */
static bool is_own(const struct pool_record *record, const struct holding *group, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!pool_record_covers(record, &group[i].addr, &group[i].time))
			return false;
	return true;
}

/* What can be known of reservations that somebody else made: when the last one was. */
static void note_stranger(const struct rebuild *rebuild, const struct holding *group, size_t n,
			  struct pool_record *record)
{
	record->evidence = POOL_EVIDENCE_NONE;
	record->evidence.boot = rebuild->world->boot;
	for (size_t i = 0; i < n; i++)
		if (clock_is_before(&record->evidence.time, &group[i].time))
			record->evidence.time = group[i].time;
}

static void remove_group(struct rebuild *rebuild, const struct holding *group, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pool_store_remove(rebuild->store, &group[i].addr) > 0) {
			pool_index_count(rebuild->index, &group[i].addr, -1);
			rebuild->news->earlier_boot++;
		}
	pool_record_remove(rebuild->store, &group->owner);
}

static void save_group(struct rebuild *rebuild, const struct holding *group, size_t n,
		       struct pool_record *record)
{
	struct error ignored;

	free(record->addrs);
	record->owner = group->owner;
	record->n = 0;
	record->addrs = calloc(n, sizeof(*record->addrs));
	for (size_t i = 0; record->addrs && i < n; i++)
		record->addrs[record->n++] = group[i].addr;
	if (!record->addrs || pool_record_save(rebuild->store, record, &ignored) < 0)
		pool_faults_add(&rebuild->index->faults, rebuild->store, "note", &group->addr,
				record->addrs ? ignored.errnum : ENOMEM);
}

/* All that one attachment holds. */
static void settle_group(struct rebuild *rebuild, const struct holding *group, size_t n)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	struct pool_name *listed;
	char name[NAME_MAX + 1];
	bool known;
	int rc;

	pool_record_name(&group->owner, name);
	listed = pool_listing_find(&rebuild->records, name);
	rc = listed ? pool_record_load(rebuild->store, &group->owner, &record) : 0;
	known = rc > 0 && is_own(&record, group, n);
	if (listed)
		listed->used = true;
	/* It is not to be replaced: nothing else may tell the living from the dead. */
	if (rc < 0) {
		pool_faults_add_record(&rebuild->index->faults, rebuild->store, "read",
				       &group->owner, -rc);
		return;
	}
	if (known && is_of_earlier_boot(rebuild, &record)) {
		remove_group(rebuild, group, n);
		spend(rebuild);
		return;
	}
	if (known && record.n == n)
		return;
	if (!known)
		note_stranger(rebuild, group, n, &record);
	save_group(rebuild, group, n, &record);
	spend(rebuild);
}

static bool is_first(const struct rebuild *rebuild, const struct holding *group)
{
	return rebuild->container_id &&
	       strcmp(group->owner.container_id, rebuild->container_id) == 0;
}

static void settle_all(struct rebuild *rebuild)
{
	size_t first = 0;

	if (rebuild->n)
		qsort(rebuild->holdings, rebuild->n, sizeof(*rebuild->holdings), compare);
	for (size_t i = 1; i <= rebuild->n; i++) {
		const struct holding *group = &rebuild->holdings[first];

		if (i < rebuild->n &&
		    pool_owner_compare(&rebuild->holdings[i].owner, &group->owner) == 0)
			continue;
		if (!rebuild->index->unfinished || is_first(rebuild, group))
			settle_group(rebuild, group, i - first);
		first = i;
	}
}

/*
 * host-local gave it back, a while ago at most: its peers remember the address all the same.
 * Return: may the record go? Not if we had nothing to read it with: it may be of a file that
 * cannot be read.
 */
static bool rest(const struct rebuild *rebuild, const char *name)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	const int rc = pool_record_load_named(rebuild->store->records_fd, name, &record);

	if (rc <= 0)
		return rc == 0 || pool_is_unreadable(rc);
	if (strcmp(record.evidence.boot, rebuild->world->boot) != 0)
		return true;
	for (size_t i = 0; i < record.n; i++)
		if (!pool_store_has(rebuild->store, &record.addrs[i]))
			pool_rest_begin(rebuild->store, &record.addrs[i], &record.owner);
	return true;
}

/* Records of those who hold nothing, what is no record, what one of us was writing when it died. */
static void remove_unused(struct rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->records.n && !rebuild->index->unfinished; i++) {
		const struct pool_name *name = &rebuild->records.items[i];

		if (name->used)
			continue;
		if (rest(rebuild, name->text) &&
		    unlinkat(rebuild->store->records_fd, name->text, 0) == 0)
			spend(rebuild);
	}
}

/* What one of us was writing when it died. */
static void remove_temporary_files(int dir_fd)
{
	autodir DIR *dir = file_open_dir(dir_fd);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (file_is_temporary(entry->d_name))
			unlinkat(dir_fd, entry->d_name, 0);
}

int pool_rebuild(struct pool_store *store, const struct pool_world *world, const char *container_id,
		 struct pool_index *index, struct pool_news *news, struct error *err)
{
	auto_with(rebuild_done) struct rebuild rebuild = {
		.store = store,
		.world = world,
		.container_id = container_id,
		.index = index,
		.news = news,
	};
	int rc;

	*index = (struct pool_index){ .searched_s = index->searched_s };
	rc = pool_listing_read(store->records_fd, &rebuild.records);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot list %s/" POOL_RECORDS_NAME,
				   store->path);
	rc = pool_store_each(store, look_at, &rebuild, err);
	/* Whose file was not read, for want of something, holds less than his record says. */
	if (rc < 0 || index->faults.n)
		return rc;
	settle_unread(&rebuild);
	settle_all(&rebuild);
	remove_unused(&rebuild);
	remove_temporary_files(store->dir_fd);
	snprintf(index->boot, sizeof(index->boot), "%s", world->boot);
	index->current = !index->faults.n && !index->unfinished;
	return 0;
}
