/* SPDX-License-Identifier: Apache-2.0 */
/* range.h - what a pool may hand out: sets of address ranges */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"

/*
 * An address with family 0 is to be chosen by pool_set_settle().
 * @subnet: its length goes with every address; family 0 = not given, IPv4 with more
 *          than 32 bits = was written as v4-mapped IPv6: pool_set_settle() refuses both
 * @first, @last: both inclusive; by default all but network and IPv4 broadcast address
 * @gateway: never handed out by this range, need not lie in it; by default the first
 *           address of the subnet
 */
struct pool_range {
	struct ip_prefix subnet;
	struct ip_addr first;
	struct ip_addr last;
	struct ip_addr gateway;
};

/* Ranges of one family; an attachment gets one address out of each set. */
struct pool_set {
	struct pool_range *ranges;
	size_t n;
};

/*
 * pool_set_settle() - fill in defaults and check the set
 *
 * Afterwards each range has all its addresses, of its subnet's family (the gateway's is
 * not looked at), first <= last, and no two ranges overlap. The messages are those of
 * host-local, which people's tools know.
 *
 * Return: 0, or -EINVAL with ERROR_CONFIG.
 */
int pool_set_settle(struct pool_set *set, struct error *err);

/*
 * pool_sets_check_apart() - no two settled sets may share an address
 *
 * Return: 0, or -EINVAL with ERROR_CONFIG naming two that do, or -ENOMEM.
 */
int pool_sets_check_apart(const struct pool_set *sets, size_t n, struct error *err);

/* pool_set_find() - Return: the range with this address, or NULL */
const struct pool_range *pool_set_find(const struct pool_set *set, const struct ip_addr *addr);

/* pool_range_contains() - does it lie between first and last? */
bool pool_range_contains(const struct pool_range *range, const struct ip_addr *addr);

/*
 * pool_set_format() - "first-last,first-last", cut to fit
 *
 * Return: @buf.
 */
char *pool_set_format(const struct pool_set *set, char *buf, size_t size);
