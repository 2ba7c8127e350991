/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - network namespaces */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "cbr/base/error.h"

/*
 * @fd: holds the namespace, -1 = none
 * @dev, @ino: its identity
 */
struct netns {
	int fd;
	dev_t dev;
	ino_t ino;
};

#define NETNS_NONE ((struct netns){ .fd = -1 })

/*
 * netns_open() - open a network namespace by path
 *
 * Proven on the descriptor: on nsfs, or on procfs as older kernels have it, and of kind
 * CLONE_NEWNET (NS_GET_NSTYPE, linux/nsfs.h).
 *
 * Return: 0 and *ret, closed by netns_done(); with ERROR_NETNS -ENOENT when nothing is
 * there, -EINVAL for another kind of file or namespace.
 */
int netns_open(const char *path, struct netns *ret, struct error *err);

/* netns_done() - close; accepts NETNS_NONE */
void netns_done(struct netns *ns);

/*
 * netns_look() - which namespace is there, without opening it?
 * @ret: its identity, without descriptor
 *
 * Return: 0 and *ret, or a negative errno; -EINVAL if no namespace of any kind is there,
 * -EACCES if it is that of a process which we may not trace (proc(5)).
 */
int netns_look(const char *path, struct netns *ret);

/*
 * netns_refuse_own() - a pod's namespace must not be the node's
 * @path: where it was found, for the message
 *
 * Return: 0, or -EINVAL with ERROR_NETNS when it is the namespace that we are in.
 */
int netns_refuse_own(const struct netns *ns, const char *path, struct error *err);

/* netns_identify(), netns_refuse_identity() - netns_look(), netns_refuse_own() by numbers alone */
int netns_identify(const char *path, uint64_t *ret_dev, uint64_t *ret_ino);
int netns_refuse_identity(const char *path, uint64_t dev, uint64_t ino, struct error *err);

/*
 * netns_call() - run a function inside
 * @target: where; called directly if that is NULL or the namespace that we are in
 * @fn: its return value and error are passed on
 *
 * Else needs CAP_SYS_ADMIN over both. Aborts the process if the way back is barred: nothing
 * that follows could be right in the wrong namespace.
 */
int netns_call(const struct netns *target, int (*fn)(void *arg, struct error *err), void *arg,
	       struct error *err);
