/* SPDX-License-Identifier: Apache-2.0 */
/* test_alloc.c - which address next */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/pool/alloc.h"
#include "cbr/pool/find.h"
#include "fixture.h"

#define MAX_SETS 3

/*
 * One allocation out of sets given as texts, NULL at the end.
 * @wanted: text per set, NULL = any
 */
struct request {
	const char *container;
	const char *sets[MAX_SETS + 1];
	const char *wanted[MAX_SETS];
};

static int allocate_for(struct fixture *f, const struct request *request, const char *ifname,
			struct pool_lease leases[MAX_SETS], struct error *err)
{
	struct pool_request asked = { .owner = { request->container, ifname },
				      .evidence = POOL_EVIDENCE_NONE };
	struct pool_news news = { 0 };
	struct pool_set sets[MAX_SETS] = { 0 };
	struct ip_addr wanted[MAX_SETS] = { 0 };
	size_t n = 0;
	int rc;

	for (; request->sets[n]; n++) {
		sets[n] = fixture_settled(request->sets[n]);
		if (request->wanted[n])
			wanted[n] = fixture_addr(request->wanted[n]);
	}
	asked.sets = sets;
	asked.n = n;
	asked.wanted = wanted;
	asked.evidence.boot = f->world.boot;
	rc = pool_allocate(&f->store, &asked, &f->world, leases, &news, err);
	while (n-- > 0)
		free(sets[n].ranges);
	return rc;
}

static int allocate(struct fixture *f, const struct request *request,
		    struct pool_lease leases[MAX_SETS], struct error *err)
{
	return allocate_for(f, request, "eth0", leases, err);
}

/* The next address of one set, for a new container each time; NULL if there is none. */
static const char *next(struct fixture *f, const char *set)
{
	static char text[IP_TEXT_SIZE];
	static int n;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	char container[32];
	int rc;

	snprintf(container, sizeof(container), "c%d", n++);
	rc = allocate(f, &(struct request){ container, { set }, { NULL } }, leases, &err);
	if (rc < 0)
		assert_fails(rc, &err, ERROR_AGAIN,
			     "failed to allocate for range 0: no IP addresses available in "
			     "range set: ");
	return rc < 0 ? NULL : ip_format(&leases[0].address.addr, text);
}

/* @expected: addresses with blanks between; after the last one the set must be full */
static void assert_sequence(struct fixture *f, const char *set, const char *expected)
{
	autofree char *copy = strdup(expected);
	char *rest = copy;
	char *word;

	while ((word = strsep(&rest, " "))) {
		const char *addr = next(f, set);

		assert_non_null(addr);
		assert_string_equal(addr, word);
	}
	assert_null(next(f, set));
}

static void release(struct fixture *f, const char *addr)
{
	struct ip_addr parsed = fixture_addr(addr);

	assert_int_equal(pool_store_remove(&f->store, &parsed), 1);
}

static void starts_behind_the_gateway(void **state)
{
	assert_sequence(*state, "10.1.2.0/29", "10.1.2.2 10.1.2.3 10.1.2.4 10.1.2.5 10.1.2.6");
}

static void smallest_subnets_have_one_and_two(void **state)
{
	assert_sequence(*state, "10.1.2.0/30", "10.1.2.2");
	assert_sequence(*state, "fd00::/126", "fd00::2 fd00::3");
}

static void leaves_the_gateway_out_wherever_it_is(void **state)
{
	assert_sequence(*state, "10.1.2.0/29 - - 10.1.2.4",
			"10.1.2.1 10.1.2.2 10.1.2.3 10.1.2.5 "
			"10.1.2.6");
	assert_sequence(*state, "10.1.3.0/29 - 10.1.3.3 10.1.3.3", "10.1.3.1 10.1.3.2");
	assert_sequence(*state, "10.1.4.0/30 - - 10.9.9.9", "10.1.4.1 10.1.4.2");
}

/* Ranges keep back their own gateway only, as host-local does. */
static void goes_through_the_ranges_in_order(void **state)
{
	assert_sequence(*state, "10.1.2.0/30, 10.1.3.0/30, 10.1.4.0/30 - - 10.1.2.2",
			"10.1.2.2 10.1.3.2 10.1.4.1 10.1.4.2");
}

