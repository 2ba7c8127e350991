/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.h - take back what belongs to attachments that are no more */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cbr/base/error.h"
#include "cbr/pool/alloc.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

/*
 * What the runtime knows of the living.
 * @is_listed: does it count this attachment as valid? Without interface: any attachment
 *             of that container
 * @arg: for that
 * @n_listed: how many are valid
 * @start, @start_ns: CLOCK_REALTIME_COARSE, CLOCK_BOOTTIME; what was reserved then or later
 *                    was not known to the runtime. Coarse, as the kernel stamps files: by a
 *                    finer clock one made a moment later may seem to be older
 */
struct pool_census {
	bool (*is_listed)(const struct pool_owner *owner, void *arg);
	void *arg;
	size_t n_listed;
	struct timespec start;
	int64_t start_ns;
};

/*
 * @news: addresses taken back
 * @alive: attachments not listed, but kept for a sign of life
 * @hidden: the same, but kept since whether they live cannot be seen
 * @more: the slice_ms of the store were over: to be called again, after others could work there
 */
struct pool_reclaimed {
	struct pool_news news;
	size_t alive;
	size_t hidden;
	bool more;
};

/*
 * pool_reclaim() - take back the addresses of attachments that are not listed, were made
 * before the census, and show no sign of life; files that a crash left empty; and files that
 * nobody can read, if all that are listed hold others
 * @store: made and locked
 *
 * Where there is no evidence at all, as for those that host-local made, the runtime's
 * word decides. Goes on over errors. Return: 0, or negative when some file could not be
 * dealt with; *ret is filled either way.
 */
int pool_reclaim(struct pool_store *store, const struct pool_census *census,
		 const struct pool_world *world, struct pool_reclaimed *ret, struct error *err);
