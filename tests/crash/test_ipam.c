/* SPDX-License-Identifier: Apache-2.0 */
/* test_ipam.c - hl-ipam is killed at each of its system calls */

#include "harness.h"

#include "kill.h"

static void beside_another(struct scene *scene)
{
	scene_add(scene, scene->other);
}

static void attached(struct scene *scene)
{
	scene_add(scene, scene->other);
	scene_add(scene, scene->victim);
}

/* The pool is full, and half of it belongs to one who died without DEL. */
static void beside_the_dead(struct scene *scene)
{
	struct pod *dead = node_pod(&scene->node, "dead");

	scene_add(scene, scene->other);
	scene_add(scene, dead);
	scene_kill_pod(scene, dead);
}

static void victim_is_dead(struct scene *scene)
{
	attached(scene);
	scene_kill_pod(scene, scene->victim);
}

static void first_add(void **state)
{
	static const struct kill_case what = { "ADD in an empty pool", "hl-ipam", "ADD", NULL,
					       false };

	(void)state;
	kill_everywhere(&what, true);
}

static void add(void **state)
{
	static const struct kill_case what = { "ADD", "hl-ipam", "ADD", beside_another, false };

	(void)state;
	kill_everywhere(&what, true);
}

static void add_again(void **state)
{
	static const struct kill_case what = { "ADD again", "hl-ipam", "ADD", attached, true };

	(void)state;
	kill_everywhere(&what, true);
}

static void add_that_takes_from_the_dead(void **state)
{
	static const struct kill_case what = { "ADD that takes from the dead", "hl-ipam", "ADD",
					       beside_the_dead, false };

	(void)state;
	kill_everywhere(&what, true);
}

static void del(void **state)
{
	static const struct kill_case what = { "DEL", "hl-ipam", "DEL", attached, false };

	(void)state;
	kill_everywhere(&what, true);
}

static void gc(void **state)
{
	static const struct kill_case what = { "GC", "hl-ipam", "GC", victim_is_dead, false };

	(void)state;
	kill_everywhere(&what, true);
}

#define TEST(fn) cmocka_unit_test_teardown(fn, kill_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(first_add), TEST(add), TEST(add_again), TEST(add_that_takes_from_the_dead),
		TEST(del),       TEST(gc),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
