/* SPDX-License-Identifier: Apache-2.0 */
/* test_resident.c - hl-ipam of the same build is not executed, and nobody can tell */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "run.h"

#define POOL "\"subnet\": \"10.22.0.0/29\""

static char *elsewhere;

static int setup(void **state)
{
	one_node_make(state);
	elsewhere = apart_make(&node.tmp);
	return 0;
}

static int teardown(void **state)
{
	free(elsewhere);
	return one_node_done(state);
}

/* The pid that each plugin wrote beside its last call. */
static json_int_t pid_of(const char *plugin)
{
	autofree char *text = tmp_read(&node.tmp, "log");
	char *rest = text;
	json_int_t pid = 0;
	char *line;

	assert_non_null(text);
	while ((line = strsep(&rest, "\n")) && *line) {
		json_t *json = json_parse(line);

		if (strcmp(json_text_at(json, "plugin"), plugin) == 0)
			pid = json_integer_value(json_at(json, "pid"));
		json_decref(json);
	}
	assert_true(pid > 0);
	return pid;
}

static bool one_process_did_it(const char *command, const char *path)
{
	struct run_call call = pod_call(&node.pods[0], command);

	call.path = path;
	json_decref(run_result(&call));
	return pid_of("cbr-bridge") == pid_of("hl-ipam");
}

static void log_calls(void)
{
	autofree char *keys = NULL;

	assert_true(asprintf(&keys, "\"logFile\": \"%s/log\"", node.tmp.path) > 0);
	node_config(&node, keys, POOL);
	node_pod(&node, "c1");
}

static void only_one_of_another_build_is_executed(void **state)
{
	static const char *const commands[] = { "STATUS", "ADD", "CHECK", "DEL", "GC" };

	(void)state;
	log_calls();
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(commands[i], "CHECK") == 0) {
			char *with_result;

			pod_add(&node.pods[0]);
			with_result = pod_config(&node.pods[0]);
			free(node.config);
			node.config = with_result;
		}
		assert_true(one_process_did_it(commands[i], NULL));
		assert_false(one_process_did_it(commands[i], elsewhere));
	}
}

/* The first directory that has one decides, as ever. */
static void what_the_path_names_is_what_works(void **state)
{
	autofree char *both = NULL;
	autofree char *bin = run_bin("");

	(void)state;
	log_calls();
	assert_true(asprintf(&both, "%s:%s", elsewhere, bin) > 0);
	assert_false(one_process_did_it("ADD", both));
	free(both);
	assert_true(asprintf(&both, "/nowhere:%s:%s", bin, elsewhere) > 0);
	assert_true(one_process_did_it("ADD", both));
}

/* Return: what a call prints, and what it says on stderr after that; owned by the caller */
static char *tell(const char *id, const char *command, const char *path)
{
	struct pod *pod = NULL;
	struct run_call call;
	struct run run;
	char *text;

	for (size_t i = 0; i < node.n_pods; i++)
		if (strcmp(node.pods[i].id, id) == 0)
			pod = &node.pods[i];
	assert_non_null(pod);
	call = pod_call(pod, command);
	call.path = path;
	run = run_plugin(&call);
	assert_true(asprintf(&text, "%d %s %s", run.status, run.out, run.err) > 0);
	run_done(&run);
	return text;
}

static void assert_same(const char *id, const char *command)
{
	autofree char *apart = tell(id, command, elsewhere);
	autofree char *resident = NULL;

	free(tell(id, "DEL", NULL));
	free(run_must(NULL, "rm -rf %s/networks/net", node.tmp.path));
	resident = tell(id, command, NULL);
	assert_string_equal(resident, apart);
}

/* Results and errors, in the words of each version. */
static void the_answers_are_the_same(void **state)
{
	static const char *const versions[] = { "0.2.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0" };
	static const char *const pools[] = {
		POOL ", \"routes\": [{\"dst\": \"10.9.0.0/16\", \"mtu\": 1300}]",
		"\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"10.23.0.0/24\"}], "
		"[{\"subnet\": \"fd00:22::/64\"}]]",
		"\"subnet\": \"10.22.0.0/33\"",
		"\"subnet\": \"10.22.0.0/24\", \"rangeStart\": \"10.23.0.1\"",
		POOL ", \"resolvConf\": \"/nowhere/resolv.conf\"",
		POOL ", \"logFile\": \"nowhere\"",
		POOL ", \"logFile\": \"/nowhere/log\"",
		POOL ", \"dataDir\": \"/proc/nowhere\"",
	};

	(void)state;
	node_pod(&node, "c1");
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		for (size_t j = 0; j < ARRAY_SIZE(pools); j++) {
			autofree char *keys = NULL;

			assert_true(asprintf(&keys,
					     "\"isDefaultGateway\": true, \"cniVersion\": \"%s\"",
					     versions[i]) > 0);
			node_config(&node, keys, pools[j]);
			assert_same("c1", "ADD");
			assert_same("c1", "STATUS");
		}
}

static void a_pool_without_room_says_so(void **state)
{
	autofree char *apart = NULL;
	autofree char *resident = NULL;

	(void)state;
	node_config(&node, "", "\"subnet\": \"10.22.0.0/30\"");
	pod_add(node_pod(&node, "c1"));
	node_pod(&node, "c2");
	apart = tell("c2", "ADD", elsewhere);
	resident = tell("c2", "ADD", NULL);
	assert_contains(resident, "\"code\": 11");
	assert_string_equal(resident, apart);
	assert_int_equal(node_reservations(&node), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(only_one_of_another_build_is_executed),
		TEST(what_the_path_names_is_what_works),
		TEST(the_answers_are_the_same),
		TEST(a_pool_without_room_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
