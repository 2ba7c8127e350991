/* SPDX-License-Identifier: Apache-2.0 */
/* sight.h - is a network namespace gone, or only out of sight? */
#pragma once

#include <stdint.h>

#include "cbr/sys/netns.h"

/*
 * sight_look() - which namespace is at that path?
 *
 * Return: 1 and *ret; 0 none any more, for all who see the path from the same place; or a
 * negative errno: nobody can tell from here.
 */
int sight_look(const char *path, struct netns *ret);

/*
 * sight_place() - what must be the same for the path to lead to the same: the directory in
 * which the name lies; below /proc, where names are numbers, our pid namespace
 *
 * A directory is told from another one in whatever mount namespace it is looked at, so that it
 * is the same for a daemon that was started anew with mounts of its own.
 * Return: 0, or a negative errno.
 */
int sight_place(const char *path, uint64_t *ret_dev, uint64_t *ret_ino);
