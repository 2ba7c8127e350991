/* SPDX-License-Identifier: Apache-2.0 */
/* record_text.h - a record as lines of text */
#pragma once

#include <stdbool.h>

#include "cbr/pool/record.h"

/* Room for any record. */
#define POOL_RECORD_SIZE 32768

/*
 * pool_record_format() - write a record into POOL_RECORD_SIZE bytes
 *
 * Return: length of the text, or -ENAMETOOLONG.
 */
int pool_record_format(const struct pool_record *record, char *buf);

/*
 * pool_record_parse() - read a record; keys that are not known are passed over
 * @text: cut into pieces, to which @ret points
 *
 * Return: true if it is whole; errno is ENOMEM if there was no memory for it. What *ret holds must
 * be released either way.
 */
bool pool_record_parse(char *text, struct pool_record *ret);
