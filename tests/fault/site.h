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

/* What a first ADD finds after one that went well. */
#define BARE "ip link del cni0; nft delete table inet cbr"

/*
 * @preload, @fault, @hit: environment of the plugin
 * @hit_path: where the shim says that it did it
 * @log: logFile of the plugins, with warnings and worse
 * @bare: command that makes the node again what the first ADD found
 * @n: faults made
 * @n_survived: of these, how many the call did not mind
 */
struct site {
	struct node node;
	struct pod *other;
	struct pod *pod;
	char *preload;
	char *hit;
	char *hit_path;
	char *log;
	const char *bare;
	size_t n;
	size_t n_survived;
};

/* site_setup(), site_teardown() - *state: the site, without config; NULL if there is no shim */
int site_setup(void **state);
int site_teardown(void **state);

/* site_config() - set the config; as node_config(), with the log */
void site_config(struct site *site, const char *keys, const char *ipam);

/* site_make_bare() - run the command that does so */
void site_make_bare(struct site *site);

/* site_run() - a call in which one fault happens; @made: did it? */
struct run site_run(struct site *site, const struct run_call *like, const char *kind, size_t number,
		    bool *made);

/* site_fail_add() - ADD with each fault of this kind; after pod_add(@other) it is a later one */
void site_fail_add(struct site *site, const char *kind);

/* site_fail() - the same for another verb, of the pod that is attached */
void site_fail(struct site *site, const char *verb, const char *kind);

/* site_report() - say how many there were */
void site_report(const struct site *site, const char *what);
