/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.c - reserve addresses
 *
 * One listing of the directory serves all sets of a call: names say what is taken, no
 * file is opened. Only when a set has nothing else left are its files read, to find
 * those which a crash of host-local left empty.
 */

#include "cbr/pool/alloc.h"

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/find.h"
#include "walk.h"

#define SET_TEXT_SIZE 512

/*
 * An allocation in work.
 * @walks: one per set, zeroed where a certain address is wanted
 * @kept: one per set: the attachment held an address of it before
 */
struct work {
	struct pool_store *store;
	const struct pool_set *sets;
	size_t n;
	const struct pool_owner *owner;
	const struct ip_addr *wanted;
	struct pool_walk *walks;
	bool *kept;
};

static void work_done(struct work *work)
{
	for (size_t i = 0; work->walks && i < work->n; i++)
		pool_walk_done(&work->walks[i]);
	free(work->walks);
	free(work->kept);
}

/* Of what the attachment holds, the address that serves for this set. */
static void recall_one(struct work *work, size_t set, const struct pool_found *found,
		       struct pool_lease *ret)
{
	const struct ip_addr *wanted = &work->wanted[set];

	for (size_t i = 0; i < found->n && !work->kept[set]; i++) {
		const struct ip_addr *addr = &found->items[i].addr;
		const struct pool_range *range = pool_set_find(&work->sets[set], addr);

		if (!range || (wanted->family && !ip_equal(wanted, addr)))
			continue;
		*ret = (struct pool_lease){ { *addr, range->subnet.len }, range->gateway };
		work->kept[set] = true;
	}
}

/*
 * An attachment that asks again gets what it has: the first call was killed before it
 * could say so, or its caller was. A file that cannot be read stays taken, so a second
 * address beside it harms nobody.
 */
static int recall(struct work *work, struct pool_lease *ret, struct error *err)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	int rc = pool_store_find(work->store, work->owner, &found, err);

	work->kept = calloc(work->n, sizeof(*work->kept));
	if (!work->kept)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look for held addresses");
	for (size_t set = 0; set < work->n && rc >= 0; set++)
		recall_one(work, set, &found, &ret[set]);
	return rc;
}

static void take_in_all(const struct ip_addr *addr, void *arg)
{
	struct work *work = arg;

	for (size_t i = 0; i < work->n; i++)
		pool_walk_take(&work->walks[i], addr);
}

static int look_around(struct work *work, struct error *err)
{
	work->walks = calloc(work->n, sizeof(*work->walks));
	if (!work->walks)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look for free addresses");
	for (size_t i = 0; i < work->n; i++) {
		struct ip_addr cursor;
		bool known;
		int rc;

		if (work->wanted[i].family)
			continue;
		known = pool_store_cursor(work->store, i, &cursor);
		rc = pool_walk_begin(&work->walks[i], &work->sets[i], known ? &cursor : NULL, err);
		if (rc < 0)
			return rc;
	}
	return pool_store_each(work->store, take_in_all, work, err);
}

/* Reserve for the set with this number. Return: as pool_store_reserve() */
static int reserve(struct work *work, size_t set, const struct ip_addr *addr,
		   const struct pool_range *range, struct pool_lease *ret, struct error *err)
{
	int rc = pool_store_reserve(work->store, addr, set, work->owner, err);

	if (rc > 0)
		*ret = (struct pool_lease){ { *addr, range->subnet.len }, range->gateway };
	return rc;
}

/* The same for an address with a file, if that belongs to nobody. */
static int reclaim(struct work *work, size_t set, const struct ip_addr *addr,
		   const struct pool_range *range, struct pool_lease *ret, struct error *err)
{
	char buf[POOL_OWNER_SIZE];
	struct pool_owner ignored;
	int rc;

	if (pool_store_read(work->store, addr, buf, &ignored) != POOL_BLANK)
		return 0;
	rc = pool_store_remove(work->store, addr);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot remove %s/%s, which is empty",
				   work->store->path, ip_format(addr, buf));
	return reserve(work, set, addr, range, ret, err);
}

static int take_free(struct work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	struct pool_walk *walk = &work->walks[set];

	/* A name that is taken but was not listed is passed over. */
	for (uint64_t i = 0; pool_walk_next_free(walk, &i); i++) {
		struct ip_addr addr;
		const struct pool_range *range = pool_walk_at(walk, i, &addr);
		int rc = reserve(work, set, &addr, range, ret, err);

		if (rc != 0)
			return rc;
	}
	return 0;
}

