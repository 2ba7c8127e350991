/* SPDX-License-Identifier: Apache-2.0 */
/* test_find.c - addresses of an attachment, and giving them back */

#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/find.h"
#include "fixture.h"

static const struct pool_owner abc = { "abc", "eth0" };

/* What abc eth0 holds: "address address (without interface: address)". */
static char *held(const struct fixture *f)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	char *text = calloc(1, 4096);
	struct error err;

	assert_ok(pool_store_find(&f->store, &abc, &found, &err), &err);
	for (size_t i = 0; i < found.n; i++) {
		char addr[IP_TEXT_SIZE];

		strcat(strcat(text, i ? " " : ""), found.items[i].exact ? "" : "~");
		strcat(text, ip_format(&found.items[i].addr, addr));
	}
	return text;
}

static void put_some(const struct fixture *f)
{
	fixture_put(f, "10.1.2.9", "abc\r\neth0");
	fixture_put(f, "10.1.2.10", "abc\r\neth0\n");
	fixture_put(f, "fd00::9", "abc\r\neth0");
	fixture_put(f, "10.1.2.3", "abc\r\neth1");
	fixture_put(f, "10.1.2.4", "abcd\r\neth0");
	fixture_put(f, "10.1.2.5", "abc");
	fixture_put(f, "10.1.2.6", "");
	fixture_put(f, "10.1.2.7", "abc eth0");
	fixture_put(f, "last_reserved_ip.0", "abc\r\neth0");
	fixture_put(f, "10.1.2.03", "abc\r\neth0");
}

static void finds_exact_records_first_in_order(void **state)
{
	struct fixture *f = *state;
	autofree char *text = NULL;

	put_some(f);
	text = held(f);
	assert_string_equal(text, "10.1.2.9 10.1.2.10 fd00::9 ~10.1.2.5");
}

static void finds_nothing_in_an_empty_network(void **state)
{
	autofree char *text = held(*state);

	assert_string_equal(text, "");
}

static void releases_exact_records_and_nothing_else(void **state)
{
	struct fixture *f = *state;
	struct error err;
	size_t before;

	put_some(f);
	before = tmp_count(&f->tmp, "net");
	assert_int_equal(pool_release(&f->store, &abc, &f->world, &f->news, &err), 1);
	assert_int_equal(tmp_count(&f->tmp, "net"), before - 3);
	assert_false(fixture_has(f, "10.1.2.9"));
	assert_false(fixture_has(f, "10.1.2.10"));
	assert_false(fixture_has(f, "fd00::9"));
}

static void releases_records_without_interface_if_there_are_no_others(void **state)
{
	struct fixture *f = *state;
	const struct pool_owner eth7 = { "abc", "eth7" };
	struct error err;

	fixture_put(f, "10.1.2.3", "abc\r\neth0");
	fixture_put(f, "10.1.2.5", "abc");
	fixture_put(f, "10.1.2.6", "abc\n");
	assert_int_equal(pool_release(&f->store, &eth7, &f->world, &f->news, &err), 1);
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.5"));
	assert_false(fixture_has(f, "10.1.2.6"));
}

static void releasing_again_is_no_error(void **state)
{
	struct fixture *f = *state;
	struct error err;

	fixture_put(f, "10.1.2.3", "abc\r\neth0");
	assert_int_equal(pool_release(&f->store, &abc, &f->world, &f->news, &err), 1);
	assert_int_equal(pool_release(&f->store, &abc, &f->world, &f->news, &err), 0);
}

/* A container may have an address for a name; cursors hold one as well. */
static void a_cursor_is_no_record(void **state)
{
	struct fixture *f = *state;
	const struct pool_owner owner = { "10.1.2.3", "eth0" };
	struct error err;

	fixture_put(f, "last_reserved_ip.0", "10.1.2.3");
	assert_int_equal(pool_release(&f->store, &owner, &f->world, &f->news, &err), 0);
	assert_true(fixture_has(f, "last_reserved_ip.0"));
}

/* Nobody can tell whose it is, so it must not stop the DEL of each pod on the node. */
static void a_file_that_cannot_be_read_is_told_if_nothing_else_is_found(void **state)
{
	struct fixture *f = *state;
	struct error err;
	int rc;

	fixture_put(f, "10.1.2.3", "abc\r\neth0");
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.3", 0, 0), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = pool_release(&f->store, &abc, &f->world, &f->news, &err);
	fixture_be_root();
	assert_int_equal(rc, 0);
	assert_int_equal(f->news.unreadable, 1);

	fixture_put(f, "10.1.2.4", "abc\r\neth0");
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.4", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0777, 0), 0);
	assert_true(fixture_be_nobody());
	rc = pool_release(&f->store, &abc, &f->world, &f->news, &err);
	fixture_be_root();
	assert_int_equal(rc, 1);
	assert_true(fixture_has(f, "10.1.2.3"));
	assert_false(fixture_has(f, "10.1.2.4"));
}

static void a_file_that_cannot_be_removed_is_told(void **state)
{
	struct fixture *f = *state;
	struct error err;
	int rc;

	fixture_put(f, "10.1.2.3", "abc\r\neth0");
	fixture_put(f, "10.1.2.4", "abc\r\neth0");
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.3", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, "10.1.2.4", 0644, 0), 0);
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0555, 0), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = pool_release(&f->store, &abc, &f->world, &f->news, &err);
	fixture_be_root();
	assert_fails(rc, &err, ERROR_SYSTEM, "2 files, the first: cannot remove ");
	assert_contains(err.msg, "net/10.1.2.3: Permission denied");
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0755, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(finds_exact_records_first_in_order),
		FIXTURE_STORE(finds_nothing_in_an_empty_network),
		FIXTURE_STORE(releases_exact_records_and_nothing_else),
		FIXTURE_STORE(releases_records_without_interface_if_there_are_no_others),
		FIXTURE_STORE(releasing_again_is_no_error),
		FIXTURE_STORE(a_cursor_is_no_record),
		FIXTURE_STORE(a_file_that_cannot_be_read_is_told_if_nothing_else_is_found),
		FIXTURE_STORE(a_file_that_cannot_be_removed_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
