/* SPDX-License-Identifier: Apache-2.0 */
/* test_call.c - environment and stdin, and the order of complaints about them */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/call.h"
#include "cbr/cni/json.h"
#include "fixture.h"

#define ENV_MAX 8

#define ALL_BUT_COMMAND \
	"CNI_CONTAINERID=c1", "CNI_NETNS=/run/netns/c1", "CNI_IFNAME=eth0", "CNI_PATH=/opt/cni/bin"
#define PLAIN "{\"name\": \"net\", \"cniVersion\": \"1.1.0\"}"
#define SUPPORTED "[\"0.1.0\" \"0.2.0\" \"0.3.0\" \"0.3.1\" \"0.4.0\" \"1.0.0\" \"1.1.0\"]"

static void set_environment(const char *const *env)
{
	assert_int_equal(clearenv(), 0);
	for (size_t i = 0; i < ENV_MAX && env[i]; i++)
		assert_int_equal(putenv((char *)env[i]), 0);
}

static int stdin_with(const char *text, size_t len)
{
	int fd = memfd_create("stdin", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static int read_call(const char *const *env, const char *input, struct cni_call *ret,
		     struct error *err)
{
	autoclose int fd = stdin_with(input, strlen(input));

	set_environment(env);
	return cni_call_read(fd, ret, err);
}

static void reads_a_whole_call(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND,
						  "CNI_ARGS=IgnoreUnknown=1" };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(read_call(env, " " PLAIN "\n\n", &call, &err), &err);
	assert_int_equal(call.verb, CNI_ADD);
	assert_string_equal(call.container_id, "c1");
	assert_string_equal(call.netns, "/run/netns/c1");
	assert_string_equal(call.ifname, "eth0");
	assert_string_equal(call.args, "IgnoreUnknown=1");
	assert_string_equal(call.path, "/opt/cni/bin");
	assert_string_equal(call.network, "net");
	assert_string_equal(call.version->text, "1.1.0");
	assert_false(call.netns_override);
	assert_string_equal(call.text, " " PLAIN "\n\n");
	assert_int_equal(call.text_len, strlen(PLAIN) + 3);
	assert_int_equal(json_object_size(call.config), 2);
}

static void takes_every_verb(void **state)
{
	static const char *const names[] = { "ADD", "CHECK", "DEL", "GC", "STATUS" };
	char command[32];
	const char *const env[ENV_MAX] = { command, ALL_BUT_COMMAND };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_with(cni_call_done) struct cni_call call = { 0 };

		snprintf(command, sizeof(command), "CNI_COMMAND=%s", names[i]);
		assert_ok(read_call(env, PLAIN, &call, &err), &err);
		assert_string_equal(cni_verb_name(call.verb), names[i]);
	}
}

static void asks_each_verb_for_what_it_needs_only(void **state)
{
	static const char *const rows[][ENV_MAX] = {
		{ "CNI_COMMAND=DEL", "CNI_CONTAINERID=c1", "CNI_IFNAME=eth0", "CNI_PATH=/x" },
		{ "CNI_COMMAND=DEL", "CNI_CONTAINERID=c1", "CNI_IFNAME=eth0", "CNI_PATH=/x",
		  "CNI_NETNS=" },
		{ "CNI_COMMAND=GC", "CNI_PATH=/x" },
		{ "CNI_COMMAND=STATUS", "CNI_PATH=/x" },
		{ "CNI_COMMAND=STATUS", "CNI_PATH=/x",
		  "CNI_CONTAINERID=", "CNI_IFNAME=", "CNI_NETNS=", "CNI_ARGS=" },
		/* Values that a verb does not need are not checked. */
		{ "CNI_COMMAND=GC", "CNI_PATH=/x", "CNI_CONTAINERID=-", "CNI_IFNAME=a/b" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_with(cni_call_done) struct cni_call call = { 0 };

		assert_ok(read_call(rows[i], PLAIN, &call, &err), &err);
	}
}

static void never_reads_stdin_for_version(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=VERSION" };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };

	(void)state;
	set_environment(env);
	assert_ok(cni_call_read(-1, &call, &err), &err);
	assert_int_equal(call.verb, CNI_VERSION);
	assert_string_equal(call.version->text, CNI_VERSION_NEWEST);
	assert_null(call.config);
}

static void takes_an_override_of_the_netns_check(void **state)
{
	static const struct {
		const char *variable;
		bool override;
	} rows[] = {
		{ "CNI_NETNS_OVERRIDE=TRUE", true }, { "CNI_NETNS_OVERRIDE=true", true },
		{ "CNI_NETNS_OVERRIDE=tRue", true }, { "CNI_NETNS_OVERRIDE=1", true },
		{ "CNI_NETNS_OVERRIDE=yes", false }, { "CNI_NETNS_OVERRIDE=", false },
		{ "CNI_NETNS_OVERRIDE=11", false },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND,
						   rows[i].variable };
		auto_with(cni_call_done) struct cni_call call = { 0 };

		assert_ok(read_call(env, PLAIN, &call, &err), &err);
		assert_int_equal(call.netns_override, rows[i].override);
	}
}

