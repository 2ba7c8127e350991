/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json.h - typed look-ups in a config, as Go's decoder would make them
 *
 * Keys match exactly first, then without regard to ASCII case. A missing key and
 * null leave the default and return 0; a value of the right type returns 1; one of a
 * wrong type, and a number out of its bounds, is -EINVAL with ERROR_DECODE and the path
 * of the key. @path names the object in messages ("ipam", "runtimeConfig"), "" is the
 * top.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"

/* Bounds of any input document: bytes, and depth of nesting. */
#define CNI_JSON_MAX_SIZE (1024 * 1024)
#define CNI_JSON_MAX_DEPTH 64

/*
 * cni_json_parse() - one JSON document, bounded, nothing behind it, no key twice
 *
 * Return: 0 and a new reference in *ret, or -EINVAL with ERROR_DECODE.
 */
int cni_json_parse(const char *text, size_t len, json_t **ret, struct error *err);

/*
 * cni_json_text() - a text of anybody's as JSON
 *
 * jansson refuses what is no UTF-8, as a path in the environment may be, or a message
 * that was cut within a character: there, all that is not ASCII becomes '?'.
 * Return: new reference, NULL without memory.
 */
json_t *cni_json_text(const char *text);

/* cni_json_get() - Return: borrowed value, or NULL when missing or null */
json_t *cni_json_get(const json_t *object, const char *key);

/*
 * cni_json_string(), cni_json_bool(), cni_json_object(), cni_json_array() - look up a value
 * cni_json_int() - a number from @min to @max
 *
 * Texts and nested values are borrowed from @object.
 */
int cni_json_string(const json_t *object, const char *path, const char *key, const char **ret,
		    struct error *err);
int cni_json_bool(const json_t *object, const char *path, const char *key, bool *ret,
		  struct error *err);
int cni_json_int(const json_t *object, const char *path, const char *key, int64_t min, int64_t max,
		 int64_t *ret, struct error *err);
int cni_json_object(const json_t *object, const char *path, const char *key, json_t **ret,
		    struct error *err);
int cni_json_array(const json_t *object, const char *path, const char *key, json_t **ret,
		   struct error *err);

/*
 * cni_json_ip(), cni_json_prefix() - look up a text, and read it; "" is as missing
 *
 * Return: also -EINVAL with ERROR_CONFIG when it is no address or prefix.
 */
int cni_json_ip(const json_t *object, const char *path, const char *key, struct ip_addr *ret,
		struct error *err);
int cni_json_prefix(const json_t *object, const char *path, const char *key, struct ip_prefix *ret,
		    struct error *err);
