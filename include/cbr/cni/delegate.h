/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate.h - run another plugin with our config, as IPAM is run
 *
 * Source: CNI SPEC 1.1.0 section 4 "Plugin Delegation".
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "cbr/base/clock.h"
#include "cbr/cni/call.h"
#include "cbr/cni/result.h"

struct resident;

/*
 * A delegate at work.
 * @pid: 0 = none, or none of its own
 * @resident: the thread that does its work, if this executable contains it; NULL = none
 * @out_fd, @err_fd: ends of pipes that we read
 * @type, @verb: for messages
 * @assumed: version of a result that carries none
 * @log, @start_ns: of the call, and when it was started
 */
struct cni_delegate {
	pid_t pid;
	struct resident *resident;
	int out_fd;
	int err_fd;
	char type[128];
	enum cni_verb verb;
	const struct cni_version *assumed;
	struct cni_log *log;
	int64_t start_ns;
};

#define CNI_DELEGATE_NONE ((struct cni_delegate){ .out_fd = -1, .err_fd = -1 })

/*
 * cni_delegate_find() - the first regular file of that name in CNI_PATH
 * @ret: path, owned by the caller
 *
 * Return: 0, or negative with ERROR_DELEGATE ("" or a '/' in @type, or not found).
 */
int cni_delegate_find(const struct cni_call *call, const char *type, char **ret, struct error *err);

/*
 * cni_delegate_start() - start it and return at once
 * @verb: what it is asked; the rest of the call is passed on as we got it
 *
 * One that this executable contains gets a thread (struct cni_plugin); any other is executed.
 * It gets the bytes of our stdin, and of our environment CNI_*, PATH and the trace
 * context only. Return: 0 and *ret, to be ended by cni_delegate_wait() or
 * cni_delegate_done().
 */
int cni_delegate_start(const struct cni_call *call, const char *type, enum cni_verb verb,
		       struct cni_delegate *ret, struct error *err);

/*
 * cni_delegate_wait() - take its answer
 * @deadline: past it, it is killed; one in a thread is left, and ends with the process
 * @ret: for ADD: its result; else NULL
 *
 * An error object of the delegate becomes *err with code, msg and details as they
 * are. Output is bounded. Return: 0 or negative.
 */
int cni_delegate_wait(struct cni_delegate *delegate, const struct deadline *deadline,
		      struct cni_result *ret, struct error *err);

/* cni_delegate_is_at_work() - was it started, and not awaited yet? */
static inline bool cni_delegate_is_at_work(const struct cni_delegate *delegate)
{
	return delegate->pid > 0 || delegate->resident;
}

/*
 * cni_delegate_done() - kill and reap one that still runs; accepts CNI_DELEGATE_NONE
 *
 * One in a thread is awaited, a minute from its start at most, and left then.
 */
void cni_delegate_done(struct cni_delegate *delegate);

/* cni_delegate_run() - start and wait, one minute at most */
int cni_delegate_run(const struct cni_call *call, const char *type, enum cni_verb verb,
		     struct cni_result *ret, struct error *err);
