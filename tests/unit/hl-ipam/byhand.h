/* SPDX-License-Identifier: Apache-2.0 */
/* byhand.h - calls of hl-ipam as a person makes them, and stores to look at */
#pragma once

#include <jansson.h>

#include "run.h"
#include "tmp.h"

/* A container that has 64 digits, as those of real runtimes. */
#define BYHAND_ID(letter) letter "123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/*
 * byhand() - "hl-ipam WORDS --data-dir TMP --conf-dir TMP/.conf", words separated by blanks
 *
 * With "--conf-dir" among the words, neither of the two is added.
 * Return: released with run_done().
 */
struct run byhand(const struct tmp *tmp, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* byhand_says() - it must end with this status; Return: its stdout, owned by the caller */
char *byhand_says(const struct tmp *tmp, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* byhand_json() - the same with --json; Return: the document, a new reference */
json_t *byhand_json(const struct tmp *tmp, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* byhand_conf() - a file of that name in TMP/.conf */
void byhand_conf(const struct tmp *tmp, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* byhand_conflist() - network "net" in TMP/.conf, more keys of "ipam" with a comma in front */
void byhand_conflist(const struct tmp *tmp, const char *ipam);

/* byhand_add() - ADD to network "net", out of 10.1.2.0/24, that lives (in the test's netns) */
void byhand_add(const struct tmp *tmp, const char *container, const char *ifname);

/* byhand_kill() - its record's namespace is another one from now on: it is dead */
void byhand_kill(const struct tmp *tmp, const char *container, const char *ifname);

/* byhand_reboot() - its record is of an earlier boot from now on */
void byhand_reboot(const struct tmp *tmp, const char *container, const char *ifname);
