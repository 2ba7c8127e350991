/* SPDX-License-Identifier: Apache-2.0 */
/* test_tool.c - hl-ipam list and show, and where they look */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "byhand.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "json.h"

#define A BYHAND_ID("a")
#define B BYHAND_ID("b")
#define C BYHAND_ID("c")

/* One address of each state. */
static void make_all_states(const struct tmp *tmp)
{
	byhand_add(tmp, A, "eth0");
	byhand_add(tmp, B, "eth0");
	byhand_add(tmp, C, "eth0");
	byhand_kill(tmp, B, "eth0");
	byhand_reboot(tmp, C, "eth0");
	fixture_put(tmp, "10.1.2.5", "d\r\neth0");
	fixture_put(tmp, "10.1.2.6", "the printer has this one");
	fixture_put(tmp, "10.1.2.7", "");
	free(run_must(NULL,
		      "ln -s /etc/hostname %s/net/10.1.2.8; mkdir %s/net/10.1.2.9; "
		      "mkfifo %s/net/10.1.2.10",
		      tmp->path, tmp->path, tmp->path));
}

static void list_tells_every_state_and_why(void **state)
{
	static const struct {
		const char *address;
		const char *state;
		const char *why;
	} expected[] = {
		{ "10.1.2.2", "alive", "its network namespace exists" },
		{ "10.1.2.3", "dead", "its network namespace and host link are gone" },
		{ "10.1.2.4", "earlier-boot", "it is of an earlier boot" },
		{ "10.1.2.5", "unknown", "nothing is on record of its life" },
		{ "10.1.2.6", "foreign",
		  "its file holds something else: somebody keeps it for "
		  "himself" },
		{ "10.1.2.7", "blank", "a crash left its file without content" },
		{ "10.1.2.8", "no-file", "a symbolic link has its name" },
		{ "10.1.2.9", "no-file", "a directory has its name" },
		{ "10.1.2.10", "no-file", "a FIFO has its name" },
	};
	const size_t n = ARRAY_SIZE(expected);
	const struct tmp *tmp = *state;
	json_auto_t *json = NULL;

	make_all_states(tmp);
	json = byhand_json(tmp, 0, "list");
	assert_json_size(json, "", n);
	for (size_t i = 0; i < n; i++) {
		const json_t *item = json_array_get(json, i);

		assert_json_text(item, "address", expected[i].address);
		assert_json_text(item, "state", expected[i].state);
		assert_json_text(item, "why", expected[i].why);
		assert_json_text(item, "network", "net");
		assert_json_text(item, "dataDir", tmp->path);
	}
}

static void list_tells_all_evidence(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *boot = run_must(NULL, "cat /proc/sys/kernel/random/boot_id");
	json_auto_t *json = NULL;
	struct tm tm = { 0 };
	struct stat st;

	byhand_add(tmp, A, "eth0");
	json = byhand_json(tmp, 0, "list");
	boot[strcspn(boot, "\n")] = '\0';
	assert_int_equal(stat("/proc/self/ns/net", &st), 0);
	assert_json_text(json, "0.container", A);
	assert_json_text(json, "0.ifname", "eth0");
	assert_json_text(json, "0.pod", "default/web");
	assert_json_bool(json, "0.recorded", true);
	assert_json_text(json, "0.evidence.boot", boot);
	assert_json_bool(json, "0.evidence.thisBoot", true);
	assert_json_text(json, "0.evidence.netns", "/proc/self/ns/net");
	assert_json_int(json, "0.evidence.netnsDevice", (json_int_t)st.st_dev);
	assert_json_int(json, "0.evidence.netnsInode", (json_int_t)st.st_ino);
	assert_int_equal(strlen(json_text_at(json, "0.evidence.hostLink")), 15);
	assert_string_equal(strptime(json_text_at(json, "0.since"), "%Y-%m-%dT%H:%M:%SZ", &tm), "");
	assert_true(llabs((long long)timegm(&tm) - time(NULL)) < 120);
}

/*
 * A pod whose namespace we may not look at, reserved when the clock was behind: it is of this
 * boot all the same.
 */
