/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rebuild.c - make the records agree with the address files, after others changed these
 *
 * Whoever writes a file holds the lock meanwhile, as we do now; so a file without content
 * is left from one who died, and temporary names are nobody's.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "give_back.h"
#include "index.h"

/* An address and whose file it has. @container_id, @ifname: @text's; owned */
struct holding {
	struct ip_addr addr;
	struct pool_owner owner;
	char *text;
};

/* A pool_rebuild() in work. */
struct rebuild {
	struct pool_store *store;
	const struct pool_world *world;
	struct pool_index *index;
	struct pool_news *news;
	struct holding *holdings;
	size_t n;
};

static void rebuild_done(struct rebuild *rebuild)
{
	for (size_t i = 0; i < rebuild->n; i++)
		free(rebuild->holdings[i].text);
	free(rebuild->holdings);
}

static void keep(struct rebuild *rebuild, const struct ip_addr *addr,
		 const struct pool_owner *owner)
{
	const size_t id_size = strlen(owner->container_id) + 1;
	const size_t size = id_size + strlen(owner->ifname) + 1;
	struct holding *items = array_grow(rebuild->holdings, rebuild->n, sizeof(*items));
	char *text = malloc(size);

	if (items)
		rebuild->holdings = items;
	if (!items || !text) {
		free(text);
		pool_faults_add(&rebuild->index->faults, rebuild->store, "keep", addr, ENOMEM);
		return;
	}
	memcpy(text, owner->container_id, id_size);
	memcpy(text + id_size, owner->ifname, size - id_size);
	items[rebuild->n++] = (struct holding){ *addr, { text, text + id_size }, text };
}

static void look_at(const struct ip_addr *addr, void *arg)
{
	struct rebuild *rebuild = arg;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	const int content = pool_store_read(rebuild->store, addr, buf, &owner);

	if (content == POOL_BLANK && pool_store_remove(rebuild->store, addr) > 0) {
		rebuild->news->blank++;
		return;
	}
	if (content < 0)
		pool_faults_add(&rebuild->index->faults, rebuild->store, "read", addr, -content);
	if (content == POOL_OWNED)
		keep(rebuild, addr, &owner);
	pool_index_count(rebuild->index, addr, 1);
}

static int compare_owners(const struct pool_owner *a, const struct pool_owner *b)
{
	const int order = strcmp(a->container_id, b->container_id);

	return order ? order : strcmp(a->ifname, b->ifname);
}

static int compare(const void *left, const void *right)
{
	const struct holding *a = left;
	const struct holding *b = right;
	const int order = compare_owners(&a->owner, &b->owner);

	return order ? order : ip_compare(&a->addr, &b->addr);
}

static int compare_key(const void *key, const void *item)
{
	return compare_owners(key, &((const struct holding *)item)->owner);
}

static bool agrees(const struct pool_record *record, const struct holding *group, size_t n)
{
	if (record->n != n)
		return false;
	for (size_t i = 0; i < n; i++) {
		bool found = false;

		for (size_t j = 0; j < n && !found; j++)
			found = ip_equal(&record->addrs[j], &group[i].addr);
		if (!found)
			return false;
	}
	return true;
}

static bool is_of_earlier_boot(const struct rebuild *rebuild, const struct pool_record *record)
{
	return !rebuild->store->lasting && *rebuild->world->boot && *record->evidence.boot &&
	       strcmp(record->evidence.boot, rebuild->world->boot) != 0;
}

/* What can be known of reservations that somebody else made: when the last one was. */
static void note_stranger(const struct rebuild *rebuild, const struct holding *group, size_t n,
			  struct pool_record *record)
{
	struct timespec *latest = &record->evidence.time;

	record->evidence = POOL_EVIDENCE_NONE;
	record->evidence.boot = rebuild->world->boot;
	for (size_t i = 0; i < n; i++) {
		struct timespec time;

		if (pool_store_time(rebuild->store, &group[i].addr, &time) == 0 &&
		    (time.tv_sec > latest->tv_sec ||
		     (time.tv_sec == latest->tv_sec && time.tv_nsec > latest->tv_nsec)))
			*latest = time;
	}
}

/* All that one attachment holds. */
static void settle_group(struct rebuild *rebuild, const struct holding *group, size_t n)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	struct error ignored;
	const bool known = pool_record_load(rebuild->store, &group->owner, &record) > 0;

	if (known && is_of_earlier_boot(rebuild, &record)) {
		for (size_t i = 0; i < n; i++)
			if (pool_store_remove(rebuild->store, &group[i].addr) > 0) {
				pool_index_count(rebuild->index, &group[i].addr, -1);
				rebuild->news->earlier_boot++;
			}
		pool_record_remove(rebuild->store, &group->owner);
		return;
	}
	if (known && agrees(&record, group, n))
		return;
	if (!known)
		note_stranger(rebuild, group, n, &record);
	free(record.addrs);
	record.owner = group->owner;
	record.n = 0;
	record.addrs = calloc(n, sizeof(*record.addrs));
	for (size_t i = 0; record.addrs && i < n; i++)
		record.addrs[record.n++] = group[i].addr;
	if (!record.addrs || pool_record_save(rebuild->store, &record, &ignored) < 0)
		pool_faults_add(&rebuild->index->faults, rebuild->store, "note", &group->addr,
				record.addrs ? ignored.errnum : ENOMEM);
}

static void settle_all(struct rebuild *rebuild)
{
	size_t first = 0;

	if (rebuild->n)
		qsort(rebuild->holdings, rebuild->n, sizeof(*rebuild->holdings), compare);
	for (size_t i = 1; i <= rebuild->n; i++)
		if (i == rebuild->n || compare_owners(&rebuild->holdings[i].owner,
						      &rebuild->holdings[first].owner) != 0) {
			settle_group(rebuild, &rebuild->holdings[first], i - first);
			first = i;
		}
}

static void drop_if_empty(struct pool_record *record, void *arg)
{
	struct rebuild *rebuild = arg;

	if (!rebuild->n || !bsearch(&record->owner, rebuild->holdings, rebuild->n,
				    sizeof(*rebuild->holdings), compare_key))
		pool_record_remove(rebuild->store, &record->owner);
}

/* What one of us was writing when it died. */
static void remove_temporary_files(int dir_fd)
{
	autoclose int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	autodir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!dir)
		return;
	fd = -1; /* closed with dir */
	while ((entry = readdir(dir)))
		if (strncmp(entry->d_name, FILE_TEMPORARY_PREFIX, strlen(FILE_TEMPORARY_PREFIX)) ==
		    0)
			unlinkat(dir_fd, entry->d_name, 0);
}

int pool_rebuild(struct pool_store *store, const struct pool_world *world, struct pool_index *index,
		 struct pool_news *news, struct error *err)
{
	auto_with(rebuild_done) struct rebuild rebuild = { store, world, index, news, NULL, 0 };
	int rc;

	*index = (struct pool_index){ .searched_s = index->searched_s };
	if ((rc = pool_store_each(store, look_at, &rebuild, err)) < 0)
		return rc;
	settle_all(&rebuild);
	rc = pool_record_each(store, drop_if_empty, &rebuild, err);
	if (rc < 0)
		return rc;
	if (rc > 0)
		pool_record_drop_broken(store);
	remove_temporary_files(store->dir_fd);
	remove_temporary_files(store->records_fd);
	snprintf(index->boot, sizeof(index->boot), "%s", world->boot);
	index->current = !index->faults.n;
	return 0;
}
