/* SPDX-License-Identifier: Apache-2.0 */
/* route_read.h - routes as the kernel tells them */
#pragma once

#include "cbr/netlink/route.h"

struct nlmsghdr;

/* route_name() - nl_name_fn of requests about a route: " 10.9.0.0/16 via 192.0.2.1" */
void route_name(const struct nlmsghdr *msg, char *buf, size_t size);

/* route_read() - the route of a message, its first hop; Return: 0 or -EPROTO */
int route_read(const struct nlmsghdr *msg, struct route *ret);
