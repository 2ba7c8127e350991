/* SPDX-License-Identifier: Apache-2.0 */
/* test_attachments.c - the list that GC is given */

#include "harness.h"

#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "fixture.h"

#define KEY "\"cni.dev/valid-attachments\""
#define TWIN "\"cni.dev/attachments\""
#define ONE "[{\"containerID\": \"c1\", \"ifname\": \"eth0\"}]"

/* Return: items, or what the function returned if that is not 1. */
static int count(const char *config, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call(config);
	autofree struct cni_attachment *list = NULL;
	size_t n = 77;
	int rc = cni_config_valid_attachments(&call, &list, &n, err);

	if (rc != 1) {
		assert_null(list);
		assert_int_equal(n, 77);
		return rc < 0 ? rc : -1000;
	}
	assert_non_null(list);
	return (int)n;
}

static void reads_the_list(void **state)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call(
		"{" KEY ": [{\"containerID\": \"c1\", \"ifname\": \"eth0\"},"
		" {\"ContainerID\": \"c2\", \"IfName\": \"net1\", \"more\": 1}]}");
	autofree struct cni_attachment *list = NULL;
	struct error err = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(cni_config_valid_attachments(&call, &list, &n, &err), 1);
	assert_int_equal(n, 2);
	assert_string_equal(list[0].container_id, "c1");
	assert_string_equal(list[0].ifname, "eth0");
	assert_string_equal(list[1].container_id, "c2");
	assert_string_equal(list[1].ifname, "net1");
}

static void tells_absent_from_empty(void **state)
{
	static const struct {
		const char *config;
		int count;
	} rows[] = {
		{ "{}", -1000 },
		{ "{" KEY ": []}", 0 },
		{ "{" KEY ": null}", 0 },
		{ "{" TWIN ": []}", 0 },
		{ "{" TWIN ": null}", 0 },
		{ "{" KEY ": null, " TWIN ": null}", 0 },
		{ "{" TWIN ": " ONE "}", 1 },
		{ "{" KEY ": " ONE "}", 1 },
		{ "{" KEY ": [], " TWIN ": " ONE "}", 0 },
		{ "{" KEY ": " ONE ", " TWIN ": []}", 1 },
		{ "{" KEY ": " ONE ", " TWIN ": null}", 1 },
		/* null says nothing of the living: the twin's list is the careful reading. */
		{ "{" KEY ": null, " TWIN ": " ONE "}", 1 },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(count(rows[i].config, &err), rows[i].count);
}

static void takes_a_list_of_a_full_node(void **state)
{
	autofree char *items = fixture_repeat("{" KEY
					      ": [{\"containerID\": \"a\", \"ifname\": \"b\"}",
					      ",{\"containerID\": \"c\", \"ifname\": \"d\"}", 9999,
					      "]}");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(count(items, &err), 10000);
}

static void refuses_a_list_it_cannot_read_whole(void **state)
{
	static const struct {
		const char *config;
		const char *msg;
	} rows[] = {
		{ "{" KEY ": {}}", "cni.dev/valid-attachments must be an array, not {}" },
		{ "{" TWIN ": \"x\"}", "cni.dev/attachments must be an array, not \"x\"" },
		{ "{" KEY ": [null]}", "cni.dev/valid-attachments[0] must be an object, not null" },
		{ "{" KEY ": [[]]}", "[0] must be an object, not []" },
		{ "{" KEY ": [{}]}", "cni.dev/valid-attachments[0].containerID is missing" },
		{ "{" KEY ": [{\"containerID\": \"\", \"ifname\": \"e\"}]}",
		  "containerID is missing" },
		{ "{" KEY ": [{\"containerID\": \"c\"}]}", "[0].ifname is missing" },
		{ "{" KEY ": [{\"containerID\": \"c\", \"ifname\": null}]}", "ifname is missing" },
		{ "{" KEY ": [{\"containerID\": 1, \"ifname\": \"e\"}]}",
		  "[0].containerID must be a string, not 1" },
		{ "{" TWIN
		  ": [{\"containerID\": \"c\", \"ifname\": \"e\"}, {\"containerID\": \"c\"}]}",
		  "cni.dev/attachments[1].ifname is missing" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };

		assert_fails(count(rows[i].config, &err), &err, ERROR_DECODE, rows[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_list),
		cmocka_unit_test(tells_absent_from_empty),
		cmocka_unit_test(takes_a_list_of_a_full_node),
		cmocka_unit_test(refuses_a_list_it_cannot_read_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
