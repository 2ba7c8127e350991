/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - look into JSON documents and compare them */

#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

json_t *json_at(const json_t *root, const char *path)
{
	const json_t *at = root;

	while (at && *path) {
		size_t len = strcspn(path, ".");

		if (json_is_array(at)) {
			at = json_array_get(at, strtoul(path, NULL, 10));
		} else {
			char *key = strndup(path, len);

			at = json_object_get(at, key);
			free(key);
		}
		path += len + (path[len] == '.');
	}
	return (json_t *)at;
}

/* Return: the document as text, for messages; owned by the caller */
static char *text_of(const json_t *json)
{
	char *text = json ? json_dumps(json, JSON_ENCODE_ANY | JSON_INDENT(1)) : NULL;

	return text ? text : strdup("nothing");
}

const char *json_text_at(const json_t *root, const char *path)
{
	json_t *at = json_at(root, path);

	if (!json_is_string(at))
		harness_fail(__FILE__, __LINE__, "no text at \"%s\" in:\n%s", path, text_of(root));
	return json_string_value(at);
}

json_t *json_parse(const char *text)
{
	json_error_t error;
	json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

	if (!json)
		harness_fail(__FILE__, __LINE__, "no JSON: %s:\n%s", error.text, text);
	return json;
}

json_t *json_find(const json_t *array, const char *key, const char *value)
{
	json_t *item;
	size_t i;

	json_array_foreach (array, i, item) {
		const char *text = json_string_value(json_object_get(item, key));

		if (text && !strcmp(text, value))
			return item;
	}
	return NULL;
}

void json_check(const json_t *root, const char *path, json_t *expected, const char *file, int line)
{
	json_t *at = json_at(root, path);

	if (expected ? !json_equal(at, expected) : at != NULL)
		harness_fail(file, line, "at \"%s\" is %s, expected %s, in:\n%s", path, text_of(at),
			     text_of(expected), text_of(root));
	json_decref(expected);
}

void json_check_size(const json_t *root, const char *path, size_t n, const char *file, int line)
{
	json_t *at = json_at(root, path);
	size_t size = json_is_object(at) ? json_object_size(at) : json_array_size(at);

	if (size != n)
		harness_fail(file, line, "%zu items at \"%s\", expected %zu, in:\n%s", size, path,
			     n, text_of(root));
}
