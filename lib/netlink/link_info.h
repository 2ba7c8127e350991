/* SPDX-License-Identifier: Apache-2.0 */
/* link_info.h - attributes that only links of one kind have, or only ports of a bridge */
#pragma once

#include "cbr/netlink/batch.h"

/* Marks of IFLA_LINKINFO, and of the data in it. */
struct link_info {
	size_t info;
	size_t data;
};

/* link_info_begin() - what follows are attributes of a link of this kind */
struct link_info link_info_begin(struct nl_batch *batch, const char *kind);

/* link_info_end() - and no more of them */
void link_info_end(struct nl_batch *batch, const struct link_info *info);
