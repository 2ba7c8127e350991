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
 * out. What an attachment holds already is not handed out to it again, nor a second
 * address beside it unless a certain one is wanted.
 *
 * Return: 0 and *ret; or negative with nothing reserved: ERROR_AGAIN if a set is
 * exhausted, ERROR_CONFLICT if the attachment holds an address of the set, or the wanted
 * one is taken; ERROR_CONFIG if the wanted one is a gateway.
 */
int pool_allocate(struct pool_store *store, const struct pool_set *sets, size_t n,
		  const struct pool_owner *owner, const struct ip_addr *wanted,
		  struct pool_lease *ret, struct error *err);
