/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resident.h - a delegate that need not be started: this executable contains it
 *
 * Where CNI_PATH leads to the very program that was built with this one, executing it does
 * what a function here does, and a process more (link it, load its libraries, read the
 * config once more) is most of what it costs. It gets a thread instead: that gives up its
 * privileges and confines itself as the process would, and works beside us.
 */
#pragma once

#include <stdbool.h>

#include "cbr/base/clock.h"
#include "cbr/cni/call.h"
#include "cbr/cni/result.h"

struct resident;

/* resident_is_at() - is the file at @path the plugin that the caller's executable contains? */
bool resident_is_at(const struct cni_call *call, const char *type, const char *path);

/*
 * resident_start() - have it answer in a thread, and return at once
 * @call: outlives the answer
 *
 * Return: 0 and *ret, to be ended by resident_end(), or negative with ERROR_SYSTEM, or with
 * ERROR_DELEGATE if one was left at work.
 */
int resident_start(const struct cni_call *call, enum cni_verb verb, struct resident **ret,
		   struct error *err);

/*
 * resident_end() - await the answer and release; accepts NULL
 * @deadline: past it, it is left at work, as a thread cannot be ended; NULL = a minute from
 *            its start
 * @ret: for ADD: the result as the delegate would have printed it; may be NULL
 *
 * Return: 0 or negative.
 */
int resident_end(struct resident *resident, const struct deadline *deadline, struct cni_result *ret,
		 struct error *err);

/*
 * resident_is_left() - was one left at work?
 *
 * It still uses what is its own and the call's text and config: the process must end
 * without releasing these, by _exit(2).
 */
bool resident_is_left(void);
