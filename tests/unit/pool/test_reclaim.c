/* SPDX-License-Identifier: Apache-2.0 */
/* test_reclaim.c - what GC takes back, and what it must not */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/pool/reclaim.h"
#include "fixture.h"

static bool is_listed(const struct pool_owner *owner, void *arg)
{
	return fixture_lists(arg, owner);
}

/* GC begins an hour from now, so all that is there is old. */
static int reclaim(struct fixture *f, const char *listed, struct pool_reclaimed *ret,
		   struct error *err)
{
	char list[64];
	const struct pool_census census = { .is_listed = is_listed,
					    .arg = list,
					    .start = { time(NULL) + 3600, 0 },
					    .start_ns = INT64_MAX };

	snprintf(list, sizeof(list), "%s", listed);
	return pool_reclaim(&f->store, &census, &f->world, ret, err);
}

static void takes_back_what_is_neither_listed_nor_alive(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;

	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "b\r\neth0");
	fixture_put(f, "10.1.2.4", "c\r\neth0");
	fixture_put(f, "fd00::4", "c\r\neth0");
	fixture_put(f, "last_reserved_ip.0", "10.1.2.4");
	f->alive = " b/eth0 ";
	assert_ok(reclaim(f, " a/eth0 ", &done, &err), &err);
	assert_int_equal(done.news.dead, 2);
	assert_int_equal(done.alive, 1);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
	assert_false(fixture_has(f, "fd00::4"));
	assert_true(fixture_has(f, "last_reserved_ip.0"));
	assert_true(fixture_has(f, "lock"));
}

static void asks_for_interface_and_container(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;

	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "a\r\neth1");
	fixture_put(f, "10.1.2.4", "a");
	fixture_put(f, "10.1.2.5", "b");
	assert_ok(reclaim(f, " a/eth0 a/ ", &done, &err), &err);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_true(fixture_has(f, "10.1.2.4"));
	assert_false(fixture_has(f, "10.1.2.5"));
}

static void takes_back_what_a_crash_left_but_nothing_foreign(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;

	fixture_put(f, "10.1.2.2", "");
	fixture_put(f, "10.1.2.3", "for the printer");
	fixture_put(f, "note", "");
	free(tmp_mkdir(&f->tmp, "net/10.1.2.4"));
	assert_ok(reclaim(f, "", &done, &err), &err);
	assert_int_equal(done.news.blank, 1);
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_true(fixture_has(f, "10.1.2.4"));
	assert_true(fixture_has(f, "note"));
}

static void takes_back_what_a_damaged_record_was_of(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;

	assert_string_equal(fixture_allocate(f, "a", "10.1.2.0/24", NULL, 0), "10.1.2.2");
	assert_string_equal(fixture_allocate(f, "b", "10.1.2.0/24", NULL, 0), "10.1.2.3");
	fixture_put(f, POOL_RECORDS_NAME "/a:eth0", "container");
	f->alive = " b/eth0 ";
	assert_ok(reclaim(f, "", &done, &err), &err);
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_int_equal(tmp_count(&f->tmp, "net/.attachments"), 1);
}

static void leaves_what_is_not_older_than_the_call(void **state)
{
	struct fixture *f = *state;
	char listed[] = "";
	const struct pool_census census = {
		.is_listed = is_listed, .arg = listed, .start = { 1000, 500 }, .start_ns = INT64_MAX
	};
	static const struct {
		const char *name;
		const char *content;
		struct timespec time;
	} files[] = {
		{ "10.1.2.2", "a", { 999, 999 } },     { "10.1.2.3", "a\r\neth0", { 1000, 499 } },
		{ "10.1.2.4", "b", { 1000, 500 } },    { "10.1.2.5", "b\r\neth0", { 1001, 0 } },
		{ "10.1.2.6", "c\r\neth0", { 1, 0 } }, { "10.1.2.7", "c\r\neth0", { 1001, 0 } },
	};
	struct pool_reclaimed done;
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct timespec times[] = { files[i].time, files[i].time };

		fixture_put(f, files[i].name, files[i].content);
		assert_int_equal(utimensat(f->store.dir_fd, files[i].name, times, 0), 0);
	}
	assert_ok(pool_reclaim(&f->store, &census, &f->world, &done, &err), &err);
	assert_int_equal(done.news.dead, 2);
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_true(fixture_has(f, "10.1.2.4"));
	assert_true(fixture_has(f, "10.1.2.5"));
	/* One attachment lives or dies with all its addresses. */
	assert_true(fixture_has(f, "10.1.2.6"));
	assert_true(fixture_has(f, "10.1.2.7"));
}

