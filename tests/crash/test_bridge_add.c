/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge_add.c - cbr-bridge and its delegate are killed at each system call of an ADD */

#include "harness.h"

#include "kill.h"

static void beside_another(struct scene *scene)
{
	scene_add(scene, scene->other);
}

/* Bridge, gateways, masquerade: all is made by this call. */
static void first_add(void **state)
{
	static const struct kill_case what = { "first ADD of a node", "cbr-bridge", "ADD", NULL,
					       false };

	(void)state;
	kill_everywhere(&what, false);
}

static void add(void **state)
{
	static const struct kill_case what = { "cbr-bridge ADD", "cbr-bridge", "ADD",
					       beside_another, false };

	(void)state;
	kill_everywhere(&what, false);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, kill_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_add),
		TEST(add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
