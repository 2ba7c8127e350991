/* SPDX-License-Identifier: Apache-2.0 */
/* ip.c - addresses: compare, step, prefixes */

#include "cbr/base/ip.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

size_t ip_size(int family)
{
	return ip_bits(family) / 8;
}

unsigned ip_bits(int family)
{
	switch (family) {
	case AF_INET:
		return 32;
	case AF_INET6:
		return 128;
	default:
		return 0;
	}
}

int ip_compare(const struct ip_addr *a, const struct ip_addr *b)
{
	if (a->family != b->family)
		return ip_size(a->family) < ip_size(b->family) ? -1 : 1;
	return memcmp(a->bytes, b->bytes, ip_size(a->family));
}

bool ip_equal(const struct ip_addr *a, const struct ip_addr *b)
{
	return ip_compare(a, b) == 0;
}

bool ip_is_unspecified(const struct ip_addr *addr)
{
	static const uint8_t zero[16];

	return addr->family && memcmp(addr->bytes, zero, ip_size(addr->family)) == 0;
}

bool ip_next(struct ip_addr *addr)
{
	struct ip_addr next = *addr;

	for (size_t i = ip_size(addr->family); i-- > 0;) {
		if (++next.bytes[i] != 0) {
			*addr = next;
			return true;
		}
	}
	return false;
}

bool ip_prev(struct ip_addr *addr)
{
	struct ip_addr prev = *addr;

	for (size_t i = ip_size(addr->family); i-- > 0;) {
		if (prev.bytes[i]-- != 0) {
			*addr = prev;
			return true;
		}
	}
	return false;
}

/* The part of byte @i that belongs to the network. */
static uint8_t mask_byte(unsigned len, size_t i)
{
	if (len >= (i + 1) * 8)
		return 0xff;
	if (len <= i * 8)
		return 0;
	return (uint8_t)(0xff << (8 - len % 8));
}

struct ip_addr ip_network(const struct ip_prefix *prefix)
{
	struct ip_addr addr = prefix->addr;

	for (size_t i = 0; i < ip_size(addr.family); i++)
		addr.bytes[i] &= mask_byte(prefix->len, i);
	return addr;
}

struct ip_addr ip_last(const struct ip_prefix *prefix)
{
	struct ip_addr addr = prefix->addr;

	for (size_t i = 0; i < ip_size(addr.family); i++)
		addr.bytes[i] |= (uint8_t)~mask_byte(prefix->len, i);
	return addr;
}

/* By bytes, from the last on: no integer of every machine holds an IPv6 address. */
uint64_t ip_range_size(const struct ip_addr *first, const struct ip_addr *last)
{
	const size_t size = ip_size(first->family);
	uint64_t distance = 0;
	bool is_huge = false;
	int borrow = 0;

	if (first->family != last->family || ip_compare(first, last) > 0)
		return 0;
	for (size_t i = 0; i < size; i++) {
		const int digit = last->bytes[size - 1 - i] - first->bytes[size - 1 - i] - borrow;

		borrow = digit < 0;
		if (i < sizeof(distance))
			distance |= (uint64_t)(digit & 0xff) << (8 * i);
		else
			is_huge = is_huge || (digit & 0xff);
	}
	return is_huge || distance == UINT64_MAX ? UINT64_MAX : distance + 1;
}

bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr)
{
	if (!addr->family || prefix->addr.family != addr->family)
		return false;
	for (size_t i = 0; i < ip_size(addr->family); i++)
		if ((prefix->addr.bytes[i] ^ addr->bytes[i]) & mask_byte(prefix->len, i))
			return false;
	return true;
}

bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b)
{
	return ip_prefix_compare(a, b) == 0;
}

bool ip_prefix_is_default(const struct ip_prefix *prefix)
{
	return prefix->len == 0 && ip_is_unspecified(&prefix->addr);
}

int ip_prefix_compare(const struct ip_prefix *a, const struct ip_prefix *b)
{
	const int order = ip_compare(&a->addr, &b->addr);

	if (order)
		return order;
	return a->len < b->len ? -1 : a->len > b->len;
}

static int compare_prefixes(const void *left, const void *right)
{
	return ip_prefix_compare(left, right);
}

size_t ip_prefix_merge(struct ip_prefix *prefixes, size_t n)
{
	size_t kept = 0;

	if (!n)
		return 0;
	for (size_t i = 0; i < n; i++)
		prefixes[i].addr = ip_network(&prefixes[i]);
	qsort(prefixes, n, sizeof(*prefixes), compare_prefixes);
	for (size_t i = 0; i < n; i++)
		if (!kept || !ip_prefix_contains(&prefixes[kept - 1], &prefixes[i].addr))
			prefixes[kept++] = prefixes[i];
	return kept;
}
