/* SPDX-License-Identifier: Apache-2.0 */
/* test_sight.c - pods that are gone, and pods that only cannot be seen from here */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "run.h"
#include "tmp.h"

/* Room for five pods. */
#define CONFIG                                                                              \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": \"hl-ipam\", " \
	"\"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/29\"}, \"cni.dev/valid-attachments\": []}"

/*
 * In the test's directory: call VERB ID NETNS, of which add() says what failed; begin and end the
 * namespace of a pod in pods/; fill with pods 1 to 5.
 */
static const char functions[] =
	"call() { CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=eth0 CNI_NETNS=$3 CNI_PATH=/none "
	"\"$CBR_BIN\"/hl-ipam <config; }\n"
	"add() { call ADD $1 $2 >said 2>&1 && return; cat said; return 1; }\n"
	"begin() { >pods/$1; unshare -n mount --bind /proc/self/ns/net pods/$1; }\n"
	"end() { umount pods/$1; rm pods/$1; }\n"
	"fill() { for i in 1 2 3 4 5; do begin $i; add c$i $PWD/pods/$i; done; }\n"
	"hand() { \"$CBR_BIN\"/hl-ipam $* --data-dir $PWD; }\n";

static int setup(void **state)
{
	struct tmp *tmp = calloc(1, sizeof(*tmp));
	autofree char *config = NULL;

	tmp_make(tmp);
	assert_true(asprintf(&config, CONFIG, tmp->path) > 0);
	free(tmp_write(tmp, "config", config, 0600));
	free(tmp_write(tmp, "functions", functions, 0600));
	free(tmp_mkdir(tmp, "pods"));
	*state = tmp;
	return 0;
}

static int teardown(void **state)
{
	struct tmp *tmp = *state;

	free(run_must(NULL, "umount %s/pods/* 2>/dev/null || :", tmp->path));
	tmp_remove(tmp);
	free(tmp);
	return 0;
}

/* A script with the functions, in the test's directory. @where: command that runs a shell */
static struct run run_where(const struct tmp *tmp, const char *where, const char *script)
{
	return run_shell(NULL, "cd %s && %s -c 'set -e; . ./functions; %s'", tmp->path, where,
			 script);
}

/* Return: what it says, owned */
static char *must(const struct tmp *tmp, const char *where, const char *script)
{
	struct run run = run_where(tmp, where, script);

	if (run.status != 0)
		harness_fail(__FILE__, __LINE__, "%s: status %d\n%s%s", script, run.status, run.out,
			     run.err);
	free(run.out);
	return run.err;
}

/* A daemon with a mount namespace of its own, as in a container with the node's /run. */
#define DAEMON "unshare -m --propagation slave sh"

/* After an upgrade it has another one, and none of its pods is out of sight for that. */
static void what_a_daemon_saw_its_successor_sees(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *said = NULL;

	free(must(tmp, "sh", "for i in 1 2 3 4 5; do begin $i; done"));
	free(must(tmp, DAEMON, "for i in 1 2 3 4 5; do add c$i $PWD/pods/$i; done"));
	free(must(tmp, DAEMON, "call GC"));
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
	free(must(tmp, "sh", "end 2; begin 6"));
	free(must(tmp, DAEMON, "add c6 $PWD/pods/6"));
	assert_false(tmp_exists(tmp, "net/.attachments/c2:eth0"));
	said = must(tmp, DAEMON, "end 6; call GC");
	assert_contains(said, "reclaimed 1 addresses of dead pods");
}

/* Mounts that do not propagate: here its name is an empty file, and there a living pod. */
static void a_name_without_a_namespace_behind_it_proves_nothing(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *said = NULL;

	said = must(tmp, "unshare -m --propagation private sh", "fill; call GC");
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
	free(said);
	said = must(tmp, "sh", "call GC");
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
	assert_contains(said, "5 attachments are not listed as valid, but kept: whether they live "
			      "cannot be seen from here");
}

/* Which told of the mount namespace: seen from another one, nothing follows. */
static void what_earlier_versions_noted_still_counts(void **state)
{
	const struct tmp *tmp = *state;

	free(must(tmp, "sh",
		  "begin 1; add c1 $PWD/pods/1; end 1; record=net/.attachments/c1:eth0; "
		  "net=$(stat -Lc %i /proc/self/ns/net); mnt=$(stat -Lc %i /proc/self/ns/mnt); "
		  "sed -i \"/^place/d; s/^host .*/seen-from 1:$net/\" $record; call GC; "
		  "test -e $record; "
		  "sed -i \"s/^seen-from .*/seen-from $mnt:$net/\" $record; call GC; "
		  "! test -e $record"));
}

