/* SPDX-License-Identifier: Apache-2.0 */
/* test_scarce.c - a pool that is nearly full, and addresses that rest */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/pool/usage.h"
#include "fixture.h"
#include "run.h"

/* .2 to .6; .1 is the gateway's */
#define SMALL "10.1.2.0/29"

static void fill(struct fixture *f)
{
	static const char *const names[] = { "a", "b", "c", "d", "e" };

	for (size_t i = 0; i < 5; i++)
		assert_non_null(fixture_allocate(f, names[i], SMALL, NULL, 0));
}

/* As if it had been given back so long ago. */
static void age(const struct fixture *f, const char *addr, int seconds)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { time(NULL) - seconds, 0 } };

	assert_int_equal(utimensat(f->store.rest_fd, addr, times, 0), 0);
}

static void the_dead_make_room(void **state)
{
	struct fixture *f = *state;

	fill(f);
	f->dead = " c/eth0 ";
	assert_string_equal(fixture_allocate(f, "x", SMALL, NULL, 30), "10.1.2.4");
	assert_int_equal(f->news.dead, 1);
	assert_null(fixture_allocate(f, "y", SMALL, NULL, 30));
}

/* A DEL that was killed: it had noted that the address rests, but not given it back. */
static void the_dead_make_room_where_their_addresses_rest_already(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_null(fixture_allocate(f, "x", SMALL, NULL, 30));
	f->dead = " c/eth0 ";
	fixture_put(f, POOL_REST_NAME "/10.1.2.4", "was c eth0\n");
	assert_string_equal(fixture_allocate(f, "x", SMALL, NULL, 30), "10.1.2.4");
}

static void the_living_and_the_unknown_do_not(void **state)
{
	struct fixture *f = *state;

	fill(f);
	f->alive = " a/eth0 b/eth0 c/eth0 ";
	assert_null(fixture_allocate(f, "x", SMALL, NULL, 0));
	assert_int_equal(f->err.code, ERROR_AGAIN);
	assert_contains(f->err.hint, "5 addresses, 5 reserved, 0 resting; 5 looked at lately, none "
				     "of them of a dead pod");
	assert_contains(f->err.hint, "oldest: container a eth0 since ");
	assert_true(fixture_has(f, "10.1.2.2"));
}

/* Once in a while: whoever is alive each time must not be asked each time. */
static void the_dead_are_looked_for_before_the_last_address_is_gone(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", "10.1.2.0/24", NULL, 0), "10.1.2.2");
	f->dead = " a/eth0 ";
	for (int i = 3; i < 240; i++) {
		char name[32];

		snprintf(name, sizeof(name), "n%d", i);
		assert_non_null(fixture_allocate(f, name, "10.1.2.0/24", NULL, 0));
	}
	assert_false(fixture_has(f, "10.1.2.2"));
}

/* Each boot has a clock of its own. */
static void a_search_in_a_longer_boot_does_not_put_off_the_next(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_null(fixture_allocate(f, "x", SMALL, NULL, 0));
	assert_int_equal(fixture_release(f, "a"), 1);
	free(run_must(NULL,
		      "cd %s/net && awk 'NR == 1 { $7 = 8640000; printf \"%%-255s\\n\", $0 }' "
		      ".state >../new && "
		      "dd if=../new of=.state conv=notrunc 2>&1",
		      f->tmp.path));
	f->dead = " c/eth0 d/eth0 ";
	assert_non_null(fixture_allocate(f, "y", SMALL, NULL, 0));
	assert_int_equal(f->news.dead, 2);
}

/* .0.2 to .1.254, more than are looked at in any case */
#define LARGE "10.1.0.0/23"
#define LARGE_SIZE 509

static void fill_large(struct fixture *f)
{
	for (int i = 0; i < LARGE_SIZE; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%d", i);
		assert_non_null(fixture_allocate(f, name, LARGE, NULL, 0));
	}
}

static unsigned int asked;

static enum pool_life ask(const struct pool_record *record, void *arg)
{
	const struct fixture *f = arg;

	asked++;
	return fixture_lists(f->dead, &record->owner) ? POOL_DEAD : POOL_ALIVE;
}