static void the_clock_makes_nobody_older_than_this_boot(void **state)
{
	const struct tmp *tmp = *state;
	json_auto_t *json = NULL;

	byhand_add(tmp, A, "eth0");
	free(run_must(NULL,
		      "sed -i 's/^identity .*/identity 0:0/; s/^reserved .*/reserved 1000.0/' "
		      "%s/net/.attachments/%s:eth0",
		      tmp->path, A));
	json = byhand_json(tmp, 0, "list");
	assert_json_text(json, "0.state", "unknown");
	assert_json_text(json, "0.why", "nothing is on record of its life");
}

/* Of what host-local wrote there is the time of the file, and nothing else. */
static void list_reads_what_host_local_wrote(void **state)
{
	const struct tmp *tmp = *state;
	json_auto_t *json = NULL;

	fixture_put(tmp, "10.1.2.5", A "\r\neth0");
	fixture_put(tmp, "10.1.2.6", B);
	fixture_put(tmp, "last_reserved_ip.0", "10.1.2.6");
	fixture_put(tmp, "lock", "");
	free(run_must(NULL, "touch -d 2001-02-03T04:05:06Z %s/net/10.1.2.5", tmp->path));
	json = byhand_json(tmp, 0, "list");
	assert_json_size(json, "", 2);
	assert_json_text(json, "0.since", "2001-02-03T04:05:06Z");
	assert_json_text(json, "0.state", "dead");
	assert_json_text(json, "0.why", "it is older than this boot");
	assert_json_bool(json, "0.recorded", false);
	assert_json_equal(json, "0.pod", "null");
	assert_json_text(json, "1.container", B);
	assert_json_equal(json, "1.ifname", "null");
	assert_json_equal(json, "1.evidence.hostLink", "null");
}

static void list_is_a_table_with_a_summary(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;
	autofree char *short_id = strndup(A, 12);
	const char *head;
	const char *row;

	make_all_states(tmp);
	byhand_conflist(tmp, ", \"subnet\": \"10.1.2.0/24\"");
	out = byhand_says(tmp, 0, "list");
	head = strstr(out, "NETWORK");
	row = strchr(out, '\n') + 1;
	assert_ptr_equal(head, out);
	assert_true(strncmp(row, "net ", 4) == 0);
	assert_true(strncmp(row + (strstr(out, "ADDRESS") - out), "10.1.2.2 ", 9) == 0);
	assert_true(strncmp(row + (strstr(out, "POD") - out), "default/web ", 12) == 0);
	assert_true(strncmp(row + (strstr(out, "CONTAINER") - out), short_id, 12) == 0);
	assert_true(strncmp(row + (strstr(out, "STATE") - out), "alive ", 6) == 0);
	assert_contains(out, "net: 9 reserved, 1 alive, 1 dead, 1 unknown, 1 earlier-boot, 1 "
			     "foreign, 1 blank, 3 no-file, 0 resting; 244 of 253 free in "
			     "10.1.2.1-10.1.2.254\n");
}

static void list_changes_nothing(void **state)
{
	const struct tmp *tmp = *state;
	struct stat before, after;
	autofree char *path = tmp_path(tmp, "net");

	fixture_put(tmp, "10.1.2.5", A "\r\neth0");
	assert_int_equal(stat(path, &before), 0);
	free(byhand_says(tmp, 0, "list"));
	free(byhand_says(tmp, 0, "show 10.1.2.5"));
	assert_int_equal(stat(path, &after), 0);
	assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof(after.st_mtim));
	assert_int_equal(tmp_count(tmp, "net"), 1);
}

/* Somebody who hangs with the lock is why people look. */
static void list_does_without_the_lock(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *path = tmp_path(tmp, "net/lock");
	autoclose int fd = -1;
	struct run run;

	byhand_add(tmp, A, "eth0");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	run = byhand(tmp, "list");
	assert_int_equal(run.status, 0);
	assert_contains(run.out, "10.1.2.2");
	assert_contains(run.err, "what follows may be in motion");
	run_done(&run);
}