/* By host-local, whose records have no finer time than the kernel stamps files with. */
static void leaves_what_was_reserved_a_moment_after_the_call(void **state)
{
	struct fixture *f = *state;
	char listed[] = "";

	for (int i = 2; i < 30; i++) {
		struct pool_census census = { .is_listed = is_listed, .arg = listed };
		struct pool_reclaimed done;
		struct error err;
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "10.1.2.%d", i);
		snprintf(content, sizeof(content), "c%d\r\neth0", i);
		clock_gettime(CLOCK_REALTIME_COARSE, &census.start);
		fixture_put(f, name, content);
		assert_ok(pool_reclaim(&f->store, &census, &f->world, &done, &err), &err);
		assert_true(fixture_has(f, name));
	}
}

#define YEAR_S (365 * 24 * 3600)

/* GC begins now. @set_s: by how much the clock is set forward from then on, negative: back */
static void reclaim_now(struct fixture *f, const char *listed, int set_s)
{
	char list[64];
	struct pool_census census = { .is_listed = is_listed, .arg = list };
	struct pool_reclaimed done;
	struct timespec up;
	struct error err;

	snprintf(list, sizeof(list), "%s", listed);
	clock_gettime(CLOCK_REALTIME_COARSE, &census.start);
	clock_gettime(CLOCK_BOOTTIME, &up);
	census.start.tv_sec -= set_s;
	census.start_ns = up.tv_sec * 1000000000LL + up.tv_nsec;
	assert_ok(pool_reclaim(&f->store, &census, &f->world, &done, &err), &err);
}

static void put_at(struct fixture *f, const char *name, const char *content, int from_now_s)
{
	const struct timespec time_of = { time(NULL) + from_now_s, 0 };
	const struct timespec times[] = { time_of, time_of };

	fixture_put(f, name, content);
	assert_int_equal(utimensat(f->store.dir_fd, name, times, 0), 0);
}

/* By host-local, while the clock was a year ahead. */
static void takes_back_what_was_reserved_in_the_future(void **state)
{
	struct fixture *f = *state;

	put_at(f, "10.1.2.2", "a\r\neth0", YEAR_S);
	put_at(f, "10.1.2.3", "b\r\neth0", YEAR_S);
	put_at(f, "10.1.2.4", "c\r\neth0", YEAR_S);
	put_at(f, "10.1.2.5", "d\r\neth0", 3600);
	f->alive = " b/eth0 ";
	reclaim_now(f, " a/eth0 ", 0);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
	assert_true(fixture_has(f, "10.1.2.5"));
}

/* Then what seems to come from the future may be of just now. */
static void leaves_the_future_alone_if_the_clock_is_set_meanwhile(void **state)
{
	struct fixture *f = *state;

	for (int i = -1; i <= 1; i += 2) {
		put_at(f, "10.1.2.2", "a\r\neth0", 2 * YEAR_S);
		reclaim_now(f, "", i * YEAR_S);
		assert_true(fixture_has(f, "10.1.2.2"));
	}
}

/* What host-local reserved since is older then than GC, by its file. */
static void leaves_what_seems_old_if_the_clock_is_set_back_meanwhile(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, "10.1.2.2", "a\r\neth0");
	reclaim_now(f, "", -3600);
	assert_true(fixture_has(f, "10.1.2.2"));
	put_at(f, "10.1.2.3", "b\r\neth0", -60);
	reclaim_now(f, "", 0);
	assert_false(fixture_has(f, "10.1.2.3"));
}

/* Where they outlive a boot, and the clock was ahead in the earlier one. */
static void takes_back_what_is_of_an_earlier_boot_whenever_that_was(void **state)
{
	static const char *const record = "container a\ninterface eth0\nreserved 99999999999.0\n"
					  "boot boot-0\nuptime 5\nnetns \nidentity 0:0\npod \n"
					  "address 10.1.2.2\nend\n";
	struct fixture *f = *state;

	f->store.lasting = true;
	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, POOL_RECORDS_NAME "/a:eth0", record);
	reclaim_now(f, " a/eth0 ", 0);
	assert_true(fixture_has(f, "10.1.2.2"));
	reclaim_now(f, "", 0);
	assert_false(fixture_has(f, "10.1.2.2"));
}

