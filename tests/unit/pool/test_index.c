/* SPDX-License-Identifier: Apache-2.0 */
/* test_index.c - records beside the address files, and others who change these */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/pool/find.h"
#include "cbr/pool/record.h"
#include "fixture.h"
#include "run.h"

#define SET "10.1.2.0/24"

static void forbid_reading(const struct fixture *f, const char *name)
{
	fixture_put(f, name, "other\r\neth0");
	assert_int_equal(fchmodat(f->store.dir_fd, name, 0, 0), 0);
}

static size_t count_records(const struct fixture *f)
{
	return tmp_count(&f->tmp, "net/.attachments");
}

static void an_attachment_has_a_record(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;

	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	text = fixture_get(f, ".attachments/a:eth0");
	assert_contains(text, "container a\ninterface eth0\n");
	assert_contains(text, "boot boot-1\n");
	assert_contains(text, "address 10.1.2.2\nend\n");
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_int_equal(count_records(f), 0);
	assert_false(fixture_has(f, "10.1.2.2"));
}

static void a_record_is_no_reservation_for_host_local(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;
	autofree char *rest = NULL;

	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	text = fixture_get(f, ".attachments/a:eth0");
	assert_string_not_equal(text, "a");
	assert_string_not_equal(text, "a\r\neth0");
	assert_int_equal(fixture_release(f, "a"), 1);
	rest = fixture_get(f, ".resting/10.1.2.2");
	assert_string_equal(rest, "was a eth0\n");
}

/* Reading the others' files would make each call as long as there are pods. */
static void others_are_not_read(void **state)
{
	struct fixture *f = *state;
	char name[32];

	for (int i = 100; i < 200; i++) {
		snprintf(name, sizeof(name), "10.1.2.%d", i);
		fixture_put(f, name, "other\r\neth0");
	}
	/* Brings the records up to date. */
	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	/* A change of a file's content is none of the directory: whoever reads it falls for it. */
	for (int i = 100; i < 200; i++) {
		snprintf(name, sizeof(name), "10.1.2.%d", i);
		fixture_put(f, name, "trap\r\neth0");
	}
	assert_int_equal(fixture_release(f, "trap"), 0);
	assert_string_equal(fixture_allocate(f, "trap", SET, NULL, 0), "10.1.2.3");
	assert_int_equal(fixture_release(f, "trap"), 1);
	assert_true(fixture_has(f, "10.1.2.100"));
	assert_int_equal(fixture_release(f, "a"), 1);
}

static void what_host_local_writes_is_noticed(void **state)
{
	struct fixture *f = *state;
	const struct pool_owner owner = { "legacy", "eth0" };
	struct pool_record record;

	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	fixture_put(f, "10.1.2.3", "legacy\r\neth0");
	fixture_put(f, "10.1.2.4", "bare");
	assert_string_equal(fixture_allocate(f, "b", SET, NULL, 0), "10.1.2.5");
	assert_int_equal(count_records(f), 4);
	assert_int_equal(pool_record_load(&f->store, &owner, &record), 1);
	assert_int_equal(record.n, 1);
	assert_true(record.evidence.time.tv_sec > 0);
	pool_record_done(&record);
	/* And what it takes away. */
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", 0), 0);
	assert_non_null(fixture_allocate(f, "c", SET, NULL, 0));
	assert_int_equal(count_records(f), 4);
	assert_int_equal(pool_record_load(&f->store, &owner, &record), 0);
}

/* Even if DEL is the first to come. */
static void what_host_local_wrote_is_released(void **state)
{
	struct fixture *f = *state;

	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	fixture_put(f, "10.1.2.3", "legacy\r\neth0");
	fixture_put(f, "10.1.2.4", "bare");
	fixture_put(f, "10.1.2.9", "a\r\neth0");
	assert_int_equal(fixture_release(f, "legacy"), 1);
	assert_int_equal(fixture_release(f, "bare"), 1);
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
	assert_false(fixture_has(f, "10.1.2.9"));
}

static void an_address_of_a_record_that_is_anothers_now_stays(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	/* Its content alone changes, which nobody but a mad editor does. */
	fixture_put(f, "10.1.2.2", "b\r\neth0");
	fixture_release(f, "a");
	assert_true(fixture_has(f, "10.1.2.2"));
}

