/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c - what an audit sees in a directory, and what a repair leaves of it */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/audit.h"
#include "fixture.h"

/* Read and judge it. Release with pool_audit_done(). */
static struct pool_audit look(const struct fixture *f)
{
	struct pool_audit audit;
	struct error err;

	assert_ok(pool_audit_read(&f->store, &f->world, &audit, &err), &err);
	assert_ok(pool_audit_judge(&audit, &f->world, &err), &err);
	return audit;
}

static const struct pool_finding *find(const struct pool_audit *audit, enum pool_trouble trouble,
				       const char *name)
{
	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->findings[i].trouble == trouble &&
		    strcmp(audit->findings[i].name, name) == 0)
			return &audit->findings[i];
	return NULL;
}

static void record(const struct fixture *f, const char *container, const char *addr)
{
	struct pool_record record = { .owner = { container, "eth0" },
				      .evidence = POOL_EVIDENCE_NONE };
	struct ip_addr addrs[] = { fixture_addr(addr) };
	struct error err;

	record.evidence.boot = f->world.boot;
	record.evidence.time.tv_sec = time(NULL);
	record.evidence.pod = "default/web";
	record.addrs = addrs;
	record.n = 1;
	assert_ok(pool_record_save((struct pool_store *)&f->store, &record, &err), &err);
}

static void entries_are_in_order_and_know_their_holders(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };
	struct ip_addr addr = fixture_addr("10.1.2.10");
	size_t i;

	fixture_put(f, "fd00::2", "a\r\neth0");
	fixture_put(f, "10.1.2.10", "a\r\neth0");
	fixture_put(f, "10.1.2.9", "b");
	fixture_put(f, "10.1.2.8", "kept for the printer");
	fixture_put(f, "10.1.2.11", "c\r\neth0");
	record(f, "a", "10.1.2.10");
	record(f, "c", "10.1.2.11");
	audit = look(f);
	assert_int_equal(audit.n_entries, 5);
	assert_int_equal(audit.n_holders, 3);
	assert_int_equal(audit.entries[0].kind, POOL_ENTRY_FOREIGN);
	assert_int_equal(audit.entries[0].holder, POOL_NOBODY);
	i = pool_audit_find(&audit, &addr);
	assert_int_equal(i, 2);
	assert_int_equal(audit.entries[4].holder, audit.entries[i].holder);
	assert_int_equal(audit.holders[audit.entries[i].holder].record.n, 2);
	assert_true(audit.holders[audit.entries[3].holder].recorded);
	assert_string_equal(audit.holders[audit.entries[3].holder].record.evidence.pod,
			    "default/web");
	assert_false(audit.holders[audit.entries[1].holder].recorded);
	/* Its record does not tell of the second one, so it may be that of a namesake. */
	assert_false(audit.holders[audit.entries[i].holder].recorded);
	assert_non_null(find(&audit, POOL_NOT_RECORDED, "fd00::2"));
	assert_null(find(&audit, POOL_NOT_RECORDED, "10.1.2.10"));
}

/* Which is nobody's fault as long as the state does not claim to know. */
static void what_the_next_add_finds_is_harmless(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };

	fixture_put(f, "10.1.2.9", "b");
	record(f, "gone", "10.1.2.7");
	audit = look(f);
	assert_true(find(&audit, POOL_NOT_RECORDED, "10.1.2.9")->harmless);
	assert_true(find(&audit, POOL_EMPTY_RECORD, ".attachments/gone:eth0")->harmless);
	assert_true(find(&audit, POOL_STALE_STATE, ".state")->harmless);
}

static void a_name_that_is_no_canonical_text_is_told(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };

	fixture_put(f, "fd00::0002", "a\r\neth0");
	fixture_put(f, "README", "of somebody");
	audit = look(f);
	assert_int_equal(audit.n_entries, 0);
	assert_int_equal(audit.n_findings, 1);
	assert_true(find(&audit, POOL_ODD_NAME, "fd00::0002")->harmless);
}

static void those_that_rest_are_not_those_that_are_reserved(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };

	fixture_put(f, "10.1.2.9", "b");
	fixture_put(f, ".resting/10.1.2.9", "was a eth0\n");
	fixture_put(f, ".resting/10.1.2.8", "was a eth0\n");
	fixture_put(f, ".resting/10.1.2.7", "");
	audit = look(f);
	assert_int_equal(audit.n_rested, 2);
	assert_string_equal(audit.rested[0].container_id, "");
	assert_string_equal(audit.rested[1].container_id, "a");
	assert_string_equal(audit.rested[1].ifname, "eth0");
	assert_in_range(audit.rested[1].age_ms + 1000, 0, 60000);
}

