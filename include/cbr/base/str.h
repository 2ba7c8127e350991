/* SPDX-License-Identifier: Apache-2.0 */
/* str.h - strict numbers, the field's names, bounded strings */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"

/*
 * str_to_u64() - the whole text as a decimal number without sign or blanks
 *
 * Return: 0 and *ret, or -EINVAL (not a number), -ERANGE (above @max).
 */
int str_to_u64(const char *text, uint64_t max, uint64_t *ret);

/*
 * str_copy() - copy into a buffer, never cut
 *
 * Return: 0, or -ENAMETOOLONG with @dst as it was.
 */
int str_copy(char *dst, size_t size, const char *src);

/* str_equal_fold() - equal but for ASCII case, as Go's JSON decoder matches keys */
bool str_equal_fold(const char *a, const char *b);

/*
 * name_is_valid() - container ID or network name: [a-zA-Z0-9][a-zA-Z0-9_.-]*
 *
 * Source: CNI SPEC 1.1.0 "Network configuration objects" and CNI_CONTAINERID.
 */
bool name_is_valid(const char *name);

/*
 * ifname_check() - may this name a Linux interface?
 *
 * Not empty, at most 15 bytes, not "." or "..", no '/', ':', '%' or white space.
 * Source: dev_valid_name() in the kernel's net/core/dev.c; CNI SPEC CNI_IFNAME.
 * Return: 0, or -EINVAL with @err of code ERROR_ENV naming the rule.
 */
int ifname_check(const char *name, struct error *err);

/*
 * str_clean() - copy text for people to read: cut to fit between two characters; what would
 * control a terminal, end a line or turn its direction, and what is no UTF-8, as '?'
 * @dst: may be @src
 *
 * Return: @dst.
 */
char *str_clean(char *dst, size_t size, const char *src);

/* str_is_clean() - would str_clean() copy it as it is, given room? */
bool str_is_clean(const char *text);
