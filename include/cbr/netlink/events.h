/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.h - hear that the kernel changed something, instead of asking every so often
 *
 * What the events say does not matter here: whoever waits looks again.
 */
#pragma once

#include "cbr/base/clock.h"
#include "cbr/netlink/socket.h"

/*
 * events_listen() - hear of changes of a group from now on
 * @group: RTNLGRP_*
 * @netns: where, or NULL for our own namespace
 * @ret: a socket for events_wait() only; close it with nl_socket_done()
 *
 * Look at what is awaited after this, not before, or a change in between goes unheard.
 */
int events_listen(int group, const struct netns *netns, struct nl_socket *ret, struct error *err);

/* events_wait() - Return: 1 something changed, 0 the deadline has passed */
int events_wait(struct nl_socket *events, const struct deadline *deadline);
