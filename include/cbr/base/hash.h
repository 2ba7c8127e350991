/* SPDX-License-Identifier: Apache-2.0 */
/* hash.h - the stable hash behind every name that must be found again without a record */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * hash_bytes() - continue a 64 bit hash over @len bytes
 * @seed: HASH_SEED to begin, else the value so far
 *
 * FNV-1a. It spreads names; it resists nobody who chooses them.
 * Source: draft-eastlake-fnv.
 */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);

#define HASH_SEED 0xcbf29ce484222325ULL

/*
 * hash_attachment() - identify (network, container, interface)
 *
 * The three are NUL-separated in the hash, so no two triples run together.
 */
uint64_t hash_attachment(const char *network, const char *container_id, const char *ifname);

/*
 * hash_host_link() - name of an attachment's host end: "veth" and 11 hex digits
 *
 * Any later call computes it again; nothing has to be remembered.
 */
void hash_host_link(const char *network, const char *container_id, const char *ifname,
		    char ret_name[static IF_NAMESIZE]);

/* hash_is_host_link() - is this such a name, of whatever attachment? */
bool hash_is_host_link(const char *name);
