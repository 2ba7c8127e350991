/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - JSON read with our bounds, looked up as Go's decoder would */

#include "cbr/cni/json.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "lookup.h"
#include "reserve.h"

/* A value in a message: enough to recognise it, not enough to flood a log. */
#define SHOWN_SIZE 80

/*
 * jansson recurses, to a depth of 2048 that was fixed when it was built, so the depth
 * is counted before it sees the text. Up to its first syntax error jansson tells
 * strings from the rest exactly as this loop does, and behind that it stops: it never
 * gets deeper than what is counted here.
 */
static bool is_too_deep(const char *text, size_t len)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < len; i++) {
		if (in_string) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				in_string = false;
			continue;
		}
		if (text[i] == '"')
			in_string = true;
		else if ((text[i] == '{' || text[i] == '[') && ++depth > CNI_JSON_MAX_DEPTH)
			return true;
		else if ((text[i] == '}' || text[i] == ']') && depth > 0)
			depth--;
	}
	return false;
}

json_t *cni_json_text(const char *text)
{
	autofree char *copy = NULL;
	json_t *json = json_string(text);

	if (json)
		return json;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	return json_string(copy);
}

static bool is_blank(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!isspace((unsigned char)text[i]))
			return false;
	return true;
}

static int syntax_error(const json_error_t *cause, struct error *err)
{
	char shown[JSON_ERROR_TEXT_LENGTH];
	const char *text = str_clean(shown, sizeof(shown), cause->text);

	switch (json_error_code(cause)) {
	case json_error_null_character:
	case json_error_null_byte_in_key:
		text = "a NUL character in a string";
		break;
	case json_error_premature_end_of_input:
		text = "unexpected end of JSON input";
		break;
	case json_error_invalid_utf8:
		text = "text that is not UTF-8";
		break;
	case json_error_out_of_memory:
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot read JSON");
	default:
		break;
	}
	return error_set(err, ERROR_DECODE, "%s at line %d, column %d", text, cause->line,
			 cause->column);
}

int cni_json_parse(const char *text, size_t len, json_t **ret, struct error *err)
{
	json_error_t cause;
	json_t *value;

	if (len > CNI_JSON_MAX_SIZE)
		return error_set(err, ERROR_DECODE, "JSON of more than %d bytes",
				 CNI_JSON_MAX_SIZE);
	if (is_blank(text, len))
		return error_set(err, ERROR_DECODE, "unexpected end of JSON input");
	if (is_too_deep(text, len))
		return error_set(err, ERROR_DECODE, "JSON nested more than %d levels deep",
				 CNI_JSON_MAX_DEPTH);
	value = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &cause);
	if (!value)
		return syntax_error(&cause, err);
	*ret = value;
	return 0;
}

/* Of several keys that differ in case the last counts; equal ones are refused before. */
static json_t *find_folded(const json_t *object, const char *key)
{
	json_t *found = NULL;
	const char *name;
	json_t *value;

	/* jansson's iterator takes no const, and changes nothing. */
	json_object_foreach ((json_t *)object, name, value)
		if (str_equal_fold(name, key))
			found = value;
	return found;
}

json_t *cni_json_find(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return value ? value : find_folded(object, key);
}

json_t *cni_json_get(const json_t *object, const char *key)
{
	json_t *value = cni_json_find(object, key);

	return json_is_null(value) ? NULL : value;
}

char *cni_json_path(char buf[static CNI_PATH_TEXT_SIZE], const char *path, const char *key)
{
	snprintf(buf, CNI_PATH_TEXT_SIZE, "%s%s%s", path, *path ? "." : "", key);
	return buf;
}

char *cni_json_item_path(char buf[static CNI_PATH_TEXT_SIZE], const char *path, const char *key,
			 size_t index)
{
	snprintf(buf, CNI_PATH_TEXT_SIZE, "%s%s%s[%zu]", path, *path ? "." : "", key, index);
	return buf;
}