/* @version: the one that the error is told in, NULL = not known yet */
struct complaint {
	const char *env[ENV_MAX];
	const char *input;
	int code;
	const char *msg;
	const char *details;
	const char *version;
};

static void complains(const struct complaint *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		auto_with(cni_call_done) struct cni_call call = { 0 };
		struct error err = { 0 };

		assert_fails(read_call(rows[i].env, rows[i].input, &call, &err), &err, rows[i].code,
			     rows[i].msg);
		if (rows[i].msg[strlen(rows[i].msg) - 1] != ' ')
			assert_string_equal(err.msg, rows[i].msg);
		assert_string_equal(err.hint, rows[i].details ? rows[i].details : "");
		if (rows[i].version)
			assert_string_equal(call.version->text, rows[i].version);
		else
			assert_null(call.version);
	}
}

#define MISSING(names) "required env variables [" names "] missing"

static void complains_of_the_environment_first(void **state)
{
	static const struct complaint rows[] = {
		{ { NULL }, "", 4, MISSING("CNI_COMMAND"), NULL, NULL },
		{ { "CNI_COMMAND=" }, "", 4, MISSING("CNI_COMMAND"), NULL, NULL },
		{ { "CNI_COMMAND=ADD" },
		  "",
		  4,
		  MISSING("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=CHECK" },
		  "",
		  4,
		  MISSING("CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME,CNI_PATH"),
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=DEL" },
		  "",
		  4,
		  MISSING("CNI_CONTAINERID,CNI_IFNAME,CNI_PATH"),
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=GC" }, "", 4, MISSING("CNI_PATH"), NULL, NULL },
		{ { "CNI_COMMAND=STATUS" }, "", 4, MISSING("CNI_PATH"), NULL, NULL },
		{ { "CNI_COMMAND=ADD", "CNI_CONTAINERID=", "CNI_NETNS=/x", "CNI_IFNAME=e",
		    "CNI_PATH=" },
		  "{",
		  4,
		  MISSING("CNI_CONTAINERID,CNI_PATH"),
		  NULL,
		  NULL },
		/* A bad value beats whatever is missing, before or behind it. */
		{ { "CNI_COMMAND=ADD", "CNI_CONTAINERID=-c" },
		  "",
		  4,
		  "invalid characters in containerID",
		  "-c",
		  NULL },
		{ { "CNI_COMMAND=ADD", "CNI_IFNAME=." },
		  "",
		  4,
		  "interface name is . or ..",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=DEL", "CNI_CONTAINERID=c\n", "CNI_IFNAME=a/b" },
		  "",
		  4,
		  "invalid characters in containerID",
		  "c?",
		  NULL },
		{ { "CNI_COMMAND=ADD", "CNI_CONTAINERID=c", "CNI_IFNAME=a/b" },
		  "",
		  4,
		  "interface name contains / or : or whitespace characters",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", "CNI_IFNAME=a:b" },
		  "",
		  4,
		  "interface name contains / or : or whitespace characters",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=CHECK", "CNI_IFNAME=a b" },
		  "",
		  4,
		  "interface name contains / or : or whitespace characters",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", "CNI_IFNAME=sixteen-letters-" },
		  "",
		  4,
		  "interface name is too long",
		  "interface name should be less than 16 characters",
		  NULL },
	};

	(void)state;
	complains(rows, ARRAY_SIZE(rows));
}

static void complains_of_stdin_next(void **state)
{
	static const struct complaint rows[] = {
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "",
		  6,
		  "error unmarshall network config: unexpected end of JSON input",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "{",
		  6,
		  "error unmarshall network config: ",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  PLAIN "x",
		  6,
		  "error unmarshall network config: ",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "[]",
		  6,
		  "error unmarshall network config: it is no object",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "null",
		  7,
		  "missing network name",
		  NULL,
		  "0.1.0" },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "{}",
		  7,
		  "missing network name",
		  NULL,
		  "0.1.0" },
		{ { "CNI_COMMAND=DEL", ALL_BUT_COMMAND },
		  "{\"name\": \"\"}",
		  7,
		  "missing network name",
		  NULL,
		  "0.1.0" },
		{ { "CNI_COMMAND=DEL", ALL_BUT_COMMAND },
		  "{\"name\": null, \"cniVersion\": \"0.4.0\"}",
		  7,
		  "missing network name",
		  NULL,
		  "0.4.0" },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "{\"name\": 1, \"cniVersion\": \"1.0.0\"}",
		  6,
		  "error unmarshall network config: name must be a string, not 1",
		  NULL,
		  "1.0.0" },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "{\"name\": \"../x\"}",
		  7,
		  "invalid characters found in network name",
		  "../x",
		  "0.1.0" },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  "{\"name\": \"a b\", \"cniVersion\": \"9.9.9\"}",
		  7,
		  "invalid characters found in network name",
		  "a b",
		  NULL },
		/* The command comes behind stdin. */
		{ { "CNI_COMMAND=NOPE" },
		  "",
		  6,
		  "error unmarshall network config: unexpected end of JSON input",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=NOPE" }, "{}", 7, "missing network name", NULL, "0.1.0" },
		{ { "CNI_COMMAND=NOPE" }, PLAIN, 4, "unknown CNI_COMMAND: NOPE", NULL, "1.1.0" },
		{ { "CNI_COMMAND=add" }, PLAIN, 4, "unknown CNI_COMMAND: add", NULL, "1.1.0" },
		{ { "CNI_COMMAND=ADD " }, PLAIN, 4, "unknown CNI_COMMAND: ADD ", NULL, "1.1.0" },
		{ { "CNI_COMMAND=NOPE" },
		  "{\"name\": \"n\", \"cniVersion\": \"9\"}",
		  4,
		  "unknown CNI_COMMAND: NOPE",
		  NULL,
		  NULL },
	};

	(void)state;
	complains(rows, ARRAY_SIZE(rows));
}

