/* SPDX-License-Identifier: Apache-2.0 */
/* places.h - which networks there are, where they are kept, what their configs say */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"
#include "config.h"

struct tool_options;

/*
 * A network. Texts are owned.
 * @data_dir, @network: its directory is <data_dir>/<network>
 * @source: file of its config; NULL = none was found, and nothing below is known
 * @lasting: its reservations outlive a reboot
 * @reuse_delay: seconds
 * @conf: only its sets; none if the ranges come from elsewhere
 */
struct place {
	char *data_dir;
	char *network;
	char *source;
	bool lasting;
	int reuse_delay;
	struct ipam_conf conf;
};

/* @items, @n: owned, in the order of directory and name */
struct places {
	struct place *items;
	size_t n;
};

/*
 * places_configured() - all networks of hl-ipam and host-local that are configured
 *
 * Files that cannot be understood are passed over with a note. Return: 0 and *ret, or
 * negative. places_done() releases it either way.
 */
int places_configured(const struct tool_options *options, struct places *ret, struct error *err);

/*
 * places_find() - all networks that have a directory, and that the options mean
 *
 * Below the data directory of the options; else those of all configs; else the default
 * one. Return: 0 and *ret, or negative. places_done() releases it either way.
 */
int places_find(const struct tool_options *options, struct places *ret, struct error *err);

/* places_done() - release; accepts a zeroed one */
void places_done(struct places *places);

/* place_add() - one more, zeroed but for copies of its names; Return: it, or NULL */
struct place *place_add(struct places *places, const char *data_dir, const char *network);

/* place_same() - is it this network in this directory? */
bool place_same(const struct place *place, const char *data_dir, const char *network);