static int take_blank(struct work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	struct pool_walk *walk = &work->walks[set];

	for (uint64_t i = 0; i < walk->size; i++) {
		struct ip_addr addr;
		const struct pool_range *range = pool_walk_at(walk, i, &addr);
		int rc = 0;

		if (!ip_equal(&addr, &range->gateway))
			rc = reclaim(work, set, &addr, range, ret, err);
		if (rc != 0)
			return rc;
	}
	return 0;
}

static int take_next(struct work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	char text[SET_TEXT_SIZE];
	int rc = take_free(work, set, ret, err);

	if (rc == 0)
		rc = take_blank(work, set, ret, err);
	if (rc != 0)
		return rc;
	rc = error_set(err, ERROR_AGAIN, "no IP addresses available in range set: %s",
		       pool_set_format(&work->sets[set], text, sizeof(text)));
	error_hint(err,
		   "reserved addresses: %llu; each file in %s is named by one and holds "
		   "container ID and interface: look for those that are no more",
		   (unsigned long long)work->walks[set].n_taken, work->store->path);
	return rc;
}

/* Say who has the wanted address, as far as its file tells. */
static int taken_by(const struct work *work, size_t set, struct error *err)
{
	const struct ip_addr *addr = &work->wanted[set];
	char buf[POOL_OWNER_SIZE];
	char addr_text[IP_TEXT_SIZE];
	char set_text[SET_TEXT_SIZE];
	struct pool_owner holder;
	int rc;

	ip_format(addr, addr_text);
	rc = error_set(err, ERROR_CONFLICT,
		       "requested IP address %s is not available in range set %s", addr_text,
		       pool_set_format(&work->sets[set], set_text, sizeof(set_text)));
	if (pool_store_read(work->store, addr, buf, &holder) == POOL_OWNED)
		error_hint(err, "container %.200s %s has it, see %.200s/%s", holder.container_id,
			   holder.ifname, work->store->path, addr_text);
	else
		error_hint(err, "it is kept by %.200s/%s", work->store->path, addr_text);
	return rc;
}

static int take_wanted(struct work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	const struct ip_addr *addr = &work->wanted[set];
	const struct pool_range *range = pool_set_find(&work->sets[set], addr);
	char text[IP_TEXT_SIZE];
	int rc;

	if (!range)
		return error_set(err, ERROR_CONFIG, "requested ip %s is in none of its ranges",
				 ip_format(addr, text));
	if (ip_equal(addr, &range->gateway))
		return error_set(err, ERROR_CONFIG, "requested ip %s is subnet's gateway",
				 ip_format(addr, text));
	rc = reserve(work, set, addr, range, ret, err);
	if (rc == 0)
		rc = reclaim(work, set, addr, range, ret, err);
	return rc == 0 ? taken_by(work, set, err) : rc;
}

static int take_one(struct work *work, size_t set, struct pool_lease *ret, struct error *err)
{
	int rc = work->wanted[set].family ? take_wanted(work, set, ret, err) :
					    take_next(work, set, ret, err);

	return rc < 0 ? error_wrap(err, "failed to allocate for range %zu", set) : 0;
}

static bool needs_any(const struct work *work)
{
	for (size_t i = 0; i < work->n; i++)
		if (!work->wanted[i].family && !work->kept[i])
			return true;
	return false;
}

static bool keeps_any(const struct work *work)
{
	for (size_t i = 0; i < work->n; i++)
		if (work->kept[i])
			return true;
	return false;
}

int pool_allocate(struct pool_store *store, const struct pool_set *sets, size_t n,
		  const struct pool_owner *owner, const struct ip_addr *wanted,
		  struct pool_lease *ret, struct error *err)
{
	auto_with(work_done) struct work work = { store, sets, n, owner, wanted, NULL, NULL };
	size_t taken = 0;
	int rc = recall(&work, ret, err);

	if (rc >= 0 && needs_any(&work))
		rc = look_around(&work, err);
	while (rc >= 0 && taken < n) {
		if (!work.kept[taken])
			rc = take_one(&work, taken, &ret[taken], err);
		if (rc >= 0)
			taken++;
	}
	/* Only what this call took: what the attachment held before may be in use. */
	while (rc < 0 && taken-- > 0)
		if (!work.kept[taken])
			pool_store_remove(store, &ret[taken].address.addr);
	return rc < 0 ? rc : !keeps_any(&work);
}
