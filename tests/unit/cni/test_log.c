/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - which keys open a log, and what its lines are like */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/cni/log.h"
#include "fixture.h"
#include "json.h"

/* A log to "<tmp>/log", of a call with these keys beside logFile. */
struct scene {
	const struct tmp *tmp;
	struct cni_call call;
	struct cni_log log;
};

static void scene_done(struct scene *scene)
{
	cni_log_done(&scene->log);
	cni_call_done(&scene->call);
}

static struct scene scene(const struct tmp *tmp, const char *keys)
{
	struct scene made = { .tmp = tmp, .log = CNI_LOG_NONE };
	autofree char *config = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&config, "{\"logFile\": \"%s/log\"%s}", tmp->path, keys) > 0);
	made.call = fixture_call(config);
	setenv("CNI_COMMAND", "ADD", 1);
	assert_int_equal(
		assert_ok(cni_log_open(&made.call, "mock", NULL, clock_now_ns(), &made.log, &err),
			  &err),
		1);
	return made;
}

/* The lines of a log, each of which must be a JSON object, as an array. */
static json_t *lines(const struct tmp *tmp)
{
	autofree char *text = tmp_read(tmp, "log");
	json_t *array = json_array();
	char *rest = text;
	char *line;

	assert_non_null(text);
	while ((line = strsep(&rest, "\n")) && rest) {
		for (const char *c = line; *c; c++)
			assert_true(*c >= 0x20 && *c < 0x7f);
		json_array_append_new(array, json_parse(line));
	}
	/* The last one ended, too. */
	assert_string_equal(line, "");
	return array;
}