static void network_and_broadcast_addresses_count_if_given(void **state)
{
	assert_sequence(*state, "10.1.2.0/30 10.1.2.0 10.1.2.3", "10.1.2.0 10.1.2.2 10.1.2.3");
}

static void an_address_given_back_rests_until_the_round_is_over(void **state)
{
	struct fixture *f = *state;

	assert_string_equal(next(f, "10.1.2.0/29"), "10.1.2.2");
	assert_string_equal(next(f, "10.1.2.0/29"), "10.1.2.3");
	release(f, "10.1.2.2");
	release(f, "10.1.2.3");
	assert_sequence(f, "10.1.2.0/29", "10.1.2.4 10.1.2.5 10.1.2.6 10.1.2.2 10.1.2.3");
}

static void the_last_one_handed_out_is_tried_last(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, "last_reserved_ip.0", "10.1.2.4");
	assert_sequence(f, "10.1.2.0/29", "10.1.2.5 10.1.2.6 10.1.2.2 10.1.2.3 10.1.2.4");
}

static void the_round_starts_within_a_range_and_ends_there(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, "last_reserved_ip.0", "10.1.3.2");
	assert_sequence(f, "10.1.2.0/30, 10.1.3.0/29 - 10.1.3.4, 10.1.4.0/30",
			"10.1.3.3 10.1.3.4 10.1.4.2 10.1.2.2 10.1.3.2");
}

static void a_cursor_at_the_end_of_a_range_goes_on_in_the_next(void **state)
{
	struct fixture *f = *state;

	fixture_put(f, "last_reserved_ip.0", "10.1.3.2");
	assert_sequence(f, "10.1.2.0/30, 10.1.3.0/30", "10.1.2.2 10.1.3.2");
}

static void a_cursor_that_means_nothing_is_ignored(void **state)
{
	static const char *const cursors[] = { "garbage", "", "10.9.9.9", "fd00::1", "10.1.2.0" };
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cursors); i++) {
		fixture_put(f, "last_reserved_ip.0", cursors[i]);
		assert_string_equal(next(f, "10.1.2.0/24"), "10.1.2.2");
		release(f, "10.1.2.2");
	}
}

