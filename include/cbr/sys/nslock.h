/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nslock.h - who may take down, or alter, what several attachments of a node share
 *
 * The lock is flock(2) on a file below /run/cbr that is named after the namespace's inode, so
 * it dies with its holder, and nobody else can open it. (The inode itself, which is there
 * without a directory, can be locked by any process in the namespace, with no privilege at
 * all.) Files exclude only those who see the same /run, which therefore all must who serve a
 * namespace. Where no file can be made there, as in a user namespace that sees the /run of
 * somebody else, it is the inode after all.
 *
 * Everyone who adds to shared things (bridge, gateway address, routes) shares it; who wants
 * to remove one of them again must be alone, and does not wait for that: somebody else's
 * use is a reason to leave it.
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
 * nslock_own() - be the only one who does this in our network namespace
 * @what: what is done, as in "gateway of cni0"; up to 64 bytes count
 * @ret_fd: the lock; closing it ends it
 *
 * For steps that read, decide and change, and must not meet each other; unlike being
 * alone it does not care who else shares the namespace. It is another file there; without a
 * place for files, an abstract unix(7) address, whose holder ss -xlp names.
 * Return: 0, or negative (ERROR_AGAIN past the deadline).
 */
int nslock_own(const char *what, const struct deadline *deadline, int *ret_fd, struct error *err);
