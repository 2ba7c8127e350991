/* SPDX-License-Identifier: Apache-2.0 */
/* repair.c - put right what an audit finds */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "audit.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "give_back.h"
#include "index.h"
#include "names.h"

struct repair {
	struct pool_store *store;
	const struct pool_world *world;
	struct pool_index index;
	struct pool_faults faults;
	struct deadline end;
	bool more;
};

/* @name: below the network's directory, what is there is no directory of ours */
static int remove_name(const struct pool_store *store, const char *name)
{
	if (unlinkat(store->dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* An empty directory does no harm anywhere else, so it may be one that was planted. */
	return errno == EISDIR && unlinkat(store->dir_fd, name, AT_REMOVEDIR) == 0 ? 0 : -errno;
}

/* Nothing of what such names stand for is in use, and all of it is made anew. */
static bool is_rubbish(const struct pool_finding *finding)
{
	switch (finding->trouble) {
	case POOL_BROKEN_RECORD:
	case POOL_TEMPORARY:
	case POOL_BAD_CURSOR:
	case POOL_BAD_STATE:
		return true;
	default:
		return false;
	}
}

int pool_repair_names(const struct pool_store *store, const struct pool_world *world,
		      struct error *err)
{
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };
	struct pool_faults faults = { 0 };
	int rc = pool_audit_read_shallow(store, world, &audit, err);

	for (size_t i = 0; i < audit.n_findings && rc >= 0; i++) {
		const char *name = audit.findings[i].name;
		int failed = is_rubbish(&audit.findings[i]) ? remove_name(store, name) : 0;

		if (failed < 0 && !faults.n++)
			error_errno(&faults.first, ERROR_SYSTEM, -failed, "cannot remove %s/%s",
				    store->path, name);
	}
	return rc < 0 ? rc : pool_faults_report(&faults, err);
}

static bool is_time_up(const struct repair *repair)
{
	return repair->store->slice_ms && deadline_left_ms(&repair->end) == 0;
}

static bool look_at(struct pool_record *record, void *arg)
{
	struct repair *repair = arg;

	if (repair->world->life(record, repair->world->arg) != POOL_DEAD)
		return true;
	pool_give_back(repair->store, record, true, &repair->index, &repair->faults);
	/* Over errors it goes on, or the same ones would end each slice. */
	repair->more = !repair->faults.n && is_time_up(repair);
	return !repair->more;
}

static int repair_all(struct repair *repair, struct error *err)
{
	struct pool_news ignored = { 0 };
	int rc;

	if (!repair->index.current) {
		rc = pool_rebuild(repair->store, repair->world, NULL, &repair->index, &ignored,
				  err);
		if (rc < 0)
			return rc;
		repair->more = repair->index.unfinished && !repair->index.faults.n;
		/* What is noted need not be done again by the next slice. */
		if (repair->more ||
		    (is_time_up(repair) && pool_index_write(repair->store, &repair->index))) {
			repair->more = true;
			return 0;
		}
	}
	return pool_record_each(repair->store, look_at, repair, err);
}

int pool_repair(struct pool_store *store, const struct pool_world *world, bool again,
		bool *ret_more, struct error *err)
{
	struct repair repair = { .store = store, .world = world };
	int rc;

	repair.end = deadline_in(store->slice_ms);
	if (again)
		pool_index_read(store, world, &repair.index);
	rc = repair_all(&repair, err);
	pool_index_write(store, &repair.index);
	*ret_more = rc >= 0 && repair.more;
	if (rc >= 0)
		rc = pool_faults_report(&repair.faults, err);
	if (rc >= 0)
		rc = pool_faults_report(&repair.index.faults, err);
	return rc < 0 ? rc : pool_store_sync(store, err);
}

int pool_discard(struct pool_store *store, const struct ip_addr *addr,
		 const struct pool_world *world, struct error *err)
{
	char buf[POOL_OWNER_SIZE];
	char name[IP_TEXT_SIZE];
	struct pool_owner owner;
	struct pool_index index;
	int rc = pool_store_read(store, addr, buf, &owner);

	if (rc == -ENOENT)
		return 0;
	ip_format(addr, name);
	if (rc == POOL_OWNED)
		return error_set(err, ERROR_CONFLICT, "%s is of container %s", name,
				 owner.container_id);
	pool_index_read(store, world, &index);
	rc = remove_name(store, name);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot remove %s/%s", store->path,
				   name);
	pool_index_count(&index, addr, -1);
	pool_index_write(store, &index);
	rc = pool_store_sync(store, err);
	return rc < 0 ? rc : 1;
}
