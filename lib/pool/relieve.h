/* SPDX-License-Identifier: Apache-2.0 */
/* relieve.h - a set that is nearly full: take back what the dead hold */
#pragma once

#include "cbr/base/clock.h"
#include "choose.h"
#include "walk.h"

#define POOL_OLDEST 3

/*
 * What was seen of the owners of a set.
 * @oldest, @n_oldest: of those with a time on record, oldest first
 * @n_hidden: how many may be dead, but cannot be seen from here
 */
struct pool_tally {
	struct {
		struct timespec time;
		char who[160];
	} oldest[POOL_OLDEST];
	size_t n_oldest;
	size_t n_hidden;
};

/*
 * pool_relieve() - look at the owners of taken addresses, in the order of the walk
 * @walk: its bits are of the directory; those of addresses taken back are cleared
 * @from: number of the first address
 * @max: how many to look at; those that come first are the oldest ones. It ends before that
 *       when a thousand were taken back, or one was looked at and the time is up
 * @end: when it is; NULL = never
 *
 * Return: number of the first that was not looked at, the walk's size if there is none.
 */
uint64_t pool_relieve(struct pool_work *work, struct pool_walk *walk, uint64_t from, uint64_t max,
		      const struct deadline *end, struct pool_tally *tally);

/* pool_relieve_wanted() - the same for one address; Return: true if it is free now */
bool pool_relieve_wanted(struct pool_work *work, const struct ip_addr *addr);
