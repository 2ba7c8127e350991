/* SPDX-License-Identifier: Apache-2.0 */
/* test_array.c - growing arrays */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"

/* Of a size that is no power of two, as structs are. */
struct item {
	char bytes[24];
};

static void items_stay_and_new_ones_are_zero(void **state)
{
	autofree struct item *items = NULL;
	static const struct item zero;

	(void)state;
	for (size_t n = 0; n < 1000; n++) {
		struct item *grown = array_grow(items, n, sizeof(*items));

		assert_non_null(grown);
		items = grown;
		assert_memory_equal(&items[n], &zero, sizeof(zero));
		memset(&items[n], (int)(n % 255) + 1, sizeof(items[n]));
		for (size_t i = 0; i <= n; i += 1 + n / 8)
			assert_int_equal(items[i].bytes[23], (char)(i % 255 + 1));
	}
}

static void a_count_may_shrink_and_grow_again(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 4, 2, 3, 4, 5, 0, 1 };
	autofree int *items = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		int *grown = array_grow(items, counts[i], sizeof(*items));

		assert_non_null(grown);
		items = grown;
		assert_int_equal(items[counts[i]], 0);
		items[counts[i]] = 7;
	}
}

static void refuses_what_has_no_size(void **state)
{
	autofree char *items = array_grow(NULL, 0, 8);

	(void)state;
	memcpy(items, "intact", 7);
	for (size_t bit = 8 * sizeof(size_t) - 5; bit < 8 * sizeof(size_t); bit++)
		assert_null(array_grow(items, (size_t)1 << bit, 8));
	assert_null(array_grow(items, SIZE_MAX / 2 + 1, 1));
	assert_null(array_grow(items, 1, SIZE_MAX / 2));
	assert_string_equal(items, "intact");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_stay_and_new_ones_are_zero),
		cmocka_unit_test(a_count_may_shrink_and_grow_again),
		cmocka_unit_test(refuses_what_has_no_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
