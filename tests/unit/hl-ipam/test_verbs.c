/* SPDX-License-Identifier: Apache-2.0 */
/* test_verbs.c - DEL, CHECK, GC and STATUS of the built hl-ipam */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "json.h"

#define SUBNET "\"subnet\": \"10.1.2.0/24\""
#define PREV(addr) \
	"\"prevResult\": {\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": \"" addr "\"}]}"

static void del_prints_nothing_and_may_be_repeated(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	autofree char *first = NULL;
	autofree char *second = NULL;

	free(fixture_must("ADD", "a", config));
	free(fixture_must("ADD", "b", config));
	first = fixture_must("DEL", "a", config);
	second = fixture_must("DEL", "a", config);
	assert_string_equal(first, "");
	assert_string_equal(second, "");
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(fixture_has(tmp, "10.1.2.3", "b\r\neth0"));
	assert_true(fixture_has(tmp, "last_reserved_ip.0", "10.1.2.3"));
}

static void del_of_the_unknown_makes_nothing(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");

	free(fixture_must("DEL", "a", config));
	assert_int_equal(tmp_count(tmp, ""), 0);
}

static void del_works_without_a_netns(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	struct run_call call = fixture_call("DEL", "a", config);

	free(fixture_must("ADD", "a", config));
	call.netns = "";
	assert_null(run_result(&call));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
}

static void del_tells_one_interface_from_the_other(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	struct run_call call = fixture_call("DEL", "a", config);

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	fixture_put(tmp, "10.1.2.3", "a\r\nnet1");
	call.ifname = "net1";
	assert_null(run_result(&call));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
}

static void the_own_netns_is_refused_before_anything_is_done(void **state)
{
	static const char *const commands[] = { "ADD", "CHECK" };
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	const char *const override[] = { "CNI_NETNS_OVERRIDE=1", NULL };
	struct run_call call = fixture_call("ADD", "a", config);

	call.netns = "/proc/self/ns/net";
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		call.command = commands[i];
		json_decref(run_error(&call, 8,
				      "plugin's netns and netns from CNI_NETNS should not be the "
				      "same"));
	}
	assert_int_equal(tmp_count(tmp, ""), 0);
	call.command = "ADD";
	call.extra = override;
	json_decref(run_result(&call));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	/* It may have become that meanwhile. */
	call.command = "DEL";
	call.extra = NULL;
	assert_null(run_result(&call));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
}

static void check_finds_what_add_reserved(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");
	autofree char *out = NULL;

	fixture_fails("CHECK", "a", config, 104,
		      "host-local: Failed to find address added by container a");
	assert_int_equal(tmp_count(tmp, ""), 0);
	free(fixture_must("ADD", "a", config));
	out = fixture_must("CHECK", "a", config);
	assert_string_equal(out, "");
	fixture_fails("CHECK", "b", config, 104,
		      "host-local: Failed to find address added by container b");
	fixture_put(tmp, "10.1.2.9", "c");
	free(fixture_must("CHECK", "c", config));
}

/* A container may be named like an address, and a cursor holds one. */
static void check_is_not_fooled_by_a_cursor(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");

	fixture_put(tmp, "last_reserved_ip.0", "10.1.2.9");
	fixture_fails("CHECK", "10.1.2.9", config, 104, "Failed to find address");
}

static void check_compares_with_the_result_of_add(void **state)
{
	static const struct {
		const char *prev;
		const char *msg;
	} cases[] = {
		{ PREV("10.1.2.2/24"), NULL },
		/* Somebody else's addresses are no business of ours. */
		{ "\"prevResult\": {\"ips\": [{\"address\": \"192.168.0.9/24\"}, {\"address\": "
		  "\"10.1.2.2/24\"}, {\"address\": \"fd00::2/64\"}]}",
		  NULL },
		{ PREV("10.1.2.3/24"),
		  "address 10.1.2.3 of prevResult is not reserved for this attachment" },
		{ PREV("192.168.0.9/24"),
		  "address 10.1.2.2 is reserved, but is not in prevResult" },
		{ "\"prevResult\": {\"cniVersion\": \"1.1.0\"}",
		  "address 10.1.2.2 is reserved, but is not in prevResult" },
	};
	const struct tmp *tmp = *state;
	autofree char *plain = fixture_config(tmp, "1.1.0", SUBNET, "");

	free(fixture_must("ADD", "a", plain));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, cases[i].prev);

		if (cases[i].msg)
			fixture_fails("CHECK", "a", config, 104, cases[i].msg);
		else
			free(fixture_must("CHECK", "a", config));
	}
}

