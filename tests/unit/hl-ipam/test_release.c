/* SPDX-License-Identifier: Apache-2.0 */
/* test_release.c - hl-ipam release: whom it takes addresses from, and whom not */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "byhand.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "json.h"

#define A BYHAND_ID("a")
#define B BYHAND_ID("b")

static void the_living_is_refused_with_the_evidence(void **state)
{
	const struct tmp *tmp = *state;
	struct run run;

	byhand_add(tmp, A, "eth0");
	run = byhand(tmp, "release %s", A);
	assert_int_equal(run.status, 4);
	assert_string_equal(run.out, "");
	assert_contains(run.err, "net: 10.1.2.2 is not given back: default/web container "
				 "a123456789ab eth0: its network namespace exists (--force)\n");
	assert_true(fixture_has(tmp, "10.1.2.2", A "\r\neth0"));
	run_done(&run);
}

static void the_living_is_released_by_force_and_rests(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;

	byhand_add(tmp, A, "eth0");
	out = byhand_says(tmp, 0, "release --force %s", A);
	assert_string_equal(out,
			    "net: 10.1.2.2 given back: default/web container a123456789ab eth0\n");
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_false(fixture_has(tmp, ".attachments/" A ":eth0", NULL));
	assert_true(fixture_has(tmp, ".resting/10.1.2.2", "was " A " eth0\n"));
	free(byhand_says(tmp, 0, "fsck"));
	free(byhand_says(tmp, 1, "release --force %s", A));
}

static void the_dead_is_released(void **state)
{
	const struct tmp *tmp = *state;
	json_auto_t *json = NULL;

	byhand_add(tmp, A, "eth0");
	byhand_add(tmp, B, "eth0");
	byhand_kill(tmp, A, "eth0");
	json = byhand_json(tmp, 0, "release 10.1.2.2");
	assert_json_size(json, "", 1);
	assert_json_text(json, "0.address", "10.1.2.2");
	assert_json_text(json, "0.container", A);
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", B "\r\neth0"));
}

/* What DEL does, too. */
static void an_attachment_goes_as_a_whole(void **state)
{
	const struct tmp *tmp = *state;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	fixture_put(tmp, "fd00::2", "a\r\neth0");
	fixture_put(tmp, "10.1.2.3", "a\r\neth1");
	fixture_put(tmp, "10.1.2.4", "a");
	free(byhand_says(tmp, 0, "release fd00::2"));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_false(fixture_has(tmp, "fd00::2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", NULL));
	assert_true(fixture_has(tmp, "10.1.2.4", NULL));
	free(byhand_says(tmp, 0, "release a"));
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
	assert_false(fixture_has(tmp, "10.1.2.4", NULL));
}

/* Half a container's interfaces are worth nothing to anybody. */
static void one_living_interface_keeps_all(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	byhand_add(tmp, A, "eth1");
	byhand_kill(tmp, A, "eth0");
	free(byhand_says(tmp, 4, "release %s", A));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", NULL));
}

static void a_prefix_will_do_if_it_is_long_and_unique(void **state)
{
	static const char other[] = "a123456789abcdXX";
	const struct tmp *tmp = *state;
	struct run run;

	fixture_put(tmp, "10.1.2.2", A "\r\neth0");
	fixture_put(tmp, "10.1.2.3", other);
	free(byhand_says(tmp, 1, "release a123456789a"));
	run = byhand(tmp, "release a123456789ab");
	assert_int_equal(run.status, 16);
	assert_contains(run.err, "several containers begin with a123456789ab");
	run_done(&run);
	assert_int_equal(tmp_count(tmp, "net"), 2);
	free(byhand_says(tmp, 0, "release a123456789abcde"));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", other));
	free(byhand_says(tmp, 0, "release %s", other));
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
}

static void an_id_is_released_in_all_networks(void **state)
{
	const struct tmp *tmp = *state;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	free(tmp_write(tmp, "net2/10.2.2.2", "a\r\neth1", 0600));
	free(tmp_write(tmp, "net3/10.3.2.2", "a\r\neth2", 0600));
	free(byhand_says(tmp, 0, "release a --network net3"));
	assert_true(tmp_exists(tmp, "net2/10.2.2.2"));
	assert_false(tmp_exists(tmp, "net3/10.3.2.2"));
	free(byhand_says(tmp, 0, "release a"));
	assert_false(tmp_exists(tmp, "net/10.1.2.2"));
	assert_false(tmp_exists(tmp, "net2/10.2.2.2"));
}

static void what_is_nobodys_goes_and_what_is_kept_stays(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	fixture_put(tmp, "10.1.2.7", "");
	fixture_put(tmp, "10.1.2.8", "kept for the printer");
	free(run_must(NULL, "ln -s lock %s/net/10.1.2.9", tmp->path));
	free(byhand_says(tmp, 0, "release 10.1.2.7"));
	assert_false(fixture_has(tmp, "10.1.2.7", NULL));
	free(byhand_says(tmp, 4, "release 10.1.2.8"));
	assert_true(fixture_has(tmp, "10.1.2.8", "kept for the printer"));
	free(byhand_says(tmp, 0, "release --force 10.1.2.8"));
	assert_false(fixture_has(tmp, "10.1.2.8", NULL));
	free(byhand_says(tmp, 4, "release 10.1.2.9"));
	free(byhand_says(tmp, 0, "release --force 10.1.2.9"));
	free(run_must(NULL, "! test -L %s/net/10.1.2.9; test -e %s/net/lock", tmp->path,
		      tmp->path));
}

static void a_dry_run_changes_nothing(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	out = byhand_says(tmp, 0, "release a -n");
	assert_contains(out, "10.1.2.2 would be given back: container a eth0\n");
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	assert_int_equal(tmp_count(tmp, "net"), 1);
}

static void nothing_to_release_is_1(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	free(byhand_says(tmp, 1, "release %s", B));
	free(byhand_says(tmp, 1, "release 10.1.2.99"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(the_living_is_refused_with_the_evidence),
		FIXTURE(the_living_is_released_by_force_and_rests),
		FIXTURE(the_dead_is_released),
		FIXTURE(an_attachment_goes_as_a_whole),
		FIXTURE(one_living_interface_keeps_all),
		FIXTURE(a_prefix_will_do_if_it_is_long_and_unique),
		FIXTURE(an_id_is_released_in_all_networks),
		FIXTURE(what_is_nobodys_goes_and_what_is_kept_stays),
		FIXTURE(a_dry_run_changes_nothing),
		FIXTURE(nothing_to_release_is_1),
	};

	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
