/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choose.c - which address of a set
 *
 * 1. The next ones behind the cursor, asked for by name. In a pool with room one of the
 *    first is free, and its size does not matter.
 * 2. Else the directory is listed once, into a bit per address. If little is left, the dead
 *    are looked for among those whose turn it would be, at most once in a while.
 * 3. Else the one that has rested longest.
 * 4. Else every owner is looked at; and if none is dead, the pool is exhausted.
 *
 * To look at tens of thousands takes seconds, in which a DEL waits, by which somebody might get
 * an address. So it is done a slice at a time, by whoever comes; and for a while after it was
 * done in vain only the first owners are looked at.
 */

#include "choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/pool/usage.h"
#include "relieve.h"
#include "rest.h"
#include "walk.h"

/* Room for a few ranges in a message. */
#define SET_TEXT_SIZE 512

/* How many addresses are asked for by name before the directory is listed. */
#define FIRST_TRIES 16

/* Little is left when fewer than these are free, or less than a tenth. */
#define FEW_FREE 16
#define FEW_FREE_SHARE 10

/* While little is left, so many owners are looked at, so often. */
#define SEARCH_MAX 256
#define SEARCH_EVERY_S 60

/* For so long those who were found alive are taken to be. */
#define ALIVE_S 10

/*
 * A search for a free address.
 * @has_rested, @rested_ms: the free one that has rested longest, and for how long
 */
struct search {
	struct pool_work *work;
	struct pool_walk walk;
	bool has_rested;
	struct pool_lease rested;
	int64_t rested_ms;
};

static void search_done(struct search *search)
{
	pool_walk_done(&search->walk);
}

/* Is the address with this number to be had at once? */
static bool serves(struct search *search, uint64_t number, struct pool_lease *ret)
{
	struct pool_work *work = search->work;
	struct pool_lease lease;
	struct ip_addr addr;
	const struct pool_range *range = pool_walk_at(&search->walk, number, &addr);
	int64_t rested_ms;

	if (pool_store_has(work->store, &addr))
		return false;
	lease = (struct pool_lease){ { addr, range->subnet.len }, range->gateway };
	rested_ms = pool_rest_age_ms(work->store, &addr);
	if (rested_ms >= work->request->rest_s * 1000LL) {
		*ret = lease;
		return true;
	}
	if (!search->has_rested || rested_ms > search->rested_ms) {
		search->has_rested = true;
		search->rested = lease;
		search->rested_ms = rested_ms;
	}
	return false;
}

/* Return: was one found among the next @max that are not known to be taken? */
static bool try_next(struct search *search, uint64_t max, struct pool_lease *ret)
{
	for (uint64_t i = 0; max > 0 && pool_walk_next_free(&search->walk, &i); i++, max--)
		if (serves(search, i, ret))
			return true;
	return false;
}

static bool is_scarce(uint64_t size, uint64_t used)
{
	const uint64_t left = size > used ? size - used : 0;

	return left < FEW_FREE || left < size / FEW_FREE_SHARE;
}

/* By the count of all sets together, which is no less than that of this one. */
static bool may_be_scarce(const struct search *search, const struct pool_set *set)
{
	const int family = set->ranges[0].first.family;

	return is_scarce(search->walk.size,
			 search->work->index->reserved[family == AF_INET ? 0 : 1]);
}

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec;
}

/* What is still to come was in a boot before, which was longer. */
static bool is_recent(int64_t time_s, int64_t limit_s)
{
	const int64_t now = now_s();

	return time_s && now >= time_s && now - time_s < limit_s;
}

static bool is_time_to_search(struct pool_index *index)
{
	if (is_recent(index->searched_s, SEARCH_EVERY_S))
		return false;
	index->searched_s = now_s();
	return true;
}

static void take(const struct ip_addr *addr, void *arg)
{
	pool_walk_take(arg, addr);
}

static int list_taken(struct search *search, const struct pool_set *set, size_t number,
		      struct error *err)
{
	struct ip_addr cursor;
	const bool known = pool_store_cursor(search->work->store, number, &cursor);
	int rc;

	pool_walk_done(&search->walk);
	rc = pool_walk_begin(&search->walk, set, known ? &cursor : NULL, err);
	return rc < 0 ? rc : pool_store_each(search->work->store, take, &search->walk, err);
}

/* Owners of addresses before that one; gateways are nobody's. */
static uint64_t count_owners(const struct pool_walk *walk, uint64_t end)
{
	struct ip_addr addr;
	uint64_t n = 0;

	for (uint64_t i = 0; i < end && i < walk->size; i++)
		if (pool_walk_is_taken(walk, i))
			n += !ip_equal(&addr, &pool_walk_at(walk, i, &addr)->gateway);
	return n;
}

/* That none is dead is said of those only who were looked at, and can be seen. */
static int exhausted(const struct search *search, size_t set, const struct pool_tally *tally,
		     struct error *err)
{
	const struct pool_set *ranges = &search->work->request->sets[set];
	char text[SET_TEXT_SIZE];
	char owners[POOL_OLDEST * sizeof(tally->oldest[0].who) + 8] = "";
	char hidden[64] = "";
	struct pool_usage usage = { 0 };
	size_t len = 0;

