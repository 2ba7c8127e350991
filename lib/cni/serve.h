/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - one call of a plugin between being read and being answered, for files of this module */
#pragma once

#include <stdint.h>

#include "cbr/cni/log.h"
#include "cbr/cni/main.h"

/*
 * serve_open_log() - the log of a call, which then has it
 * @start_ns: when the call began
 * @log: CNI_LOG_NONE, outlives the call
 *
 * A log that cannot be written costs no pod, and keys that are in error, none that is to be
 * taken down; stderr is told. Return: 0, or negative for keys in error.
 */
int serve_open_log(const struct cni_plugin *plugin, struct cni_call *call, int64_t start_ns,
		   struct cni_log *log, struct error *err);

/* serve_end_log() - the last line; @err: NULL = the call succeeded */
void serve_end_log(const struct cni_plugin *plugin, struct cni_log *log, const struct error *err);

/*
 * serve_verb() - have the plugin do what it is asked
 * @ret: result of ADD, zeroed; for other verbs it may be NULL
 *
 * A verb that a plugin does not have succeeds silently, as with the reference library.
 * Return: what the verb does.
 */
int serve_verb(const struct cni_plugin *plugin, const struct cni_call *call, struct cni_result *ret,
	       struct error *err);

/*
 * serve_undo() - an ADD's result cannot be delivered: what nobody was told of, nobody takes down
 * @made: what the ADD returned
 * @err: why; a hint is added if something is left
 *
 * Return: that of @err, negative.
 */
int serve_undo(const struct cni_plugin *plugin, const struct cni_call *call, int made,
	       struct error *err);
