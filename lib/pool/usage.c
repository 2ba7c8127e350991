/* SPDX-License-Identifier: Apache-2.0 */
/* usage.c - how full is a pool? */

#include "cbr/pool/usage.h"

#include "cbr/base/cleanup.h"
#include "walk.h"

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
