/* SPDX-License-Identifier: Apache-2.0 */
/* test_json.c - bounds of JSON input, and look-ups as Go's decoder makes them */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/json.h"
#include "fixture.h"

static int parse(const char *text, struct error *err)
{
	json_auto_t *json = NULL;

	return cni_json_parse(text, strlen(text), &json, err);
}

static json_t *must_parse(const char *text)
{
	struct error err = { 0 };
	json_t *json = NULL;

	assert_ok(cni_json_parse(text, strlen(text), &json, &err), &err);
	return json;
}

static void takes_any_value(void **state)
{
	static const char *const texts[] = {
		"{}", "[]", "null", "1", "\"x\"", " {\"a\": [1, {}]}\n"
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_ok(parse(texts[i], &err), &err);
}

static void refuses_what_is_no_json(void **state)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "", "unexpected end of JSON input" },
		{ " \n\t ", "unexpected end of JSON input" },
		{ "{", "at line 1" },
		{ "{}\n}", "at line 2" },
		{ "{} {}", "end of file expected" },
		{ "{\"a\": 1,}", "at line 1" },
		{ "{'a': 1}", "at line 1" },
		{ "]]]]", "at line 1" },
		{ "{\"a\": \"\\u0000\"}", "a NUL character in a string" },
		{ "{\"a\\u0000b\": 1}", "a NUL character in a string" },
		{ "{\"a\": \"\xff\"}", "text that is not UTF-8" },
		{ "{\"a\": \"\xc0\x80\"}", "text that is not UTF-8" },
		{ "{\"a\": \"\\ud800\"}", "at line 1" },
		{ "\"abc", "at line 1" },
		{ "{\"a\": 1, \"a\": 1}", "duplicate object key near '\"a\"'" },
		{ "[{\"b\": {}, \"\\u0062\": {}}]", "duplicate object key" },
		{ "99999999999999999999", "too big integer" },
		{ "1e999", "real number overflow" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_fails(parse(rows[i].text, &err), &err, ERROR_DECODE, rows[i].msg);
	assert_fails(cni_json_parse("{}\0{}", 5, &(json_t *){ NULL }, &err), &err, ERROR_DECODE,
		     "at line 1");
}

static void shows_no_control_characters_in_messages(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_true(parse("{\"a\": \033[31m}", &err) < 0);
	assert_null(strchr(err.msg, '\033'));
}

static void bounds_the_size(void **state)
{
	autofree char *fits = fixture_repeat("\"", "x", CNI_JSON_MAX_SIZE - 2, "\"");
	autofree char *exceeds = fixture_repeat("\"", "x", CNI_JSON_MAX_SIZE - 1, "\"");
	struct error err = { 0 };

	(void)state;
	assert_ok(parse(fits, &err), &err);
	assert_fails(parse(exceeds, &err), &err, ERROR_DECODE, "more than 1048576 bytes");
}

static void bounds_the_depth(void **state)
{
	autofree char *closing = fixture_repeat("", "]", CNI_JSON_MAX_DEPTH, "");
	autofree char *fits = fixture_repeat("", "[", CNI_JSON_MAX_DEPTH, closing);
	autofree char *exceeds = fixture_repeat("", "[", CNI_JSON_MAX_DEPTH + 1, "");
	autofree char *objects = fixture_repeat("", "{\"\\\"\":", CNI_JSON_MAX_DEPTH + 1, "");
	autofree char *million = fixture_repeat("", "[", CNI_JSON_MAX_SIZE, "");
	struct error err = { 0 };

	(void)state;
	assert_ok(parse(fits, &err), &err);
	assert_fails(parse(exceeds, &err), &err, ERROR_DECODE, "more than 64 levels deep");
	assert_fails(parse(objects, &err), &err, ERROR_DECODE, "more than 64 levels deep");
	assert_fails(parse(million, &err), &err, ERROR_DECODE, "more than 64 levels deep");
}

static void counts_no_brackets_in_strings(void **state)
{
	autofree char *in_string = fixture_repeat("[\"", "[\\\"{", 1000, "\"]");
	autofree char *side_by_side = fixture_repeat("[", "[],", 1000, "{}]");
	struct error err = { 0 };

	(void)state;
	assert_ok(parse(in_string, &err), &err);
	assert_ok(parse(side_by_side, &err), &err);
}

