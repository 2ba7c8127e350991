/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rest.h - addresses that were given back a moment ago
 *
 * Peers remember an address after its pod is gone: connections that are being set up,
 * conntrack, DNS. <dataDir>/<network>/.resting/<address> is made when an address is given
 * back; its time of modification says when, its content who had it.
 */
#pragma once

#include <stdint.h>

#include "cbr/pool/alloc.h"
#include "cbr/pool/store.h"

/* pool_rest_begin() - this address was given back now; no error, it may do without */
void pool_rest_begin(struct pool_store *store, const struct ip_addr *addr,
		     const struct pool_owner *owner);

/* pool_rest_end() - it is handed out again */
void pool_rest_end(struct pool_store *store, const struct ip_addr *addr);

/*
 * pool_rest_age_ms() - how long has it rested?
 *
 * Return: milliseconds, INT64_MAX if it does not rest, or if the clock was set back.
 */
int64_t pool_rest_age_ms(const struct pool_store *store, const struct ip_addr *addr);

/* pool_rest_tidy() - forget what has rested longer than that */
void pool_rest_tidy(struct pool_store *store, int64_t limit_ms);
