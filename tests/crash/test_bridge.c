/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge.c - cbr-bridge and its delegate are killed at each system call of DEL, GC, ADD */

#include "harness.h"

#include "kill.h"

static void attached(struct scene *scene)
{
	scene_add(scene, scene->other);
	scene_add(scene, scene->victim);
}

static void victim_is_dead(struct scene *scene)
{
	attached(scene);
	scene_kill_pod(scene, scene->victim);
}

static void add_again(void **state)
{
	static const struct kill_case what = { "cbr-bridge ADD again", "cbr-bridge", "ADD",
					       attached, true };

	(void)state;
	kill_everywhere(&what, false);
}

static void del(void **state)
{
	static const struct kill_case what = { "cbr-bridge DEL", "cbr-bridge", "DEL", attached,
					       false };

	(void)state;
	kill_everywhere(&what, false);
}

static void gc(void **state)
{
	static const struct kill_case what = { "cbr-bridge GC", "cbr-bridge", "GC", victim_is_dead,
					       false };

	(void)state;
	kill_everywhere(&what, false);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, kill_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(add_again),
		TEST(del),
		TEST(gc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