	pool_usage(search->work->store, ranges, set, &usage, err);
	for (size_t i = 0; i < tally->n_oldest; i++)
		len += (size_t)snprintf(owners + len, sizeof(owners) - len, "%s%s", i ? ", " : "",
					tally->oldest[i].who);
	if (tally->n_hidden)
		snprintf(hidden, sizeof(hidden), ", as far as can be seen: %zu are out of sight",
			 tally->n_hidden);
	error_set(err, ERROR_AGAIN, "no IP addresses available in range set: %s",
		  pool_set_format(ranges, text, sizeof(text)));
	return error_hint(
		err,
		"%llu addresses, %llu reserved, %llu resting; %llu looked at lately, "
		"none of them of a dead pod%s; oldest: %s; see hl-ipam list",
		(unsigned long long)usage.total, (unsigned long long)(usage.total - usage.free),
		(unsigned long long)usage.free,
		(unsigned long long)count_owners(&search->walk, search->work->index->looked),
		hidden, *owners ? owners : "unknown");
}

/* One that has rested, or else the one that has rested longest. */
static bool serves_at_all(struct search *search, struct pool_lease *ret)
{
	if (try_next(search, UINT64_MAX, ret))
		return true;
	if (search->has_rested)
		*ret = search->rested;
	return search->has_rested;
}

/*
 * Look at the owners from that number on, beginning where somebody else had to stop.
 *
 * Without a state to note it in, only this call itself can go on there.
 */
static void look_at_all(struct search *search, size_t set, uint64_t from, struct pool_tally *tally)
{
	struct pool_work *work = search->work;
	struct pool_index *index = work->index;
	struct pool_news *news = work->news;
	const struct deadline end = deadline_in(work->store->slice_ms);
	struct pool_tally more;
	uint64_t next = from;

	if (index->looked_set == set + 1 && index->looked > from &&
	    is_recent(index->looked_s, ALIVE_S))
		next = index->looked;
	else
		index->looked_s = now_s();
	if (!index->current && news->looked_set == set + 1 && news->looked > next)
		next = news->looked;
	if (next < search->walk.size) {
		next = pool_relieve(work, &search->walk, next, UINT64_MAX,
				    work->store->slice_ms ? &end : NULL, &more);
		tally->n_hidden += more.n_hidden;
		index->looked_s = now_s();
	}
	index->looked_set = news->looked_set = set + 1;
	index->looked = news->looked = next;
	news->more = next < search->walk.size;
}

/*
 * The steps from 2 on.
 * @is_due: the dead are to be looked for, if little is left
 */
static int choose_thoroughly(struct search *search, size_t set, bool is_due, struct pool_lease *ret,
			     struct error *err)
{
	struct pool_work *work = search->work;
	const struct pool_set *ranges = &work->request->sets[set];
	struct pool_tally tally;
	uint64_t next = 0;
	int rc = list_taken(search, ranges, set, err);

	if (rc < 0)
		return rc;
	if (is_due && is_scarce(search->walk.size, search->walk.n_taken))
		next = pool_relieve(work, &search->walk, 0, SEARCH_MAX, NULL, &tally);
	if (serves_at_all(search, ret))
		return 0;
	if (!next)
		next = pool_relieve(work, &search->walk, 0, SEARCH_MAX, NULL, &tally);
	/* What was freed may rest: by a DEL that died after it had noted that. */
	if (serves_at_all(search, ret))
		return 0;
	look_at_all(search, set, next, &tally);
	if (!serves_at_all(search, ret))
		return exhausted(search, set, &tally, err);
	work->news->more = false;
	return 0;
}

int pool_choose_next(struct pool_work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	auto_with(search_done) struct search search = { .work = work };
	const struct pool_set *ranges = &work->request->sets[set];
	struct ip_addr cursor;
	const bool known = pool_store_cursor(work->store, set, &cursor);
	bool is_due;
	int rc = pool_walk_begin(&search.walk, ranges, known ? &cursor : NULL, err);

	if (rc < 0)
		return rc;
	is_due = may_be_scarce(&search, ranges) && is_time_to_search(work->index);
	if (!is_due && try_next(&search, FIRST_TRIES, ret))
		return 0;
	return choose_thoroughly(&search, set, is_due, ret, err);
}

/* Say who has the wanted address, as far as its file tells. */
static int taken_by(const struct pool_work *work, size_t set, struct error *err)
{
	const struct ip_addr *addr = &work->request->wanted[set];
	char buf[POOL_OWNER_SIZE];
	char addr_text[IP_TEXT_SIZE];
	char set_text[SET_TEXT_SIZE];
	struct pool_owner holder;
	int rc;

	ip_format(addr, addr_text);
	rc = error_set(err, ERROR_CONFLICT,
		       "requested IP address %s is not available in range set %s", addr_text,
		       pool_set_format(&work->request->sets[set], set_text, sizeof(set_text)));
	if (pool_store_read(work->store, addr, buf, &holder) == POOL_OWNED)
		error_hint(err, "container %.200s %s has it, see %.200s/%s", holder.container_id,
			   holder.ifname, work->store->path, addr_text);
	else
		error_hint(err, "it is kept by %.200s/%s", work->store->path, addr_text);
	return rc;
}

int pool_choose_wanted(struct pool_work *work, size_t set, struct pool_lease *ret,
		       struct error *err)
{
	const struct ip_addr *addr = &work->request->wanted[set];
	const struct pool_range *range = pool_set_find(&work->request->sets[set], addr);
	char text[IP_TEXT_SIZE];

	if (!range)
		return error_set(err, ERROR_CONFIG, "requested ip %s is in none of its ranges",
				 ip_format(addr, text));
	if (ip_equal(addr, &range->gateway))
		return error_set(err, ERROR_CONFIG, "requested ip %s is subnet's gateway",
				 ip_format(addr, text));
	if (pool_store_has(work->store, addr) && !pool_relieve_wanted(work, addr))
		return taken_by(work, set, err);
	*ret = (struct pool_lease){ { *addr, range->subnet.len }, range->gateway };
	return 0;
}