static void ours_may_be_lost_or_damaged(void **state)
{
	static const char *const damage[] = {
		"rm -rf .attachments",
		"rm -rf .state",
		"rm -rf .resting",
		"rm -rf .attachments .state .resting",
		"echo nonsense >.attachments/a:eth0; touch .",
		": >.attachments/a:eth0; touch .",
		"echo nonsense >.state",
		"rm -rf .state; mkdir .state",
		"rm -rf .attachments; touch .attachments",
		"touch .attachments/.tmp.1.2 .tmp.3.4",
		/* A file of somebody else, which is not to be written. */
		"rm -rf .state; echo his >../his; ln ../his .state; touch .",
		"rm -f .attachments/a:eth0; ln ../his .attachments/a:eth0; touch .",
	};
	struct fixture *f = *state;
	autofree char *his = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		const char *path = f->tmp.path;
		struct error err;

		assert_string_equal(fixture_allocate(f, "a", SET, "10.1.2.7", 0), "10.1.2.7");
		free(run_must(NULL, "cd %s/net && { %s; }", path, damage[i]));
		pool_store_done(&f->store);
		assert_ok(pool_store_make(path, "net", &f->store, &err), &err);
		assert_ok(pool_store_lock(&f->store, 1000, &err), &err);
		assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.7");
		assert_int_equal(fixture_release(f, "a"), 1);
		assert_false(fixture_has(f, "10.1.2.7"));
		assert_non_null(fixture_allocate(f, "z", SET, NULL, 0));
		assert_int_equal(fixture_release(f, "z"), 1);
	}
	assert_int_equal(count_records(f), 0);
	assert_false(fixture_has(f, ".tmp.3.4"));
	his = tmp_read(&f->tmp, "his");
	assert_string_equal(his, "his\n");
}

/* By hand, or by a file system that was repaired: the state does not always notice. */
static void a_damaged_record_costs_no_address(void **state)
{
	static const char *const damage[] = {
		"rm .attachments/a:eth0",
		": >.attachments/a:eth0",
		"truncate -s 50 .attachments/a:eth0",
		"truncate -s 0 .attachments/a:eth0; truncate -s 99 .attachments/a:eth0",
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(damage); i++) {
		assert_string_equal(fixture_allocate(f, "a", SET, "10.1.2.7", 0), "10.1.2.7");
		free(run_must(NULL, "cd %s/net && { %s; }", f->tmp.path, damage[i]));
		assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.7");
		free(run_must(NULL, "cd %s/net && { %s; }", f->tmp.path, damage[i]));
		assert_int_equal(fixture_release(f, "a"), 1);
		assert_false(fixture_has(f, "10.1.2.7"));
		assert_int_equal(count_records(f), 0);
	}
}

/* Though the record that was being written changed nothing that the state notices. */
static void what_the_dead_were_writing_goes_with_the_attachment(void **state)
{
	struct fixture *f = *state;

	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	assert_non_null(fixture_allocate(f, "b", SET, NULL, 0));
	fixture_put(f, ".attachments/" FILE_TEMPORARY_NAME, "container c\ninterf");
	assert_int_equal(fixture_release(f, "c"), 0);
	assert_int_equal(count_records(f), 2);
	fixture_put(f, ".attachments/" FILE_TEMPORARY_NAME, "container c\ninterf");
	fixture_put(f, FILE_TEMPORARY_NAME, "10.1");
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_int_equal(count_records(f), 1);
	assert_false(fixture_has(f, FILE_TEMPORARY_NAME));
}

static void an_earlier_boots_reservations_are_void(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	fixture_put(f, "10.1.2.3", "legacy\r\neth0");
	assert_string_equal(fixture_allocate(f, "b", SET, NULL, 0), "10.1.2.4");
	f->world.boot = "boot-2";
	/* The cursor is kept. */
	assert_string_equal(fixture_allocate(f, "c", SET, NULL, 0), "10.1.2.5");
	assert_int_equal(f->news.earlier_boot, 3);
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
	assert_int_equal(count_records(f), 1);
	/* Once. */
	assert_string_equal(fixture_allocate(f, "d", SET, NULL, 0), "10.1.2.6");
	assert_int_equal(f->news.earlier_boot, 0);
}

static void they_stay_where_they_are_to_last(void **state)
{
	struct fixture *f = *state;

	f->store.lasting = true;
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
	f->world.boot = "boot-2";
	assert_string_equal(fixture_allocate(f, "b", SET, NULL, 0), "10.1.2.3");
	assert_int_equal(f->news.earlier_boot, 0);
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.2");
}

/* Whoever takes over a node from host-local does so under running pods. */
static void what_host_local_did_before_we_came_is_no_earlier_boots(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, "10.1.2.2", "running\r\neth0");
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.3");
	assert_int_equal(f->news.earlier_boot, 0);
	assert_true(fixture_has(f, "10.1.2.2"));
}