#define CONFIG(version) "{\"name\": \"n\", \"cniVersion\": " version "}"
#define DETAILS(version) "config is \"" version "\", plugin supports " SUPPORTED

static void complains_of_the_version_last(void **state)
{
	static const struct complaint rows[] = {
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  CONFIG("\"9.9.9\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("9.9.9"),
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  CONFIG("\"1.1\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("1.1"),
		  NULL },
		{ { "CNI_COMMAND=DEL", ALL_BUT_COMMAND },
		  CONFIG("\"0.5.0\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("0.5.0"),
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  CONFIG("\"x.y\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("x.y"),
		  NULL },
		{ { "CNI_COMMAND=ADD", ALL_BUT_COMMAND },
		  CONFIG("1"),
		  6,
		  "decoding version from network config: cniVersion must be a string, not 1",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=STATUS", "CNI_PATH=/x" },
		  CONFIG("[]"),
		  6,
		  "decoding version from network config: cniVersion must be a string, not []",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=CHECK", ALL_BUT_COMMAND },
		  CONFIG("\"0.3.1\""),
		  1,
		  "config version does not allow CHECK",
		  NULL,
		  "0.3.1" },
		{ { "CNI_COMMAND=CHECK", ALL_BUT_COMMAND },
		  "{\"name\": \"n\"}",
		  1,
		  "config version does not allow CHECK",
		  NULL,
		  "0.1.0" },
		{ { "CNI_COMMAND=CHECK", ALL_BUT_COMMAND },
		  CONFIG("\"0.4\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("0.4"),
		  NULL },
		{ { "CNI_COMMAND=GC", "CNI_PATH=/x" },
		  CONFIG("\"1.0.0\""),
		  1,
		  "config version does not allow GC",
		  NULL,
		  "1.0.0" },
		{ { "CNI_COMMAND=STATUS", "CNI_PATH=/x" },
		  CONFIG("\"1.0.0\""),
		  1,
		  "config version does not allow STATUS",
		  NULL,
		  "1.0.0" },
		{ { "CNI_COMMAND=STATUS", "CNI_PATH=/x" },
		  CONFIG("\"0.9\""),
		  1,
		  "config version does not allow STATUS",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=STATUS", "CNI_PATH=/x" },
		  CONFIG("\"1.1.1\""),
		  1,
		  "plugin version does not allow STATUS",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=CHECK", ALL_BUT_COMMAND },
		  CONFIG("\"2\""),
		  1,
		  "plugin version does not allow CHECK",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=GC", "CNI_PATH=/x" },
		  CONFIG("\"1.1\""),
		  1,
		  "incompatible CNI versions",
		  DETAILS("1.1"),
		  NULL },
		{ { "CNI_COMMAND=GC", "CNI_PATH=/x" },
		  CONFIG("\"1.1.0.0\""),
		  6,
		  "invalid version \"1.1.0.0\": too many parts",
		  NULL,
		  NULL },
		{ { "CNI_COMMAND=CHECK", ALL_BUT_COMMAND },
		  CONFIG("\"new\""),
		  6,
		  "invalid version \"new\": a part is no number",
		  NULL,
		  NULL },
	};

	(void)state;
	complains(rows, ARRAY_SIZE(rows));
}

static void takes_config_keys_in_any_case(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(read_call(env, "{\"NAME\": \"n\", \"CniVersion\": \"0.4.0\"}", &call, &err),
		  &err);
	assert_string_equal(call.network, "n");
	assert_string_equal(call.version->text, "0.4.0");
}

static void says_when_stdin_cannot_be_read(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };

	(void)state;
	set_environment(env);
	assert_fails(cni_call_read(-1, &call, &err), &err, ERROR_IO,
		     "error reading from stdin: Bad file descriptor");
	assert_int_equal(err.errnum, EBADF);
}

static void bounds_stdin(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND };
	autofree char *fits = fixture_repeat(PLAIN, " ", CNI_JSON_MAX_SIZE - strlen(PLAIN), "");
	autofree char *exceeds = fixture_repeat(fits, " ", 1, "");
	auto_with(cni_call_done) struct cni_call call = { 0 };
	auto_with(cni_call_done) struct cni_call refused = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(read_call(env, fits, &call, &err), &err);
	assert_int_equal(call.text_len, CNI_JSON_MAX_SIZE);
	assert_fails(read_call(env, exceeds, &refused, &err), &err, ERROR_DECODE,
		     "error unmarshall network config: JSON of more than 1048576 bytes");
}

static void refuses_nul_bytes(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	autoclose int fd = stdin_with("{\"name\": \"a\0b\"}", 15);
	struct error err = { 0 };

	(void)state;
	set_environment(env);
	assert_fails(cni_call_read(fd, &call, &err), &err, ERROR_DECODE,
		     "error unmarshall network config: ");
}

/* Every long or ugly text of the runtime must come through in one piece or cut. */
static void survives_long_and_ugly_values(void **state)
{
	autofree char *id = fixture_repeat("CNI_CONTAINERID=", "\xff-\n", 20000, "");
	autofree char *command = fixture_repeat("CNI_COMMAND=", "X\t", 20000, "");
	const char *const bad_id[ENV_MAX] = { "CNI_COMMAND=ADD", id };
	const char *const bad_command[ENV_MAX] = { command };
	auto_with(cni_call_done) struct cni_call first = { 0 };
	auto_with(cni_call_done) struct cni_call second = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_fails(read_call(bad_id, PLAIN, &first, &err), &err, ERROR_ENV,
		     "invalid characters in containerID");
	assert_fails(read_call(bad_command, PLAIN, &second, &err), &err, ERROR_ENV,
		     "unknown CNI_COMMAND: X?X?X?");
}

static void reads_a_pipe_in_pieces(void **state)
{
	static const char *const env[ENV_MAX] = { "CNI_COMMAND=ADD", ALL_BUT_COMMAND };
	autofree char *config = fixture_repeat(PLAIN, " ", 50000, "\n");
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };
	int ends[2];

	(void)state;
	/* Non-blocking, as some runtimes leave it: reading must wait all the same. */
	assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
	if (fork() == 0) {
		close(ends[0]);
		for (size_t done = 0; done < strlen(config);) {
			ssize_t put = write(ends[1], config + done, strlen(config) - done);

			done += put > 0 ? (size_t)put : 0;
		}
		_exit(0);
	}
	close(ends[1]);
	set_environment(env);
	assert_ok(cni_call_read(ends[0], &call, &err), &err);
	assert_int_equal(call.text_len, strlen(config));
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_whole_call),
		cmocka_unit_test(takes_every_verb),
		cmocka_unit_test(asks_each_verb_for_what_it_needs_only),
		cmocka_unit_test(never_reads_stdin_for_version),
		cmocka_unit_test(takes_an_override_of_the_netns_check),
		cmocka_unit_test(complains_of_the_environment_first),
		cmocka_unit_test(complains_of_stdin_next),
		cmocka_unit_test(complains_of_the_version_last),
		cmocka_unit_test(takes_config_keys_in_any_case),
		cmocka_unit_test(says_when_stdin_cannot_be_read),
		cmocka_unit_test(bounds_stdin),
		cmocka_unit_test(refuses_nul_bytes),
		cmocka_unit_test(survives_long_and_ugly_values),
		cmocka_unit_test(reads_a_pipe_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
