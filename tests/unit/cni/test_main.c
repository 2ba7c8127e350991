/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_main.c - what a plugin prints, and when it calls what
 *
 * The test is its own plugin: started with "plugin" as its first argument it serves a
 * call, and says on stderr which of its functions were called.
 */

#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/json.h"
#include "cbr/cni/main.h"
#include "run.h"

#define ENV_MAX 8
#define ALL_VERSIONS "0.1.0, 0.2.0, 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"

/* --- the plugin: the config's "fail" names the function that fails --- */

static int called(const struct cni_call *call, const char *name, struct error *err)
{
	const char *failing = "";
	struct error ignored;

	fprintf(stderr, "%s ", name);
	cni_json_string(call->config, "", "fail", &failing, &ignored);
	if (strcmp(failing, "codeless") == 0)
		return -1;
	if (strstr(failing, name) == NULL)
		return 0;
	error_set(err, ERROR_CONFLICT, "%s failed \xff", name);
	return error_hint(err, "as it was told");
}

#define BAD_NETNS "/bad"
#define BAD_NETNS_PAIR "CNI_NETNS=/bad"

static bool prepared;

static void prepare(void)
{
	prepared = true;
}

static int look_netns(const char *path, uint64_t *ret_dev, uint64_t *ret_ino)
{
	if (prepared)
		return -EACCES;
	*ret_dev = strlen(path);
	*ret_ino = strlen(path) + 1;
	return 0;
}

static int judge_netns(const char *path, uint64_t dev, uint64_t ino, struct error *err)
{
	assert_int_equal(dev, strlen(path));
	assert_int_equal(ino, strlen(path) + 1);
	fprintf(stderr, "judge ");
	return strcmp(path, BAD_NETNS) == 0 ? error_set(err, ERROR_NETNS, "judged %s", path) : 0;
}

static int add(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	const json_t *address = cni_json_get(call->config, "address");
	const char *text = address ? json_string_value(address) : "";
	const int made = cni_json_get(call->config, "there") ? 0 : 1;
	struct cni_ip *ip;

	if (called(call, "add", err) < 0)
		return -1;
	cni_result_add_interface(ret)->name = strdup(call->ifname);
	if (!*text)
		return made;
	ip = cni_result_add_ip(ret);
	ip->interface = 0;
	if (ip_prefix_parse(text, &ip->address) < 0)
		return -1;
	return made;
}

static int undo(const struct cni_call *call, struct error *err)
{
	return called(call, "undo", err);
}

static int del(const struct cni_call *call, struct error *err)
{
	return called(call, "del", err);
}

static int check(const struct cni_call *call, struct error *err)
{
	return called(call, "check", err);
}

static int gc(const struct cni_call *call, struct error *err)
{
	return called(call, "gc", err);
}

static int be_plugin(int argc, char **argv)
{
	static const struct cni_plugin plugin = {
		.name = "mock",
		.about = "tries the frame",
		.prepare = prepare,
		.look_netns = look_netns,
		.judge_netns = judge_netns,
		.add = add,
		.undo = undo,
		.del = del,
		.check = check,
		.gc = gc,
	};

	return cni_main(&plugin, argc, argv);
}

/* --- the tests --- */

static struct run run_mock(const char *const *env, const char *option, const char *input)
{
	const char *const argv[] = { "/proc/self/exe", "plugin", option, NULL };
	const struct run_what what = { .argv = argv, .env = env, .input = input };

	return run_program(&what);
}

static struct run serve_netns(const char *netns, const char *command, const char *input)
{
	char pair[64];
	const char *const env[ENV_MAX] = { pair, "CNI_CONTAINERID=c1", netns, "CNI_IFNAME=eth0",
					   "CNI_PATH=/p" };

	snprintf(pair, sizeof(pair), "CNI_COMMAND=%s", command);
	return run_mock(env, NULL, input);
}

static struct run serve(const char *command, const char *input)
{
	return serve_netns("CNI_NETNS=/n", command, input);
}

static void serves(const char *command, const char *input, int status, const char *out,
		   const char *calls)
{
	auto_with(run_done) struct run run = serve(command, input);

	assert_string_equal(run.out, out);
	assert_string_equal(run.err, calls);
	assert_int_equal(run.status, status);
}

#define CONFIG(version, more) "{\"name\": \"n\", \"cniVersion\": \"" version "\"" more "}"