/* The whole family, its last address, and what the first 64 bits cannot hold. */
static void is_right_at_the_edges_of_128_bits(void **state)
{
	struct fixture *f = *state;

	assert_sequence(f, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffc/126",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe "
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	fixture_put(f, "last_reserved_ip.0", "fd00::ffff:ffff:ffff:ffff");
	assert_string_equal(next(f, "fd00::/32"), "fd00:0:0:1::");
	fixture_put(f, "last_reserved_ip.0", "fd00:0:7fff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(next(f, "fd00::/32"), "fd00:0:8000::");
	fixture_put(f, "last_reserved_ip.0", "fd00:0:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(next(f, "fd00::/32"), "fd00::2");
	fixture_put(f, "last_reserved_ip.0", "255.255.255.253");
	assert_sequence(f, "255.255.255.252/30 255.255.255.253 255.255.255.255",
			"255.255.255.254 255.255.255.255");
	assert_string_equal(next(f, "::1.2.3.0/120"), "::102:302");
	fixture_put(f, "last_reserved_ip.0", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	assert_string_equal(next(f, "::/0"), "::2");
}

static void finds_the_gap_in_a_crowd(void **state)
{
	struct fixture *f = *state;
	char name[IP_TEXT_SIZE];

	for (unsigned i = 2; i < 1000; i++) {
		snprintf(name, sizeof(name), "fd00::%x", i);
		if (i != 0x2a5)
			fixture_put(f, name, "x\r\neth0");
	}
	assert_string_equal(next(f, "fd00::/64"), "fd00::2a5");
	assert_string_equal(next(f, "fd00::/64"), "fd00::3e8");
}

static void finds_the_very_last_one(void **state)
{
	struct fixture *f = *state;
	char name[IP_TEXT_SIZE];

	for (unsigned i = 2; i < 254; i++) {
		snprintf(name, sizeof(name), "10.1.2.%u", i);
		fixture_put(f, name, "x\r\neth0");
	}
	assert_sequence(f, "10.1.2.0/24", "10.1.2.254");
}

static void a_wide_subnet_can_be_full(void **state)
{
	assert_sequence(*state, "fd00::/64 fd00::5 fd00::6", "fd00::5 fd00::6");
}

static void says_how_full_it_is_and_where_to_look(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x", { "10.1.2.0/30, 10.1.3.0/30" }, { NULL } };

	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.3.2", "b\r\neth0");
	fixture_put(f, "10.1.4.2", "c\r\neth0");
	assert_fails(allocate(f, &request, leases, &err), &err, ERROR_AGAIN,
		     "failed to allocate for range 0: no IP addresses available in range set: "
		     "10.1.2.1-10.1.2.2,10.1.3.1-10.1.3.2");
	assert_contains(err.hint, "2 addresses, 2 reserved, 0 resting; 2 looked at lately, none of "
				  "them of a dead pod; oldest: ");
	assert_contains(err.hint, "container a eth0 since ");
	assert_contains(err.hint, "container b eth0 since ");
}

/* host-local creates first and writes later; a crash in between leaves an empty file. */
static void files_left_empty_are_nobodys(void **state)
{
	struct fixture *f = *state;
	autofree char *content = NULL;

	fixture_put(f, "10.1.2.1", "");
	fixture_put(f, "10.1.2.2", "");
	fixture_put(f, "10.1.2.3", "\r\n");
	fixture_put(f, "10.1.2.4", "for the printer");
	fixture_put(f, "10.1.2.5", "a\r\neth0");
	assert_sequence(f, "10.1.2.0/29", "10.1.2.2 10.1.2.3 10.1.2.6");
	content = fixture_get(f, "10.1.2.3");
	assert_contains(content, "\r\neth0");
	assert_false(fixture_has(f, "10.1.2.1"));
}

static void a_wanted_address_is_given_or_nothing(void **state)
{
	static const struct {
		const char *wanted;
		int code;
		const char *msg;
	} cases[] = {
		{ "10.1.2.9", 0, NULL },
		{ "10.1.2.8", 0, NULL }, /* left empty */
		{ "10.1.2.1", ERROR_CONFIG,
		  "failed to allocate for range 0: requested ip 10.1.2.1 is subnet's gateway" },
		{ "10.1.2.5", ERROR_CONFLICT,
		  "failed to allocate for range 0: requested IP address 10.1.2.5 is not available "
		  "in range set 10.1.2.1-10.1.2.254" },
		{ "10.1.3.1", ERROR_CONFIG,
		  "failed to allocate for range 0: requested ip 10.1.3.1 is in none of its "
		  "ranges" },
	};
	struct fixture *f = *state;

	fixture_put(f, "10.1.2.5", "a\r\neth7");
	fixture_put(f, "10.1.2.8", "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pool_lease leases[MAX_SETS];
		struct error err = { 0 };
		const struct request request = { "x", { "10.1.2.0/24" }, { cases[i].wanted } };
		int rc = allocate(f, &request, leases, &err);

		if (cases[i].code) {
			assert_fails(rc, &err, cases[i].code, cases[i].msg);
			assert_string_equal(err.msg, cases[i].msg);
		} else {
			char text[IP_TEXT_SIZE];

			assert_ok(rc, &err);
			assert_string_equal(ip_format(&leases[0].address.addr, text),
					    cases[i].wanted);
		}
		if (cases[i].code == ERROR_CONFLICT)
			assert_contains(err.hint, "container a eth7");
	}
}

static void a_wanted_address_moves_the_cursor(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x", { "10.1.2.0/24" }, { "10.1.2.77" } };

	assert_ok(allocate(f, &request, leases, &err), &err);
	assert_string_equal(next(f, "10.1.2.0/24"), "10.1.2.78");
}

static void a_lease_has_length_and_gateway_of_its_range(void **state)
{
	struct pool_lease leases[MAX_SETS];
	char text[IP_TEXT_SIZE];
	struct error err;
	const struct request request = { "x",
					 { "10.1.2.0/30, 10.1.3.0/25 - - 10.1.3.99", "fd00::/64" },
					 { "10.1.3.7" } };

	assert_ok(allocate(*state, &request, leases, &err), &err);
	assert_string_equal(ip_prefix_format(&leases[0].address, text), "10.1.3.7/25");
	assert_string_equal(ip_format(&leases[0].gateway, text), "10.1.3.99");
	assert_string_equal(ip_prefix_format(&leases[1].address, text), "fd00::2/64");
	assert_string_equal(ip_format(&leases[1].gateway, text), "fd00::1");
	assert_true(fixture_has(*state, "last_reserved_ip.1"));
}

static void all_sets_or_none(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x",
					 { "10.1.2.0/24", "fd00::/64", "10.1.3.0/30" },
					 { 0 } };

	fixture_put(f, "10.1.3.2", "a\r\neth0");
	assert_fails(allocate(f, &request, leases, &err), &err, ERROR_AGAIN,
		     "failed to allocate for range 2: no IP addresses available");
	assert_false(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "fd00::2"));
}

static void the_same_attachment_gets_what_it_has(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x", { "fd00::/64", "10.1.2.0/24" }, { 0 } };
	autofree char *content = NULL;

	fixture_put(f, "10.1.2.7", "x\r\neth0");
	assert_ok(allocate(f, &request, leases, &err), &err);
	assert_int_equal(leases[1].address.addr.bytes[3], 7);
	assert_int_equal(leases[1].address.len, 24);
	assert_true(fixture_has(f, "fd00::2"));
	assert_false(fixture_has(f, "10.1.2.2"));
	content = fixture_get(f, "10.1.2.7");
	assert_string_equal(content, "x\r\neth0");
}

/* What a failing call gives back is what it took, not what was there before. */
static void what_was_held_survives_a_failure(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x",
					 { "10.1.2.0/24", "fd00::/64", "10.1.3.0/30" },
					 { 0 } };

	fixture_put(f, "10.1.2.7", "x\r\neth0");
	fixture_put(f, "10.1.3.2", "a\r\neth0");
	assert_fails(allocate(f, &request, leases, &err), &err, ERROR_AGAIN, "range 2");
	assert_true(fixture_has(f, "10.1.2.7"));
	assert_false(fixture_has(f, "fd00::2"));
}

static void records_without_interface_count_as_its_own(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { .container = "x", .sets = { "10.1.2.0/24" } };

	fixture_put(f, "10.1.2.7", "x");
	assert_ok(allocate(f, &request, leases, &err), &err);
	assert_int_equal(leases[0].address.addr.bytes[3], 7);
}

/* Or two interfaces would have one address. */
static void a_record_without_interface_serves_one_interface(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { .container = "x", .sets = { "10.1.2.0/24" } };
	autofree char *content = NULL;

	fixture_put(f, "10.1.2.7", "x");
	fixture_put(f, "10.1.2.8", "x");
	assert_ok(allocate_for(f, &request, "eth0", leases, &err), &err);
	assert_int_equal(leases[0].address.addr.bytes[3], 7);
	content = fixture_get(f, "10.1.2.7");
	assert_string_equal(content, "x\r\neth0");
	assert_ok(allocate_for(f, &request, "eth1", leases, &err), &err);
	assert_int_equal(leases[0].address.addr.bytes[3], 8);
	assert_ok(allocate_for(f, &request, "eth2", leases, &err), &err);
	assert_int_equal(leases[0].address.addr.bytes[3], 2);
	assert_ok(allocate_for(f, &request, "eth0", leases, &err), &err);
	assert_int_equal(leases[0].address.addr.bytes[3], 7);
	assert_int_equal(fixture_release(f, "x"), 1);
	assert_false(fixture_has(f, "10.1.2.7"));
	assert_true(fixture_has(f, "10.1.2.8"));
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_int_equal(tmp_count(&f->tmp, "net/.attachments"), 2);
}

static void other_interfaces_and_other_sets_do_not_count(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { .container = "x", .sets = { "10.1.2.0/24" } };

	fixture_put(f, "10.1.2.7", "x\r\neth1");
	fixture_put(f, "10.9.9.9", "x\r\neth0");
	assert_ok(allocate(f, &request, leases, &err), &err);
}

static void a_wanted_address_may_be_a_second_one(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x", { "10.1.2.0/24", "fd00::/64" }, { "10.1.2.9" } };

	fixture_put(f, "10.1.2.7", "x\r\neth0");
	assert_ok(allocate(f, &request, leases, &err), &err);
	assert_true(fixture_has(f, "10.1.2.7"));
	assert_true(fixture_has(f, "10.1.2.9"));
	assert_true(fixture_has(f, "fd00::2"));
}

/* A second ADD may fail; the first one's pod lives on. */
static void a_failure_gives_back_only_what_it_took_itself(void **state)
{
	struct fixture *f = *state;
	struct pool_lease leases[MAX_SETS];
	struct error err;
	const struct request request = { "x",
					 { "10.1.2.0/24", "10.1.3.0/24" },
					 { "10.1.2.9", "10.1.3.5" } };

	fixture_put(f, "10.1.2.7", "x\r\neth0");
	fixture_put(f, "10.1.3.5", "a\r\neth0");
	assert_fails(allocate(f, &request, leases, &err), &err, ERROR_CONFLICT, "10.1.3.5");
	assert_true(fixture_has(f, "10.1.2.7"));
	assert_true(fixture_has(f, "10.1.3.5"));
	assert_false(fixture_has(f, "10.1.2.9"));
}

#define CROWD 20

/* A process of the crowd. */
static int allocate_as(const struct fixture *f, int number)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	struct pool_set set = fixture_settled("10.1.2.0/27");
	const struct ip_addr any = { 0 };
	struct pool_lease lease;
	char container[16];
	const struct pool_request request = { .sets = &set,
					      .n = 1,
					      .wanted = &any,
					      .owner = { container, "eth0" },
					      .evidence = POOL_EVIDENCE_NONE };
	struct pool_news news = { 0 };
	struct error err;
	int rc;

	snprintf(container, sizeof(container), "p%d", number);
	if (pool_store_make(f->tmp.path, "net", &store, &err) < 0 ||
	    pool_store_lock(&store, 10000, &err) < 0)
		return 1;
	rc = pool_allocate(&store, &request, &f->world, &lease, &news, &err);
	free(set.ranges);
	return rc < 0;
}

