/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - run a plugin under ptrace(2), and kill it at a chosen system call
 *
 * A process of the call stops before and after each system call that can change something
 * outside of it; those that cannot are in a table (trace_calls.c). Only processes of the
 * call are killed, by their ID. All functions end the running test as failed when they
 * cannot do their work.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "run.h"

/* Room for a stop in words. */
#define TRACE_TEXT_SIZE 64

/*
 * @process: 0 = the plugin, 1 = the first process or thread that it starts, and so on
 * @number: of the stop in that process, from 1 on; 0 = none
 * @call: number of the system call
 * @after: is it done?
 */
struct trace_stop {
	unsigned int process;
	unsigned int number;
	long call;
	bool after;
};

/* Who dies. */
enum trace_victims {
	TRACE_ALL,      /* every process of the call: the runtime's control group was killed */
	TRACE_PLUGIN,   /* the plugin; what it started goes on without it */
	TRACE_DELEGATE, /* what the plugin started; the plugin goes on */
};

/*
 * @stops, @n: those that were passed, in the order in which they were seen; owned
 * @killed: was the stop reached where something was to be killed?
 * @status: of the plugin, as in struct run
 * @out: its stdout, owned
 */
struct trace {
	struct trace_stop *stops;
	size_t n;
	bool killed;
	int status;
	char *out;
};

/*
 * trace_call() - make a call, and wait until all of its processes have ended
 * @where: kill there, NULL = nowhere; other members than @process and @number do not matter
 *
 * The result is released with trace_done().
 */
struct trace trace_call(const struct run_call *call, const struct trace_stop *where,
			enum trace_victims victims);

void trace_done(struct trace *trace);

/* trace_is_harmless() - can this system call change nothing that outlives its process? */
bool trace_is_harmless(long call, const unsigned long long args[6]);

/* trace_format() - "before linkat, stop 17 of the plugin"; Return: @buf */
char *trace_format(const struct trace_stop *stop, char buf[static TRACE_TEXT_SIZE]);
