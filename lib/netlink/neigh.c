/* SPDX-License-Identifier: Apache-2.0 */
/* neigh.c - neighbour entries */

#include "cbr/netlink/neigh.h"

#include <errno.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>

void neigh_put_set(struct nl_batch *batch, int index, const struct ip_addr *addr,
		   const struct mac *mac)
{
	const struct ndmsg header = {
		.ndm_family = (uint8_t)addr->family,
		.ndm_ifindex = index,
		.ndm_state = NUD_REACHABLE,
	};
	char text[IP_TEXT_SIZE];

	nl_request(batch, RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, "set neighbour %s",
		   ip_format(addr, text));
	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, NDA_DST, addr);
	nl_put(batch, NDA_LLADDR, mac->bytes, sizeof(mac->bytes));
}

void neigh_put_delete(struct nl_batch *batch, int index, const struct ip_addr *addr)
{
	const struct ndmsg header = { .ndm_family = (uint8_t)addr->family, .ndm_ifindex = index };
	char text[IP_TEXT_SIZE];

	nl_request(batch, RTM_DELNEIGH, 0, "delete neighbour %s", ip_format(addr, text));
	nl_tolerate(batch, ENOENT);
	nl_put_header(batch, &header, sizeof(header));
	nl_put_ip(batch, NDA_DST, addr);
}
