/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - which name in a network's directory is what */
#pragma once

#include <limits.h>
#include <stdbool.h>

#include "cbr/base/ip.h"
#include "cbr/pool/record.h"

#define POOL_LOCK_NAME "lock"
#define POOL_STATE_NAME ".state"
#define POOL_CURSOR_PREFIX "last_reserved_ip."

/*
 * pool_name_is_address() - does it name a reservation?
 *
 * Only the canonical text of an address does. IPv4 has just that one; v4-mapped text has
 * colons and is no canonical text of anything.
 */
bool pool_name_is_address(const char *name, struct ip_addr *ret);

/* pool_record_name() - file name of an attachment's record */
void pool_record_name(const struct pool_owner *owner, char ret[static NAME_MAX + 1]);

/*
 * pool_record_load_named() - the record in that file
 * @records_fd: its directory
 *
 * Return: 1 and *ret, 0 if there is none that is whole and of that name; or a negative errno:
 * nobody can tell.
 */
int pool_record_load_named(int records_fd, const char *name, struct pool_record *ret);
