/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c - random histories of a pool against a simple model
 *
 * CBR_SEED makes a history again, CBR_STEPS gives its length, CBR_TRACE tells it.
 */

#include "harness.h"

#include <stdlib.h>

#include "steps.h"

#define STEPS 3000
#define STEPS_OF_A_HISTORY 1000

static unsigned long long from_env(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* Several short ones, since what happens to an empty pool matters, too. */
static void no_history_breaks_a_promise(void **state)
{
	unsigned long long seed = from_env("CBR_SEED", 1);
	unsigned long long left = from_env("CBR_STEPS", STEPS);
	struct model model;

	(void)state;
	print_message("# histories from CBR_SEED=%llu on\n", seed);
	while (left > 0) {
		model_make(&model, seed++);
		for (int i = 0; i < STEPS_OF_A_HISTORY && left > 0; i++, left--)
			steps_random(&model);
		model_done(&model);
	}
	steps_tell();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_history_breaks_a_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
