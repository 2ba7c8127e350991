/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - address files and cursors, byte for byte */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"

static const struct pool_owner abc = { "abc", "eth0" };

static int reserve(struct fixture *f, const char *addr, size_t set, struct error *err)
{
	struct ip_addr parsed = fixture_addr(addr);

	return pool_store_reserve(&f->store, &parsed, set, &abc, err);
}

static void assert_file(const struct fixture *f, const char *name, const char *content)
{
	autofree char *found = fixture_get(f, name);
	autofree char *path = NULL;
	struct stat st;

	assert_non_null(found);
	assert_string_equal(found, content);
	assert_true(asprintf(&path, "%s/%s", f->store.path, name) > 0);
	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0600);
}

static void reserving_writes_the_address_and_the_cursor(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_int_equal(assert_ok(reserve(f, "10.1.2.3", 0, &err), &err), 1);
	assert_int_equal(assert_ok(reserve(f, "fd00::a:b", 12, &err), &err), 1);
	assert_file(f, "10.1.2.3", "abc\r\neth0");
	assert_file(f, "last_reserved_ip.0", "10.1.2.3");
	assert_file(f, "fd00::a:b", "abc\r\neth0");
	assert_file(f, "last_reserved_ip.12", "fd00::a:b");
	assert_int_equal(tmp_count(&f->tmp, "net"), 7); /* with "lock" and ours */
}

static void ipv6_names_are_canonical(void **state)
{
	struct fixture *f = *state;
	struct error err;

	assert_ok(reserve(f, "FD00:0:0:0:1:0:0:00AB", 0, &err), &err);
	assert_ok(reserve(f, "::1.2.3.4", 0, &err), &err);
	assert_true(fixture_has(f, "fd00::1:0:0:ab"));
	assert_true(fixture_has(f, "::102:304"));
}

static void what_is_taken_stays_as_it_is(void **state)
{
	struct fixture *f = *state;
	struct error err;

	fixture_put(f, "10.1.2.3", "other\r\neth0");
	fixture_put(f, "last_reserved_ip.0", "10.1.2.9");
	assert_int_equal(reserve(f, "10.1.2.3", 0, &err), 0);
	assert_file(f, "10.1.2.3", "other\r\neth0");
	assert_file(f, "last_reserved_ip.0", "10.1.2.9");
}

static void a_cursor_that_cannot_be_written_costs_no_address(void **state)
{
	struct fixture *f = *state;
	struct error err;

	free(tmp_mkdir(&f->tmp, "net/last_reserved_ip.0"));
	assert_fails(reserve(f, "10.1.2.3", 0, &err), &err, ERROR_SYSTEM, "net/last_reserved_ip.0");
	assert_false(fixture_has(f, "10.1.2.3"));
	assert_int_equal(tmp_count(&f->tmp, "net"), 4);
}

static void a_file_that_cannot_be_made_is_told(void **state)
{
	struct fixture *f = *state;
	struct error err;
	int rc;

	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0555, 0), 0);
	if (!fixture_be_nobody())
		skip_because(FIXTURE_STAYS_ROOT);
	rc = reserve(f, "10.1.2.3", 0, &err);
	fixture_be_root();
	assert_fails(rc, &err, ERROR_SYSTEM, "net/10.1.2.3: Permission denied");
	assert_int_equal(fchmodat(f->store.dir_fd, ".", 0755, 0), 0);
}

static void removing_twice_is_no_error(void **state)
{
	struct fixture *f = *state;
	struct ip_addr addr = fixture_addr("10.1.2.3");
	struct error err;

	assert_ok(reserve(f, "10.1.2.3", 0, &err), &err);
	assert_int_equal(pool_store_remove(&f->store, &addr), 1);
	assert_int_equal(pool_store_remove(&f->store, &addr), 0);
	assert_true(fixture_has(f, "last_reserved_ip.0"));
}

static void removing_a_directory_is_an_error(void **state)
{
	struct fixture *f = *state;
	struct ip_addr addr = fixture_addr("10.1.2.3");

	free(tmp_mkdir(&f->tmp, "net/10.1.2.3"));
	assert_true(pool_store_remove(&f->store, &addr) < 0);
}

