/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ip.h - IPv4 and IPv6 addresses and prefixes, all arithmetic on 128 bits
 *
 * Text follows what the field's configs are written for: dotted quads without
 * leading zeros, RFC 4291 text without zone, v4-mapped text is its IPv4 address;
 * output is dotted or RFC 5952.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * @family: AF_INET, AF_INET6, or 0 for "no address"
 * @bytes: network order; the first 4 are used for AF_INET, the rest is zero
 */
struct ip_addr {
	int family;
	uint8_t bytes[16];
};

/*
 * @addr: address, host bits kept
 * @len: prefix length in bits
 */
struct ip_prefix {
	struct ip_addr addr;
	unsigned len;
};

/* Enough for any address, and for any prefix, with its NUL. */
#define IP_TEXT_SIZE 64

/* ip_parse() - Return: 0 and *ret, or -EINVAL. */
int ip_parse(const char *text, struct ip_addr *ret);

/*
 * ip_prefix_parse() - "address/length", host bits kept
 *
 * As Go's net.ParseCIDR: no zone, no sign; the length may have leading zeros ("/08").
 *
 * Return: 0 and *ret; -EINVAL for no prefix; -EAFNOSUPPORT for a v4-mapped IPv6
 * prefix, which names no network that could be routed.
 */
int ip_prefix_parse(const char *text, struct ip_prefix *ret);

/* ip_format(), ip_prefix_format() - Return: @buf, "" for "no address". */
char *ip_format(const struct ip_addr *addr, char buf[static IP_TEXT_SIZE]);
char *ip_prefix_format(const struct ip_prefix *prefix, char buf[static IP_TEXT_SIZE]);

/* ip_bits() - 32 or 128; 0 for "no address" */
unsigned ip_bits(int family);

/* ip_size() - 4 or 16 bytes; 0 for "no address" */
size_t ip_size(int family);

/* ip_compare() - < 0, 0, > 0; IPv4 sorts before IPv6 */
int ip_compare(const struct ip_addr *a, const struct ip_addr *b);

/* ip_equal() - same family and bytes; "no address" equals itself */
bool ip_equal(const struct ip_addr *a, const struct ip_addr *b);

/* ip_is_unspecified() - is it 0.0.0.0 or :: ? */
bool ip_is_unspecified(const struct ip_addr *addr);

/* ip_next(), ip_prev() - step by one; false and unchanged past the family's end */
bool ip_next(struct ip_addr *addr);
bool ip_prev(struct ip_addr *addr);

/* ip_network(), ip_last() - first and last address of the prefix */
struct ip_addr ip_network(const struct ip_prefix *prefix);
struct ip_addr ip_last(const struct ip_prefix *prefix);

/* ip_range_size() - addresses from @first to @last inclusive, UINT64_MAX if more fit */
uint64_t ip_range_size(const struct ip_addr *first, const struct ip_addr *last);

/* ip_prefix_contains() - is the address of that family and inside? */
bool ip_prefix_contains(const struct ip_prefix *prefix, const struct ip_addr *addr);

/*
 * ip_prefix_compare() - by address (host bits too), of those that begin together the widest first
 *
 * Return: below, at or above 0, as for qsort(3).
 */
int ip_prefix_compare(const struct ip_prefix *a, const struct ip_prefix *b);

/* ip_prefix_equal() - same address bytes (host bits too) and length */
bool ip_prefix_equal(const struct ip_prefix *a, const struct ip_prefix *b);

/* ip_prefix_is_default() - 0.0.0.0/0 or ::/0 */
bool ip_prefix_is_default(const struct ip_prefix *prefix);

/*
 * ip_prefix_merge() - sort, clear host bits, drop what another one contains
 *
 * In place. Return: how many are left, the first of @prefixes.
 */
size_t ip_prefix_merge(struct ip_prefix *prefixes, size_t n);