static void prints_results_to_the_byte(void **state)
{
	(void)state;
	serves("ADD", CONFIG("1.1.0", ", \"address\": \"10.0.0.2/24\""), 0,
	       "{\n    \"cniVersion\": \"1.1.0\",\n    \"interfaces\": [\n        {\n"
	       "            \"name\": \"eth0\"\n        }\n    ],\n    \"ips\": [\n        {\n"
	       "            \"address\": \"10.0.0.2/24\",\n            \"interface\": 0\n"
	       "        }\n    ]\n}",
	       "judge add ");
	serves("ADD", CONFIG("0.4.0", ", \"address\": \"10.0.0.2/24\""), 0,
	       "{\n    \"cniVersion\": \"0.4.0\",\n    \"interfaces\": [\n        {\n"
	       "            \"name\": \"eth0\"\n        }\n    ],\n    \"ips\": [\n        {\n"
	       "            \"version\": \"4\",\n            \"interface\": 0,\n"
	       "            \"address\": \"10.0.0.2/24\"\n        }\n    ],\n    \"dns\": {}\n}",
	       "judge add ");
	serves("ADD", "{\"name\": \"n\", \"address\": \"10.0.0.2/24\"}", 0,
	       "{\n    \"cniVersion\": \"0.1.0\",\n    \"ip4\": {\n"
	       "        \"ip\": \"10.0.0.2/24\"\n    },\n    \"dns\": {}\n}",
	       "judge add ");
}

static void prints_nothing_for_other_verbs(void **state)
{
	(void)state;
	serves("DEL", CONFIG("1.1.0", ""), 0, "", "del ");
	serves("CHECK", CONFIG("0.4.0", ""), 0, "", "judge check ");
	serves("GC", CONFIG("1.1.0", ""), 0, "", "gc ");
	/* This plugin has no STATUS. */
	serves("STATUS", CONFIG("1.1.0", ""), 0, "", "");
}

static void prints_its_versions(void **state)
{
	(void)state;
	serves("VERSION", "not read", 0,
	       "{\"cniVersion\":\"1.1.0\",\"supportedVersions\":[\"0.1.0\",\"0.2.0\",\"0.3.0\","
	       "\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n",
	       "");
}

static void prints_errors_to_the_byte(void **state)
{
	(void)state;
	serves("DEL", CONFIG("0.3.1", ", \"fail\": \"del\""), 1,
	       "{\n    \"cniVersion\": \"0.3.1\",\n    \"code\": 103,\n"
	       "    \"msg\": \"del failed ?\",\n    \"details\": \"as it was told\"\n}",
	       "del ");
	serves("GC", CONFIG("1.0.0", ""), 1,
	       "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 1,\n"
	       "    \"msg\": \"config version does not allow GC\"\n}",
	       "");
	/* A version that we do not speak is not the one to answer in. */
	serves("ADD", CONFIG("3.0", ""), 1,
	       "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": 1,\n"
	       "    \"msg\": \"incompatible CNI versions\",\n"
	       "    \"details\": \"config is \\\"3.0\\\", plugin supports [\\\"0.1.0\\\" "
	       "\\\"0.2.0\\\" \\\"0.3.0\\\" \\\"0.3.1\\\" \\\"0.4.0\\\" \\\"1.0.0\\\" "
	       "\\\"1.1.0\\\"]\"\n}",
	       "");
	serves("ADD", "", 1,
	       "{\n    \"cniVersion\": \"1.1.0\",\n    \"code\": 6,\n"
	       "    \"msg\": \"error unmarshall network config: unexpected end of JSON input\"\n}",
	       "");
}

static void refuses_log_keys_in_error_unless_it_takes_down(void **state)
{
	static const char said[] = "mock: goes on without a log: logFile \"log\" is no absolute "
				   "path\n";
	char calls[160];

	(void)state;
	serves("ADD", CONFIG("1.0.0", ", \"logFile\": \"log\""), 1,
	       "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 7,\n"
	       "    \"msg\": \"logFile \\\"log\\\" is no absolute path\",\n    \"details\": "
	       "\"the directory that plugins are run in is the runtime's choice\"\n}",
	       "");
	serves("CHECK", CONFIG("1.0.0", ", \"logLevel\": \"x\""), 1,
	       "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 7,\n"
	       "    \"msg\": \"unknown logLevel \\\"x\\\"\",\n    \"details\": "
	       "\"it is one of error, warning, info, debug\"\n}",
	       "");
	snprintf(calls, sizeof(calls), "%sdel ", said);
	serves("DEL", CONFIG("1.0.0", ", \"logFile\": \"log\""), 0, "", calls);
	snprintf(calls, sizeof(calls), "%sgc ", said);
	serves("GC", CONFIG("1.1.0", ", \"logFile\": \"log\""), 0, "", calls);
}

