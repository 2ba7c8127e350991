/* SPDX-License-Identifier: Apache-2.0 */
/* usage.h - how full is a pool? */
#pragma once

#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/pool/range.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

/*
 * @total: addresses of the set, its gateways not counted; of a huge one only the first
 *         million behind the cursor
 * @free: those without a file
 */
struct pool_usage {
	uint64_t total;
	uint64_t free;
};

/*
 * pool_usage() - count
 * @set: settled
 * @number: of the set in the config
 *
 * Lists the directory; opens no file and needs no lock. Return: 0 and *ret, or negative.
 */
int pool_usage(const struct pool_store *store, const struct pool_set *set, size_t number,
	       struct pool_usage *ret, struct error *err);

/*
 * pool_has_room() - could an address of the set be had?
 * @ret: counted if there is none, and if the state does not tell that there is
 *
 * As pool_allocate() does, it counts those of the dead as to be had; but it looks at a few dozen
 * owners only. Those beyond it takes for mortal, unless the state says that an ADD has looked at
 * all of them in vain. Needs no lock.
 * Return: 1, 0 none, or negative.
 */
int pool_has_room(struct pool_store *store, const struct pool_set *set, size_t number,
		  const struct pool_world *world, struct pool_usage *ret, struct error *err);
