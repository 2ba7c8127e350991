/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c - calls, results and delegates as tests of lib/cni need them */

#include "harness.h"

#include "fixture.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "cbr/cni/json.h"

#define PLAIN_CONFIG "{\"cniVersion\": \"1.0.0\", \"name\": \"net\"}\n"

struct cni_call fixture_call(const char *config)
{
	struct cni_call call = {
		.command = "ADD",
		.container_id = "c1",
		.netns = "/run/netns/c1",
		.ifname = "eth0",
		.args = "",
		.path = "/nowhere",
		.network = "net",
		.text = strdup(config),
		.text_len = strlen(config),
	};
	const char *version = "";
	struct error err = { 0 };

	assert_non_null(call.text);
	assert_ok(cni_json_parse(config, strlen(config), &call.config, &err), &err);
	assert_ok(cni_json_string(call.config, "", "cniVersion", &version, &err), &err);
	call.version = cni_version_find(version);
	assert_non_null(call.version);
	return call;
}

char *fixture_repeat(const char *head, const char *text, size_t n, const char *tail)
{
	char *all = malloc(strlen(head) + strlen(text) * n + strlen(tail) + 1);
	char *end;

	assert_non_null(all);
	end = stpcpy(all, head);
	for (size_t i = 0; i < n; i++)
		end = stpcpy(end, text);
	strcpy(end, tail);
	return all;
}

char *fixture_convert(const char *text, const char *assumed, const char *wanted, struct error *err)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	const struct cni_version *version = cni_version_find(wanted);
	json_auto_t *json = NULL;
	json_auto_t *built = NULL;
	size_t flags = JSON_INDENT(4);

	assert_ok(cni_json_parse(text, strlen(text), &json, err), err);
	if (cni_result_parse(json, cni_version_find(assumed), false, &result, err) < 0)
		return NULL;
	if (cni_result_build(&result, version, &built, err) < 0)
		return NULL;
	if (version->format == CNI_FORMAT_100)
		flags |= JSON_SORT_KEYS;
	return json_dumps(built, flags);
}

int fixture_tmp_make(void **state)
{
	struct tmp *tmp = calloc(1, sizeof(*tmp));

	assert_non_null(tmp);
	tmp_make(tmp);
	*state = tmp;
	return 0;
}

int fixture_tmp_remove(void **state)
{
	tmp_remove(*state);
	free(*state);
	return 0;
}

struct cni_call fixture_call_in(const struct tmp *tmp, const char *config)
{
	struct cni_call call = fixture_call(config);

	call.path = tmp->path;
	return call;
}

void fixture_script(const struct tmp *tmp, const char *script)
{
	autofree char *text = fixture_repeat("#!/bin/sh\n", script, 1, "\n");

	free(tmp_write(tmp, "fake", text, 0755));
}

int fixture_run(const struct tmp *tmp, const char *script, enum cni_verb verb,
		struct cni_result *ret, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(tmp, PLAIN_CONFIG);

	fixture_script(tmp, script);
	return cni_delegate_run(&call, "fake", verb, ret, err);
}

int fixture_await(const struct tmp *tmp, const char *script, int ms, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call_in(tmp, PLAIN_CONFIG);
	auto_with(cni_delegate_done) struct cni_delegate delegate = CNI_DELEGATE_NONE;
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct deadline deadline;

	fixture_script(tmp, script);
	assert_ok(cni_delegate_start(&call, "fake", CNI_ADD, &delegate, err), err);
	deadline = deadline_in(ms);
	return cni_delegate_wait(&delegate, &deadline, &result, err);
}

int fixture_fifo(const struct tmp *tmp)
{
	autofree char *path = tmp_path(tmp, "fifo");
	int fd;

	assert_int_equal(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

struct fixture_stderr fixture_stderr(void)
{
	struct fixture_stderr capture = { .saved = dup(STDERR_FILENO),
					  .file = memfd_create("stderr", MFD_CLOEXEC) };

	assert_true(capture.saved >= 0 && capture.file >= 0);
	assert_true(dup2(capture.file, STDERR_FILENO) >= 0);
	return capture;
}

char *fixture_stderr_end(const struct fixture_stderr *capture)
{
	off_t size = lseek(capture->file, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	dup2(capture->saved, STDERR_FILENO);
	assert_non_null(text);
	assert_int_equal(pread(capture->file, text, (size_t)size, 0), size);
	close(capture->saved);
	close(capture->file);
	return text;
}
