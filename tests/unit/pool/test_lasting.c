/* SPDX-License-Identifier: Apache-2.0 */
/* test_lasting.c - a store whose reservations outlive a reboot */

#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "fixture.h"

#define SET "10.1.2.0/24"

/*
 * What the disk does. @calls: how often it was waited for; @failing: with which error
 * @seen: was there, the last time
 */
static struct {
	int calls;
	int failing;
	const struct fixture *f;
	const char *name;
	bool seen;
} disk;

/* In place of the C library's. */
int syncfs(int fd)
{
	(void)fd;
	disk.calls++;
	disk.seen = disk.f && fixture_has(disk.f, disk.name);
	if (!disk.failing)
		return 0;
	errno = disk.failing;
	return -1;
}

static void begin(struct fixture *f, const char *name)
{
	disk.calls = 0;
	disk.failing = 0;
	disk.f = f;
	disk.name = name;
	f->store.lasting = true;
}

static void an_address_is_on_the_disk_before_it_is_told(void **state)
{
	struct fixture *f = *state;

	begin(f, "10.1.2.2");
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	assert_int_equal(disk.calls, 1);
	assert_true(disk.seen);
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_int_equal(disk.calls, 2);
	assert_false(disk.seen);
}

static void the_disk_is_not_waited_for_where_a_reboot_ends_all(void **state)
{
	struct fixture *f = *state;

	begin(f, "10.1.2.2");
	f->store.lasting = false;
	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_int_equal(disk.calls, 0);
}

static void what_is_not_on_the_disk_is_not_reserved(void **state)
{
	struct fixture *f = *state;

	begin(f, "10.1.2.3");
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	disk.failing = EIO;
	assert_null(fixture_allocate(f, "b", SET, NULL, 0));
	assert_int_equal(f->err.code, ERROR_SYSTEM);
	assert_contains(f->err.msg, "cannot sync ");
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, ".attachments/b:eth0"));
	/* What the living have is theirs. */
	assert_null(fixture_allocate(f, "a", SET, NULL, 0));
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_true(fixture_has(f, ".attachments/a:eth0"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(an_address_is_on_the_disk_before_it_is_told),
		FIXTURE_STORE(the_disk_is_not_waited_for_where_a_reboot_ends_all),
		FIXTURE_STORE(what_is_not_on_the_disk_is_not_reserved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
