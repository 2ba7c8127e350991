/* SPDX-License-Identifier: Apache-2.0 */
/* test_hash.c - the stable hash behind names */

#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/hash.h"
#include "cbr/base/str.h"

static void is_fnv_1a(void **state)
{
	/* draft-eastlake-fnv, test vectors of the 64 bit FNV-1a */
	static const struct {
		const char *text;
		uint64_t hash;
	} rows[] = {
		{ "", 0xcbf29ce484222325ULL },
		{ "a", 0xaf63dc4c8601ec8cULL },
		{ "foobar", 0x85944171f73967e8ULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_true(hash_bytes(HASH_SEED, rows[i].text, strlen(rows[i].text)) ==
			    rows[i].hash);
}

static void goes_on_where_it_stopped(void **state)
{
	uint64_t hash = hash_bytes(HASH_SEED, "foo", 3);

	(void)state;
	assert_true(hash_bytes(hash, "bar", 3) == hash_bytes(HASH_SEED, "foobar", 6));
	assert_true(hash_bytes(hash, NULL, 0) == hash);
}

static void high_bytes_are_unsigned(void **state)
{
	(void)state;
	assert_true(hash_bytes(HASH_SEED, "\xff", 1) == (HASH_SEED ^ 0xff) * 0x100000001b3ULL);
}

static void triples_do_not_run_together(void **state)
{
	static const char *const triples[][3] = {
		{ "net", "id", "eth0" }, { "neti", "d", "eth0" }, { "net", "ide", "th0" },
		{ "", "netid", "eth0" }, { "netid", "", "eth0" }, { "id", "net", "eth0" },
		{ "net", "id", "eth1" }, { "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(triples); i++)
		for (size_t j = 0; j < ARRAY_SIZE(triples); j++)
			assert_int_equal(hash_attachment(triples[i][0], triples[i][1],
							 triples[i][2]) ==
						 hash_attachment(triples[j][0], triples[j][1],
								 triples[j][2]),
					 i == j);
}

/*
 * DEL finds what an older version of ours made by this name alone: it must not change.
 */
static void host_link_names_stay(void **state)
{
	char name[IF_NAMESIZE];

	(void)state;
	hash_host_link("cbr", "0123456789abcdef", "eth0", name);
	assert_string_equal(name, "veth784f17e500a");
	hash_host_link("", "", "", name);
	assert_string_equal(name, "veth2186c02bb66");
}

static void host_link_names_are_interface_names(void **state)
{
	struct error err = { 0 };
	char name[IF_NAMESIZE];
	char id[32];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof(id), "container-%d", i);
		hash_host_link("net", id, "eth0", name);
		assert_ok(ifname_check(name, &err), &err);
		assert_int_equal(strlen(name), 15);
		assert_memory_equal(name, "veth", 4);
		assert_int_equal(strspn(name + 4, "0123456789abcdef"), 11);
	}
}

static void host_link_names_are_known_again(void **state)
{
	static const char *const others[] = {
		"",
		"eth0",
		"veth",
		"veth1234abcd",
		"veth784f17e500",
		"veth784f17e500aa",
		"veth784F17E500A",
		"veth784f17e500g",
		"VETH784f17e500a",
	};

	(void)state;
	assert_true(hash_is_host_link("veth784f17e500a"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(hash_is_host_link(others[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_fnv_1a),
		cmocka_unit_test(goes_on_where_it_stopped),
		cmocka_unit_test(high_bytes_are_unsigned),
		cmocka_unit_test(triples_do_not_run_together),
		cmocka_unit_test(host_link_names_stay),
		cmocka_unit_test(host_link_names_are_interface_names),
		cmocka_unit_test(host_link_names_are_known_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
