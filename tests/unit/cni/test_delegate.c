/* SPDX-License-Identifier: Apache-2.0 */
/* test_delegate.c - find other people's plugins, and start them */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "cbr/cni/json.h"
#include "fixture.h"
#include "tmp.h"

#define CONFIG "{\"cniVersion\": \"1.0.0\", \"name\": \"net\"}\n"

static void gives_the_bytes_of_stdin(void **state)
{
	autofree char *padded = fixture_repeat(CONFIG, " \n", 400000, "\t");
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(*state, padded);
	autofree char *script = NULL;
	autofree char *seen = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&script, "cat > %s/seen", ((struct tmp *)*state)->path) > 0);
	fixture_script(*state, script);
	assert_ok(cni_delegate_run(&call, "fake", CNI_DEL, NULL, &err), &err);
	seen = tmp_read(*state, "seen");
	assert_string_equal(seen, padded);
}

/* What the delegate's first moments look like, as the kernel tells. */
static char *look_from_within(const struct tmp *tmp, const char *what, enum cni_verb verb)
{
	autofree char *script = NULL;
	struct error err = { 0 };

	assert_true(asprintf(&script, "%s > %s/seen", what, tmp->path) > 0);
	assert_ok(fixture_run(tmp, script, verb, NULL, &err), &err);
	return tmp_read(tmp, "seen");
}

static void gives_the_protocols_environment_only(void **state)
{
	static const char *const env[] = {
		"CNI_COMMAND=ADD",
		"CNI_IFNAME=eth0",
		"CNI_ARGS=a=b;c=d",
		"CNI_ANY=1",
		"PATH=/usr/bin:/bin",
		"TRACEPARENT=t",
		"TRACESTATE=s",
		"BAGGAGE=",
		"HOME=/root",
		"LD_PRELOAD=",
		"CNI=1",
		"PATHS=1",
		"XCNI_COMMAND=ADD",
		"ENV=/x",
		"CNI_COMMANDS=x",
	};
	autofree char *seen = NULL;

	clearenv();
	for (size_t i = 0; i < ARRAY_SIZE(env); i++)
		assert_int_equal(putenv((char *)env[i]), 0);
	seen = look_from_within(*state, "tr '\\0' '\\n' < /proc/$$/environ | LC_ALL=C sort",
				CNI_STATUS);
	assert_string_equal(seen,
			    "BAGGAGE=\nCNI_ANY=1\nCNI_ARGS=a=b;c=d\nCNI_COMMAND=STATUS\n"
			    "CNI_COMMANDS=x\nCNI_IFNAME=eth0\nPATH=/usr/bin:/bin\nTRACEPARENT=t\n"
			    "TRACESTATE=s\n");
}

/* Of equal names getenv(3) takes the first, so no other may reach the delegate. */
static void gives_each_variable_once(void **state)
{
	const char *env[] = { "CNI_IFNAME=first",  "CNI_COMMAND=ADD", "PATH=/usr/bin:/bin",
			      "CNI_IFNAME=second", "CNI_COMMAND=DEL", NULL };
	char **saved = environ;
	autofree char *seen = NULL;

	environ = (char **)env;
	seen = look_from_within(*state, "tr '\\0' '\\n' < /proc/$$/environ", CNI_CHECK);
	environ = saved;
	assert_string_equal(seen, "CNI_COMMAND=CHECK\nCNI_IFNAME=first\nPATH=/usr/bin:/bin\n");
}

static void gives_default_signals(void **state)
{
	autofree char *seen = NULL;
	sigset_t blocked;
	sigset_t saved;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGUSR1);
	sigprocmask(SIG_BLOCK, &blocked, &saved);
	seen = look_from_within(*state, "exec grep -E 'SigBlk|SigIgn' /proc/self/status", CNI_DEL);
	sigprocmask(SIG_SETMASK, &saved, NULL);
	assert_contains(seen, "SigBlk:\t0000000000000000");
	/* libc keeps two signals of its own, above these, ignored. */
	assert_non_null(strstr(seen, "SigIgn:\t"));
	assert_int_equal(strtoull(strstr(seen, "SigIgn:\t") + 8, NULL, 16) & 0x7fffffff, 0);
}

