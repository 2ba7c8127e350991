/* SPDX-License-Identifier: Apache-2.0 */
/* relieve.c - take back what the dead hold */

#include "relieve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "give_back.h"

/* Enough to know a container by. */
#define SHORT_ID 12

/* So many free addresses last for a while; others wait for the lock. */
#define ENOUGH 1024

static void describe(const struct pool_record *record, char *ret, size_t size)
{
	const char *pod = record->evidence.pod;
	const time_t time = record->evidence.time.tv_sec;
	struct tm tm;
	char date[32] = "?";

	if (gmtime_r(&time, &tm))
		strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
	snprintf(ret, size, "%.80s%scontainer %.*s %s since %s", pod, *pod ? " " : "", SHORT_ID,
		 record->owner.container_id, record->owner.ifname, date);
}

static void note_age(struct pool_tally *tally, const struct pool_record *record)
{
	const struct timespec *time = &record->evidence.time;
	size_t i = tally->n_oldest;

	while (i > 0 && clock_is_before(time, &tally->oldest[i - 1].time))
		i--;
	if (i == POOL_OLDEST)
		return;
	if (tally->n_oldest < POOL_OLDEST)
		tally->n_oldest++;
	memmove(&tally->oldest[i + 1], &tally->oldest[i],
		(tally->n_oldest - i - 1) * sizeof(tally->oldest[0]));
	tally->oldest[i].time = *time;
	describe(record, tally->oldest[i].who, sizeof(tally->oldest[i].who));
}

/* What can be known of one that somebody else made, and that no rebuild has seen to yet. */
static int describe_stranger(const struct pool_work *work, const struct ip_addr *addr,
			     const struct pool_owner *owner, const struct timespec *time,
			     struct pool_record *ret)
{
	ret->evidence = POOL_EVIDENCE_NONE;
	ret->evidence.boot = work->world->boot;
	ret->evidence.time = *time;
	ret->addrs = calloc(1, sizeof(*ret->addrs));
	ret->text = pool_owner_copy(owner, &ret->owner);
	if (!ret->addrs || !ret->text) {
		pool_record_done(ret);
		return 0;
	}
	ret->addrs[ret->n++] = *addr;
	return 1;
}

/* Return: 1 and *ret of whoever the address file names, 0 if nothing can be known of him */
static int load_owner(const struct pool_work *work, const struct ip_addr *addr,
		      struct pool_record *ret)
{
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	struct timespec time;
	int rc;

	*ret = (struct pool_record){ 0 };
	if (pool_store_read_time(work->store, addr, buf, &owner, &time) != POOL_OWNED)
		return 0;
	rc = pool_record_load(work->store, &owner, ret);
	if (rc < 0)
		return 0;
	if (rc > 0) {
		if (pool_record_covers(ret, addr, &time))
			return 1;
		pool_record_done(ret);
	}
	return work->index->unfinished ? describe_stranger(work, addr, &owner, &time, ret) : 0;
}

static enum pool_life judge(const struct pool_work *work, const struct pool_record *record)
{
	return work->world->life(record, work->world->arg);
}

/* Take back all that the record of a dead one stands for. Return: how many */
static size_t take_back(struct pool_work *work, const struct pool_record *record)
{
	struct pool_faults ignored = { 0 };
	/* It is long dead, as far as anybody can tell: nothing to rest for. */
	const size_t removed = pool_give_back(work->store, record, false, work->index, &ignored);

	work->news->dead += removed;
	return removed;
}

/* Return: how many addresses were taken back */
static size_t look_at(struct pool_work *work, struct pool_walk *walk, uint64_t number,
		      struct pool_tally *tally)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	enum pool_life life;
	struct ip_addr addr;
	size_t n;

	pool_walk_at(walk, number, &addr);
	if (!load_owner(work, &addr, &record))
		return 0;
	life = judge(work, &record);
	tally->n_hidden += life == POOL_HIDDEN;
	n = life == POOL_DEAD ? take_back(work, &record) : 0;
	for (size_t i = 0; i < record.n && n > 0; i++)
		if (!pool_is_held(work->store, &record.addrs[i], &record))
			pool_walk_drop(walk, &record.addrs[i]);
	if (!n)
		note_age(tally, &record);
	return n;
}

uint64_t pool_relieve(struct pool_work *work, struct pool_walk *walk, uint64_t from, uint64_t max,
		      const struct deadline *end, struct pool_tally *tally)
{
	size_t removed = 0;
	uint64_t i = from;

	*tally = (struct pool_tally){ 0 };
	for (; i < walk->size && max > 0 && removed < ENOUGH; i++) {
		if (!pool_walk_is_taken(walk, i))
			continue;
		max--;
		removed += look_at(work, walk, i, tally);
		if (end && deadline_left_ms(end) == 0)
			return i + 1;
	}
	return i;
}

bool pool_relieve_wanted(struct pool_work *work, const struct ip_addr *addr)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };

	return load_owner(work, addr, &record) && judge(work, &record) == POOL_DEAD &&
	       take_back(work, &record) > 0 && !pool_is_held(work->store, addr, &record);
}
