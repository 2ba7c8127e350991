/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.c - reserve addresses for an attachment
 *
 * The record is written before the address files, the note that all is on record after
 * them. So whoever dies on the way leaves either nothing, or addresses together with the
 * evidence by which they can be taken back.
 */

#include "cbr/pool/alloc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/pool/find.h"
#include "choose.h"
#include "give_back.h"
#include "rest.h"
#include "scan.h"

#define NS_PER_S 1000000000LL

/* Is this the attachment that the record tells of, or a later one by the same name? */
static bool is_same_life(const struct pool_work *work, const struct pool_record *record)
{
	const struct pool_evidence *then = &record->evidence;
	const struct pool_evidence *now = &work->request->evidence;

	if (then->netns_ino && then->netns_ino == now->netns_ino &&
	    then->netns_dev == now->netns_dev && strcmp(then->boot, now->boot) == 0)
		return true;
	return work->world->life(record, work->world->arg) != POOL_DEAD;
}

/* Of what the attachment holds, the address that serves for this set. */
static bool recall_one(const struct pool_work *work, const struct pool_record *record, size_t set,
		       struct pool_lease *ret)
{
	const struct ip_addr *wanted = &work->request->wanted[set];

	for (size_t i = 0; i < record->n; i++) {
		const struct ip_addr *addr = &record->addrs[i];
		const struct pool_range *range = pool_set_find(&work->request->sets[set], addr);

		if (!range || (wanted->family && !ip_equal(wanted, addr)) ||
		    !pool_is_held(work->store, addr, record))
			continue;
		*ret = (struct pool_lease){ { *addr, range->subnet.len }, range->gateway };
		return true;
	}
	return false;
}

/* Return: as pool_record_load() */
static int load_record(const struct pool_work *work, struct pool_record *ret)
{
	const struct pool_owner bare = { work->request->owner.container_id, "" };
	const int rc = pool_record_load(work->store, &work->request->owner, ret);

	return rc ? rc : pool_record_load(work->store, &bare, ret);
}

/*
 * The same, where somebody damaged the record: it is made anew by the address files. Not of one
 * that only cannot be read now: that one's evidence may be needed yet.
 */
static int restore_record(const struct pool_work *work, struct pool_record *ret)
{
	const struct pool_owner bare = { work->request->owner.container_id, "" };
	struct error ignored;

	if (pool_record_remove(work->store, &work->request->owner) <= 0 &&
	    pool_record_remove(work->store, &bare) <= 0)
		return 0;
	pool_rebuild(work->store, work->world, work->request->owner.container_id, work->index,
		     work->news, &ignored);
	return load_record(work, ret);
}

/* The same, where there was no room for the record of what somebody else had reserved. */
static int find_unrecorded(const struct pool_work *work, struct pool_record *ret)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	struct error ignored;

	if (!work->index->faults.n ||
	    pool_scan(work->store, &work->request->owner, &found, &ignored) < 0 || !found.n)
		return 0;
	ret->owner = work->request->owner;
	if (!found.items[0].exact)
		ret->owner.ifname = "";
	ret->evidence = POOL_EVIDENCE_NONE;
	ret->evidence.boot = work->world->boot;
	ret->addrs = calloc(found.n, sizeof(*ret->addrs));
	for (size_t i = 0; ret->addrs && i < found.n; i++) {
		const struct timespec time = pool_store_time(work->store, &found.items[i].addr);

		if (found.items[i].exact != found.items[0].exact)
			break;
		if (clock_is_before(&ret->evidence.time, &time))
			ret->evidence.time = time;
		ret->addrs[ret->n++] = found.items[i].addr;
	}
	return ret->n > 0;
}

/* Return: 1 and *ret, 0 it holds nothing, or negative */
static int find_held(struct pool_work *work, struct pool_record *ret, struct error *err)
{
	int rc = load_record(work, ret);

	if (rc == 0)
		rc = restore_record(work, ret);
	if (rc == 0)
		rc = find_unrecorded(work, ret);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc,
				   "cannot read what is on record of container %s in %s",
				   work->request->owner.container_id, work->store->path);
	return rc;
}

/*
 * An attachment that asks again gets what it has: the first call was killed before it
 * could say so, or its caller was.
 * Return: 1 it holds something, 0 not, or negative.
 */
static int recall(struct pool_work *work, struct pool_record *held, struct pool_lease *ret,
		  bool *kept, struct error *err)
{
	struct pool_faults ignored = { 0 };
	int any = find_held(work, held, err);

	if (any <= 0)
		return any;
	any = 0;
	if (!is_same_life(work, held)) {
		work->news->dead += pool_give_back(work->store, held, true, work->index, &ignored);
		pool_record_done(held);
		return 0;
	}
	for (size_t set = 0; set < work->request->n; set++) {
		kept[set] = recall_one(work, held, set, &ret[set]);
		any |= kept[set];
	}
	return any;
}

static int choose(struct pool_work *work, const bool *kept, struct pool_lease *ret,
		  struct error *err)
{
	int rc = 0;

	for (size_t i = 0; i < work->request->n && rc >= 0; i++) {
		if (kept[i])
			continue;
		rc = work->request->wanted[i].family ? pool_choose_wanted(work, i, &ret[i], err) :
						       pool_choose_next(work, i, &ret[i], err);
		if (rc < 0)
			error_wrap(err, "failed to allocate for range %zu", i);
	}
	return rc;
}

static bool is_among(const struct ip_addr *addr, const struct pool_lease *leases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ip_equal(addr, &leases[i].address.addr))
			return true;
	return false;
}