static void refuses_keys_in_error(void **state)
{
	static const struct {
		const char *config;
		int code;
		const char *text;
	} rows[] = {
		{ "{\"logFile\": \"log\"}", ERROR_CONFIG, "\"log\" is no absolute path" },
		{ "{\"logFile\": \"./log\"}", ERROR_CONFIG, "\"./log\"" },
		{ "{\"logFile\": 1}", ERROR_DECODE, "logFile must be a string" },
		{ "{\"logLevel\": \"loud\"}", ERROR_CONFIG, "unknown logLevel \"loud\"" },
		{ "{\"logLevel\": \"INFO\"}", ERROR_CONFIG, "unknown logLevel \"INFO\"" },
		{ "{\"logLevel\": true}", ERROR_DECODE, "logLevel must be a string" },
		{ "{\"own\": {\"logFile\": \"x\"}, \"logFile\": \"/x\"}", ERROR_CONFIG, "\"x\"" },
		{ "{\"own\": {\"logLevel\": 2}}", ERROR_DECODE, "own.logLevel" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_with(cni_call_done) struct cni_call call = fixture_call(rows[i].config);
		struct cni_log log = CNI_LOG_NONE;
		struct error err = { 0 };

		assert_fails(cni_log_open(&call, "mock", "own", 0, &log, &err), &err, rows[i].code,
			     rows[i].text);
		assert_int_equal(log.fd, -1);
	}
}

static void is_off_unless_asked_for(void **state)
{
	static const char *const configs[] = {
		"{}",
		"{\"logFile\": null, \"logLevel\": null}",
		"{\"logFile\": \"\", \"logLevel\": \"\"}",
		"{\"logLevel\": \"debug\"}",
		"{\"own\": {\"logFile\": \"\"}, \"logFile\": \"/nowhere/log\"}",
		"{\"own\": [], \"other\": {\"logFile\": \"/nowhere/log\"}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++) {
		auto_with(cni_call_done) struct cni_call call = fixture_call(configs[i]);
		struct cni_log log = CNI_LOG_NONE;
		struct error err = { 0 };

		assert_int_equal(assert_ok(cni_log_open(&call, "mock", "own", 0, &log, &err), &err),
				 0);
		cni_log_call(&log, NULL);
	}
}

static void steps_cost_nothing_without_a_log(void **state)
{
	const struct cni_step step = cni_step_begin(NULL, "any");
	const struct error err = { 0 };

	(void)state;
	assert_int_equal(step.start_ns, 0);
	cni_step_end(&step);
	cni_log_warn(NULL, &err);
}

static void refuses_what_is_no_regular_file(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *target = tmp_write(tmp, "target", "precious\n", 0600);
	autofree char *dir = tmp_mkdir(tmp, "dir");
	autofree char *link = tmp_path(tmp, "link");
	autofree char *dangling = tmp_path(tmp, "dangling");
	autofree char *fifo = tmp_path(tmp, "fifo");
	autoclose int reader = fixture_fifo(tmp);
	const char *const paths[] = { dir, link, dangling, fifo, "/dev/null", "/nowhere/log" };
	autofree char *seen = NULL;

	assert_int_equal(symlink(target, link), 0);
	assert_int_equal(symlink("made", dangling), 0);
	assert_true(reader >= 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		auto_with(cni_call_done) struct cni_call call = { 0 };
		autofree char *config = NULL;
		struct cni_log log = CNI_LOG_NONE;
		struct error err = { 0 };

		assert_true(asprintf(&config, "{\"logFile\": \"%s\"}", paths[i]) > 0);
		call = fixture_call(config);
		assert_fails(cni_log_open(&call, "mock", NULL, 0, &log, &err), &err, ERROR_IO,
			     paths[i]);
	}
	seen = tmp_read(tmp, "target");
	assert_string_equal(seen, "precious\n");
	assert_false(tmp_exists(tmp, "made"));
}

static void a_call_is_a_line(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, "");
	struct stat st;
	json_t *all;

	cni_step_end(&(struct cni_step){ .log = &s.log, .name = "a step", .start_ns = 1 });
	cni_log_call(&s.log, NULL);
	all = lines(s.tmp);
	assert_json_size(all, "", 1);
	assert_json_text(all, "0.level", "info");
	assert_json_text(all, "0.plugin", "mock");
	assert_json_text(all, "0.version", CBR_VERSION);
	assert_json_text(all, "0.command", "ADD");
	assert_json_text(all, "0.network", "net");
	assert_json_text(all, "0.container", "c1");
	assert_json_text(all, "0.ifname", "eth0");
	assert_json_text(all, "0.event", "call");
	assert_json_text(all, "0.outcome", "ok");
	assert_json_absent(all, "0.code");
	assert_json_absent(all, "0.pod");
	assert_json_size(all, "0.steps", 1);
	assert_json_text(all, "0.steps.0.step", "a step");
	assert_json_absent(all, "0.steps.0.run_us");
	json_decref(all);
	assert_int_equal(fstat(s.log.fd, &st), 0);
	assert_int_equal(st.st_mode & 0777 & ~0640, 0);
	assert_int_equal(fcntl(s.log.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
}

static void durations_are_microseconds(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, "");
	const int64_t begin = clock_now_ns();
	int64_t slept_us;
	json_t *all;

	/* A step that began two seconds ago, of something that has run for five. */
	cni_step_end(&(struct cni_step){ .log = &s.log,
					 .name = "long",
					 .start_ns = begin - 2000000000,
					 .since_ns = begin - 5000000000 });
	s.log.start_ns = begin - 9000000000;
	cni_log_call(&s.log, NULL);
	slept_us = (clock_now_ns() - begin) / 1000;
	all = lines(s.tmp);
	assert_in_range(json_integer_value(json_at(all, "0.us")), 9000000, 9000000 + slept_us);
	assert_in_range(json_integer_value(json_at(all, "0.steps.0.us")), 2000000,
			2000000 + slept_us);
	assert_in_range(json_integer_value(json_at(all, "0.steps.0.run_us")), 5000000,
			5000000 + slept_us);
	json_decref(all);
}

static void time_is_rfc_3339_in_utc(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, "");
	struct tm tm = { 0 };
	time_t before = time(NULL);
	const char *end;
	json_t *all;

	setenv("TZ", "Asia/Tokyo", 1);
	cni_log_call(&s.log, NULL);
	unsetenv("TZ");
	all = lines(s.tmp);
	end = strptime(json_text_at(all, "0.time"), "%Y-%m-%dT%H:%M:%S", &tm);
	assert_non_null(end);
	assert_in_range(timegm(&tm), before, time(NULL));
	assert_int_equal(*end, '.');
	assert_int_equal(strspn(end + 1, "0123456789"), 6);
	assert_string_equal(end + 7, "Z");
	json_decref(all);
}

static void each_level_has_those_before_it(void **state)
{
	static const struct {
		const char *level;
		const char *events;
	} rows[] = {
		{ "error", "call:error " },
		{ "warning", "warning:warning call:error " },
		{ "info", "warning:warning call:info call:error " },
		{ "debug", "begin:debug step:debug warning:warning call:info call:error " },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char keys[64];
		char seen[256] = "";
		json_t *all;
		json_t *line;
		size_t j;

		snprintf(keys, sizeof(keys), ", \"logLevel\": \"%s\"", rows[i].level);
		{
			auto_with(scene_done) struct scene s = scene(*state, keys);
			struct error err = { 0 };
			struct cni_step step = cni_step_begin(&s.log, "%s", "one");

			cni_step_end(&step);
			error_set(&err, ERROR_CONFLICT, "no");
			cni_log_warn(&s.log, &err);
			cni_log_call(&s.log, NULL);
			cni_log_call(&s.log, &err);
			all = lines(s.tmp);
			assert_int_equal(ftruncate(s.log.fd, 0), 0);
		}
		json_array_foreach (all, j, line) {
			strcat(strcat(seen, json_text_at(line, "event")), ":");
			strcat(strcat(seen, json_text_at(line, "level")), " ");
		}
		assert_string_equal(seen, rows[i].events);
		json_decref(all);
	}
}