static void goes_on_without_a_log_that_cannot_be_written(void **state)
{
	(void)state;
	serves("DEL", CONFIG("1.0.0", ", \"logFile\": \"/nowhere/log\""), 0, "",
	       "mock: goes on without a log: cannot open logFile /nowhere/log: No such file or "
	       "directory\ndel ");
	serves("CHECK", CONFIG("1.0.0", ", \"logFile\": \"/dev/null\""), 0, "",
	       "mock: goes on without a log: logFile /dev/null is no regular file\njudge check ");
}

static void never_prints_an_error_without_code(void **state)
{
	(void)state;
	serves("DEL", CONFIG("1.0.0", ", \"fail\": \"codeless\""), 1,
	       "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 100,\n    \"msg\": \"\"\n}",
	       "del ");
}

static void calls_nothing_for_a_bad_netns(void **state)
{
	static const char *const commands[] = { "ADD", "CHECK" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		auto_with(run_done) struct run run = serve_netns(BAD_NETNS_PAIR, commands[i],
								 CONFIG("1.0.0", ""));

		assert_string_equal(run.out, "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 8,\n"
					     "    \"msg\": \"judged /bad\"\n}");
		assert_string_equal(run.err, "judge ");
		assert_int_equal(run.status, 1);
	}
}

static void del_is_called_whatever_the_netns(void **state)
{
	auto_with(run_done) struct run run = serve_netns(BAD_NETNS_PAIR, "DEL",
							 CONFIG("1.0.0", ""));

	(void)state;
	assert_string_equal(run.err, "del ");
	assert_int_equal(run.status, 0);
}

static void any_netns_will_do_if_told_so(void **state)
{
	const char *const env[ENV_MAX] = { "CNI_COMMAND=CHECK", "CNI_CONTAINERID=c1",
					   BAD_NETNS_PAIR,      "CNI_IFNAME=eth0",
					   "CNI_PATH=/p",       "CNI_NETNS_OVERRIDE=1" };
	auto_with(run_done) struct run run = run_mock(env, NULL, CONFIG("1.0.0", ""));

	(void)state;
	assert_string_equal(run.err, "check ");
	assert_int_equal(run.status, 0);
}

static void does_not_undo_a_failed_add(void **state)
{
	(void)state;
	serves("ADD", CONFIG("1.0.0", ", \"fail\": \"add\""), 1,
	       "{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 103,\n"
	       "    \"msg\": \"add failed ?\",\n    \"details\": \"as it was told\"\n}",
	       "judge add ");
}

static void undoes_what_it_cannot_tell(void **state)
{
	(void)state;
	serves("ADD", CONFIG("0.2.0", ""), 1,
	       "{\n    \"cniVersion\": \"0.2.0\",\n    \"code\": 7,\n"
	       "    \"msg\": \"cannot convert: no valid IP addresses\"\n}",
	       "judge add undo ");
	serves("ADD", CONFIG("0.2.0", ", \"fail\": \"undo\""), 1,
	       "{\n    \"cniVersion\": \"0.2.0\",\n    \"code\": 7,\n"
	       "    \"msg\": \"cannot convert: no valid IP addresses\",\n"
	       "    \"details\": \"what was made is still there: undo failed ?\"\n}",
	       "judge add undo ");
}

/* @redirection: for the shell that starts the plugin */
static struct run serve_redirected(const char *command, const char *redirection)
{
	static const char config[] = CONFIG("1.0.0", ", \"address\": \"10.0.0.2/24\"");
	char exe[512] = "";

	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	return run_shell(NULL,
			 "echo '%s' | (CNI_COMMAND=%s CNI_CONTAINERID=c CNI_NETNS=/n "
			 "CNI_IFNAME=eth0 CNI_PATH=/p '%s' plugin %s; echo status $? >&2)",
			 config, command, exe, redirection);
}

