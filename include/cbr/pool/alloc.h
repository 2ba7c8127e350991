/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - which address next */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/owner.h"
#include "cbr/pool/range.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

/* No address rests longer than that, whatever was asked for. */
#define POOL_REST_MAX_S 600

/*
 * @sets, @n: settled and apart
 * @wanted: one per set: this address and no other; family 0 = the next free one
 * @owner: for whom
 * @evidence: what shows that it lives; its times are set when it is written down
 * @rest_s: seconds that an address given back rests before it is handed out again, at
 *          most POOL_REST_MAX_S
 */
struct pool_request {
	const struct pool_set *sets;
	size_t n;
	const struct ip_addr *wanted;
	struct pool_owner owner;
	struct pool_evidence evidence;
	int rest_s;
};

/*
 * @address: with the length of its subnet
 * @gateway: of its range
 */
struct pool_lease {
	struct ip_prefix address;
	struct ip_addr gateway;
};

/*
 * What an allocation, a release or a reclaim cleaned up by the way, in addresses.
 * @earlier_boot: of attachments of an earlier boot
 * @dead: of attachments that are dead by all evidence
 * @blank: files that a crash left without content
 * @unreadable: files that cannot be read and are left, since nothing is known of them
 * @more: an allocation failed, but the slice_ms of the store were over before all owners were
 * looked at: to be called again with the same news, after others could work there
 * @looked_set, @looked: where it goes on then, as in the state
 */
struct pool_news {
	size_t earlier_boot;
	size_t dead;
	size_t blank;
	size_t unreadable;
	bool more;
	uint64_t looked_set;
	uint64_t looked;
};

/* pool_news_add() - those of one more step */
void pool_news_add(struct pool_news *news, const struct pool_news *more);

/*
 * pool_allocate() - reserve one address out of each set, or none at all
 * @store: made and locked
 * @ret: one per set
 * @news: added to
 *
 * The next one is the first free behind the set's cursor, around the set, gateways left
 * out, and those that rest only if there is no other: then the one that has rested
 * longest. When the set is nearly full, and before it is called exhausted, addresses of the
 * dead are taken back; likewise a wanted one.
 *
 * An attachment that holds an address of a set already gets that one again, and none
 * beside it unless a certain one is wanted; but if it is dead by all evidence, this is
 * another life of it, which gets addresses of its own.
 *
 * Return: 1 and *ret, 0 and *ret if some of it was held before; or negative with nothing
 * reserved: ERROR_AGAIN if a set is exhausted, ERROR_CONFLICT if the wanted one is
 * another's, ERROR_CONFIG if it is a gateway.
 */
int pool_allocate(struct pool_store *store, const struct pool_request *request,
		  const struct pool_world *world, struct pool_lease *ret, struct pool_news *news,
		  struct error *err);