/* Of all children so far: other than the time on the clock, it does not depend on others. */
static double processor_seconds(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_CHILDREN, &usage), 0);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void a_thousand_addresses_are_quick(void **state)
{
	const struct tmp *tmp = *state;
	json_auto_t *json = NULL;
	double start;

	free(run_must(NULL,
		      "mkdir %s/net; cd %s/net; i=0; while [ $i -lt 1000 ]; do "
		      "printf 'id%%s\\r\\neth0' $i >10.1.$((i / 250)).$((i %% 250)); "
		      "i=$((i + 1)); done",
		      tmp->path, tmp->path));
	start = processor_seconds();
	json = byhand_json(tmp, 0, "list");
	assert_json_size(json, "", 1000);
	assert_true(processor_seconds() - start < 2);
}

static void show_tells_of_one(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;
	json_auto_t *json = NULL;

	byhand_add(tmp, A, "eth0");
	byhand_conflist(tmp, ", \"subnet\": \"10.1.2.0/24\"");
	out = byhand_says(tmp, 0, "show 10.1.2.2/24");
	assert_contains(out, "10.1.2.2 in network net");
	assert_contains(out, "alive: its network namespace exists\n");
	assert_contains(out, "container  " A "\n");
	assert_contains(out, "pod        default/web\n");
	assert_contains(out, "(this one)\n");
	assert_contains(out, "range      10.1.2.1-10.1.2.254, set 0\n");
	json = byhand_json(tmp, 0, "show 10.1.2.2");
	assert_json_size(json, "", 1);
	assert_json_text(json, "0.state", "alive");
}

static void show_tells_who_gave_it_back(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;
	autofree char *later = NULL;
	json_auto_t *json = NULL;

	byhand_add(tmp, A, "eth0");
	free(byhand_says(tmp, 0, "release --force %s", A));
	free(run_must(NULL, "touch -d '12 seconds ago' %s/net/.resting/10.1.2.2", tmp->path));
	out = byhand_says(tmp, 0, "show 10.1.2.2");
	assert_contains(out, "state      resting\n");
	assert_contains(out, "given back 12 s ago by container " A " eth0\n");
	json = byhand_json(tmp, 0, "show 10.1.2.2");
	assert_json_text(json, "0.state", "resting");
	assert_json_text(json, "0.container", A);
	assert_in_range(json_integer_value(json_at(json, "0.restLeftMs")), 10000, 18000);
	byhand_conflist(tmp, ", \"reuseDelay\": 5");
	later = byhand_says(tmp, 0, "show 10.1.2.2");
	assert_contains(later, "state      free\n");
}

static void show_of_the_unknown_is_1(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *out = NULL;

	byhand_add(tmp, A, "eth0");
	out = byhand_says(tmp, 1, "show 10.1.2.77");
	assert_string_equal(out, "");
	free(byhand_says(tmp, 16, "show %s", A));
}

static void networks_are_found_by_their_configs(void **state)
{
	const struct tmp *tmp = *state;
	const char *dir = tmp->path;
	struct run run;

	byhand_conf(tmp, "1.conflist",
		    "{\"name\": \"one\", \"plugins\": [{\"type\": \"a\", \"ipam\": {\"type\": "
		    "\"hl-ipam\", \"dataDir\": \"%s/x\"}}]}",
		    dir);
	byhand_conf(tmp, "2.conf",
		    "{\"name\": \"two\", \"type\": \"bridge\", \"ipam\": {\"type\": "
		    "\"host-local\", \"dataDir\": \"%s/y/\"}}",
		    dir);
	byhand_conf(tmp, "3.json",
		    "{\"type\": \"meta\", \"name\": \"m\", \"delegates\": [{\"name\": \"three\", "
		    "\"plugins\": [{\"ipam\": {\"type\": \"hl-ipam\", \"dataDir\": \"%s/z\"}}]}]}",
		    dir);
	byhand_conf(tmp, "4.conf", "{\"name\": \"four\", \"ipam\": {\"type\": \"dhcp\"}}");
	byhand_conf(tmp, "5.conf", "{ no JSON");
	byhand_conf(tmp, "6.conf.bak", "{ neither");
	free(tmp_write(tmp, "x/one/10.0.0.1", "a\r\neth0", 0600));
	free(tmp_write(tmp, "y/two/10.0.0.2", "a\r\neth0", 0600));
	free(tmp_write(tmp, "z/three/10.0.0.3", "a\r\neth0", 0600));
	run = byhand(tmp, "list --conf-dir %s/.conf", dir);
	assert_int_equal(run.status, 0);
	assert_contains(run.out, "\none      10.0.0.1");
	assert_contains(run.out, "\ntwo      10.0.0.2");
	assert_contains(run.out, "\nthree    10.0.0.3");
	assert_contains(run.err, ".conf/5.conf is passed over: ");
	assert_lacks(run.err, "bak");
	run_done(&run);
	run = byhand(tmp, "list --network two --conf-dir %s/.conf", dir);
	assert_contains(run.out, "10.0.0.2");
	assert_lacks(run.out, "10.0.0.1");
	run_done(&run);
}