/* Or each ADD that is refused would keep the DELs waiting that might serve it. */
static void those_who_live_are_not_asked_by_each_who_is_refused(void **state)
{
	struct fixture *f = *state;

	fill_large(f);
	f->world.life = ask;
	asked = 0;
	assert_null(fixture_allocate(f, "x", LARGE, NULL, 0));
	assert_false(f->news.more);
	assert_int_equal(asked, LARGE_SIZE);
	asked = 0;
	assert_null(fixture_allocate(f, "y", LARGE, NULL, 0));
	assert_in_range(asked, 1, 256);
	/* Unless something changed. */
	assert_int_equal(fixture_release(f, "n77"), 1);
	assert_non_null(fixture_allocate(f, "x", LARGE, NULL, 0));
	asked = 0;
	assert_null(fixture_allocate(f, "y", LARGE, NULL, 0));
	assert_int_equal(asked, LARGE_SIZE);
}

static void all_are_asked_a_slice_at_a_time(void **state)
{
	struct fixture *f = *state;
	int calls = 1;

	fill_large(f);
	f->store.slice_ms = -1;
	f->world.life = ask;
	f->dead = " n400/eth0 ";
	asked = 0;
	while (!fixture_allocate(f, calls % 2 ? "x" : "y", LARGE, NULL, 0)) {
		assert_true(f->news.more);
		assert_in_range(asked, 1, 257);
		asked = 0;
		calls++;
	}
	/* The gateway, which nobody owns, is one of the first. */
	assert_int_equal(calls, 400 - 255 + 1);
	assert_false(f->news.more);
	while (!fixture_allocate(f, "z", LARGE, NULL, 0) && f->news.more)
		;
	assert_false(f->news.more);
}

/* As host-local left it: while that is seen to, nothing is noted, but the call itself goes on. */
static void all_are_asked_a_slice_at_a_time_before_they_are_on_record(void **state)
{
	struct fixture *f = *state;
	int calls = 1;

	for (int i = 2; i < LARGE_SIZE + 2; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "10.1.%d.%d", i / 256, i % 256);
		snprintf(content, sizeof(content), "n%d\r\neth0", i - 2);
		fixture_put(f, name, content);
	}
	f->store.slice_ms = -1;
	f->world.life = ask;
	f->dead = " n400/eth0 ";
	asked = 0;
	while (!fixture_go_on(f, "x", LARGE, NULL, 0)) {
		assert_true(f->news.more);
		assert_in_range(asked, 1, 257);
		asked = 0;
		assert_in_range(++calls, 2, 400);
	}
	assert_int_equal(calls, 400 - 255 + 1);
	assert_false(f->news.more);
}

/* That nobody is dead is said of those who were looked at. */
static void who_was_not_looked_at_is_not_called_alive(void **state)
{
	struct fixture *f = *state;

	fill_large(f);
	f->world.life = ask;
	f->store.slice_ms = -1;
	assert_null(fixture_allocate(f, "x", LARGE, NULL, 0));
	assert_contains(f->err.hint,
			"509 addresses, 509 reserved, 0 resting; 256 looked at lately");
	f->store.slice_ms = 0;
	assert_null(fixture_allocate(f, "x", LARGE, NULL, 0));
	assert_contains(f->err.hint, "509 looked at lately, none of them of a dead pod; oldest: ");
}

/* Looking at no more than STATUS has time for. */
static bool has_room(struct fixture *f)
{
	struct pool_set set = fixture_settled(LARGE);
	struct pool_usage usage;
	struct error err;
	int rc;

	asked = 0;
	rc = pool_has_room(&f->store, &set, 0, &f->world, &usage, &err);
	free(set.ranges);
	assert_ok(rc, &err);
	assert_in_range(asked, 1, 32);
	assert_int_equal(usage.total, LARGE_SIZE);
	assert_int_equal(usage.free, 0);
	return rc;
}

static void a_large_pool_is_full_when_an_add_has_looked_in_vain(void **state)
{
	struct fixture *f = *state;
	int tries = 0;

	fill_large(f);
	f->world.life = ask;
	assert_true(has_room(f));
	assert_null(fixture_allocate(f, "x", LARGE, NULL, 0));
	assert_false(has_room(f));
	/* No ADD comes any more that would find out. */
	f->dead = " n77/eth0 ";
	while (!has_room(f))
		assert_in_range(++tries, 1, 10000);
	assert_int_equal(fixture_release(f, "n5"), 1);
	assert_non_null(fixture_allocate(f, "x", LARGE, NULL, 0));
}

static void a_wanted_address_of_the_dead_is_taken_over(void **state)
{
	struct fixture *f = *state;

	fill(f);
	f->dead = " b/eth0 ";
	assert_null(fixture_allocate(f, "x", SMALL, "10.1.2.2", 30));
	assert_int_equal(f->err.code, ERROR_CONFLICT);
	assert_string_equal(fixture_allocate(f, "x", SMALL, "10.1.2.3", 30), "10.1.2.3");
}

