/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_model.c - random histories of a pool against a simple model
 *
 * CBR_SEED makes a history again, CBR_STEPS and CBR_REAL_STEPS give their lengths, CBR_TRACE
 * tells it.
 */

#include "harness.h"

#include <stdlib.h>

#include "real.h"
#include "steps.h"

#define STEPS 3000
#define REAL_STEPS 4000
#define STEPS_OF_A_HISTORY 1000

static unsigned long long from_env(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

/* Several short ones, since what happens to an empty pool matters, too. */
static void walk(unsigned long long left, unsigned int length, bool real)
{
	unsigned long long seed = from_env("CBR_SEED", 1);
	struct model model;

	print_message("# histories from CBR_SEED=%llu on\n", seed);
	while (left > 0) {
		model_make(&model, seed++, real);
		for (unsigned int i = 0; i < length && left > 0; i++, left--)
			steps_random(&model);
		model_done(&model);
	}
	steps_tell();
}

static void no_history_breaks_a_promise(void **state)
{
	(void)state;
	walk(from_env("CBR_STEPS", STEPS), STEPS_OF_A_HISTORY, false);
}

static void no_history_of_executables_breaks_a_promise(void **state)
{
	(void)state;
	print_message("# %s beside hl-ipam\n", real_host_local() ? real_host_local() : "nobody");
	walk(from_env("CBR_REAL_STEPS", REAL_STEPS), STEPS_OF_A_HISTORY / 2, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_history_breaks_a_promise),
		cmocka_unit_test(no_history_of_executables_breaks_a_promise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
