/* SPDX-License-Identifier: Apache-2.0 */
/* test_fsck.c - hl-ipam fsck: each thing that can be wrong, its exit status, its repair */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "byhand.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "json.h"

#define A BYHAND_ID("a")
#define B BYHAND_ID("b")

static void a_sound_network_is_clean(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;
	autofree char *quiet = NULL;
	json_auto_t *json = NULL;

	byhand_add(tmp, A, "eth0");
	out = byhand_says(tmp, 0, "fsck");
	assert_string_equal(out, "net: clean, 1 addresses reserved\n");
	quiet = byhand_says(tmp, 0, "fsck -q --repair");
	assert_string_equal(quiet, "");
	json = byhand_json(tmp, 0, "fsck");
	assert_json_size(json, "", 0);
}

static void nothing_at_all_is_clean(void **state)
{
	const struct tmp *tmp = *state;

	free(byhand_says(tmp, 0, "fsck"));
	free(byhand_says(tmp, 0, "fsck --repair"));
	free(tmp_mkdir(tmp, "net"));
	free(byhand_says(tmp, 0, "fsck --repair"));
	assert_int_equal(tmp_count(tmp, "net"), 0);
}

/*
 * What can be wrong. In each case A lives and has 10.1.2.2, by a store that is up to date.
 * @damage: shell command in the network's directory
 * @kind, @file: of the one problem that is found
 * @repaired: exit status of --repair
 */
static const struct {
	const char *damage;
	const char *kind;
	const char *file;
	int repaired;
} damages[] = {
	{ ": >10.1.2.7", "blank", "10.1.2.7", 1 },
	{ "printf '\\0\\0\\0\\0' >10.1.2.7", "blank", "10.1.2.7", 1 },
	{ "ln -s /etc/passwd 10.1.2.7", "no-file", "10.1.2.7", 4 },
	{ "mkfifo 10.1.2.7", "no-file", "10.1.2.7", 4 },
	{ "mkdir 10.1.2.7", "no-file", "10.1.2.7", 4 },
	{ "touch 10.1.2.7; chmod 0 10.1.2.7", "unreadable", "10.1.2.7", 4 },
	{ "echo junk >.attachments/junk", "broken-record", ".attachments/junk", 1 },
	{ "ln -s /etc/passwd .attachments/x:eth0", "broken-record", ".attachments/x:eth0", 1 },
	/* With the time of the directory as it was, or somebody else was here and all is told. */
	{ "touch -r .attachments ../stamp; "
	  "sed 's/container .*/container gone/; s/10.1.2.2/10.1.2.9/' .attachments/a*:eth0 "
	  ">.attachments/gone:eth0; touch -r ../stamp .attachments",
	  "empty-record", ".attachments/gone:eth0", 1 },
	{ "echo half >.tmp.12.34", "temporary", ".tmp.12.34", 1 },
	{ "echo half >.attachments/.tmp.12.34", "temporary", ".attachments/.tmp.12.34", 1 },
	{ "echo half >.resting/.tmp.12.34", "temporary", ".resting/.tmp.12.34", 1 },
	{ ": >last_reserved_ip.0", "bad-cursor", "last_reserved_ip.0", 1 },
	{ "echo what >last_reserved_ip.0", "bad-cursor", "last_reserved_ip.0", 1 },
	{ "rm last_reserved_ip.0; mkdir last_reserved_ip.0", "bad-cursor", "last_reserved_ip.0",
	  1 },
	{ "echo what >.state", "bad-state", ".state", 1 },
	{ "rm .state; ln -s /dev/null .state", "bad-state", ".state", 1 },
	{ "echo more >>.state", "bad-state", ".state", 1 },
	{ "rm .state; echo his >../his; ln ../his .state", "bad-state", ".state", 1 },
	{ "rm last_reserved_ip.0; echo 10.1.2.2 >../his; ln ../his last_reserved_ip.0",
	  "bad-cursor", "last_reserved_ip.0", 1 },
	{ "echo his >../his; ln ../his .attachments/his", "broken-record", ".attachments/his", 1 },
	{ "rm -r .resting; : >.resting", "no-file", ".resting", 1 },
	{ "sed 's/ 1 0 / 7 0 /' .state >../state; cat ../state >.state", "wrong-state", ".state",
	  1 },
};

static void damage(const struct tmp *tmp, const char *command)
{
	byhand_add(tmp, A, "eth0");
	free(run_must(NULL, "cd %s/net && { %s; }", tmp->path, command));
}