static void what_cannot_be_found_is_8(void **state)
{
	const struct tmp *tmp = *state;

	byhand_add(tmp, A, "eth0");
	free(byhand_says(tmp, 8, "list --network other"));
	free(byhand_says(tmp, 8, "fsck --network ../net"));
	free(byhand_says(tmp, 8, "list --conf-dir %s/nowhere", tmp->path));
	free(byhand_says(tmp, 8, "list --conf-dir %s/.conf --data-dir %s/nowhere", tmp->path,
			 tmp->path));
}

static void wrong_usage_is_16(void **state)
{
	const struct tmp *tmp = *state;

	free(byhand_says(tmp, 16, "lst"));
	free(byhand_says(tmp, 16, "--json list"));
	free(byhand_says(tmp, 16, "-q fsck"));
	free(byhand_says(tmp, 16, "list --bogus"));
	free(byhand_says(tmp, 16, "list more"));
	free(byhand_says(tmp, 16, "list --repair"));
	free(byhand_says(tmp, 16, "fsck --force"));
	free(byhand_says(tmp, 16, "show"));
	free(byhand_says(tmp, 16, "release a b"));
	free(byhand_says(tmp, 0, "fsck --help"));
}

/* A runtime that calls gets the protocol, whatever the command line is. */
static void a_runtime_is_never_mistaken_for_a_person(void **state)
{
	autofree char *bin = run_bin("hl-ipam");
	const char *const argv[] = { bin, "fsck", "--repair", NULL };
	const char *const env[] = { "CNI_COMMAND=VERSION", NULL };
	const struct run_what what = { .argv = argv, .env = env };
	struct run run = run_program(&what);

	(void)state;
	assert_int_equal(run.status, 0);
	assert_contains(run.out, "\"supportedVersions\"");
	run_done(&run);
}

static void others_than_root_are_told_so(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *bin = run_bin("hl-ipam");
	struct run run;
	bool may;

	byhand_add(tmp, A, "eth0");
	run = run_shell(NULL, "setpriv --reuid=65534 --clear-groups %s --version", bin);
	may = run.status == 0;
	run_done(&run);
	if (!may)
		skip_because("nobody may not run %s", bin);
	/* Its own directory may be reached, those above it need not. */
	run = run_shell(NULL,
			"cd %s; chmod -R a+rX .; chmod 600 net/10.1.2.2; setpriv --reuid=65534 "
			"--clear-groups %s fsck --data-dir . --conf-dir .",
			tmp->path, bin);
	assert_int_equal(run.status, 8);
	assert_contains(run.err, "10.1.2.2: Permission denied");
	assert_contains(run.err, "run it as root");
	run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(list_tells_every_state_and_why),
		FIXTURE(list_tells_all_evidence),
		FIXTURE(the_clock_makes_nobody_older_than_this_boot),
		FIXTURE(list_reads_what_host_local_wrote),
		FIXTURE(list_is_a_table_with_a_summary),
		FIXTURE(list_changes_nothing),
		FIXTURE(list_does_without_the_lock),
		FIXTURE(a_thousand_addresses_are_quick),
		FIXTURE(show_tells_of_one),
		FIXTURE(show_tells_who_gave_it_back),
		FIXTURE(show_of_the_unknown_is_1),
		FIXTURE(networks_are_found_by_their_configs),
		FIXTURE(what_cannot_be_found_is_8),
		FIXTURE(wrong_usage_is_16),
		FIXTURE(a_runtime_is_never_mistaken_for_a_person),
		FIXTURE(others_than_root_are_told_so),
	};

	return cmocka_run_group_tests_name("tool", tests, NULL, NULL);
}