/* With -1 each call does as little as it can, and still all is done after a while. */
static void a_slice_at_a_time_brings_it_to_an_end(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done = { .more = true };
	struct error err;
	size_t taken = 0;
	int calls = 0;

	f->store.slice_ms = -1;
	f->alive = " alive/eth0 ";
	fixture_put(f, "10.1.2.200", "alive\r\neth0");
	for (int i = 2; i < 12; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "10.1.2.%d", i);
		snprintf(content, sizeof(content), "c%d\r\neth0", i);
		fixture_put(f, name, content);
	}
	for (; done.more; calls++) {
		assert_in_range(calls, 0, 40);
		assert_ok(reclaim(f, "", &done, &err), &err);
		assert_in_range(done.news.dead, 0, 1);
		taken += done.news.dead;
	}
	assert_true(calls >= 20); /* a record for each, then each taken back */
	assert_int_equal(taken, 10);
	assert_true(fixture_has(f, "10.1.2.200"));
	assert_int_equal(tmp_count(&f->tmp, "net/.attachments"), 1);
}

static void goes_on_over_errors_and_tells_of_them(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;
	int rc;

	if (geteuid() != 0)
		skip_because("needs root");
	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "b\r\neth0");
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.2", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.3", 0644, 0), 0);
	/* There everybody removes only what is his own. */
	if (fchownat(f->store.dir_fd, "10.1.2.3", 65534, 65534, 0) < 0)
		skip_because(FIXTURE_STAYS_ROOT);
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 01777, 0), 0);
	assert_int_equal(fchmod(f->store.records_fd, 0777), 0);
	assert_int_equal(fchmod(f->store.rest_fd, 0777), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = reclaim(f, "", &done, &err);
	fixture_be_root();
	assert_fails(rc, &err, ERROR_SYSTEM, "net/10.1.2.2: Operation not permitted");
	assert_int_equal(done.news.dead, 1);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
}

/* Or GC, a slice at a time, would come back to it for ever. */
static void a_record_that_cannot_be_removed_is_told(void **state)
{
	struct fixture *f = *state;
	struct pool_reclaimed done;
	struct error err;
	int rc;

	assert_non_null(fixture_allocate(f, "a", "10.1.2.0/24", NULL, 0));
	assert_int_equal(fchmodat(f->store.records_fd, "a:eth0", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.2", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, ".state", 0666, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0777, 0), 0);
	assert_int_equal(fchmod(f->store.records_fd, 0555), 0);
	f->store.slice_ms = -1;
	f->dead = " a/eth0 ";
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = reclaim(f, "", &done, &err);
	fixture_be_root();
	assert_int_equal(fchmod(f->store.records_fd, 0755), 0);
	assert_fails(rc, &err, ERROR_SYSTEM, ".attachments/a:eth0: Permission denied");
	assert_false(done.more);
	assert_false(fixture_has(f, "10.1.2.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(takes_back_what_is_neither_listed_nor_alive),
		FIXTURE_STORE(asks_for_interface_and_container),
		FIXTURE_STORE(takes_back_what_a_crash_left_but_nothing_foreign),
		FIXTURE_STORE(takes_back_what_a_damaged_record_was_of),
		FIXTURE_STORE(leaves_what_is_not_older_than_the_call),
		FIXTURE_STORE(leaves_what_was_reserved_a_moment_after_the_call),
		FIXTURE_STORE(takes_back_what_was_reserved_in_the_future),
		FIXTURE_STORE(leaves_the_future_alone_if_the_clock_is_set_meanwhile),
		FIXTURE_STORE(leaves_what_seems_old_if_the_clock_is_set_back_meanwhile),
		FIXTURE_STORE(takes_back_what_is_of_an_earlier_boot_whenever_that_was),
		FIXTURE_STORE(a_slice_at_a_time_brings_it_to_an_end),
		FIXTURE_STORE(goes_on_over_errors_and_tells_of_them),
		FIXTURE_STORE(a_record_that_cannot_be_removed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
