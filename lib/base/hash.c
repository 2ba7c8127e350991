/* SPDX-License-Identifier: Apache-2.0 */
/* hash.c - the stable hash behind names */

#include "cbr/base/hash.h"

#include <stdio.h>
#include <string.h>

#define FNV_PRIME 0x100000001b3ULL

/* What fits behind "veth" in an interface name: 11 hex digits. */
#define HOST_LINK_BITS 44

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
	snprintf(ret_name, IF_NAMESIZE, "veth%011llx", (unsigned long long)hash);
}
