/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.c - what is dead, and taking it back */

#include "cbr/pool/reclaim.h"

#include <string.h>

#include "cbr/base/cleanup.h"
#include "give_back.h"
#include "index.h"

struct sweep {
	struct pool_store *store;
	const struct pool_census *census;
	const struct pool_world *world;
	struct pool_index index;
	struct pool_reclaimed done;
	struct pool_faults faults;
};

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* By the clock that nobody sets, where that was noted. */
static bool was_known(const struct sweep *sweep, const struct pool_evidence *evidence)
{
	if (evidence->since_boot_ns && strcmp(evidence->boot, sweep->world->boot) == 0)
		return evidence->since_boot_ns < sweep->census->start_ns;
	return is_before(&evidence->time, &sweep->census->start);
}

static void look_at(struct pool_record *record, void *arg)
{
	struct sweep *sweep = arg;

	if (!was_known(sweep, &record->evidence) ||
	    sweep->census->is_listed(&record->owner, sweep->census->arg))
		return;
	if (sweep->world->life(record, sweep->world->arg) == POOL_ALIVE)
		sweep->done.alive++;
	else
		sweep->done.news.dead += pool_give_back(sweep->store, record, true, &sweep->index,
							&sweep->faults);
}

int pool_reclaim(struct pool_store *store, const struct pool_census *census,
		 const struct pool_world *world, struct pool_reclaimed *ret, struct error *err)
{
	struct sweep sweep = { .store = store, .census = census, .world = world };
	int rc = 0;

	pool_index_read(store, world, &sweep.index);
	if (!sweep.index.current)
		rc = pool_rebuild(store, world, &sweep.index, &sweep.done.news, err);
	if (rc >= 0)
		rc = pool_record_each(store, look_at, &sweep, err);
	/* Somebody damaged records: what they were of is known by the address files alone. */
	if (rc > 0 && (rc = pool_rebuild(store, world, &sweep.index, &sweep.done.news, err)) >= 0)
		rc = pool_record_each(store, look_at, &sweep, err);
	pool_store_tidy(store);
	pool_index_write(store, &sweep.index);
	*ret = sweep.done;
	if (rc >= 0)
		rc = pool_faults_report(&sweep.faults, err);
	if (rc >= 0)
		rc = pool_faults_report(&sweep.index.faults, err);
	return rc < 0 ? rc : pool_store_sync(store, err);
}
