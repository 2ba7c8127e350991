/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - addresses of an interface (linux/if_addr.h) */
#pragma once

#include <stdint.h>

#include "cbr/netlink/batch.h"

/* Who put it there: IFA_PROTO of everything we add, where the kernel keeps it (5.18). */
#define ADDR_PROTO_CBR 67

/* Of all attributes that the kernel has for one, there is twice the room. */
#define ADDR_TOLD_SIZE 384

/*
 * @prefix: address with its prefix length
 * @flags: IFA_F_*
 * @proto: IFA_PROTO, 0 where the kernel has none
 * @told, @told_len: all that the kernel told of it, header and attributes
 */
struct addr {
	struct ip_prefix prefix;
	uint32_t flags;
	uint8_t proto;
	size_t told_len;
	unsigned char told[ADDR_TOLD_SIZE];
};

/*
 * addr_put_add() - give an interface an address
 * @flags: IFA_F_*, as IFA_F_NODAD
 *
 * IPv4 gets the all-ones broadcast address below /31. EEXIST is a failure unless
 * the caller tolerates it. Return: index of the request.
 */
size_t addr_put_add(struct nl_batch *batch, int index, const struct ip_prefix *prefix,
		    uint32_t flags);

/* addr_put_delete() - EADDRNOTAVAIL (it is not there) is tolerated */
void addr_put_delete(struct nl_batch *batch, int index, const struct ip_prefix *prefix);

/* addr_put_remove() - one that was listed, and no other; EADDRNOTAVAIL is tolerated */
void addr_put_remove(struct nl_batch *batch, const struct addr *addr);

/*
 * addr_put_restore() - one that was listed, as it was then; EEXIST is tolerated
 *
 * With label, lifetimes, peer, broadcast address, metric and whose it is.
 */
void addr_put_restore(struct nl_batch *batch, const struct addr *addr);

/*
 * addr_list() - addresses of one interface, by a dump that the kernel filters
 * @family: AF_INET, AF_INET6 or AF_UNSPEC
 * @ret, @ret_n: array owned by the caller, freed with free(3)
 */
int addr_list(struct nl_socket *sock, int index, int family, struct addr **ret, size_t *ret_n,
	      struct error *err);
