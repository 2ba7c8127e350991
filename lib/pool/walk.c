/* SPDX-License-Identifier: Apache-2.0 */
/* walk.c - order and bits of the addresses of a set */

#include "walk.h"

#include <errno.h>
#include <stdlib.h>

#define WORD_BITS 64

static uint64_t add(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static void append(struct pool_walk *walk, const struct pool_range *range, struct ip_addr first,
		   struct ip_addr last)
{
	walk->stretches[walk->n++] = (struct pool_stretch){ first, last, walk->size, range };
	walk->size = add(walk->size, ip_range_size(&first, &last));
}

static void lay_out(struct pool_walk *walk, const struct pool_set *set,
		    const struct ip_addr *cursor)
{
	const struct pool_range *home = cursor ? pool_set_find(set, cursor) : NULL;
	size_t start = home ? (size_t)(home - set->ranges) : 0;
	struct ip_addr next;

	if (home && !ip_equal(cursor, &home->last)) {
		next = *cursor;
		ip_next(&next);
		append(walk, home, next, home->last);
	}
	for (size_t i = home ? 1 : 0; i < set->n; i++) {
		const struct pool_range *range = &set->ranges[(start + i) % set->n];

		append(walk, range, range->first, range->last);
	}
	if (home)
		append(walk, home, home->first, *cursor);
}

static void set_bit(struct pool_walk *walk, uint64_t number)
{
	if (number < walk->size)
		walk->taken[number / WORD_BITS] |= 1ULL << number % WORD_BITS;
}

/* Its number, if it lies in the walk and, unless @range is NULL, in that range. */
static bool find(const struct pool_walk *walk, const struct ip_addr *addr,
		 const struct pool_range *range, uint64_t *ret)
{
	for (size_t i = 0; i < walk->n; i++) {
		const struct pool_stretch *s = &walk->stretches[i];

		if ((range && s->range != range) || addr->family != s->first.family ||
		    ip_compare(addr, &s->first) < 0 || ip_compare(addr, &s->last) > 0)
			continue;
		*ret = add(s->start, ip_range_size(&s->first, addr) - 1);
		return true;
	}
	return false;
}

/* Each range keeps its own gateway back, and no other's. */
static void take_gateways(struct pool_walk *walk, const struct pool_set *set)
{
	uint64_t number;

	for (size_t i = 0; i < set->n; i++)
		if (find(walk, &set->ranges[i].gateway, &set->ranges[i], &number))
			set_bit(walk, number);
}

int pool_walk_begin(struct pool_walk *walk, const struct pool_set *set,
		    const struct ip_addr *cursor, struct error *err)
{
	/* The cursor splits one range in two. */
	*walk = (struct pool_walk){ .stretches = calloc(set->n + 1, sizeof(*walk->stretches)) };
	if (walk->stretches)
		lay_out(walk, set, cursor);
	if (walk->size > POOL_WALK_MAX)
		walk->size = POOL_WALK_MAX;
	walk->taken = calloc(walk->size / WORD_BITS + 1, sizeof(*walk->taken));
	if (!walk->stretches || !walk->taken)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look for a free address");
	take_gateways(walk, set);
	return 0;
}

void pool_walk_done(struct pool_walk *walk)
{
	free(walk->stretches);
	free(walk->taken);
	*walk = (struct pool_walk){ 0 };
}

void pool_walk_take(struct pool_walk *walk, const struct ip_addr *addr)
{
	uint64_t number;

	if (!find(walk, addr, NULL, &number))
		return;
	set_bit(walk, number);
	walk->n_taken++;
}

void pool_walk_drop(struct pool_walk *walk, const struct ip_addr *addr)
{
	uint64_t number;

	if (!find(walk, addr, NULL, &number) || number >= walk->size ||
	    !pool_walk_is_taken(walk, number))
		return;
	walk->taken[number / WORD_BITS] &= ~(1ULL << number % WORD_BITS);
	walk->n_taken -= walk->n_taken > 0;
}

bool pool_walk_is_taken(const struct pool_walk *walk, uint64_t number)
{
	return walk->taken[number / WORD_BITS] >> number % WORD_BITS & 1;
}

void pool_walk_skip(struct pool_walk *walk, uint64_t number)
{
	set_bit(walk, number);
}

bool pool_walk_next_free(const struct pool_walk *walk, uint64_t *number)
{
	uint64_t n = *number;

	while (n < walk->size) {
		uint64_t free_bits = ~walk->taken[n / WORD_BITS] >> n % WORD_BITS;

		if (!free_bits) {
			n = (n / WORD_BITS + 1) * WORD_BITS;
			continue;
		}
		n += (uint64_t)__builtin_ctzll(free_bits);
		if (n >= walk->size)
			return false;
		*number = n;
		return true;
	}
	return false;
}

static struct ip_addr advance(struct ip_addr addr, uint64_t n)
{
	for (size_t i = ip_size(addr.family); i-- > 0 && n;) {
		n += addr.bytes[i];
		addr.bytes[i] = (uint8_t)n;
		n >>= 8;
	}
	return addr;
}

const struct pool_range *pool_walk_at(const struct pool_walk *walk, uint64_t number,
				      struct ip_addr *ret)
{
	size_t i = walk->n - 1;

	while (walk->stretches[i].start > number)
		i--;
	*ret = advance(walk->stretches[i].first, number - walk->stretches[i].start);
	return walk->stretches[i].range;
}