/* A lock held by somebody else for ever; returns its descriptor. */
static int hold_lock(const struct tmp *tmp)
{
	autofree char *lock = tmp_path(tmp, "net/lock");
	int fd = open(lock, O_RDONLY | O_CREAT | O_CLOEXEC, 0750);

	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	return fd;
}

static void check_and_status_wait_for_no_lock(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");
	autoclose int fd = -1;

	free(fixture_must("ADD", "a", config));
	fd = hold_lock(tmp);
	free(fixture_must("CHECK", "a", config));
	free(fixture_must("STATUS", "", config));
}

/* Of another user, or on a bad block. */
static void make_unreadable(const struct tmp *tmp, const char *addr, const char *time)
{
	free(run_must(NULL, "cd %s/net && touch -d '%s' %s && chmod 0 %s", tmp->path, time, addr,
		      addr));
}

/* DEL comes twice for each pod, and without success that pod is stuck. */
static void del_of_others_is_not_stopped_by_an_unreadable_file(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	struct run run;

	free(fixture_must("ADD", "a", config));
	fixture_put(tmp, "10.1.2.9", "x\r\neth0");
	make_unreadable(tmp, "10.1.2.9", "now");
	free(fixture_must("DEL", "a", config));
	run = fixture_run("DEL", "a", config);
	assert_int_equal(run.status, 0);
	assert_contains(run.err, "1 address files cannot be read, see hl-ipam fsck");
	assert_true(tmp_exists(tmp, "net/10.1.2.9"));
	/* It is counted, so that no ADD need read all the others again. */
	run_done(&run);
	run = fixture_run("ADD", "b", config);
	assert_contains(run.err, "1 address files cannot be read");
	run_done(&run);
	run = fixture_run("ADD", "c", config);
	assert_string_equal(run.err, "");
	run_done(&run);
}

static void del_finds_its_own_on_record_if_the_file_cannot_be_read(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", SUBNET, "");
	autofree char *first = fixture_must("ADD", "a", config);
	autofree char *again = NULL;

	/* Beside somebody else's change: the record outlives that. */
	make_unreadable(tmp, "10.1.2.2", "1 second ago");
	fixture_put(tmp, "10.1.2.9", "x\r\neth0");
	free(fixture_must("ADD", "b", config));
	again = fixture_must("ADD", "a", config);
	assert_string_equal(again, first);
	free(fixture_must("DEL", "a", config));
	assert_false(tmp_exists(tmp, "net/10.1.2.2"));
	assert_false(tmp_exists(tmp, "net/.attachments/a:eth0"));
}

#define VALID(list) "\"cni.dev/valid-attachments\": " list

static void gc(const struct tmp *tmp, const char *top)
{
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, top);
	autofree char *out = fixture_must("GC", "", config);

	assert_string_equal(out, "");
}

static void gc_takes_back_what_is_not_listed(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");

	gc(tmp, VALID("[]"));
	assert_int_equal(tmp_count(tmp, ""), 0);
	free(fixture_must("ADD", "a", config));
	free(fixture_must("ADD", "b", config));
	free(fixture_must("ADD", "c", config));
	fixture_put(tmp, "10.1.2.8", "b");
	fixture_put(tmp, "10.1.2.9", "d");
	free(run_must(NULL, "touch -d '1 hour ago' '%s/net/10.1.2.8' '%s/net/10.1.2.9'", tmp->path,
		      tmp->path));
	gc(tmp, "\"other\": 1");
	assert_int_equal(tmp_count(tmp, "net"), 7 + FIXTURE_OURS);
	gc(tmp, VALID("[{\"containerID\": \"c\", \"ifname\": \"eth1\"}, {\"containerID\": \"b\", "
		      "\"ifname\": \"eth0\"}, {\"containerID\": \"a\", \"ifname\": \"eth0\"}]"));
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
	assert_true(fixture_has(tmp, "10.1.2.3", "b\r\neth0"));
	assert_false(fixture_has(tmp, "10.1.2.4", NULL));
	assert_true(fixture_has(tmp, "10.1.2.8", "b"));
	assert_false(fixture_has(tmp, "10.1.2.9", NULL));
}