static void only_the_dead_are_given_back(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_audit_done) struct pool_audit audit = { 0 };
	struct error err;
	bool more;

	f->alive = " a/eth0 ";
	f->dead = " b/eth0 ";
	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "b\r\neth0");
	fixture_put(f, "10.1.2.4", "c\r\neth0");
	fixture_put(f, "10.1.2.5", "kept for the printer");
	fixture_put(f, "10.1.2.6", "");
	fixture_put(f, ".tmp.1.2", "half");
	audit = look(f);
	assert_non_null(find(&audit, POOL_DEAD_HOLDER, "10.1.2.3"));
	assert_null(find(&audit, POOL_DEAD_HOLDER, "10.1.2.4"));
	assert_ok(pool_repair_names(&f->store, &f->world, &err), &err);
	assert_ok(pool_repair(&f->store, &f->world, false, &more, &err), &err);
	assert_false(more);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_true(fixture_has(f, ".resting/10.1.2.3"));
	assert_true(fixture_has(f, "10.1.2.4"));
	assert_true(fixture_has(f, "10.1.2.5"));
	assert_false(fixture_has(f, "10.1.2.6"));
	assert_false(fixture_has(f, ".tmp.1.2"));
	pool_audit_done(&audit);
	audit = look(f);
	assert_int_equal(audit.n_findings, 0);
}

static void discard_takes_no_attachments_address(void **state)
{
	struct fixture *f = *state;
	struct ip_addr owned = fixture_addr("10.1.2.2");
	struct ip_addr foreign = fixture_addr("10.1.2.3");
	struct error err;

	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "kept for the printer");
	assert_fails(pool_discard(&f->store, &owned, &f->world, &err), &err, ERROR_CONFLICT,
		     "10.1.2.2 is of container a");
	assert_int_equal(pool_discard(&f->store, &foreign, &f->world, &err), 1);
	assert_int_equal(pool_discard(&f->store, &foreign, &f->world, &err), 0);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
}

/* Where there is no lock, nobody ever took it: to look must not make one. */
static void the_lock_of_an_audit_is_not_made(void **state)
{
	struct fixture *f = *state;
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	struct error err;

	free(tmp_mkdir(&f->tmp, "other"));
	assert_ok(pool_store_open(f->tmp.path, "other", &store, &err), &err);
	assert_ok(pool_audit_lock(&store, 0, &err), &err);
	assert_int_equal(tmp_count(&f->tmp, "other"), 0);
	pool_store_done(&store);
	assert_ok(pool_store_open(f->tmp.path, "net", &store, &err), &err);
	assert_fails(pool_audit_lock(&store, 0, &err), &err, ERROR_AGAIN, "cannot lock ");
}

/* Return: how many calls it took, each as short as can be */
static int repair_in_slices(struct fixture *f)
{
	bool more = true;
	struct error err;
	int calls = 0;

	for (; more; calls++) {
		assert_in_range(calls, 0, 20);
		assert_ok(pool_repair(&f->store, &f->world, calls > 0, &more, &err), &err);
	}
	return calls;
}

static void a_slice_at_a_time_brings_it_to_an_end(void **state)
{
	struct fixture *f = *state;

	f->store.slice_ms = -1;
	f->dead = " b/eth0 c/eth0 ";
	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "b\r\neth0");
	fixture_put(f, "10.1.2.4", "c\r\neth0");
	assert_in_range(repair_in_slices(f), 5, 10);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
}

/* Where nothing can be noted, each slice has to begin at the beginning. */
static void it_ends_without_a_state_too(void **state)
{
	struct fixture *f = *state;

	f->store.slice_ms = -1;
	f->dead = " b/eth0 ";
	free(tmp_mkdir(&f->tmp, "net/.state"));
	fixture_put(f, "10.1.2.2", "a\r\neth0");
	fixture_put(f, "10.1.2.3", "b\r\neth0");
	repair_in_slices(f);
	assert_true(fixture_has(f, "10.1.2.2"));
	assert_false(fixture_has(f, "10.1.2.3"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(entries_are_in_order_and_know_their_holders),
		FIXTURE_STORE(what_the_next_add_finds_is_harmless),
		FIXTURE_STORE(a_name_that_is_no_canonical_text_is_told),
		FIXTURE_STORE(those_that_rest_are_not_those_that_are_reserved),
		FIXTURE_STORE(only_the_dead_are_given_back),
		FIXTURE_STORE(a_slice_at_a_time_brings_it_to_an_end),
		FIXTURE_STORE(it_ends_without_a_state_too),
		FIXTURE_STORE(discard_takes_no_attachments_address),
		FIXTURE_STORE(the_lock_of_an_audit_is_not_made),
	};

	return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