static void gives_no_descriptor_that_a_runtime_left_open(void **state)
{
	const int left[] = { open("/dev/null", O_RDONLY), fcntl(0, F_DUPFD, 700) };
	autofree char *seen = NULL;

	seen = look_from_within(*state, "exec ls /proc/self/fd", CNI_DEL);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++)
		close(left[i]);
	/* Three of its own, and that of the list. */
	assert_string_equal(seen, "0\n1\n2\n3\n");
}

static void ends_one_that_nobody_waits_for(void **state)
{
	const struct tmp *tmp = *state;
	autoclose int fifo = fixture_fifo(tmp);
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(tmp, CONFIG);
	struct cni_delegate delegate = CNI_DELEGATE_NONE;
	struct pollfd word = { .fd = fifo, .events = POLLIN };
	autofree char *script = NULL;
	struct error err = { 0 };
	pid_t pid;

	assert_true(asprintf(&script, "exec 9>%s/fifo; echo here >&9; exec sleep 1000", tmp->path) >
		    0);
	fixture_script(tmp, script);
	assert_ok(cni_delegate_start(&call, "fake", CNI_ADD, &delegate, &err), &err);
	assert_int_equal(poll(&word, 1, FIXTURE_PATIENCE_MS), 1);
	pid = delegate.pid;
	cni_delegate_done(&delegate);
	assert_int_equal(delegate.pid, 0);
	assert_int_equal(waitpid(pid, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	cni_delegate_done(&delegate);
}

static void waits_for_nobody_if_nobody_was_started(void **state)
{
	struct cni_delegate delegate = CNI_DELEGATE_NONE;
	const struct deadline deadline = deadline_in(0);
	struct error err = { 0 };

	(void)state;
	assert_fails(cni_delegate_wait(&delegate, &deadline, NULL, &err), &err, ERROR_DELEGATE,
		     "no plugin was started");
}

static int find(const char *path, const char *type, char **ret, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call("{}");

	call.path = path;
	return cni_delegate_find(&call, type, ret, err);
}

static void finds_the_first_regular_file(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *one = tmp_mkdir(tmp, "one");
	autofree char *two = tmp_mkdir(tmp, "two");
	autofree char *ipam = tmp_write(tmp, "two/ipam", "", 0755);
	autofree char *link = tmp_path(tmp, "one/link");
	autofree char *dangling = tmp_path(tmp, "one/dangling");
	autofree char *path = NULL;
	autofree char *found = NULL;
	autofree char *found_link = NULL;
	struct error err = { 0 };

	free(tmp_mkdir(tmp, "one/ipam"));
	assert_int_equal(symlink(ipam, link), 0);
	assert_int_equal(symlink("/nowhere", dangling), 0);
	assert_true(asprintf(&path, ":%s::/nowhere:%s:", one, two) > 0);
	assert_ok(find(path, "ipam", &found, &err), &err);
	assert_string_equal(found, ipam);
	assert_ok(find(path, "link", &found_link, &err), &err);
	assert_string_equal(found_link, link);
	assert_fails(find(path, "dangling", &found, &err), &err, ERROR_DELEGATE,
		     "failed to find plugin \"dangling\" in path [");
	assert_fails(find(path, "..", &found, &err), &err, ERROR_DELEGATE, "failed to find plugin");
}

static void never_looks_into_the_working_directory(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *found = NULL;
	struct error err = { 0 };

	fixture_script(tmp, "true");
	assert_int_equal(chdir(tmp->path), 0);
	assert_fails(find("::", "fake", &found, &err), &err, ERROR_DELEGATE,
		     "failed to find plugin \"fake\" in path [");
	assert_int_equal(chdir("/"), 0);
}

static void refuses_names(void **state)
{
	static const struct {
		const char *path;
		const char *type;
		const char *msg;
	} rows[] = {
		{ "/a:/b", "", "no plugin name provided" },
		{ "/a:/b", "../nope", "invalid plugin name: ../nope" },
		{ "/a:/b", "/bin/sh", "invalid plugin name: /bin/sh" },
		{ "", "zz", "no paths provided" },
		{ "", "", "no plugin name provided" },
		{ "/a:/b", "zz", "failed to find plugin \"zz\" in path [/a /b]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		char *found = NULL;

		assert_fails(find(rows[i].path, rows[i].type, &found, &err), &err, ERROR_DELEGATE,
			     rows[i].msg);
		assert_string_equal(err.msg, rows[i].msg);
		assert_null(found);
	}
}

static void says_what_cannot_be_executed(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *why;
	} rows[] = {
		{ "no program", 0755, "Exec format error" },
		{ "#!/nowhere/sh\n", 0755, "No such file or directory" },
		{ "#!/bin/sh\n", 0644, "Permission denied" },
		{ "", 0755, "Exec format error" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_with(cni_call_done) struct cni_call call = fixture_call_in(*state, CONFIG);
		struct error err = { 0 };

		free(tmp_write(*state, "fake", rows[i].text, rows[i].mode));
		assert_fails(cni_delegate_run(&call, "fake", CNI_DEL, NULL, &err), &err,
			     ERROR_DELEGATE, "cannot run plugin \"fake\": execute ");
		assert_contains(err.msg, rows[i].why);
	}
}

/* Written to by another process for as long as @hold is open. Return: its pid. */
static pid_t write_elsewhere(const struct tmp *tmp, int hold_ms)
{
	autofree char *path = tmp_path(tmp, "fake");
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		int fd = open(path, O_WRONLY);

		close(ready[0]);
		if (fd < 0 || write(ready[1], "x", 1) != 1)
			_exit(1);
		poll(NULL, 0, hold_ms);
		_exit(0);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void waits_for_a_program_that_is_being_written(void **state)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(*state, CONFIG);
	struct error err = { 0 };
	pid_t writer;

	fixture_script(*state, "true");
	writer = write_elsewhere(*state, 100);
	assert_ok(cni_delegate_run(&call, "fake", CNI_DEL, NULL, &err), &err);
	waitpid(writer, NULL, 0);
}

static void gives_up_on_a_program_that_stays_busy(void **state)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(*state, CONFIG);
	struct error err = { 0 };
	pid_t writer;

	fixture_script(*state, "true");
	writer = write_elsewhere(*state, FIXTURE_PATIENCE_MS);
	assert_fails(cni_delegate_run(&call, "fake", CNI_DEL, NULL, &err), &err, ERROR_DELEGATE,
		     "Text file busy");
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
}

static void leaves_no_descriptor_open(void **state)
{
	struct error err = { 0 };
	int before = dup(0);
	int after;

	close(before);
	assert_ok(fixture_run(*state, "true", CNI_DEL, NULL, &err), &err);
	assert_true(fixture_run(*state, "exit 1", CNI_DEL, NULL, &err) < 0);
	assert_true(fixture_await(*state, "exec sleep 1000", 20, &err) < 0);
	free(tmp_write(*state, "fake", "no program", 0755));
	{
		auto_with(cni_call_done) struct cni_call call = fixture_call_in(*state, CONFIG);

		assert_true(cni_delegate_run(&call, "fake", CNI_DEL, NULL, &err) < 0);
	}
	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TMP(gives_the_bytes_of_stdin),
		FIXTURE_TMP(gives_each_variable_once),
		FIXTURE_TMP(gives_default_signals),
		FIXTURE_TMP(gives_no_descriptor_that_a_runtime_left_open),
		FIXTURE_TMP(ends_one_that_nobody_waits_for),
		FIXTURE_TMP(waits_for_nobody_if_nobody_was_started),
		FIXTURE_TMP(finds_the_first_regular_file),
		FIXTURE_TMP(never_looks_into_the_working_directory),
		FIXTURE_TMP(refuses_names),
		FIXTURE_TMP(says_what_cannot_be_executed),
		FIXTURE_TMP(waits_for_a_program_that_is_being_written),
		FIXTURE_TMP(gives_up_on_a_program_that_stays_busy),
		FIXTURE_TMP(leaves_no_descriptor_open),
		/* The last one: it empties the environment. */
		FIXTURE_TMP(gives_the_protocols_environment_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
