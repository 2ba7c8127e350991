/* SPDX-License-Identifier: Apache-2.0 */
/* route_read.h - routes as the kernel tells them */
#pragma once

#include "cbr/netlink/route.h"

struct nlmsghdr;

/* route_read() - the route of a message, its first hop; Return: 0 or -EPROTO */
int route_read(const struct nlmsghdr *msg, struct route *ret);