/* What nobody can read may be of a pod that is listed and has nothing else. */
static void gc_takes_back_what_cannot_be_read_if_it_is_no_valid_ones(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");

	free(fixture_must("ADD", "a", config));
	fixture_put(tmp, "10.1.2.9", "x\r\neth0");
	make_unreadable(tmp, "10.1.2.9", "1 minute ago");
	gc(tmp, VALID("[{\"containerID\": \"a\", \"ifname\": \"eth0\"}, "
		      "{\"containerID\": \"x\", \"ifname\": \"eth0\"}]"));
	assert_true(tmp_exists(tmp, "net/10.1.2.9"));
	gc(tmp, VALID("[{\"containerID\": \"a\", \"ifname\": \"eth0\"}]"));
	assert_false(tmp_exists(tmp, "net/10.1.2.9"));
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
}

static void what_cannot_be_read_does_not_outlive_a_reboot(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");

	fixture_put(tmp, "10.1.2.9", "x\r\neth0");
	make_unreadable(tmp, "10.1.2.9", "2001-01-01");
	free(fixture_must("ADD", "a", config));
	assert_false(tmp_exists(tmp, "net/10.1.2.9"));
}

static void gc_takes_null_and_nothing_for_an_empty_list(void **state)
{
	static const char *const lists[] = { VALID("null"), VALID("[]"),
					     "\"cni.dev/attachments\": []" };
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		free(fixture_must("ADD", "a", config));
		gc(tmp, lists[i]);
		assert_int_equal(tmp_count(tmp, "net"), 2 + FIXTURE_OURS);
	}
}

static void gc_leaves_what_is_younger_and_other_networks(void **state)
{
	const struct tmp *tmp = *state;

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	free(run_must(NULL, "touch -d '1 hour' '%s/net/10.1.2.2'", tmp->path));
	free(tmp_write(tmp, "net2/10.1.2.3", "a\r\neth0", 0600));
	gc(tmp, VALID("[]"));
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	assert_true(tmp_exists(tmp, "net2/10.1.2.3"));
}

static void gc_needs_no_valid_ranges_but_a_list_it_can_read(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", "\"subnet\": \"nonsense\"",
					       VALID("[]"));
	autofree char *bad = fixture_config(tmp, "1.1.0", SUBNET, VALID("[null]"));

	fixture_put(tmp, "10.1.2.2", "a\r\neth0");
	free(run_must(NULL, "touch -d '1 hour ago' '%s/net/10.1.2.2'", tmp->path));
	fixture_fails("GC", "", bad, 6, "cni.dev/valid-attachments[0]");
	assert_true(fixture_has(tmp, "10.1.2.2", NULL));
	free(fixture_must("GC", "", config));
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
}

static void status_is_well_when_an_add_could_be_served(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.1.0", "\"subnet\": \"10.1.2.0/30\"", "");
	struct run_call call = fixture_call("STATUS", "", config);
	autofree char *out = fixture_must("STATUS", "", config);

	assert_string_equal(out, "");
	assert_int_equal(tmp_count(tmp, ""), 0);
	free(fixture_must("ADD", "a", config));
	fixture_fails("ADD", "b", config, 11, "no IP addresses available");
	call.args = "no;pairs";
	call.netns = call.ifname = "";
	assert_null(run_result(&call));
}

static void status_tells_of_exhaustion_where_it_is_asked_to(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(
		tmp, "1.1.0", "\"subnet\": \"10.1.2.0/30\", \"statusOnExhaustion\": true", "");

	free(fixture_must("STATUS", "", config));
	free(fixture_must("ADD", "a", config));
	fixture_fails("STATUS", "", config, 50,
		      "all 1 addresses of range set 0 are reserved, none for a dead pod: "
		      "10.1.2.1-10.1.2.2");
	free(fixture_must("DEL", "a", config));
	free(fixture_must("STATUS", "", config));
}