static void undoes_what_it_cannot_print(void **state)
{
	static const struct {
		const char *redirection;
		const char *why;
	} rows[] = {
		{ ">/dev/full", "cannot write to stdout: No space left on device" },
		{ ">&-", "cannot write to stdout: Bad file descriptor" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_with(run_done) struct run run = serve_redirected("ADD", rows[i].redirection);

		assert_contains(run.err, "judge add undo ");
		assert_contains(run.err, rows[i].why);
		assert_contains(run.err, "status 1");
		assert_string_equal(run.out, "");
	}
}

static void survives_a_reader_that_is_gone(void **state)
{
	char exe[512] = "";
	auto_with(run_done) struct run run = { 0 };

	(void)state;
	assert_true(readlink("/proc/self/exe", exe, sizeof(exe) - 1) > 0);
	/* The reader says so when it has closed its end; only then is the result printed. */
	run = run_shell(NULL,
			"d=$(mktemp -d) && mkfifo $d/gone && { (cat $d/gone; echo '%s') | "
			"(CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS=/n CNI_IFNAME=eth0 "
			"CNI_PATH=/p '%s' plugin; echo status $? >&2) | "
			"(exec <&-; echo >$d/gone); rm -r $d; }",
			CONFIG("1.0.0", ""), exe);
	assert_contains(run.err, "judge add undo ");
	assert_contains(run.err, "cannot write to stdout: Broken pipe");
	assert_contains(run.err, "status 1");
}

static void tells_of_a_closed_stdin(void **state)
{
	auto_with(run_done) struct run run = serve_redirected("ADD", "<&-");

	(void)state;
	assert_contains(run.out, "\"code\": 5");
	assert_contains(run.out, "error reading from stdin: Bad file descriptor");
}

static void introduces_itself_to_people(void **state)
{
	static const char *const environments[][ENV_MAX] = {
		{ NULL },
		{ "CNI_COMMAND=" },
		{ "CNI_CONTAINERID=-bad", "CNI_IFNAME=a/b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(environments); i++) {
		auto_with(run_done) struct run run = run_mock(environments[i], NULL, "not read");

		assert_string_equal(run.err, "CNI mock plugin " CBR_VERSION "\n"
					     "CNI protocol versions supported: " ALL_VERSIONS "\n");
		assert_string_equal(run.out, "");
		assert_int_equal(run.status, 0);
	}
}

static void answers_options(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD" };
	auto_with(run_done) struct run version = run_mock(env, "--version", "");
	auto_with(run_done) struct run help = run_mock(env, "--help", "");

	(void)state;
	assert_string_equal(version.out, "mock " CBR_VERSION "\n");
	assert_string_equal(version.err, "");
	assert_int_equal(version.status, 0);
	assert_contains(help.out, "mock " CBR_VERSION " - tries the frame\n");
	assert_contains(help.out, "ADD, DEL, CHECK, GC, STATUS or VERSION");
	assert_contains(help.out, "CNI_NETNS");
	assert_contains(help.out, "mock(8)");
	assert_string_equal(help.err, "");
	assert_int_equal(help.status, 0);
}

static void knows_no_other_argument(void **state)
{
	static const char *const nobody[ENV_MAX] = { NULL };
	static const char *const runtime[ENV_MAX] = { "CNI_COMMAND=VERSION" };
	auto_with(run_done) struct run by_hand = run_mock(nobody, "list", "");
	auto_with(run_done) struct run call = run_mock(runtime, "list", "");

	(void)state;
	assert_string_equal(by_hand.out, "");
	assert_string_equal(by_hand.err, "mock: unknown argument list\nTry: mock --help\n");
	assert_int_equal(by_hand.status, 1);
	assert_int_equal(call.status, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_results_to_the_byte),
		cmocka_unit_test(prints_nothing_for_other_verbs),
		cmocka_unit_test(prints_its_versions),
		cmocka_unit_test(prints_errors_to_the_byte),
		cmocka_unit_test(refuses_log_keys_in_error_unless_it_takes_down),
		cmocka_unit_test(goes_on_without_a_log_that_cannot_be_written),
		cmocka_unit_test(never_prints_an_error_without_code),
		cmocka_unit_test(calls_nothing_for_a_bad_netns),
		cmocka_unit_test(del_is_called_whatever_the_netns),
		cmocka_unit_test(any_netns_will_do_if_told_so),
		cmocka_unit_test(does_not_undo_a_failed_add),
		cmocka_unit_test(undoes_what_it_cannot_tell),
		cmocka_unit_test(undoes_what_it_cannot_print),
		cmocka_unit_test(survives_a_reader_that_is_gone),
		cmocka_unit_test(tells_of_a_closed_stdin),
		cmocka_unit_test(introduces_itself_to_people),
		cmocka_unit_test(answers_options),
		cmocka_unit_test(knows_no_other_argument),
	};

	if (argc > 1 && strcmp(argv[1], "plugin") == 0)
		return be_plugin(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