static void many_at_once_get_different_addresses(void **state)
{
	struct fixture *f = *state;
	pid_t pids[CROWD];

	pool_store_done(&f->store); /* gives the lock free */
	for (int i = 0; i < CROWD; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(allocate_as(f, i));
	}
	for (int i = 0; i < CROWD; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	/* One file each; with "lock", the cursor, and three names of ours. */
	assert_int_equal(tmp_count(&f->tmp, "net"), CROWD + 5);
	assert_int_equal(tmp_count(&f->tmp, "net/.attachments"), CROWD);
	for (int i = 2; i < 2 + CROWD; i++) {
		char name[IP_TEXT_SIZE];

		snprintf(name, sizeof(name), "10.1.2.%d", i);
		assert_true(fixture_has(f, name));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(starts_behind_the_gateway),
		FIXTURE_STORE(smallest_subnets_have_one_and_two),
		FIXTURE_STORE(leaves_the_gateway_out_wherever_it_is),
		FIXTURE_STORE(goes_through_the_ranges_in_order),
		FIXTURE_STORE(network_and_broadcast_addresses_count_if_given),
		FIXTURE_STORE(an_address_given_back_rests_until_the_round_is_over),
		FIXTURE_STORE(the_last_one_handed_out_is_tried_last),
		FIXTURE_STORE(the_round_starts_within_a_range_and_ends_there),
		FIXTURE_STORE(a_cursor_at_the_end_of_a_range_goes_on_in_the_next),
		FIXTURE_STORE(a_cursor_that_means_nothing_is_ignored),
		FIXTURE_STORE(is_right_at_the_edges_of_128_bits),
		FIXTURE_STORE(finds_the_gap_in_a_crowd),
		FIXTURE_STORE(finds_the_very_last_one),
		FIXTURE_STORE(a_wide_subnet_can_be_full),
		FIXTURE_STORE(says_how_full_it_is_and_where_to_look),
		FIXTURE_STORE(files_left_empty_are_nobodys),
		FIXTURE_STORE(a_wanted_address_is_given_or_nothing),
		FIXTURE_STORE(a_wanted_address_moves_the_cursor),
		FIXTURE_STORE(a_lease_has_length_and_gateway_of_its_range),
		FIXTURE_STORE(all_sets_or_none),
		FIXTURE_STORE(the_same_attachment_gets_what_it_has),
		FIXTURE_STORE(what_was_held_survives_a_failure),
		FIXTURE_STORE(records_without_interface_count_as_its_own),
		FIXTURE_STORE(a_record_without_interface_serves_one_interface),
		FIXTURE_STORE(other_interfaces_and_other_sets_do_not_count),
		FIXTURE_STORE(a_wanted_address_may_be_a_second_one),
		FIXTURE_STORE(a_failure_gives_back_only_what_it_took_itself),
		FIXTURE_STORE(many_at_once_get_different_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
