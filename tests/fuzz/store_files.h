/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_files.h - a directory of reservations out of a fuzz input, and what is in it
 *
 * The input's first line says what is done (fuzz_store.c). Behind it are the files, each
 * after a line "%%<kind><name>", the name with a directory before it if it likes:
 *
 *   f   a file with the text up to the next such line; .state is filled up to its length
 *   l   a symbolic link to that text
 *   h   another name of a file outside
 *   d   a directory       p   a FIFO
 *   t   the name has a time of modification: that text, in seconds
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/ip.h"

#define STORE_NETWORK "net"

/* Of the network's directory at the beginning, so that a .state can agree with it. */
#define STORE_STAMP_S 1700000000
#define STORE_STAMP_NS 1

/*
 * A name that is an address.
 * @is_file: a regular file; @text: what is in it but for white space around; owned
 */
struct store_entry {
	struct ip_addr addr;
	bool is_file;
	char *text;
};

struct store_view {
	struct store_entry *items;
	size_t n;
};

/* store_files_make() - make the directory below fuzz_directory(); Return: the first line, owned */
char *store_files_make(const uint8_t *data, size_t size);

/* store_files_remove() - after a look at what is outside, which must be as it was */
void store_files_remove(void);

/* store_view() - all addresses that have a file; release it with store_view_done() */
struct store_view store_view(void);
void store_view_done(struct store_view *view);

/* store_view_find() - Return: the entry, or NULL */
const struct store_entry *store_view_find(const struct store_view *view,
					  const struct ip_addr *addr);
