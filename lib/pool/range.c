/* SPDX-License-Identifier: Apache-2.0 */
/* range.c - range sets: defaults, checks, look-up */

#include "cbr/pool/range.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"

static int check_subnet(const struct ip_prefix *subnet, struct error *err)
{
	struct ip_addr network = ip_network(subnet);
	unsigned bits = ip_bits(subnet->addr.family);
	char text[IP_TEXT_SIZE];

	if (!subnet->addr.family)
		return error_set(err, ERROR_CONFIG, "IP <nil> not v4 nor v6");
	if (subnet->len > bits)
		return error_set(err, ERROR_CONFIG, "IPNet IP and Mask version mismatch");
	/* /31 and /127 are host routes or point-to-point links, no pools. */
	if (subnet->len > bits - 2)
		return error_set(err, ERROR_CONFIG, "Network %s too small to allocate from",
				 ip_prefix_format(subnet, text));
	if (!ip_equal(&network, &subnet->addr))
		return error_set(err, ERROR_CONFIG,
				 "Network has host bits set. For a subnet mask of length %u the "
				 "network address is %s",
				 subnet->len, ip_format(&network, text));
	return 0;
}

static int outside(const char *what, const struct ip_addr *addr, const struct ip_prefix *subnet,
		   struct error *err)
{
	char addr_text[IP_TEXT_SIZE];
	char subnet_text[IP_TEXT_SIZE];

	return error_set(err, ERROR_CONFIG, "%s %s not in network %s", what,
			 ip_format(addr, addr_text), ip_prefix_format(subnet, subnet_text));
}

static struct ip_addr first_host(const struct ip_prefix *subnet)
{
	struct ip_addr addr = ip_network(subnet);

	ip_next(&addr);
	return addr;
}

/* IPv6 has no broadcast address: the highest one is as good as any other. */
static struct ip_addr last_host(const struct ip_prefix *subnet)
{
	struct ip_addr addr = ip_last(subnet);

	if (addr.family == AF_INET)
		ip_prev(&addr);
	return addr;
}

static int range_settle(struct pool_range *range, struct error *err)
{
	bool last_given = range->last.family;
	int rc = check_subnet(&range->subnet, err);

	if (rc < 0)
		return rc;
	if (!range->gateway.family)
		range->gateway = first_host(&range->subnet);
	if (!last_given)
		range->last = last_host(&range->subnet);
	if (!range->first.family)
		range->first = first_host(&range->subnet);
	else if (!ip_prefix_contains(&range->subnet, &range->first) ||
		 ip_compare(&range->first, &range->last) > 0)
		return outside("RangeStart", &range->first, &range->subnet, err);
	if (last_given && (!ip_prefix_contains(&range->subnet, &range->last) ||
			   ip_compare(&range->last, &range->first) < 0))
		return outside("RangeEnd", &range->last, &range->subnet, err);
	return 0;
}

static bool overlap(const struct pool_range *a, const struct pool_range *b)
{
	return a->first.family == b->first.family && ip_compare(&a->first, &b->last) <= 0 &&
	       ip_compare(&b->first, &a->last) <= 0;
}

static char *range_format(const struct pool_range *range, char *buf, size_t size)
{
	char first[IP_TEXT_SIZE];
	char last[IP_TEXT_SIZE];

	snprintf(buf, size, "%s-%s", ip_format(&range->first, first),
		 ip_format(&range->last, last));
	return buf;
}

static int check_ranges_apart(const struct pool_set *set, struct error *err)
{
	char a[2 * IP_TEXT_SIZE];
	char b[2 * IP_TEXT_SIZE];

	for (size_t i = 0; i < set->n; i++)
		for (size_t j = i + 1; j < set->n; j++)
			if (overlap(&set->ranges[i], &set->ranges[j]))
				return error_set(err, ERROR_CONFIG, "subnets %s and %s overlap",
						 range_format(&set->ranges[i], a, sizeof(a)),
						 range_format(&set->ranges[j], b, sizeof(b)));
	return 0;
}

int pool_set_settle(struct pool_set *set, struct error *err)
{
	if (!set->n)
		return error_set(err, ERROR_CONFIG, "empty range set");
	for (size_t i = 0; i < set->n; i++) {
		int rc = range_settle(&set->ranges[i], err);

		if (rc < 0)
			return rc;
		if (set->ranges[i].first.family != set->ranges[0].first.family)
			return error_set(err, ERROR_CONFIG, "mixed address families");
	}
	return check_ranges_apart(set, err);
}

/* A range, and the number of its set. */
struct placed {
	const struct pool_range *range;
	size_t set;
};

static int compare_placed(const void *left, const void *right)
{
	const struct pool_range *a = ((const struct placed *)left)->range;
	const struct pool_range *b = ((const struct placed *)right)->range;

	if (a->first.family != b->first.family)
		return a->first.family < b->first.family ? -1 : 1;
	return ip_compare(&a->first, &b->first);
}

static size_t count_ranges(const struct pool_set *sets, size_t n)
{
	size_t total = 0;

	for (size_t i = 0; i < n; i++)
		total += sets[i].n;
	return total;
}

/* Sorted, since there may be many: if any two overlap, two neighbours do. */
int pool_sets_check_apart(const struct pool_set *sets, size_t n, struct error *err)
{
	const size_t total = count_ranges(sets, n);
	autofree struct placed *all = n > 1 ? calloc(total, sizeof(*all)) : NULL;
	size_t at = 0;

	if (n < 2)
		return 0;
	if (!all)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot compare range sets");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sets[i].n; j++)
			all[at++] = (struct placed){ &sets[i].ranges[j], i };
	qsort(all, total, sizeof(*all), compare_placed);
	for (size_t i = 1; i < total; i++) {
		const size_t one = all[i - 1].set;
		const size_t other = all[i].set;

		if (overlap(all[i - 1].range, all[i].range))
			return error_set(err, ERROR_CONFIG, "range set %zu overlaps with %zu",
					 one < other ? one : other, one < other ? other : one);
	}
	return 0;
}

bool pool_range_contains(const struct pool_range *range, const struct ip_addr *addr)
{
	return range->first.family == addr->family && ip_compare(&range->first, addr) <= 0 &&
	       ip_compare(addr, &range->last) <= 0;
}

const struct pool_range *pool_set_find(const struct pool_set *set, const struct ip_addr *addr)
{
	for (size_t i = 0; i < set->n; i++)
		if (pool_range_contains(&set->ranges[i], addr))
			return &set->ranges[i];
	return NULL;
}

char *pool_set_format(const struct pool_set *set, char *buf, size_t size)
{
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < set->n && len + 1 < size; i++) {
		char text[2 * IP_TEXT_SIZE];
		int n = snprintf(buf + len, size - len, "%s%s", i ? "," : "",
				 range_format(&set->ranges[i], text, sizeof(text)));

		len += n > 0 ? (size_t)n : 0;
	}
	return buf;
}
