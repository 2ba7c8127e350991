/* SPDX-License-Identifier: Apache-2.0 */
/*
 * site.h - a node where each request and each allocation of a plugin fails once
 *
 * Whatever fails: there is one error object that says what, nothing is left of an ADD, and
 * the next call works. The fault is made by a shim in the plugin, see shim/shim.c.
 */
#pragma once

#include "node.h"
#include "run.h"

/* More than any call makes; a count that gets there does not end. */
#define MAX_FAULTS 4000

/*
 * @keys, @pool: its config, as of node_config()
 * @bare: command that makes a node again what its first ADD found
 */
struct network {
	const char *keys;
	const char *pool;
	const char *bare;
};

/*
 * A call in which one thing after the other fails.
 * @kind: "netlink" for requests, "memory" for allocations
 * @beside: another pod is attached, and must not notice
 */
struct trial {
	const char *name;
	const struct network *network;
	const char *verb;
	const char *kind;
	bool beside;
};

/*
 * @preload, @hit: environment of the plugin
 * @hit_path: where the shim says that it did it
 * @log: logFile of the plugins, with warnings and worse
 * @n: faults made
 * @n_survived: of these, how many the call did not mind
 */
struct site {
	const struct trial *trial;
	struct node node;
	struct pod *other;
	struct pod *pod;
	char *preload;
	char *hit;
	char *hit_path;
	char *log;
	size_t n;
	size_t n_survived;
};

/*
 * site_setup(), site_teardown() - of a node with two pods
 *
 * *state: a trial before, the site then; NULL if there is no shim.
 */
int site_setup(void **state);
int site_teardown(void **state);

/* Why a test is skipped. */
#define NO_SHIM "a sanitizer leaves no place for the shim that makes faults"

/* site_of() - the site, in a test; skips it if there is no shim */
struct site *site_of(void **state);

/* site_run() - a call in which one fault of the trial's kind happens; @made: did it? */
struct run site_run(struct site *site, const struct run_call *like, size_t number, bool *made);

/* site_main() - run each trial as a test, each on a node of its own; Return: as main() */
int site_main(const struct trial *trials, size_t n);
