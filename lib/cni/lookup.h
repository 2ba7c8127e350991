/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - the plain look-up under json.h, for files of this module */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"

/* Room for the path of a key in messages; what is longer is cut. */
#define CNI_PATH_TEXT_SIZE 160

/*
 * cni_json_find() - like cni_json_get(), but shows null for what it is
 * @object: what is no object has no keys
 *
 * Return: borrowed value, JSON null among them, or NULL if the key is missing.
 */
json_t *cni_json_find(const json_t *object, const char *key);

/* cni_json_path() - "path.key", or "key" at the top; Return: @buf */
char *cni_json_path(char buf[static CNI_PATH_TEXT_SIZE], const char *path, const char *key);

/* cni_json_item_path() - "path.key[index]"; Return: @buf */
char *cni_json_item_path(char buf[static CNI_PATH_TEXT_SIZE], const char *path, const char *key,
			 size_t index);

/*
 * cni_json_wrong_type() - "path must be <wanted>, not <value>"
 * @wanted: with its article
 *
 * Return: -EINVAL with ERROR_DECODE.
 */
int cni_json_wrong_type(const char *path, const char *wanted, const json_t *value,
			struct error *err);
