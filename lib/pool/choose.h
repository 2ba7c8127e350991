/* SPDX-License-Identifier: Apache-2.0 */
/* choose.h - which address of a set, without reserving it */
#pragma once

#include "cbr/pool/alloc.h"
#include "index.h"

/*
 * An allocation in work.
 * @store, @request, @world, @news: of pool_allocate()
 * @index: what is known of the directory
 */
struct pool_work {
	struct pool_store *store;
	const struct pool_request *request;
	const struct pool_world *world;
	struct pool_news *news;
	struct pool_index *index;
};

/*
 * pool_choose_next() - the next free address of a set
 * @set: number of the set
 *
 * Return: 0 and *ret, or negative: ERROR_AGAIN if there is none.
 */
int pool_choose_next(struct pool_work *work, size_t set, struct pool_lease *ret, struct error *err);

/*
 * pool_choose_wanted() - the one that was asked for
 *
 * Return: 0 and *ret, or negative: ERROR_CONFIG if it cannot be had, ERROR_CONFLICT if
 * somebody has it.
 */
int pool_choose_wanted(struct pool_work *work, size_t set, struct pool_lease *ret,
		       struct error *err);
