/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_storm.c - many attachments come and go at the same time, while GC runs
 *
 * Real executables, each in a process of its own. Every address must be handed out once,
 * every DEL succeed, and nothing be left.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "json.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"
#include "witness.h"

#define CONFIG                                                                          \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"type\": \"%s\", \"bridge\": " \
	"\"cni0\", \"isDefaultGateway\": true, \"ipMasq\": true, \"ipam\": {\"type\": " \
	"\"hl-ipam\", \"dataDir\": \"%s/networks\", \"ranges\": [[{\"subnet\": "        \
	"\"10.22.0.0/22\"}], [{\"subnet\": \"fd00:22::/64\"}]]}%s}"

#define LIST ", \"cni.dev/valid-attachments\": []"

#define MAX_PODS 500

/*
 * A storm in work.
 * @plugin: which one
 * @n: attachments
 * @workers: how many at a time
 */
struct storm {
	struct tmp tmp;
	struct ns node;
	struct ns pods[MAX_PODS];
	const char *plugin;
	size_t n;
	size_t workers;
};

static struct storm storm;

static int setup(void **state)
{
	(void)state;
	memset(&storm, 0, sizeof(storm));
	tmp_make(&storm.tmp);
	ns_make(&storm.tmp, "node", &storm.node);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < storm.n; i++)
		ns_destroy(&storm.pods[i]);
	ns_destroy(&storm.node);
	tmp_remove(&storm.tmp);
	return 0;
}

static void begin(const char *plugin, size_t n, size_t workers)
{
	storm.plugin = plugin;
	storm.workers = workers;
	for (; storm.n < n; storm.n++) {
		char name[16];

		snprintf(name, sizeof(name), "c%zu", storm.n);
		ns_make(&storm.tmp, name, &storm.pods[storm.n]);
	}
}

/* Return: exit status of the plugin; what it said is in <name>.<verb> */
static int call(const char *command, size_t number)
{
	const bool is_gc = strcmp(command, "GC") == 0;
	char id[16];
	char name[32];
	autofree char *config = NULL;
	struct run_call what = { .plugin = storm.plugin, .command = command, .ns = &storm.node };
	struct run run;
	int status;

	snprintf(id, sizeof(id), "c%zu", number);
	snprintf(name, sizeof(name), "%s.%s", command, id);
	if (asprintf(&config, CONFIG, storm.plugin, storm.tmp.path, is_gc ? LIST : "") < 0)
		return 99;
	what.config = config;
	if (!is_gc) {
		what.container = id;
		what.ifname = "eth0";
		what.netns = storm.pods[number].path;
	}
	run = run_plugin(&what);
	free(tmp_write(&storm.tmp, name, run.out, 0600));
	status = run.status;
	run_done(&run);
	return status;
}

/* One worker's share, then a GC: nobody is listed, so all are kept for their signs of life. */
static _Noreturn void work(const char *command, size_t worker)
{
	for (size_t i = worker; i < storm.n; i += storm.workers)
		if (call(command, i) != 0)
			_exit(1);
	_exit(call("GC", worker) != 0);
}

static void all_at_once(const char *command)
{
	int status;

	fflush(NULL);
	for (size_t i = 0; i < storm.workers; i++) {
		const pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			work(command, i);
	}
	for (size_t i = 0; i < storm.workers; i++) {
		assert_true(wait(&status) > 0);
		if (status)
			harness_fail(__FILE__, __LINE__, "%s failed: %s", command,
				     run_must(NULL, "grep -hs msg %s/%s.* %s/GC.* || true",
					      storm.tmp.path, command, storm.tmp.path));
	}
}

static void assert_addresses_are_unique(void)
{
	free(run_must(NULL,
		      "cd %s && cat ADD.* | grep -o '\"address\": *\"[^\"]*' | sort >got && "
		      "test $(wc -l <got) = %zu && test -z \"$(uniq -d got)\"",
		      storm.tmp.path, 2 * storm.n));
	free(run_must(NULL, "test $(ls %s/networks/net | grep -c '^[0-9]*\\.') = %zu",
		      storm.tmp.path, storm.n));
	free(run_must(NULL, "test $(ls %s/networks/net | grep -c :) = %zu", storm.tmp.path,
		      storm.n));
}

static void assert_nothing_is_left(void)
{
	autofree char *bin = run_bin("hl-ipam");

	free(run_must(NULL, "! ls %s/networks/net | grep -e : -e '^[0-9]'", storm.tmp.path));
	free(run_must(NULL, "! ls -A %s/networks/net/.attachments | grep .", storm.tmp.path));
	free(run_must(&storm.node, "! ip -o link show type veth | grep ."));
	free(run_must(&storm.node, "%s fsck -q --data-dir %s/networks --network net", bin,
		      storm.tmp.path));
}

static void storm_of(const char *plugin, size_t n, size_t workers)
{
	begin(plugin, n, workers);
	for (int round = 0; round < 2; round++) {
		all_at_once("ADD");
		assert_addresses_are_unique();
		all_at_once("DEL");
		assert_nothing_is_left();
	}
	print_message("# %s: twice %zu ADD and DEL, %zu at a time, %zu GC between\n", plugin, n,
		      workers, 4 * workers);
}

static void of_addresses(void **state)
{
	(void)state;
	storm_of("hl-ipam", 500, 32);
}

static void of_attachments(void **state)
{
	(void)state;
	storm_of("cbr-bridge", 100, 16);
}

/*
 * Links by the thousand come and go, all of them heard of by whoever listens for events, while
 * RTNL is busy. Return: the process that sees to it until there is a file "stop"
 */
static pid_t start_churn(void)
{
	autofree char *command = NULL;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid)
		return pid;
	if (asprintf(
		    &command,
		    "cd %s && seq 500 | sed 's/.*/link add x&a group 7 type veth peer name x&b "
		    "group 7/' >churn && while [ ! -e stop ]; do "
		    "ip -batch churn && ip link del group 7 && echo round >>rounds || exit 1; done",
		    storm.tmp.path) > 0 &&
	    ns_enter(&storm.node) == 0)
		execl("/bin/sh", "sh", "-c", command, NULL);
	_exit(99);
}

static void end_churn(pid_t pid)
{
	int status = -1;

	free(tmp_write(&storm.tmp, "stop", "", 0600));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	free(run_must(NULL, "test $(wc -l <%s/rounds) -ge 2", storm.tmp.path));
}

static void of_attachments_among_a_thousand_other_links(void **state)
{
	pid_t churn;

	(void)state;
	begin("cbr-bridge", 200, 8);
	churn = start_churn();
	all_at_once("ADD");
	assert_addresses_are_unique();
	all_at_once("DEL");
	end_churn(churn);
	assert_nothing_is_left();
	print_message("# cbr-bridge: 200 ADD and DEL, 8 at a time, while 1000 links come and go\n");
}

/*
 * News of an IPv6 address come before a look-up finds it: who looks between the two, one of
 * some hundred, must not wait for more news that never come.
 */
static void of_one_attachment_none_waits_in_vain(void **state)
{
	const int limit_ms = harness_patience(4000);

	(void)state;
	begin("cbr-bridge", 1, 1);
	for (int i = 0; i < 500; i++) {
		const struct deadline limit = deadline_in(limit_ms);

		assert_int_equal(call("ADD", 0), 0);
		assert_true(deadline_left_ms(&limit) > 0);
		assert_int_equal(call("DEL", 0), 0);
	}
	assert_nothing_is_left();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(of_addresses),
		TEST(of_attachments),
		TEST(of_one_attachment_none_waits_in_vain),
		TEST(of_attachments_among_a_thousand_other_links),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