/* A node that is not ready gets no ADD, which would take it back. */
static void status_is_well_when_an_add_would_take_from_the_dead(void **state)
{
	static const char *const ends[] = {
		"sed -i 's/^identity .*/identity 1:1/; /^host /d' .attachments/a:eth0",
		"sed -i 's/^boot .*/boot of-yesterday/' .attachments/a:eth0",
		"rm .attachments/a:eth0; touch -d 2001-01-01 10.1.2.2",
	};
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(
		tmp, "1.1.0", "\"subnet\": \"10.1.2.0/30\", \"statusOnExhaustion\": true", "");

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		free(fixture_must("ADD", "a", config));
		fixture_fails("STATUS", "", config, 50, "are reserved");
		free(run_must(NULL, "cd %s/net && { %s; }", tmp->path, ends[i]));
		free(fixture_must("STATUS", "", config));
		free(fixture_must("ADD", "b", config));
		fixture_fails("STATUS", "", config, 50, "are reserved");
		free(fixture_must("DEL", "b", config));
	}
}

static void status_tells_why_it_could_not(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *no_ranges = fixture_config(tmp, "1.1.0", "", "");
	autofree char *wrong_type = fixture_config(tmp, "1.1.0", "\"subnet\": 7", "");
	autofree char *wrong_delay = fixture_config(tmp, "1.1.0", SUBNET ", \"reuseDelay\": \"30\"",
						    "");
	autofree char *long_delay = fixture_config(tmp, "1.1.0", SUBNET ", \"reuseDelay\": 601",
						   "");
	autofree char *config = fixture_config(tmp, "1.1.0", SUBNET, "");
	autofree char *net = tmp_path(tmp, "net");

	fixture_fails("STATUS", "", no_ranges, 7, "no IP ranges specified");
	fixture_fails("STATUS", "", wrong_type, 6, "ipam.subnet must be a string");
	fixture_fails("STATUS", "", wrong_delay, 6, "ipam.reuseDelay");
	fixture_fails("STATUS", "", long_delay, 6, "ipam.reuseDelay");
	free(tmp_write(tmp, "net", "", 0644));
	fixture_fails("STATUS", "", config, 50, net);
}

static void says_what_it_is(void **state)
{
	struct run run = fixture_run(NULL, NULL, "");

	(void)state;
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "");
	assert_contains(run.err, "CNI hl-ipam plugin ");
	run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(del_prints_nothing_and_may_be_repeated),
		FIXTURE(del_of_the_unknown_makes_nothing),
		FIXTURE(del_works_without_a_netns),
		FIXTURE(del_tells_one_interface_from_the_other),
		FIXTURE(the_own_netns_is_refused_before_anything_is_done),
		FIXTURE(del_of_others_is_not_stopped_by_an_unreadable_file),
		FIXTURE(del_finds_its_own_on_record_if_the_file_cannot_be_read),
		FIXTURE(check_finds_what_add_reserved),
		FIXTURE(check_is_not_fooled_by_a_cursor),
		FIXTURE(check_compares_with_the_result_of_add),
		FIXTURE(check_and_status_wait_for_no_lock),
		FIXTURE(gc_takes_back_what_is_not_listed),
		FIXTURE(gc_takes_back_what_cannot_be_read_if_it_is_no_valid_ones),
		FIXTURE(what_cannot_be_read_does_not_outlive_a_reboot),
		FIXTURE(gc_takes_null_and_nothing_for_an_empty_list),
		FIXTURE(gc_leaves_what_is_younger_and_other_networks),
		FIXTURE(gc_needs_no_valid_ranges_but_a_list_it_can_read),
		FIXTURE(status_is_well_when_an_add_could_be_served),
		FIXTURE(status_tells_of_exhaustion_where_it_is_asked_to),
		FIXTURE(status_is_well_when_an_add_would_take_from_the_dead),
		FIXTURE(status_tells_why_it_could_not),
		FIXTURE(says_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