static void unreadable_files_keep_the_address_and_are_told(void **state)
{
	struct fixture *f = *state;

	forbid_reading(f, "10.1.2.2");
	assert_int_equal(fchmod(f->store.dir_fd, 0777), 0);
	assert_int_equal(fchmod(f->store.records_fd, 0777), 0);
	assert_int_equal(fchmod(f->store.rest_fd, 0777), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	assert_string_equal(fixture_allocate(f, "a", SET, NULL, 0), "10.1.2.3");
	assert_int_equal(f->news.unreadable, 1);
	assert_int_equal(fixture_release(f, "other"), 0);
	assert_int_equal(f->news.unreadable, 1);
	assert_int_equal(fixture_release(f, "a"), 1);
	fixture_be_root();
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.2", 0600, 0), 0);
	/* And remembered, or nobody would see that it is whole again. */
	assert_int_equal(fixture_release(f, "other"), 1);
	assert_false(fixture_has(f, "10.1.2.2"));
}

/* A path with a line break cannot be written down; by its identity alone it would seem gone. */
static void an_identity_without_a_path_is_no_evidence(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;

	f->netns = (struct pool_evidence){ .netns = "/run/a\nb", .netns_ino = 4711 };
	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	text = fixture_get(f, ".attachments/a:eth0");
	assert_null(strstr(text, "4711"));
	assert_null(strstr(text, "/run"));
	f->netns.netns = "/run/a";
	free(text);
	assert_non_null(fixture_allocate(f, "b", SET, NULL, 0));
	text = fixture_get(f, ".attachments/b:eth0");
	assert_contains(text, "\nnetns /run/a\nidentity 0:4711\n");
}

/* As if it had been made so many seconds from now. */
static void make_later(const struct fixture *f, const char *addr, int seconds)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { time(NULL) + seconds, 0 } };

	assert_int_equal(utimensat(f->store.dir_fd, addr, times, 0), 0);
}

/* What host-local does beside us to a container that comes again. */
static void renew(const struct fixture *f, const char *container, const char *before,
		  const char *after)
{
	char content[64];

	snprintf(content, sizeof(content), "%s\r\neth0", container);
	assert_int_equal(unlinkat(f->store.dir_fd, before, 0), 0);
	fixture_put(f, after, content);
}

/* Nothing is on record of it but that it is of this boot. */
static void assert_unknown(const struct fixture *f, const char *container)
{
	auto_with(pool_record_done) struct pool_record record = { 0 };
	const struct pool_owner owner = { container, "eth0" };

	assert_int_equal(pool_record_load(&f->store, &owner, &record), 1);
	assert_string_equal(record.evidence.boot, f->world.boot);
	assert_string_equal(record.evidence.netns, "");
	assert_int_equal(record.evidence.netns_ino, 0);
}

/* Whether it lives is not to be seen by what its namesake was. */
static void a_strangers_reservation_does_not_inherit_evidence(void **state)
{
	static const struct {
		const char *after;
		int later_s;
	} cases[] = { { "10.1.2.9", 0 }, { "10.1.2.7", 60 } };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		f->netns = (struct pool_evidence){ .netns = "/run/netns/a", .netns_ino = 4711 };
		assert_string_equal(fixture_allocate(f, "a", SET, "10.1.2.7", 0), "10.1.2.7");
		f->netns = POOL_EVIDENCE_NONE;
		renew(f, "a", "10.1.2.7", cases[i].after);
		make_later(f, cases[i].after, cases[i].later_s);
		assert_non_null(fixture_allocate(f, "b", SET, NULL, 0));
		assert_unknown(f, "a");
		assert_int_equal(fixture_release(f, "a"), 1);
		assert_int_equal(fixture_release(f, "b"), 1);
	}
}

static void a_strangers_reservation_is_of_no_earlier_boot(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SET, "10.1.2.7", 0), "10.1.2.7");
	assert_string_equal(fixture_allocate(f, "b", SET, "10.1.2.8", 0), "10.1.2.8");
	f->world.boot = "boot-2";
	renew(f, "a", "10.1.2.7", "10.1.2.9");
	assert_non_null(fixture_allocate(f, "c", SET, NULL, 0));
	assert_int_equal(f->news.earlier_boot, 1);
	assert_true(fixture_has(f, "10.1.2.9"));
	assert_false(fixture_has(f, "10.1.2.8"));
	assert_unknown(f, "a");
}

