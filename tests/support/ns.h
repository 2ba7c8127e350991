/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns.h - network namespaces for pods, nodes and the world outside
 *
 * A namespace is a file below the test's own directory with the namespace mounted
 * on it, as runtimes keep theirs under /run/netns. Needs the private mount namespace
 * that tests/run made. NULL means the namespace of the test itself. All functions
 * end the running test as failed when they cannot do their work.
 */
#pragma once

#include <stdbool.h>

#include "tmp.h"

/* @path: what a runtime would give as CNI_NETNS; "" when not made */
struct ns {
	char path[320];
};

/* ns_make() - a new namespace with loopback up, mounted at <tmp>/<name> */
void ns_make(const struct tmp *tmp, const char *name, struct ns *ret);

/*
 * ns_destroy() - unmount it and remove the file; accepts a zeroed one
 *
 * The namespace ends when nothing uses it any more; its veth ends go with it.
 */
void ns_destroy(struct ns *ns);

/*
 * ns_call() - call a function inside, in this very process
 * @fn: must not assert: a failing assertion would not come back. Descriptors that it
 *      opens stay usable outside, sockets stay in that namespace
 *
 * Return: what @fn returned.
 */
int ns_call(const struct ns *ns, int (*fn)(void *arg), void *arg);

/* ns_socket() - socket(2) born inside, close-on-exec; Return: descriptor */
int ns_socket(const struct ns *ns, int domain, int type, int protocol);

/*
 * ns_wait() - wait until a shell command succeeds inside
 * @ms: at most that many milliseconds times CBR_PATIENCE, then the test fails
 * @fmt: command, printf-like, run again after each change of links, addresses, routes
 *       or neighbours in the namespace
 */
void ns_wait(const struct ns *ns, int ms, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* ns_enter() - for a child process: move into the namespace; Return: 0 or -1 with errno */
int ns_enter(const struct ns *ns);
