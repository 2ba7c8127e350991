/* SPDX-License-Identifier: Apache-2.0 */
/* neigh.h - neighbour entries (linux/neighbour.h) */
#pragma once

#include "cbr/base/mac.h"
#include "cbr/netlink/batch.h"

/*
 * neigh_put_set() - this address is at this MAC, whatever the entry said before
 *
 * The entry is reachable at once and ages like a learned one.
 */
void neigh_put_set(struct nl_batch *batch, int index, const struct ip_addr *addr,
		   const struct mac *mac);

/* neigh_put_delete() - forget it; ENOENT is tolerated */
void neigh_put_delete(struct nl_batch *batch, int index, const struct ip_addr *addr);