static void many_of_others_are_seen_to_by_and_by(void **state)
{
	struct fixture *f = *state;
	struct pool_owner own = { "own", "eth0" };
	struct pool_record record;

	f->store.slice_ms = -1;
	for (int i = 2; i < 12; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "10.1.2.%d", i);
		snprintf(content, sizeof(content), "a%d\r\neth0", i);
		fixture_put(f, name, content);
	}
	fixture_put(f, "10.1.2.99", "own\r\neth0");
	fixture_put(f, POOL_RECORDS_NAME "/nonsense", "x");
	fixture_put(f, POOL_RECORDS_NAME "/.tmp.new", "x");
	/* Its own comes first, however many others there are. */
	assert_string_equal(fixture_allocate(f, "own", SET, NULL, 0), "10.1.2.99");
	assert_int_equal(pool_record_load(&f->store, &own, &record), 1);
	pool_record_done(&record);
	assert_in_range(count_records(f), 2, 5);
	for (int i = 0; i < 12; i++) {
		char name[32];

		snprintf(name, sizeof(name), "b%d", i);
		assert_non_null(fixture_allocate(f, name, SET, NULL, 0));
	}
	assert_int_equal(count_records(f), 11 + 12);
	assert_false(fixture_has(f, POOL_RECORDS_NAME "/nonsense"));
	assert_false(fixture_has(f, POOL_RECORDS_NAME "/.tmp.new"));
}

static void the_dead_of_others_make_room_before_all_are_seen_to(void **state)
{
	struct fixture *f = *state;

	f->store.slice_ms = -1;
	f->dead = " a6/eth0 ";
	for (int i = 2; i < 7; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "10.1.2.%d", i);
		snprintf(content, sizeof(content), "a%d\r\neth0", i);
		fixture_put(f, name, content);
	}
	assert_string_equal(fixture_allocate(f, "b", "10.1.2.0/29", NULL, 0), "10.1.2.6");
}

static void an_earlier_boots_reservations_go_by_and_by(void **state)
{
	struct fixture *f = *state;
	char name[32];

	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "a%d", i);
		assert_non_null(fixture_allocate(f, name, SET, NULL, 0));
	}
	f->world.boot = "boot-2";
	f->store.slice_ms = -1;
	for (int i = 0; i < 10; i++) {
		snprintf(name, sizeof(name), "b%d", i);
		assert_non_null(fixture_allocate(f, name, SET, NULL, 0));
		assert_int_equal(f->news.earlier_boot, 1);
	}
	assert_int_equal(count_records(f), 10);
}

static void a_state_that_was_made_longer_is_cut(void **state)
{
	struct fixture *f = *state;
	autofree char *path = tmp_path(&f->tmp, "net/.state");
	struct stat st;

	assert_non_null(fixture_allocate(f, "a", SET, NULL, 0));
	assert_int_equal(truncate(path, 300), 0);
	assert_non_null(fixture_allocate(f, "b", SET, NULL, 0));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(an_attachment_has_a_record),
		FIXTURE_STORE(a_record_is_no_reservation_for_host_local),
		FIXTURE_STORE(others_are_not_read),
		FIXTURE_STORE(what_host_local_writes_is_noticed),
		FIXTURE_STORE(what_host_local_wrote_is_released),
		FIXTURE_STORE(an_address_of_a_record_that_is_anothers_now_stays),
		FIXTURE_STORE(ours_may_be_lost_or_damaged),
		FIXTURE_STORE(a_damaged_record_costs_no_address),
		FIXTURE_STORE(what_the_dead_were_writing_goes_with_the_attachment),
		FIXTURE_STORE(an_earlier_boots_reservations_are_void),
		FIXTURE_STORE(they_stay_where_they_are_to_last),
		FIXTURE_STORE(what_host_local_did_before_we_came_is_no_earlier_boots),
		FIXTURE_STORE(unreadable_files_keep_the_address_and_are_told),
		FIXTURE_STORE(an_identity_without_a_path_is_no_evidence),
		FIXTURE_STORE(a_strangers_reservation_does_not_inherit_evidence),
		FIXTURE_STORE(a_strangers_reservation_is_of_no_earlier_boot),
		FIXTURE_STORE(many_of_others_are_seen_to_by_and_by),
		FIXTURE_STORE(the_dead_of_others_make_room_before_all_are_seen_to),
		FIXTURE_STORE(an_earlier_boots_reservations_go_by_and_by),
		FIXTURE_STORE(a_state_that_was_made_longer_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
