/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk.h - in which order the addresses of a set are tried, and which are taken
 *
 * Round robin: from the cursor's successor to the end of its range, through the other
 * ranges, and at last up to the cursor itself; without a cursor from the first range on.
 * An address's place in this order is its number here. One bit each says whether it is
 * taken, so that the next free one is found without asking for each.
 *
 * The bits are bounded, though an IPv6 set is not: of the first POOL_WALK_MAX addresses
 * one is free unless a single node reserved a million, and what lies behind that one
 * does not matter.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/range.h"

#define POOL_WALK_MAX (1U << 20)

/*
 * A stretch without gaps.
 * @first, @last: inclusive
 * @start: number of @first
 * @range: where it belongs to
 */
struct pool_stretch {
	struct ip_addr first;
	struct ip_addr last;
	uint64_t start;
	const struct pool_range *range;
};

/*
 * @stretches, @n: in the order of the walk, owned
 * @size: how many addresses are looked at
 * @taken: @size bits, owned
 * @n_taken: addresses of the set that have a file, wherever in the walk
 */
struct pool_walk {
	struct pool_stretch *stretches;
	size_t n;
	uint64_t size;
	uint64_t *taken;
	uint64_t n_taken;
};

/*
 * pool_walk_begin() - lay out the order; gateways are taken from the start
 * @set: settled
 * @cursor: address that was handed out last; ignored unless the set holds it
 *
 * Return: 0, or -ENOMEM with *err. pool_walk_done() releases it either way.
 */
int pool_walk_begin(struct pool_walk *walk, const struct pool_set *set,
		    const struct ip_addr *cursor, struct error *err);

/* pool_walk_done() - release; accepts a zeroed walk */
void pool_walk_done(struct pool_walk *walk);

/* pool_walk_take() - this address has a file; others than the set's are ignored */
void pool_walk_take(struct pool_walk *walk, const struct ip_addr *addr);

/* pool_walk_drop() - it has no file any more */
void pool_walk_drop(struct pool_walk *walk, const struct ip_addr *addr);

/* pool_walk_is_taken(), pool_walk_skip() - by number below @size; skip = take it for taken */
bool pool_walk_is_taken(const struct pool_walk *walk, uint64_t number);
void pool_walk_skip(struct pool_walk *walk, uint64_t number);

/*
 * pool_walk_next_free() - first address that is not taken
 * @number: where to begin, then where it was found
 */
bool pool_walk_next_free(const struct pool_walk *walk, uint64_t *number);

/* pool_walk_at() - address of a number below @size; Return: its range */
const struct pool_range *pool_walk_at(const struct pool_walk *walk, uint64_t number,
				      struct ip_addr *ret);