int cni_json_wrong_type(const char *path, const char *wanted, const json_t *value,
			struct error *err)
{
	autofree char *text = cni_reserve_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
	char shown[SHOWN_SIZE];

	return error_set(err, ERROR_DECODE, "%s must be %s, not %s", path, wanted,
			 str_clean(shown, sizeof(shown), text ? text : "something else"));
}

static int wrong_type(const char *path, const char *key, const char *wanted, const json_t *value,
		      struct error *err)
{
	char where[CNI_PATH_TEXT_SIZE];

	return cni_json_wrong_type(cni_json_path(where, path, key), wanted, value, err);
}

int cni_json_string(const json_t *object, const char *path, const char *key, const char **ret,
		    struct error *err)
{
	const json_t *value = cni_json_get(object, key);

	if (!value)
		return 0;
	if (!json_is_string(value))
		return wrong_type(path, key, "a string", value, err);
	*ret = json_string_value(value);
	return 1;
}

int cni_json_bool(const json_t *object, const char *path, const char *key, bool *ret,
		  struct error *err)
{
	const json_t *value = cni_json_get(object, key);

	if (!value)
		return 0;
	if (!json_is_boolean(value))
		return wrong_type(path, key, "true or false", value, err);
	*ret = json_is_true(value);
	return 1;
}

int cni_json_int(const json_t *object, const char *path, const char *key, int64_t min, int64_t max,
		 int64_t *ret, struct error *err)
{
	const json_t *value = cni_json_get(object, key);
	char where[CNI_PATH_TEXT_SIZE];
	int64_t number;

	if (!value)
		return 0;
	if (!json_is_integer(value))
		return wrong_type(path, key, "an integer", value, err);
	number = json_integer_value(value);
	if (number < min || number > max)
		return error_set(err, ERROR_DECODE, "%s %lld must be between %lld and %lld",
				 cni_json_path(where, path, key), (long long)number, (long long)min,
				 (long long)max);
	*ret = number;
	return 1;
}

int cni_json_object(const json_t *object, const char *path, const char *key, json_t **ret,
		    struct error *err)
{
	json_t *value = cni_json_get(object, key);

	if (!value)
		return 0;
	if (!json_is_object(value))
		return wrong_type(path, key, "an object", value, err);
	*ret = value;
	return 1;
}

int cni_json_array(const json_t *object, const char *path, const char *key, json_t **ret,
		   struct error *err)
{
	json_t *value = cni_json_get(object, key);

	if (!value)
		return 0;
	if (!json_is_array(value))
		return wrong_type(path, key, "an array", value, err);
	*ret = value;
	return 1;
}

static int no_ip(const char *path, const char *key, const char *what, const char *text,
		 struct error *err)
{
	char where[CNI_PATH_TEXT_SIZE];
	char shown[SHOWN_SIZE];

	return error_set(err, ERROR_CONFIG, "%s: %s: %s", cni_json_path(where, path, key), what,
			 str_clean(shown, sizeof(shown), text));
}

int cni_json_ip(const json_t *object, const char *path, const char *key, struct ip_addr *ret,
		struct error *err)
{
	const char *text = "";
	int rc = cni_json_string(object, path, key, &text, err);

	if (rc < 0 || !*text)
		return rc < 0 ? rc : 0;
	if (ip_parse(text, ret) < 0)
		return no_ip(path, key, "invalid IP address", text, err);
	return 1;
}

int cni_json_prefix(const json_t *object, const char *path, const char *key, struct ip_prefix *ret,
		    struct error *err)
{
	const char *text = "";
	int rc = cni_json_string(object, path, key, &text, err);

	if (rc < 0 || !*text)
		return rc < 0 ? rc : 0;
	if (ip_prefix_parse(text, ret) < 0)
		return no_ip(path, key, "invalid CIDR address", text, err);
	return 1;
}
