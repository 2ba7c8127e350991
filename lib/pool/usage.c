/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - how full is a pool? */

#include "cbr/pool/usage.h"

#include <errno.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "index.h"
#include "walk.h"

/* Looking at more owners takes longer than STATUS may: 2 ms. */
#define LOOK_MAX 32

#define NS_PER_US 1000

static void take(const struct ip_addr *addr, void *arg)
{
	pool_walk_take(arg, addr);
}

static uint64_t count_free(const struct pool_walk *walk)
{
	uint64_t n = 0;

	for (uint64_t i = 0; pool_walk_next_free(walk, &i); i++)
		n++;
	return n;
}

/* By the count of all sets together, which is no less than that of this one. */
static bool is_known_to_have_room(const struct pool_index *index, int family, uint64_t total)
{
	return index->current && index->reserved[family != AF_INET] < total;
}

/* An ADD looked at every owner, and no address was taken or given back since. */
static bool was_searched_in_vain(const struct pool_index *index, size_t number, uint64_t size)
{
	return index->current && index->looked_set == number + 1 && index->looked >= size;
}

/* What nobody can tell whose it is may be needed. */
static bool is_of_the_dead(const struct pool_store *store, const struct ip_addr *addr,
			   const struct pool_world *world)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	struct timespec time;
	const int content = pool_store_read_time(store, addr, buf, &owner, &time);
	int rc;

	if (content != POOL_OWNED)
		return content == POOL_BLANK || content == -ENOENT;
	rc = pool_record_load(store, &owner, &record);
	if (rc < 0)
		return false;
	if (rc == 0 || !pool_record_covers(&record, addr, &time)) {
		pool_record_done(&record);
		record.owner = owner;
		record.evidence = POOL_EVIDENCE_NONE;
		record.evidence.boot = world->boot;
		record.evidence.time = time;
	}
	return world->life(&record, world->arg) == POOL_DEAD;
}

/*
 * A few owners. After a search in vain others at each call: nobody else looks for those who died
 * since without a DEL, for a node that is not ready gets no ADD.
 *
 * Return: is one of them dead, or might be one of those that were left out?
 */
static bool can_be_relieved(const struct pool_store *store, const struct pool_walk *walk,
			    bool in_vain, const struct pool_world *world)
{
	const uint64_t first = in_vain ? (uint64_t)clock_now_ns() / NS_PER_US % walk->size : 0;
	size_t max = LOOK_MAX;

	for (uint64_t i = 0; i < walk->size; i++) {
		struct ip_addr addr;
		const struct pool_range *range = pool_walk_at(walk, (first + i) % walk->size,
							      &addr);

		if (ip_equal(&addr, &range->gateway))
			continue;
		if (max-- == 0)
			return !in_vain;
		if (is_of_the_dead(store, &addr, world))
			return true;
	}
	return false;
}

int pool_has_room(struct pool_store *store, const struct pool_set *set, size_t number,
		  const struct pool_world *world, struct pool_usage *ret, struct error *err)
{
	auto_with(pool_walk_done) struct pool_walk walk = { 0 };
	struct pool_index index;
	struct ip_addr cursor;
	const bool known = pool_store_cursor(store, number, &cursor);
	int rc = pool_walk_begin(&walk, set, known ? &cursor : NULL, err);
	bool in_vain;

	if (rc < 0)
		return rc;
	pool_index_read(store, world, &index);
	*ret = (struct pool_usage){ .total = count_free(&walk) };
	if (is_known_to_have_room(&index, set->ranges[0].first.family, ret->total))
		return 1;
	in_vain = was_searched_in_vain(&index, number, walk.size);
	if (!in_vain)
		rc = pool_usage(store, set, number, ret, err);
	if (rc < 0)
		return rc;
	return ret->free || can_be_relieved(store, &walk, in_vain, world);
}

int pool_usage(const struct pool_store *store, const struct pool_set *set, size_t number,
	       struct pool_usage *ret, struct error *err)
{
	auto_with(pool_walk_done) struct pool_walk walk = { 0 };
	struct ip_addr cursor;
	const bool known = pool_store_cursor(store, number, &cursor);
	uint64_t total;
	int rc = pool_walk_begin(&walk, set, known ? &cursor : NULL, err);

	if (rc < 0)
		return rc;
	total = count_free(&walk); /* all but the gateways, as long as nothing is taken */
	rc = pool_store_each(store, take, &walk, err);
	if (rc < 0)
		return rc;
	*ret = (struct pool_usage){ total, count_free(&walk) };
	return 0;
}
