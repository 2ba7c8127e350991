/* SPDX-License-Identifier: Apache-2.0 */
/* tool.h - what people can ask of hl-ipam by hand: who has which address, is it alive? */
#pragma once

#include <stdbool.h>

#include "cbr/base/error.h"
#include "cbr/pool/audit.h"
#include "evidence.h"
#include "places.h"

/* Exit status, in the manner of fsck(8): a sum. */
enum tool_status {
	TOOL_DONE = 0,
	TOOL_MENDED = 1,  /* fsck: problems were put right */
	TOOL_NOTHING = 1, /* show, release: nothing is known of that one */
	TOOL_LEFT = 4,    /* fsck: problems are left; release: refused */
	TOOL_FAILED = 8,
	TOOL_USAGE = 16,
};

/* To look is worth a moment's wait for a lock, but must be possible while something hangs. */
#define TOOL_PATIENCE_MS 1000

/*
 * @data_dir, @network: only there, NULL = wherever there is something
 * @conf_dir: where the networks' configs are
 * @conf_dir_given: it must be there
 * @subject: address or container ID, for show and release
 * @json, @quiet, @repair, @dry_run, @force: as the options say
 */
struct tool_options {
	const char *data_dir;
	const char *network;
	const char *conf_dir;
	bool conf_dir_given;
	const char *subject;
	bool json;
	bool quiet;
	bool repair;
	bool dry_run;
	bool force;
};

/* tool_is_wanted() - is this a call by hand? Never if a runtime calls */
bool tool_is_wanted(int argc, char **argv);

/* tool_main() - serve it; Return: exit status */
int tool_main(int argc, char **argv);

/* tool_help() - the commands, as one more part of --help */
void tool_help(void);

/* The commands. Return: exit status */
int tool_list(const struct tool_options *options, const struct places *places);
int tool_show(const struct tool_options *options, const struct places *places);
int tool_release(const struct tool_options *options, const struct places *places);
int tool_fsck(const struct tool_options *options, const struct places *places);

/* tool_complain() - an error on stderr; Return: TOOL_FAILED */
int tool_complain(const struct error *err);

/* tool_note() - something to know on stderr, unless --quiet; printf-like */
void tool_note(const struct tool_options *options, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * A network under inspection.
 * @store: open
 * @here, @world: to judge by
 * @audit: what is there
 */
struct site {
	const struct place *place;
	struct pool_store store;
	struct surroundings here;
	struct pool_world world;
	struct pool_audit audit;
};

/* Nothing opened. */
#define SITE_NONE ((struct site){ .store = POOL_STORE_NONE })

/*
 * site_open() - open the directory of a network
 *
 * Return: 1 and *ret, 0 there is none any more, or negative. site_done() releases it.
 */
int site_open(const struct place *place, struct site *ret, struct error *err);

/*
 * site_make() - the same, to change something: made whole and locked
 *
 * Its @here and @world are cautious: where no config of the network is known,
 * reservations may outlive a boot. Return: 0 or negative.
 */
int site_make(const struct place *place, struct site *ret, struct error *err);

/*
 * site_look() - read and judge all that is there, in place of an earlier look
 *
 * Changes nothing. Return: 0 or negative.
 */
int site_look(struct site *site, struct error *err);

/*
 * site_look_locked() - the same under the lock, which is given back then
 * @timeout_ms: how long to wait for it
 * @insist: an error if it cannot be had; else it is done without, and a note says so
 */
int site_look_locked(struct site *site, int timeout_ms, bool insist,
		     const struct tool_options *options, struct error *err);

/* site_unlock() - let others work there again */
void site_unlock(struct site *site);

/* site_done() - unlock and release; accepts SITE_NONE */
void site_done(struct site *site);
