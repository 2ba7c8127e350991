/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - look into JSON documents and compare them */
#pragma once

#include <jansson.h>

/*
 * json_at() - the value at a path such as "ips.0.address"; "" is the root
 *
 * Return: borrowed reference, or NULL if there is nothing.
 */
json_t *json_at(const json_t *root, const char *path);

/* json_text_at() - the string there, borrowed; anything else fails the test */
const char *json_text_at(const json_t *root, const char *path);

/* json_parse() - text of a test as JSON; Return: a new reference */
json_t *json_parse(const char *text);

/* json_find() - first object of an array whose string @key is @value; borrowed, or NULL */
json_t *json_find(const json_t *array, const char *key, const char *value);

/* Assertions about the value at a path; the whole document is printed when they fail. */
#define assert_json_text(root, path, text) \
	json_check((root), (path), json_string(text), __FILE__, __LINE__)
#define assert_json_int(root, path, n) \
	json_check((root), (path), json_integer(n), __FILE__, __LINE__)
#define assert_json_bool(root, path, yes) \
	json_check((root), (path), json_boolean(yes), __FILE__, __LINE__)
#define assert_json_absent(root, path) json_check((root), (path), NULL, __FILE__, __LINE__)
#define assert_json_size(root, path, n) json_check_size((root), (path), (n), __FILE__, __LINE__)
/* @text: JSON; order of keys does not matter */
#define assert_json_equal(root, path, text) \
	json_check((root), (path), json_parse(text), __FILE__, __LINE__)

/* What the macros call. @expected: reference taken over, NULL = nothing may be there. */
void json_check(const json_t *root, const char *path, json_t *expected, const char *file, int line);
void json_check_size(const json_t *root, const char *path, size_t n, const char *file, int line);