static void an_error_is_told_whole(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, ", \"logLevel\": \"error\"");
	struct error err = { 0 };
	json_t *all;

	error_set(&err, ERROR_CONFLICT, "it is there");
	error_hint(&err, "remove it");
	cni_log_call(&s.log, &err);
	all = lines(s.tmp);
	assert_json_text(all, "0.outcome", "error");
	assert_json_int(all, "0.code", ERROR_CONFLICT);
	assert_json_text(all, "0.msg", "it is there");
	assert_json_text(all, "0.details", "remove it");
	json_decref(all);
}

/* Whatever is in a text, it is one line of printable ASCII that reads back as it was. */
static void texts_stay_on_their_line(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, "");
	struct error err = { .code = 1 };
	json_t *all;

	snprintf(err.msg, sizeof(err.msg), "%s",
		 "a\"b\\c\n\r\t\b\x01\x1b[31m\x7f\x7f/\xc2\x85\xe2\x80\xa8\xc3\xa9");
	snprintf(err.hint, sizeof(err.hint), "%s", "no \xff UTF-8 \xe2\x80\n");
	cni_log_call(&s.log, &err);
	all = lines(s.tmp);
	assert_json_size(all, "", 1);
	assert_json_text(all, "0.msg", err.msg);
	assert_json_text(all, "0.details", "no ? UTF-8 ??\n");
	json_decref(all);
}

static void pod_and_trace_are_told_if_known(void **state)
{
	static const struct {
		const char *args;
		const char *parent;
		const char *pod;
		const char *trace;
	} rows[] = {
		{ "", "", NULL, NULL },
		{ "K8S_POD_NAME=web;K8S_POD_NAMESPACE=default",
		  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "web",
		  "0af7651916cd43dd8448eb211c80319c" },
		/* As far as it is understood. */
		{ "x;IP=nonsense;K8S_POD_NAME=web", "00-nonsense", "web", NULL },
		{ "K8S_POD_NAME=web;UNKNOWN=x", "", "web", NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s;
		json_t *all;

		setenv("TRACEPARENT", rows[i].parent, 1);
		s = scene(*state, "");
		cni_log_done(&s.log);
		s.call.args = rows[i].args;
		s.log = CNI_LOG_NONE;
		assert_int_equal(cni_log_open(&s.call, "mock", NULL, 0, &s.log, NULL), 1);
		cni_log_call(&s.log, NULL);
		all = lines(s.tmp);
		assert_int_equal(ftruncate(s.log.fd, 0), 0);
		if (rows[i].pod)
			assert_json_text(all, "0.pod", rows[i].pod);
		else
			assert_json_absent(all, "0.pod");
		if (rows[i].trace)
			assert_json_text(all, "0.trace_id", rows[i].trace);
		else
			assert_json_absent(all, "0.trace_id");
		json_decref(all);
		scene_done(&s);
	}
	unsetenv("TRACEPARENT");
}

static void a_name_without_end_is_cut(void **state)
{
	autofree char *name = fixture_repeat("", "x", 100000, "");
	auto_with(scene_done) struct scene s = scene(*state, "");
	json_t *all;

	cni_log_done(&s.log);
	s.call.container_id = name;
	assert_int_equal(cni_log_open(&s.call, "mock", NULL, 0, &s.log, NULL), 1);
	cni_log_call(&s.log, NULL);
	all = lines(s.tmp);
	assert_int_equal(strlen(json_text_at(all, "0.container")), 1023);
	json_decref(all);
}

static void a_line_that_is_lost_is_known(void **state)
{
	auto_with(scene_done) struct scene s = scene(*state, "");
	struct rlimit limit;
	struct rlimit none;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	cni_log_call(&s.log, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(s.log.lost, EFBIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_keys_in_error),
		cmocka_unit_test(is_off_unless_asked_for),
		cmocka_unit_test(steps_cost_nothing_without_a_log),
		FIXTURE_TMP(refuses_what_is_no_regular_file),
		FIXTURE_TMP(a_call_is_a_line),
		FIXTURE_TMP(durations_are_microseconds),
		FIXTURE_TMP(time_is_rfc_3339_in_utc),
		FIXTURE_TMP(each_level_has_those_before_it),
		FIXTURE_TMP(an_error_is_told_whole),
		FIXTURE_TMP(texts_stay_on_their_line),
		FIXTURE_TMP(pod_and_trace_are_told_if_known),
		FIXTURE_TMP(a_name_without_end_is_cut),
		FIXTURE_TMP(a_line_that_is_lost_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
