/* SPDX-License-Identifier: Apache-2.0 */
/* addr.h - addresses of an interface (linux/if_addr.h) */
#pragma once

#include <stdint.h>

#include "cbr/netlink/batch.h"

/* Who put it there: IFA_PROTO of everything we add, where the kernel keeps it (5.18). */
#define ADDR_PROTO_CBR 67

/*
 * @prefix: address with its prefix length
 * @flags: IFA_F_*
 * @proto: IFA_PROTO, 0 where the kernel has none
 */
struct addr {
	struct ip_prefix prefix;
	uint32_t flags;
	uint8_t proto;
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

/*
 * addr_list() - addresses of one interface, by a dump that the kernel filters
 * @family: AF_INET, AF_INET6 or AF_UNSPEC
 * @ret, @ret_n: array owned by the caller, freed with free(3)
 */
int addr_list(struct nl_socket *sock, int index, int family, struct addr **ret, size_t *ret_n,
	      struct error *err);