/* Right before the address files, so that these are not younger. */
static void note_time(struct pool_evidence *evidence)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &evidence->time);
	clock_gettime(CLOCK_BOOTTIME, &now);
	evidence->since_boot_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* As old versions of host-local wrote it: of any interface of the container. */
static bool is_bare(const struct pool_record *held)
{
	return held->n && !*held->owner.ifname;
}

/*
 * What it held before and what it gets now, with the evidence of now. Of what is on record
 * without interface only what serves: the rest may be of another one.
 */
static int write_record(const struct pool_work *work, const struct pool_record *held,
			const struct pool_lease *leases, struct timespec *ret_time,
			struct error *err)
{
	const struct pool_request *request = work->request;
	struct pool_record record = { .owner = request->owner, .evidence = request->evidence };
	autofree struct ip_addr *addrs = calloc(request->n + held->n, sizeof(*addrs));

	if (!addrs)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot write down addresses");
	record.addrs = addrs;
	for (size_t i = 0; i < held->n && !is_bare(held); i++)
		if (!is_among(&held->addrs[i], leases, request->n))
			addrs[record.n++] = held->addrs[i];
	for (size_t i = 0; i < request->n; i++)
		addrs[record.n++] = leases[i].address.addr;
	note_time(&record.evidence);
	*ret_time = record.evidence.time;
	return pool_record_save(work->store, &record, err);
}

/*
 * A disk that was stuck, or a clock that was set: the address files may be later than the record
 * by more than it covers, and would seem to be somebody else's.
 */
static bool is_overtaken(const struct timespec *time)
{
	return clock_age_ms(time) >= POOL_RECORD_SLACK_S * 1000 / 2;
}

/*
 * What served of those without interface is this one's from now on, or the next interface of
 * the container would be served by it as well.
 */
static int adopt(struct pool_work *work, struct pool_record *held, const bool *kept,
		 const struct pool_lease *leases, struct error *err)
{
	size_t n = 0;
	int rc = 0;

	for (size_t i = 0; i < work->request->n && rc >= 0; i++)
		if (kept[i])
			rc = pool_store_rename_owner(work->store, &leases[i].address.addr,
						     &work->request->owner, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < held->n; i++)
		if (!is_among(&held->addrs[i], leases, work->request->n))
			held->addrs[n++] = held->addrs[i];
	held->n = n;
	if (!n) {
		pool_record_remove(work->store, &held->owner);
		return 0;
	}
	/* All interfaces of a container live and die together. */
	held->evidence = work->request->evidence;
	note_time(&held->evidence);
	return pool_record_save(work->store, held, err);
}

/* @ret_n: how many sets were gone through */
static int reserve(struct pool_work *work, const bool *kept, const struct pool_lease *leases,
		   size_t *ret_n, struct error *err)
{
	const struct pool_owner *owner = &work->request->owner;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < work->request->n; i++, (*ret_n)++) {
		const struct ip_addr *addr = &leases[i].address.addr;
		int rc = kept[i] ? 0 : pool_store_reserve(work->store, addr, i, owner, err);

		if (rc < 0)
			return rc;
		if (rc == 0 && !kept[i])
			return error_set(err, ERROR_AGAIN,
					 "%s was reserved by somebody who does not use the lock",
					 ip_format(addr, text));
		if (rc > 0) {
			pool_rest_end(work->store, addr);
			pool_index_count(work->index, addr, 1);
		}
	}
	return 0;
}

/* The parts that change something for this attachment, undone if one fails. */
static int settle(struct pool_work *work, struct pool_record *held, const bool *kept,
		  const struct pool_lease *leases, struct error *err)
{
	const bool held_any = held->n;
	struct timespec time;
	size_t n = 0;
	int rc = write_record(work, held, leases, &time, err);

	if (rc < 0)
		return rc;
	if (is_bare(held))
		rc = adopt(work, held, kept, leases, err);
	if (rc >= 0)
		rc = reserve(work, kept, leases, &n, err);
	if (rc >= 0 && is_overtaken(&time))
		rc = write_record(work, held, leases, &time, err);
	if (rc >= 0)
		rc = pool_store_sync(work->store, err);
	if (rc >= 0)
		return 0;
	/* Only what this call took: what the attachment held before may be in use. */
	while (n-- > 0)
		if (!kept[n])
			pool_store_remove(work->store, &leases[n].address.addr);
	if (!held_any)
		pool_record_remove(work->store, &work->request->owner);
	work->index->current = false;
	return rc;
}

int pool_allocate(struct pool_store *store, const struct pool_request *request,
		  const struct pool_world *world, struct pool_lease *ret, struct pool_news *news,
		  struct error *err)
{
	auto_with(pool_record_done) struct pool_record held = { 0 };
	autofree bool *kept = calloc(request->n, sizeof(*kept));
	struct pool_index index;
	struct pool_work work = { store, request, world, news, &index };
	int any;
	int rc;

	news->more = false;
	if (!kept)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look for addresses");
	pool_index_read(store, world, &index);
	if (!index.current &&
	    (rc = pool_rebuild(store, world, request->owner.container_id, &index, news, err)) < 0)
		return rc;
	any = recall(&work, &held, ret, kept, err);
	rc = any < 0 ? any : choose(&work, kept, ret, err);
	if (rc >= 0)
		rc = settle(&work, &held, kept, ret, err);
	/* What is not current is not noted, but @news tells where to go on. */
	if (!pool_index_write(store, &index) && index.current)
		news->more = false;
	return rc < 0 ? rc : !any;
}

void pool_news_add(struct pool_news *news, const struct pool_news *more)
{
	news->earlier_boot += more->earlier_boot;
	news->dead += more->dead;
	news->blank += more->blank;
	news->unreadable = more->unreadable;
}
