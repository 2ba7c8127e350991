/* SPDX-License-Identifier: Apache-2.0 */
/* mac.h - 48 bit Ethernet addresses */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cbr/base/ip.h"

/* @bytes: as sent */
struct mac {
	uint8_t bytes[6];
};

#define MAC_TEXT_SIZE 18

/*
 * mac_parse() - "aa:bb:cc:dd:ee:ff", "aa-bb-…" or "aabb.ccdd.eeff", any case
 *
 * Return: 0 and *ret, or -EINVAL.
 */
int mac_parse(const char *text, struct mac *ret);

/* mac_format() - lower case with colons; Return: @buf. */
char *mac_format(const struct mac *mac, char buf[static MAC_TEXT_SIZE]);

/* mac_equal() - same bytes */
bool mac_equal(const struct mac *a, const struct mac *b);

/* mac_is_unicast() - not multicast and not all zero: an interface may carry it */
bool mac_is_unicast(const struct mac *mac);

/*
 * mac_from_ip() - the address that a pod with this IP always has
 *
 * 0a:58 and the four bytes of the IPv4 address, or 32 bits of a hash of the IPv6
 * one. A reused IP keeps its MAC, so that no neighbour cache can be stale.
 */
struct mac mac_from_ip(const struct ip_addr *addr);

/* mac_from_hash() - locally administered unicast address with 46 bits of @hash */
struct mac mac_from_hash(uint64_t hash);
