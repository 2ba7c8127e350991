/* SPDX-License-Identifier: Apache-2.0 */
/* reserve.h - memory for jansson when there is no other */
#pragma once

#include <jansson.h>

/*
 * cni_reserve_begin() - from now on jansson takes from a reserve what malloc(3) refuses
 *
 * Its parser does not look whether the buffer of a text could grow (lex_save() in its
 * load.c, 2.14), and so reads and writes past the end of one that could not. What fails
 * elsewhere for want of memory fails cleanly.
 */
void cni_reserve_begin(void);

/* cni_reserve_dumps() - json_dumps(3), for free(3) */
char *cni_reserve_dumps(const json_t *json, size_t flags);
