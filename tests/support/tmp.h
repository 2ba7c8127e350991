/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmp.h - a directory of the test's own
 *
 * Made below $TMPDIR. tests/run gives each executable a TMPDIR that it removes
 * afterwards, so that even a test that dies leaves nothing. All functions end the
 * running test as failed when they cannot do their work.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* @path: absolute; "" when not made */
struct tmp {
	char path[256];
};

/* tmp_make() - a new empty directory, mode 0700 */
void tmp_make(struct tmp *ret);

/* tmp_remove() - unmount what is mounted below, remove the tree; accepts a zeroed tmp */
void tmp_remove(struct tmp *tmp);

/* tmp_path() - "<dir>/<name>"; Return: text owned by the caller */
char *tmp_path(const struct tmp *tmp, const char *name);

/* tmp_mkdir() - a directory below, parents too; Return: its path, owned by the caller */
char *tmp_mkdir(const struct tmp *tmp, const char *name);

/*
 * tmp_write() - a file with this text, parents made
 * @mode: 0644, or 0755 for a script (a fake delegate)
 *
 * Return: its path, owned by the caller.
 */
char *tmp_write(const struct tmp *tmp, const char *name, const char *text, mode_t mode);

/* tmp_read() - a file whole; Return: text owned by the caller, NULL if there is no such file */
char *tmp_read(const struct tmp *tmp, const char *name);

/* tmp_exists() - is there something of that name below? */
bool tmp_exists(const struct tmp *tmp, const char *name);

/* tmp_count() - entries of a directory below, "" for itself; 0 if there is no such directory */
size_t tmp_count(const struct tmp *tmp, const char *name);

/*
 * tmp_hide() - mount an empty tmpfs over a directory such as /run or /var/lib/cni
 *
 * Only in a private mount namespace that tests/run made (netns and conformance tests);
 * elsewhere the test fails. The directory must exist. Stays for the executable's life.
 */
void tmp_hide(const char *dir);
