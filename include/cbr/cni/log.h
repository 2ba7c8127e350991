/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one JSON line for each call, with the duration of each of its steps
 *
 * A log is a value: cni_main() opens it and ends it, a verb finds it in its call. Where
 * the config names no logFile there is none, and nothing here does anything. What is
 * logged: who asked for what, how long it took, what failed; of the input, names only.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "cbr/cni/call.h"

/* logLevel, each with those before it. */
enum cni_log_level {
	CNI_LOG_ERROR,   /* calls that failed */
	CNI_LOG_WARNING, /* what went wrong beside the outcome of a call */
	CNI_LOG_INFO,    /* each call */
	CNI_LOG_DEBUG,   /* the beginning of a call, and each step as it ends */
};

/*
 * @fd: logFile, -1 = no log
 * @level: what is written
 * @start_ns: when the call began, CLOCK_MONOTONIC
 * @head: what every line of the call says, owned
 * @steps: those that ended, owned
 * @lost: errno of the first line that could not be written, 0 = none
 */
struct cni_log {
	int fd;
	enum cni_log_level level;
	int64_t start_ns;
	json_t *head;
	json_t *steps;
	int lost;
};

#define CNI_LOG_NONE ((struct cni_log){ .fd = -1 })

/*
 * cni_log_open() - open the log that the config asks for
 * @call: whose names every line has; may be half read
 * @plugin: name of the executable
 * @section: object of the config whose "logFile" and "logLevel" win over the top's, or NULL
 * @start_ns: when the call began
 *
 * The file is created with mode 0640 if it is not there, appended to, never followed if it
 * is a symbolic link. Return: 1 and *ret, 0 no log is asked for, or negative with
 * ERROR_DECODE or ERROR_CONFIG for the keys, with ERROR_IO for the file.
 */
int cni_log_open(const struct cni_call *call, const char *plugin, const char *section,
		 int64_t start_ns, struct cni_log *ret, struct error *err);

/*
 * cni_log_call() - the call has ended
 * @err: its error, NULL = it succeeded
 */
void cni_log_call(struct cni_log *log, const struct error *err);

/* cni_log_warn() - something that does not change the outcome went wrong; NULL is no log */
void cni_log_warn(struct cni_log *log, const struct error *err);

/* cni_log_note() - something worth knowing happened, printf-like; at level info; NULL is no log */
void cni_log_note(struct cni_log *log, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* cni_log_done() - release; accepts CNI_LOG_NONE */
void cni_log_done(struct cni_log *log);

/*
 * A step under way.
 * @log: NULL = nobody wants to know
 * @name: what is done
 * @start_ns: when it began, CLOCK_MONOTONIC
 * @since_ns: when that began whose end is the step's, if it was earlier; 0 = it was not
 */
struct cni_step {
	struct cni_log *log;
	char name[64];
	int64_t start_ns;
	int64_t since_ns;
};

/*
 * cni_step_begin() - a step begins
 * @log: NULL = no log: then this costs nothing
 * @fmt: its name, printf-like
 *
 * Steps do not overlap: their durations add up to no more than the call's. Meant for
 * auto_with(cni_step_end), which ends the step with the scope.
 */
struct cni_step cni_step_begin(struct cni_log *log, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* cni_step_end() - and is over, done or failed */
void cni_step_end(const struct cni_step *step);
