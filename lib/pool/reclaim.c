/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.c - what is dead, and taking it back */

#include "cbr/pool/reclaim.h"

#include <errno.h>

#include "faults.h"

struct sweep {
	struct pool_store *store;
	const struct pool_census *census;
	struct pool_reclaimed done;
	struct pool_faults faults;
};

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

/* Return: 1 it is dead, 0 it may live, or a negative errno */
static int is_dead(struct sweep *sweep, const struct ip_addr *addr)
{
	const struct pool_census *census = sweep->census;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	struct timespec time;
	int content = pool_store_read(sweep->store, addr, buf, &owner);
	int rc = content < 0 ? content : pool_store_time(sweep->store, addr, &time);

	if (rc < 0)
		return rc;
	if (content == POOL_FOREIGN || !is_before(&time, &census->start))
		return 0;
	if (content == POOL_BLANK)
		return 1;
	if (census->is_listed(&owner, census->arg))
		return 0;
	if (!census->is_alive(&owner, census->arg))
		return 1;
	sweep->done.alive++;
	return 0;
}

static void look_at(const struct ip_addr *addr, void *arg)
{
	struct sweep *sweep = arg;
	int rc = is_dead(sweep, addr);

	if (rc < 0 && rc != -ENOENT)
		pool_faults_add(&sweep->faults, sweep->store, "read", addr, -rc);
	if (rc <= 0)
		return;
	rc = pool_store_remove(sweep->store, addr);
	if (rc < 0)
		pool_faults_add(&sweep->faults, sweep->store, "remove", addr, -rc);
	else
		sweep->done.removed++;
}

int pool_reclaim(struct pool_store *store, const struct pool_census *census,
		 struct pool_reclaimed *ret, struct error *err)
{
	struct sweep sweep = { .store = store, .census = census };
	int rc = pool_store_each(store, look_at, &sweep, err);

	*ret = sweep.done;
	return rc < 0 ? rc : pool_faults_report(&sweep.faults, err);
}
