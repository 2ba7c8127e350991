/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - the stable hash behind names */

#include "cbr/base/hash.h"

#include <stdio.h>
#include <string.h>

#define FNV_PRIME 0x100000001b3ULL

/* What fits behind it in an interface name: 11 hex digits. */
#define HOST_LINK_PREFIX "veth"
#define HOST_LINK_DIGITS 11
#define HOST_LINK_BITS (4 * HOST_LINK_DIGITS)

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i++)
		seed = (seed ^ p[i]) * FNV_PRIME;
	return seed;
}

static uint64_t hash_text(uint64_t seed, const char *text)
{
	return hash_bytes(seed, text, strlen(text) + 1);
}

uint64_t hash_attachment(const char *network, const char *container_id, const char *ifname)
{
	return hash_text(hash_text(hash_text(HASH_SEED, network), container_id), ifname);
}

void hash_host_link(const char *network, const char *container_id, const char *ifname,
		    char ret_name[static IF_NAMESIZE])
{
	uint64_t hash = hash_attachment(network, container_id, ifname);

	/* Fold the high bits in: FNV spreads its last bytes upwards. */
	hash = (hash >> HOST_LINK_BITS ^ hash) & ((1ULL << HOST_LINK_BITS) - 1);
	snprintf(ret_name, IF_NAMESIZE, HOST_LINK_PREFIX "%0*llx", HOST_LINK_DIGITS,
		 (unsigned long long)hash);
}

bool hash_is_host_link(const char *name)
{
	const char *digits = name + strlen(HOST_LINK_PREFIX);

	return strncmp(name, HOST_LINK_PREFIX, strlen(HOST_LINK_PREFIX)) == 0 &&
	       strlen(digits) == HOST_LINK_DIGITS &&
	       strspn(digits, "0123456789abcdef") == HOST_LINK_DIGITS;
}
