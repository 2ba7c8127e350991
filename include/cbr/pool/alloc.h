/* SPDX-License-Identifier: Apache-2.0 */
/* alloc.h - which address next */
#pragma once

#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/owner.h"
#include "cbr/pool/range.h"
#include "cbr/pool/store.h"

/*
 * @address: with the length of its subnet
 * @gateway: of its range
 */
struct pool_lease {
	struct ip_prefix address;
	struct ip_addr gateway;
};

/*
 * pool_allocate() - reserve one address out of each set, or none at all
 * @store: locked
 * @sets, @n: settled and apart
 * @wanted: one per set: this address and no other; family 0 = the next free one
 * @ret: one per set
 *
 * The next one is the first free behind the set's cursor, around the set, gateways left
 * out. An attachment that holds an address of a set already gets that one again, and none
 * beside it unless a certain one is wanted.
 *
 * Return: 1 and *ret, 0 and *ret if some of it was held before; or negative with nothing
 * reserved: ERROR_AGAIN if a set is exhausted, ERROR_CONFLICT if the wanted one is
 * another's, ERROR_CONFIG if it is a gateway.
 */
int pool_allocate(struct pool_store *store, const struct pool_set *sets, size_t n,
		  const struct pool_owner *owner, const struct ip_addr *wanted,
		  struct pool_lease *ret, struct error *err);