static void matches_keys_as_go_does(void **state)
{
	static const struct {
		const char *text;
		const char *found;
	} rows[] = {
		{ "{\"dataDir\": \"exact\"}", "exact" },
		{ "{\"DATADIR\": \"folded\"}", "folded" },
		{ "{\"DATADIR\": \"folded\", \"dataDir\": \"exact\"}", "exact" },
		{ "{\"dataDir\": \"exact\", \"DATADIR\": \"folded\"}", "exact" },
		{ "{\"datadir\": \"first\", \"DATADIR\": \"last\"}", "last" },
		{ "{\"dataDirs\": \"longer\", \"dataDi\": \"shorter\"}", NULL },
		{ "{\"dataDir\": null}", NULL },
		{ "{}", NULL },
		{ "[]", NULL },
		{ "null", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_auto_t *json = must_parse(rows[i].text);
		const char *text = json_string_value(cni_json_get(json, "dataDir"));

		if (rows[i].found)
			assert_string_equal(text, rows[i].found);
		else
			assert_null(text);
	}
}

/* One look-up of each kind for the key "k" of a document with all outputs. */
struct found {
	const char *text;
	bool yes;
	int64_t number;
	json_t *value;
	struct ip_addr ip;
	struct ip_prefix prefix;
};

enum kind { STRING, BOOL, INT, OBJECT, ARRAY, IP, PREFIX };

static int look_up(enum kind kind, const json_t *json, const char *path, struct found *ret,
		   struct error *err)
{
	switch (kind) {
	case STRING:
		return cni_json_string(json, path, "k", &ret->text, err);
	case BOOL:
		return cni_json_bool(json, path, "k", &ret->yes, err);
	case INT:
		return cni_json_int(json, path, "k", -5, 4094, &ret->number, err);
	case OBJECT:
		return cni_json_object(json, path, "k", &ret->value, err);
	case ARRAY:
		return cni_json_array(json, path, "k", &ret->value, err);
	case IP:
		return cni_json_ip(json, path, "k", &ret->ip, err);
	default:
		return cni_json_prefix(json, path, "k", &ret->prefix, err);
	}
}

static void looks_up_typed_values(void **state)
{
	json_auto_t *json = must_parse(
		"{\"s\": {\"K\": \"text\"}, \"b\": {\"k\": true},"
		" \"i\": {\"k\": -5}, \"o\": {\"k\": {}}, \"a\": {\"k\": []},"
		" \"ip\": {\"k\": \"fe80::1\"}, \"p\": {\"k\": \"10.1.2.3/24\"}}");
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(look_up(STRING, cni_json_get(json, "s"), "", &found, &err), 1);
	assert_string_equal(found.text, "text");
	assert_int_equal(look_up(BOOL, cni_json_get(json, "b"), "", &found, &err), 1);
	assert_true(found.yes);
	assert_int_equal(look_up(INT, cni_json_get(json, "i"), "", &found, &err), 1);
	assert_int_equal(found.number, -5);
	assert_int_equal(look_up(OBJECT, cni_json_get(json, "o"), "", &found, &err), 1);
	assert_true(json_is_object(found.value));
	assert_int_equal(look_up(ARRAY, cni_json_get(json, "a"), "", &found, &err), 1);
	assert_true(json_is_array(found.value));
	assert_int_equal(look_up(IP, cni_json_get(json, "ip"), "", &found, &err), 1);
	assert_int_equal(found.ip.family, AF_INET6);
	assert_int_equal(look_up(PREFIX, cni_json_get(json, "p"), "", &found, &err), 1);
	assert_int_equal(found.prefix.len, 24);
	assert_int_equal(found.prefix.addr.bytes[3], 3);
}

static void leaves_defaults_alone(void **state)
{
	static const char *const texts[] = { "{}", "{\"k\": null}", "{\"K\": null}",
					     "{\"kk\": 1}" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		json_auto_t *json = must_parse(texts[i]);

		for (enum kind kind = STRING; kind <= PREFIX; kind++) {
			struct found found = { .text = "default", .yes = true, .number = 7 };

			assert_int_equal(look_up(kind, json, "", &found, &err), 0);
			assert_string_equal(found.text, "default");
			assert_true(found.yes);
			assert_int_equal(found.number, 7);
			assert_int_equal(found.ip.family, 0);
			assert_int_equal(found.prefix.addr.family, 0);
		}
	}
}

static void takes_an_empty_address_for_none(void **state)
{
	json_auto_t *json = must_parse("{\"k\": \"\"}");
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(look_up(IP, json, "", &found, &err), 0);
	assert_int_equal(look_up(PREFIX, json, "", &found, &err), 0);
	assert_int_equal(found.ip.family, 0);
}

static void refuses_wrong_types_with_path_and_value(void **state)
{
	static const struct {
		enum kind kind;
		const char *text;
		int code;
		const char *msg;
	} rows[] = {
		{ STRING, "{\"k\": 1}", ERROR_DECODE, "ipam.k must be a string, not 1" },
		{ STRING, "{\"k\": [\"x\"]}", ERROR_DECODE, "must be a string, not [\"x\"]" },
		{ BOOL, "{\"k\": \"true\"}", ERROR_DECODE, "must be true or false, not \"true\"" },
		{ BOOL, "{\"k\": 0}", ERROR_DECODE, "must be true or false, not 0" },
		{ INT, "{\"k\": \"1\"}", ERROR_DECODE, "must be an integer, not \"1\"" },
		{ INT, "{\"k\": 1.0}", ERROR_DECODE, "must be an integer, not 1.0" },
		{ INT, "{\"k\": true}", ERROR_DECODE, "must be an integer, not true" },
		{ INT, "{\"k\": 4095}", ERROR_DECODE, "k 4095 must be between -5 and 4094" },
		{ INT, "{\"k\": -6}", ERROR_DECODE, "k -6 must be between -5 and 4094" },
		{ OBJECT, "{\"k\": []}", ERROR_DECODE, "must be an object, not []" },
		{ ARRAY, "{\"k\": {}}", ERROR_DECODE, "must be an array, not {}" },
		{ IP, "{\"k\": 1}", ERROR_DECODE, "must be a string, not 1" },
		{ IP, "{\"k\": \"10.0.0.256\"}", ERROR_CONFIG,
		  "ipam.k: invalid IP address: 10.0.0.256" },
		{ IP, "{\"k\": \"010.0.0.1\"}", ERROR_CONFIG, "invalid IP address" },
		{ IP, "{\"k\": \"10.0.0.1/24\"}", ERROR_CONFIG, "invalid IP address" },
		{ IP, "{\"k\": \"fe80::1%eth0\"}", ERROR_CONFIG, "invalid IP address" },
		{ PREFIX, "{\"k\": {}}", ERROR_DECODE, "must be a string, not {}" },
		{ PREFIX, "{\"k\": \"10.9.0.0\"}", ERROR_CONFIG, "invalid CIDR address: 10.9.0.0" },
		{ PREFIX, "{\"k\": \"10.9.0.0/33\"}", ERROR_CONFIG, "invalid CIDR address" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_auto_t *json = must_parse(rows[i].text);
		struct found found = { .number = 7 };

		assert_fails(look_up(rows[i].kind, json, "ipam", &found, &err), &err, rows[i].code,
			     rows[i].msg);
		assert_int_equal(found.number, 7);
	}
}

static void names_top_keys_without_a_dot(void **state)
{
	json_auto_t *json = must_parse("{\"k\": 1}");
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_fails(look_up(STRING, json, "", &found, &err), &err, ERROR_DECODE,
		     "k must be a string");
	assert_int_equal(err.msg[0], 'k');
}

static void cuts_long_values_in_messages(void **state)
{
	autofree char *text = fixture_repeat("{\"k\": [\"", "long ", 10000, "\"]}");
	json_auto_t *json = must_parse(text);
	struct found found = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_fails(look_up(STRING, json, "", &found, &err), &err, ERROR_DECODE,
		     "not [\"long long");
	assert_true(strlen(err.msg) < 200);
}

static void makes_json_of_any_bytes(void **state)
{
	json_auto_t *plain = cni_json_text("caf\u00e9");
	json_auto_t *broken = cni_json_text("caf\xe9 \"\n\xc3\xa9");

	(void)state;
	assert_string_equal(json_string_value(plain), "caf\u00e9");
	assert_string_equal(json_string_value(broken), "caf? \"\n??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_any_value),
		cmocka_unit_test(refuses_what_is_no_json),
		cmocka_unit_test(shows_no_control_characters_in_messages),
		cmocka_unit_test(bounds_the_size),
		cmocka_unit_test(bounds_the_depth),
		cmocka_unit_test(counts_no_brackets_in_strings),
		cmocka_unit_test(matches_keys_as_go_does),
		cmocka_unit_test(looks_up_typed_values),
		cmocka_unit_test(leaves_defaults_alone),
		cmocka_unit_test(takes_an_empty_address_for_none),
		cmocka_unit_test(refuses_wrong_types_with_path_and_value),
		cmocka_unit_test(names_top_keys_without_a_dot),
		cmocka_unit_test(cuts_long_values_in_messages),
		cmocka_unit_test(makes_json_of_any_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