/* An ADD that was killed made it, and the next one writes it. */
static void an_empty_state_is_no_problem(void **state)
{
	const struct tmp *tmp = *state;

	damage(tmp, "rm .state; : >.state");
	json_decref(byhand_json(tmp, 0, "fsck"));
}

/* Whoever is not root is told to be, where something cannot be read. */
static bool can_be_tried(size_t i)
{
	if (geteuid() == 0 || strcmp(damages[i].kind, "unreadable") != 0)
		return true;
	print_message("# skipped: %s: needs root\n", damages[i].damage);
	return false;
}

static const json_t *find_problem(const json_t *json, size_t *n)
{
	const json_t *found = NULL;
	const json_t *item;
	size_t i;

	*n = 0;
	json_array_foreach (json, i, item) {
		if (!json_is_true(json_at(item, "problem")))
			continue;
		found = item;
		(*n)++;
	}
	return found;
}

static void each_damage_is_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		auto_with(tmp_remove) struct tmp tmp;
		json_auto_t *json = NULL;
		const json_t *problem;
		size_t n;

		tmp_make(&tmp);
		if (!can_be_tried(i))
			continue;
		damage(&tmp, damages[i].damage);
		json = byhand_json(&tmp, 4, "fsck");
		problem = find_problem(json, &n);
		if (n != 1)
			harness_fail(__FILE__, __LINE__, "%s: %zu problems", damages[i].damage, n);
		assert_json_text(problem, "kind", damages[i].kind);
		assert_json_text(problem, "file", damages[i].file);
		assert_json_bool(problem, "repaired", false);
	}
}

static void repair_is_done_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		auto_with(tmp_remove) struct tmp tmp;
		const int status = damages[i].repaired;
		struct run run;

		tmp_make(&tmp);
		if (!can_be_tried(i))
			continue;
		damage(&tmp, damages[i].damage);
		run = byhand(&tmp, "fsck --repair");
		if (run.status != status)
			harness_fail(__FILE__, __LINE__, "%s: status %d\n%s%s", damages[i].damage,
				     run.status, run.out, run.err);
		run_done(&run);
		free(byhand_says(&tmp, status == 1 ? 0 : status, "fsck --repair"));
		free(byhand_says(&tmp, status == 1 ? 0 : status, "fsck"));
		assert_true(fixture_has(&tmp, "10.1.2.2", A "\r\neth0"));
		/* And the plugin can live with it. */
		byhand_add(&tmp, B, "eth0");
		free(byhand_says(&tmp, status == 1 ? 0 : status, "fsck"));
	}
}

static void leaked_addresses_are_given_back(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *seen = NULL;
	autofree char *mended = NULL;

	byhand_add(tmp, A, "eth0");
	byhand_add(tmp, B, "eth0");
	byhand_kill(tmp, B, "eth0");
	seen = byhand_says(tmp, 4, "fsck -q");
	assert_contains(seen, "net: 10.1.2.3: leaked by default/web container b123456789ab eth0, "
			      "since 20");
	assert_contains(seen, "Z: its network namespace and host link are gone\n");
	assert_true(fixture_has(tmp, "10.1.2.3", NULL));
	free(byhand_says(tmp, 4, "fsck --repair --dry-run"));
	assert_true(fixture_has(tmp, "10.1.2.3", NULL));
	mended = byhand_says(tmp, 1, "fsck --repair");
	assert_contains(mended, "are gone: put right\n");
	assert_contains(mended, "net: 1 problems, 1 put right\n");
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
	assert_true(fixture_has(tmp, ".resting/10.1.2.3", NULL));
	assert_true(fixture_has(tmp, "10.1.2.2", A "\r\neth0"));
	free(byhand_says(tmp, 0, "fsck --repair"));
}

/* The living, the unknown and what somebody keeps, beside something to repair. */
static void repair_leaves_what_is_not_known_to_be_dead(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	fixture_put(tmp, "10.1.2.5", "c\r\neth0");
	fixture_put(tmp, "10.1.2.6", "kept for the printer");
	fixture_put(tmp, "10.1.2.7", "");
	free(run_must(NULL, "mkfifo %s/net/10.1.2.8", tmp->path));
	free(byhand_says(tmp, 5, "fsck --repair"));
	assert_true(fixture_has(tmp, "10.1.2.2", A "\r\neth0"));
	assert_true(fixture_has(tmp, "10.1.2.5", "c\r\neth0"));
	assert_true(fixture_has(tmp, "10.1.2.6", "kept for the printer"));
	assert_false(fixture_has(tmp, "10.1.2.7", NULL));
	assert_true(tmp_exists(tmp, "net/10.1.2.8"));
}

