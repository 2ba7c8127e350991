/* SPDX-License-Identifier: Apache-2.0 */
/* reclaim.h - take back what belongs to attachments that are no more */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "cbr/base/error.h"
#include "cbr/pool/store.h"

/*
 * What others know of the living.
 * @is_listed: does the runtime count this attachment as valid? Without interface: any
 *             attachment of that container
 * @is_alive: is there any sign of life? Asked only for those that are not listed
 * @arg: for both
 * @start: CLOCK_REALTIME; what was reserved then or later was not known to the runtime
 */
struct pool_census {
	bool (*is_listed)(const struct pool_owner *owner, void *arg);
	bool (*is_alive)(const struct pool_owner *owner, void *arg);
	void *arg;
	struct timespec start;
};

/* @removed: reservations taken back; @alive: not listed, but kept for a sign of life */
struct pool_reclaimed {
	size_t removed;
	size_t alive;
};

/*
 * pool_reclaim() - remove reservations of attachments that are not listed, were made
 * before the census, and show no sign of life; and files that a crash left empty
 * @store: locked
 *
 * Goes on over errors. Return: 0, or negative when some file could not be dealt with;
 * *ret is filled either way.
 */
int pool_reclaim(struct pool_store *store, const struct pool_census *census,
		 struct pool_reclaimed *ret, struct error *err);
