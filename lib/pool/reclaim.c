/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.c - what is dead, and taking it back */

#include "cbr/pool/reclaim.h"

#include <string.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "give_back.h"
#include "index.h"
#include "unread.h"

/* What two clocks that were read one after the other, one of them coarse, may differ by. */
#define CLOCK_SLACK_MS 1000

#define FAR_MS (24LL * 3600 * 1000)

#define NS_PER_S 1000000000LL
#define NS_PER_MS 1000000LL

/* @n_seen: attachments that are listed, and hold something */
struct sweep {
	struct pool_store *store;
	const struct pool_census *census;
	const struct pool_world *world;
	struct pool_index index;
	struct pool_reclaimed done;
	struct pool_faults faults;
	struct deadline end;
	size_t n_seen;
};

/* By how much the clock was set since the census, negative: back. */
static int64_t clock_set_ms(const struct pool_census *census)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return clock_age_ms(&census->start) -
	       (now.tv_sec * NS_PER_S + now.tv_nsec - census->start_ns) / NS_PER_MS;
}

/*
 * What is of a time far to come was made while the clock was ahead, before the census; unless
 * the clock is being set in these very moments. What is nearer, as by the clock of a file
 * server, is of the past soon.
 */
static bool is_from_the_future(const struct sweep *sweep, const struct timespec *time)
{
	const int64_t set_ms = clock_set_ms(sweep->census);

	return clock_age_ms(time) < -FAR_MS && set_ms > -CLOCK_SLACK_MS && set_ms < CLOCK_SLACK_MS;
}

/* By the clock that nobody sets, where that was noted. */
static bool was_known(const struct sweep *sweep, const struct pool_evidence *evidence)
{
	if (evidence->since_boot_ns && *evidence->boot && *sweep->world->boot)
		return strcmp(evidence->boot, sweep->world->boot) != 0 ||
		       evidence->since_boot_ns < sweep->census->start_ns;
	/* By a clock that was set back since, what is new would seem to be older. */
	if (clock_set_ms(sweep->census) < -CLOCK_SLACK_MS)
		return false;
	return clock_is_before(&evidence->time, &sweep->census->start) ||
	       is_from_the_future(sweep, &evidence->time);
}

static bool is_time_up(const struct sweep *sweep)
{
	return sweep->store->slice_ms && deadline_left_ms(&sweep->end) == 0;
}

static bool look_at(struct pool_record *record, void *arg)
{
	struct sweep *sweep = arg;
	const bool listed = sweep->census->is_listed(&record->owner, sweep->census->arg);
	enum pool_life life;

	/* One without interface is of any of those that are listed for its container. */
	if (listed && *record->owner.ifname)
		sweep->n_seen++;
	if (listed || !was_known(sweep, &record->evidence))
		return true;
	life = sweep->world->life(record, sweep->world->arg);
	if (life == POOL_ALIVE || life == POOL_HIDDEN) {
		sweep->done.alive += life == POOL_ALIVE;
		sweep->done.hidden += life == POOL_HIDDEN;
		return true;
	}
	sweep->done.news.dead += pool_give_back(sweep->store, record, true, &sweep->index,
						&sweep->faults);
	/* Over errors it goes on, or the same ones would end each slice. */
	sweep->done.more = !sweep->faults.n && is_time_up(sweep);
	return !sweep->done.more;
}

/* Return: as pool_rebuild() */
static int rebuild(struct sweep *sweep, struct error *err)
{
	const int rc = pool_rebuild(sweep->store, sweep->world, NULL, &sweep->index,
				    &sweep->done.news, err);

	sweep->done.more = rc >= 0 && sweep->index.unfinished && !sweep->index.faults.n;
	return rc;
}

/* Return: as pool_record_each() */
static int sweep_records(struct sweep *sweep, struct error *err)
{
	sweep->n_seen = 0;
	return pool_record_each(sweep->store, look_at, sweep, err);
}

/*
 * Files that nobody can read, and no record tells of: they may be of living pods that
 * host-local made. If each that is listed as valid holds something else, they are not.
 */
static int sweep_unread(struct sweep *sweep, struct error *err)
{
	auto_with(pool_unread_done) struct pool_unread unread = { 0 };
	struct pool_evidence evidence = POOL_EVIDENCE_NONE;
	int rc;

	if (!sweep->index.unreadable || sweep->n_seen < sweep->census->n_listed)
		return 0;
	rc = pool_unread_list(sweep->store, &unread, err);
	for (size_t i = 0; i < unread.n && rc >= 0; i++) {
		const struct ip_addr *addr = &unread.items[i].addr;
		int removed;

		evidence.time = unread.items[i].time;
		if (unread.items[i].known || !was_known(sweep, &evidence))
			continue;
		removed = pool_store_remove(sweep->store, addr);
		if (removed < 0)
			pool_faults_add(&sweep->faults, sweep->store, "remove", addr, -removed);
		if (removed <= 0)
			continue;
		pool_index_count(&sweep->index, addr, -1);
		sweep->index.unreadable--;
		sweep->done.news.dead++;
	}
	sweep->done.news.unreadable = sweep->index.unreadable;
	return rc;
}

static int sweep_all(struct sweep *sweep, struct error *err)
{
	int rc = 0;

	if (!sweep->index.current)
		rc = rebuild(sweep, err);
	if (rc < 0 || sweep->done.more)
		return rc;
	rc = sweep_records(sweep, err);
	/* Somebody damaged records: what they were of is known by the address files alone. */
	if (rc > 0 && !sweep->done.more) {
		rc = rebuild(sweep, err);
		if (rc >= 0 && !sweep->done.more)
			rc = sweep_records(sweep, err);
	}
	return rc < 0 || sweep->done.more ? rc : sweep_unread(sweep, err);
}

int pool_reclaim(struct pool_store *store, const struct pool_census *census,
		 const struct pool_world *world, struct pool_reclaimed *ret, struct error *err)
{
	struct sweep sweep = { .store = store, .census = census, .world = world };
	int rc;

	sweep.end = deadline_in(store->slice_ms);
	pool_index_read(store, world, &sweep.index);
	rc = sweep_all(&sweep, err);
	pool_store_tidy(store);
	pool_index_write(store, &sweep.index);
	*ret = sweep.done;
	if (rc >= 0)
		rc = pool_faults_report(&sweep.faults, err);
	if (rc >= 0)
		rc = pool_faults_report(&sweep.index.faults, err);
	return rc < 0 ? rc : pool_store_sync(store, err);
}
