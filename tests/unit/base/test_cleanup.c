/* SPDX-License-Identifier: Apache-2.0 */
/* test_cleanup.c - variables that release what they own */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>

#include "cbr/base/cleanup.h"

static int n_done;

static void count_done(const int *value)
{
	n_done += *value;
}

static int is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void descriptors_are_closed_or_taken(void **state)
{
	int kept;
	int seen;

	(void)state;
	{
		autoclose int fd = open("/", O_RDONLY | O_CLOEXEC);
		autoclose int none = -1;
		autoclose int given = open("/", O_RDONLY | O_CLOEXEC);

		assert_true(fd >= 0 && none < 0);
		seen = fd;
		kept = TAKE_FD(given);
		assert_int_equal(given, -1);
	}

	assert_false(is_open(seen));
	assert_true(is_open(kept));
	close(kept);
}

static void directories_are_closed(void **state)
{
	int fd;

	(void)state;
	{
		autodir DIR *dir = opendir("/");
		autodir DIR *none = NULL;

		assert_non_null(dir);
		assert_null(none);
		fd = dirfd(dir);
	}

	assert_false(is_open(fd));
}

/* That memory is freed, and freed once, is for `make asan` to see. */
static void memory_is_freed_or_taken(void **state)
{
	char *kept;

	(void)state;
	{
		autofree char *memory = malloc(100);
		autofree char *none = NULL;
		autofree char *given = malloc(1);

		assert_non_null(memory);
		assert_null(none);
		kept = TAKE_PTR(given);
		assert_null(given);
	}

	assert_non_null(kept);
	free(kept);
}

static void any_function_may_release(void **state)
{
	(void)state;
	n_done = 0;
	for (int i = 1; i <= 3; i++) {
		auto_with(count_done) int value = i;

		if (value == 2)
			continue;
	}

	assert_int_equal(n_done, 1 + 2 + 3);
}

static int fail_with_descriptor_open(void)
{
	autoclose int fd = open("/", O_RDONLY | O_CLOEXEC);

	(void)fd;
	errno = ENOSPC;
	return -errno;
}

static void the_result_is_taken_before_the_release(void **state)
{
	(void)state;
	assert_int_equal(fail_with_descriptor_open(), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors_are_closed_or_taken),
		cmocka_unit_test(directories_are_closed),
		cmocka_unit_test(memory_is_freed_or_taken),
		cmocka_unit_test(any_function_may_release),
		cmocka_unit_test(the_result_is_taken_before_the_release),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