/* kind, k3d: its data directory outlives a node, so does the kernel. */
#define NODE "unshare -nmpf --mount-proc sh"

static void what_an_earlier_node_left_is_as_of_an_earlier_boot(void **state)
{
	const struct tmp *tmp = *state;
	struct run run;

	free(must(tmp, NODE, "mount -t tmpfs none pods; fill"));
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
	/* The next one must begin in another tick of the clock. */
	for (int tries = 0; tries < 100; tries++) {
		run = run_where(tmp, NODE, "mount -t tmpfs none pods; begin 6; add d6 $PWD/pods/6");
		if (run.status == 0)
			break;
		run_done(&run);
	}
	assert_int_equal(run.status, 0);
	run_done(&run);
	assert_false(tmp_exists(tmp, "net/.attachments/c1:eth0"));
}

/* To whom all pods seem to be of an earlier node. */
static void a_person_in_a_container_takes_nothing_back(void **state)
{
	const struct tmp *tmp = *state;

	free(must(tmp, "unshare -m --propagation private sh", "fill"));
	for (int tries = 0; tries < 3; tries++)
		free(must(tmp, NODE, "hand fsck --repair"));
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
}

/* A plugin in a container of its own, in the network of the node: its pods live. */
static void a_young_process_1_alone_makes_nobody_dead(void **state)
{
	const struct tmp *tmp = *state;
	struct run run;

	free(must(tmp, "unshare -m --propagation private sh", "fill"));
	run = run_where(tmp, "unshare -mpf --mount-proc sh",
			"mount -t tmpfs none pods; begin 6; add d6 $PWD/pods/6");
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "5 are out of sight");
	run_done(&run);
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
}

/* To others there is nothing below /proc/<pid> then, be it ever so alive. */
static void a_process_that_is_hidden_is_not_gone(void **state)
{
	static const char *const modes[] = { "hidepid=2", "hidepid=4" };
	const struct tmp *tmp = *state;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		autofree char *script = NULL;

		assert_true(asprintf(&script,
				     "unshare -n sleep 1000 & pid=$!; trap \"kill $pid\" EXIT; "
				     "until test $(readlink /proc/$pid/ns/net) != "
				     "$(readlink /proc/self/ns/net); do :; done; add c1 "
				     "/proc/$pid/ns/net; "
				     "mount -t proc -o %s proc /proc || exit 0; " /* Linux 5.8 */

				     "call GC; add c1 /proc/$pid/ns/net; call GC; "
				     "test $(ls -d net/10.* | wc -l) = 1; "
				     "test -e net/.attachments/c1:eth0; kill $pid; wait $pid || :; "
				     "trap - EXIT; call GC; ! test -e net/.attachments/c1:eth0",
				     modes[i]) > 0);
		free(must(tmp, "unshare -mpf --mount-proc sh", script));
	}
}

/* Without privileges another user's directory may be closed; fsck says what it cannot see. */
static void fsck_tells_what_is_out_of_sight(void **state)
{
	const struct tmp *tmp = *state;
	struct run run;

	free(must(tmp, "unshare -m --propagation private sh", "fill"));
	run = run_where(tmp, "sh", "hand fsck --repair");
	assert_int_equal(run.status, 0);
	assert_contains(run.out,
			"note: 5 of 5 addresses reserved are of pods that are out of sight");
	run_done(&run);
	run = run_where(tmp, "sh", "hand fsck --json");
	assert_int_equal(run.status, 0);
	assert_contains(run.out, "\"kind\": \"out-of-sight\"");
	run_done(&run);
	assert_int_equal(tmp_count(tmp, "net/.attachments"), 5);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_a_daemon_saw_its_successor_sees),
		TEST(a_name_without_a_namespace_behind_it_proves_nothing),
		TEST(what_earlier_versions_noted_still_counts),
		TEST(what_an_earlier_node_left_is_as_of_an_earlier_boot),
		TEST(a_person_in_a_container_takes_nothing_back),
		TEST(a_young_process_1_alone_makes_nobody_dead),
		TEST(a_process_that_is_hidden_is_not_gone),
		TEST(fsck_tells_what_is_out_of_sight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