static void only_a_readable_cursor_counts(void **state)
{
	static const char *const garbage[] = {
		"",
		"garbage",
		"10.1.2",
		"10.1.2.3\n",
		" 10.1.2.3",
		"10.1.2.3/24",
		"10.1.2.3 and a text that is much longer than the longest address can ever be",
	};
	struct fixture *f = *state;
	struct ip_addr addr = { 0 };
	struct ip_addr expected = fixture_addr("fd00::7");

	assert_int_equal(pool_store_cursor(&f->store, 3, &addr), 0);
	for (size_t i = 0; i < ARRAY_SIZE(garbage); i++) {
		fixture_put(f, "last_reserved_ip.3", garbage[i]);
		assert_int_equal(pool_store_cursor(&f->store, 3, &addr), 0);
	}
	fixture_put(f, "last_reserved_ip.3", "fd00::7");
	assert_int_equal(pool_store_cursor(&f->store, 3, &addr), 1);
	assert_true(ip_equal(&addr, &expected));
}

/* Names in one text, in the order of the listing. */
static void note(const struct ip_addr *addr, void *arg)
{
	char text[IP_TEXT_SIZE];
	char *names = arg;

	strcat(strcat(names, ip_format(addr, text)), " ");
}

static void lists_canonical_addresses_only(void **state)
{
	static const char *const others[] = {
		"last_reserved_ip.0", "10.1.2",       "10.1.2.03",    "10.1.2.300",
		"::ffff:10.1.2.3",    "FD00::1",      "fd00:0::1",    "::1.2.3.4",
		".tmp.1.2",           "10.1.2.3.bak", "fd00::1%eth0", "fd00::1/64",
		".10.1.2.3",
	};
	struct fixture *f = *state;
	char names[512] = "";
	struct error err;

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (!strchr(others[i], '/'))
			fixture_put(f, others[i], "abc\r\neth0");
	assert_ok(pool_store_each(&f->store, note, names, &err), &err);
	assert_string_equal(names, "");
	fixture_put(f, "10.1.2.3", "");
	assert_ok(pool_store_each(&f->store, note, names, &err), &err);
	assert_string_equal(names, "10.1.2.3 ");
	fixture_put(f, "fd00::1", "");
	names[0] = '\0';
	assert_ok(pool_store_each(&f->store, note, names, &err), &err);
	assert_contains(names, "fd00::1 ");
	assert_contains(names, "10.1.2.3 ");
}

static void what_is_no_small_file_is_foreign(void **state)
{
	struct fixture *f = *state;
	struct ip_addr addr = fixture_addr("10.1.2.3");
	char buf[POOL_OWNER_SIZE];
	char long_text[POOL_OWNER_SIZE + 1];
	struct pool_owner owner;

	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), -ENOENT);
	free(tmp_mkdir(&f->tmp, "net/10.1.2.3"));
	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), POOL_FOREIGN);
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", AT_REMOVEDIR), 0);
	assert_int_equal(symlinkat("lock", f->store.dir_fd, "10.1.2.3"), 0);
	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), POOL_FOREIGN);
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", 0), 0);
	assert_int_equal(mkfifoat(f->store.dir_fd, "10.1.2.3", 0600), 0);
	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), POOL_FOREIGN);
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", 0), 0);
	assert_int_equal(mknodat(f->store.dir_fd, "10.1.2.3", S_IFSOCK | 0600, 0), 0);
	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), POOL_FOREIGN);
	assert_int_equal(unlinkat(f->store.dir_fd, "10.1.2.3", 0), 0);
	memset(long_text, 'a', sizeof(long_text));
	long_text[POOL_OWNER_SIZE] = '\0';
	fixture_put(f, "10.1.2.3", long_text);
	assert_int_equal(pool_store_read(&f->store, &addr, buf, &owner), POOL_FOREIGN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_STORE(reserving_writes_the_address_and_the_cursor),
		FIXTURE_STORE(ipv6_names_are_canonical),
		FIXTURE_STORE(what_is_taken_stays_as_it_is),
		FIXTURE_STORE(a_cursor_that_cannot_be_written_costs_no_address),
		FIXTURE_STORE(a_file_that_cannot_be_made_is_told),
		FIXTURE_STORE(removing_twice_is_no_error),
		FIXTURE_STORE(removing_a_directory_is_an_error),
		FIXTURE_STORE(only_a_readable_cursor_counts),
		FIXTURE_STORE(lists_canonical_addresses_only),
		FIXTURE_STORE(what_is_no_small_file_is_foreign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