static void one_that_died_gets_a_fresh_address(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	f->alive = " a/eth0 ";
	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	f->alive = "";
	f->dead = " a/eth0 ";
	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.3");
	assert_false(fixture_has(f, "10.1.2.2"));
}

static void an_address_given_back_rests(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	assert_int_equal(fixture_release(f, "a"), 1);
	fixture_put(f, "last_reserved_ip.0", "10.1.2.6");
	assert_string_equal(fixture_allocate(f, "b", SMALL, NULL, 30), "10.1.2.3");
	fixture_put(f, "last_reserved_ip.0", "10.1.2.6");
	age(f, "10.1.2.2", 31);
	assert_string_equal(fixture_allocate(f, "c", SMALL, NULL, 30), "10.1.2.2");
	assert_false(fixture_has(f, ".resting/10.1.2.2"));
}

/* By host-local, who knows of no rest. */
static void an_address_that_others_gave_back_rests(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.2", 0), 0);
	fixture_put(f, "last_reserved_ip.0", "10.1.2.6");
	assert_string_equal(fixture_allocate(f, "b", SMALL, NULL, 30), "10.1.2.3");
	assert_true(fixture_has(f, ".resting/10.1.2.2"));
	/* Not over a reboot. */
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", 0), 0);
	fixture_put(f, "last_reserved_ip.0", "10.1.2.2");
	f->world.boot = "boot-2";
	assert_string_equal(fixture_allocate(f, "c", SMALL, NULL, 30), "10.1.2.3");
}

static void rest_is_no_reason_to_refuse(void **state)
{
	struct fixture *f = *state;

	fill(f);
	assert_int_equal(fixture_release(f, "b"), 1);
	assert_int_equal(fixture_release(f, "d"), 1);
	age(f, "10.1.2.3", 5);
	age(f, "10.1.2.5", 7);
	/* The one that has rested longest. */
	assert_string_equal(fixture_allocate(f, "x", SMALL, NULL, 30), "10.1.2.5");
	assert_string_equal(fixture_allocate(f, "y", SMALL, NULL, 30), "10.1.2.3");
	assert_null(fixture_allocate(f, "z", SMALL, NULL, 30));
}

static void a_wanted_address_need_not_rest(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	assert_int_equal(fixture_release(f, "a"), 1);
	assert_string_equal(fixture_allocate(f, "b", SMALL, "10.1.2.2", 30), "10.1.2.2");
}

/* A clock that was set back must not keep addresses for ever. */
static void what_was_given_back_in_the_future_does_not_rest(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(fixture_allocate(f, "a", SMALL, NULL, 30), "10.1.2.2");
	assert_int_equal(fixture_release(f, "a"), 1);
	age(f, "10.1.2.2", -3600);
	fixture_put(f, "last_reserved_ip.0", "10.1.2.6");
	assert_string_equal(fixture_allocate(f, "b", SMALL, NULL, 30), "10.1.2.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(the_dead_make_room),
		FIXTURE_STORE(the_dead_make_room_where_their_addresses_rest_already),
		FIXTURE_STORE(the_living_and_the_unknown_do_not),
		FIXTURE_STORE(the_dead_are_looked_for_before_the_last_address_is_gone),
		FIXTURE_STORE(a_search_in_a_longer_boot_does_not_put_off_the_next),
		FIXTURE_STORE(those_who_live_are_not_asked_by_each_who_is_refused),
		FIXTURE_STORE(all_are_asked_a_slice_at_a_time),
		FIXTURE_STORE(all_are_asked_a_slice_at_a_time_before_they_are_on_record),
		FIXTURE_STORE(who_was_not_looked_at_is_not_called_alive),
		FIXTURE_STORE(a_large_pool_is_full_when_an_add_has_looked_in_vain),
		FIXTURE_STORE(a_wanted_address_of_the_dead_is_taken_over),
		FIXTURE_STORE(one_that_died_gets_a_fresh_address),
		FIXTURE_STORE(an_address_given_back_rests),
		FIXTURE_STORE(an_address_that_others_gave_back_rests),
		FIXTURE_STORE(rest_is_no_reason_to_refuse),
		FIXTURE_STORE(a_wanted_address_need_not_rest),
		FIXTURE_STORE(what_was_given_back_in_the_future_does_not_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