/* As long as host-local works there nothing is wrong: the next ADD knows by itself. */
static void a_store_of_host_local_is_clean(void **state)
{
	const struct tmp *tmp = *state;
	struct stat before, after;
	autofree char *path = tmp_path(tmp, "net");
	autofree char *out = NULL;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	fixture_put(tmp, "10.1.2.3", "b\r\neth0");
	fixture_put(tmp, "last_reserved_ip.0", "10.1.2.3");
	assert_int_equal(stat(path, &before), 0);
	out = byhand_says(tmp, 0, "fsck");
	assert_contains(out, "net: note: addresses that are not on record, somebody else reserved "
			     "them: 2\n");
	assert_contains(out, "net: clean, 2 addresses reserved\n");
	assert_int_equal(stat(path, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim));
	free(byhand_says(tmp, 0, "fsck --repair"));
	assert_true(fixture_has(tmp, ".attachments/a:eth0", NULL));
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
}

/* Half a file of host-local's that a power cut left, and its pods of the time before. */
static void a_store_after_a_reboot_is_cleaned(void **state)
{
	const struct tmp *tmp = *state;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	fixture_put(tmp, "10.1.2.3", "");
	free(run_must(NULL, "touch -d 2001-01-01 %s/net/10*", tmp->path));
	byhand_conflist(tmp, "");
	free(byhand_says(tmp, 4, "fsck"));
	free(byhand_says(tmp, 1, "fsck --repair"));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
	free(byhand_says(tmp, 0, "fsck --repair"));
}

static void what_may_outlive_a_boot_is_left_alone(void **state)
{
	const struct tmp *tmp = *state;
	struct run run;

	byhand_add(tmp, A, "eth0");
	byhand_add(tmp, B, "eth0");
	byhand_reboot(tmp, A, "eth0");
	/* Nobody says that it may not. */
	run = byhand(tmp, "fsck --repair");
	assert_int_equal(run.status, 4);
	assert_contains(run.err, "what is of an earlier boot is left alone: no config in ");
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	run_done(&run);
	/* It may. */
	byhand_conflist(tmp, ", \"reclaimAfterReboot\": false");
	free(byhand_says(tmp, 0, "fsck --repair"));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	/* It may not. */
	byhand_conflist(tmp, "");
	free(byhand_says(tmp, 1, "fsck --repair"));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", B "\r\neth0"));
}

/* The next ADD voids what is of an earlier boot; an fsck that may not must not hide it. */
static void an_add_after_the_fsck_still_sees_the_earlier_boot(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	byhand_reboot(tmp, A, "eth0");
	fixture_put(tmp, "10.1.2.9", "");
	free(byhand_says(tmp, 5, "fsck --repair"));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	byhand_add(tmp, B, "eth0");
	assert_false(fixture_has(tmp, "10.1.2.2", A "\r\neth0"));
}

static void addresses_outside_of_the_ranges_are_noted(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;

	byhand_add(tmp, A, "eth0");
	byhand_conflist(tmp, ", \"subnet\": \"10.9.9.0/24\"");
	out = byhand_says(tmp, 0, "fsck");
	assert_contains(out, "net: note: 10.1.2.2: lies in none of the network's ranges\n");
}

static void all_networks_are_checked_and_states_add_up(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;

	byhand_add(tmp, A, "eth0");
	free(tmp_write(tmp, "net2/10.2.2.2", "", 0600));
	free(run_must(NULL, "ln -s net %s/net3", tmp->path));
	out = byhand_says(tmp, 12, "fsck");
	assert_contains(out, "net: clean");
	assert_contains(out, "net2: 10.2.2.2: a crash left its file without content\n");
	free(byhand_says(tmp, 9, "fsck --repair"));
	free(byhand_says(tmp, 0, "fsck --network net2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(a_sound_network_is_clean),
		FIXTURE(nothing_at_all_is_clean),
		FIXTURE(an_empty_state_is_no_problem),
		cmocka_unit_test(each_damage_is_found),
		cmocka_unit_test(repair_is_done_once),
		FIXTURE(leaked_addresses_are_given_back),
		FIXTURE(repair_leaves_what_is_not_known_to_be_dead),
		FIXTURE(a_store_of_host_local_is_clean),
		FIXTURE(a_store_after_a_reboot_is_cleaned),
		FIXTURE(what_may_outlive_a_boot_is_left_alone),
		FIXTURE(an_add_after_the_fsck_still_sees_the_earlier_boot),
		FIXTURE(addresses_outside_of_the_ranges_are_noted),
		FIXTURE(all_networks_are_checked_and_states_add_up),
	};

	return cmocka_run_group_tests_name("fsck", tests, NULL, NULL);
}
