/* SPDX-License-Identifier: Apache-2.0 */
/*
 * witness.h - state of a namespace as ip(8) and nft(8) tell it
 *
 * Never our own parser as its own witness. @ns NULL is the test's own namespace.
 * Results are new references; a command that fails ends the test as failed.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct ns;

/* witness_ip() - `ip -j -d <fmt>`; Return: an array, empty if ip printed nothing */
json_t *witness_ip(const struct ns *ns, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* witness_bridge() - `bridge -j -d <fmt>`; Return: an array */
json_t *witness_bridge(const struct ns *ns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* witness_nft() - `nft -j <fmt>`; Return: the array under "nftables", without metainfo */
json_t *witness_nft(const struct ns *ns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* witness_link() - one link with its addresses (`ip addr show`); Return: object, or NULL */
json_t *witness_link(const struct ns *ns, const char *name);

/* witness_has_address() - has the link this "address/length"? */
bool witness_has_address(const struct ns *ns, const char *link, const char *prefix);

/*
 * witness_state() - everything that must be as before after ADD and DEL
 *
 * Links, addresses and routes without counters and interface indexes, neighbour
 * entries that do not age, and the nft ruleset without handles.
 * Return: text owned by the caller, to be compared with assert_string_equal().
 */
char *witness_state(const struct ns *ns);
