/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nslock.h - who may take down what several attachments of a node share
 *
 * The lock is flock(2) on the namespace's own nsfs inode: it needs no file, no
 * directory, and dies with its holder. Everyone who adds to shared things (bridge,
 * gateway address, routes) shares it; who wants to remove one of them again must be
 * alone, and does not wait for that: somebody else's use is a reason to leave it.
 *
 * What must go with its last user cannot be left so: under steady traffic nobody is ever
 * alone. Of that, making and removing take turns instead (nslock_take_turn()): the user is
 * visible before it takes its turn to make, and gone before it takes its turn to remove.
 */
#pragma once

#include "cbr/base/clock.h"
#include "cbr/base/error.h"

/*
 * nslock_share() - join the users of our network namespace
 * @ret_fd: the lock; closing it leaves
 *
 * Waits only for one who is alone, which lasts milliseconds.
 * Return: 0, or negative (ERROR_AGAIN past the deadline).
 */
int nslock_share(const struct deadline *deadline, int *ret_fd, struct error *err);

/*
 * nslock_try_alone() - from shared to alone, if nobody else shares
 *
 * Return: 1 alone until @fd is closed, 0 not.
 */
int nslock_try_alone(int fd);

/*
 * nslock_take_turn() - one at a time among those who call this
 * @ret_fd: the turn; closing it ends it
 *
 * Independent of the lock above. It is flock(2) on the user namespace that owns our network
 * namespace (NS_GET_USERNS, linux/nsfs.h), since the inode of the latter is taken: so turns
 * of network namespaces with one owner exclude each other, too. Keep them short.
 * Return: 0, or negative (ERROR_AGAIN past the deadline).
 */
int nslock_take_turn(const struct deadline *deadline, int *ret_fd, struct error *err);
