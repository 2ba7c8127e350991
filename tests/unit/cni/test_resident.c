/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_resident.c - a delegate in a thread that does not answer
 *
 * The test is its own plugin: started with "plugin" as its first argument it serves a call,
 * with a delegate beside that never answers an ADD.
 */

#include "harness.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "cbr/cni/main.h"
#include "fixture.h"
#include "run.h"
#include "tmp.h"

#define BUILD "this very build"
#define CONFIG "{\"cniVersion\": \"1.0.0\", \"name\": \"net\"}"

/* --- the plugins --- */

static sem_t began;

static int never_add(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	(void)call;
	(void)ret;
	(void)err;
	sem_post(&began);
	while (pause())
		;
	return 0;
}

static int del(const struct cni_call *call, struct error *err)
{
	(void)call;
	(void)err;
	fprintf(stderr, "del ");
	return 0;
}

static int add(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	auto_with(cni_delegate_done) struct cni_delegate delegate = CNI_DELEGATE_NONE;
	const struct deadline deadline = deadline_in(50);
	struct error why = { 0 };
	int rc = cni_delegate_start(call, "inner", CNI_ADD, &delegate, err);

	if (rc >= 0)
		rc = sem_wait(&began);
	if (rc >= 0)
		rc = cni_delegate_wait(&delegate, &deadline, ret, err);
	if (cni_delegate_run(call, "inner", CNI_DEL, NULL, &why) < 0)
		fprintf(stderr, "(%s) ", why.msg);
	return rc;
}

static void say_that_it_exits(void)
{
	fprintf(stderr, "exit ");
}

static int be_plugin(int argc, char **argv)
{
	static const struct cni_plugin inner = { .name = "inner", .add = never_add, .del = del };
	static const struct cni_plugin outer = {
		.name = "outer",
		.build = BUILD,
		.build_len = sizeof(BUILD) - 1,
		.resident = &inner,
		.add = add,
		.del = del,
	};

	atexit(say_that_it_exits);
	return cni_main(&outer, argc, argv);
}

/* --- the tests --- */

static struct run serve(const struct tmp *tmp, const char *command)
{
	const char *const argv[] = { "/proc/self/exe", "plugin", NULL };
	autofree char *verb = NULL;
	autofree char *path = NULL;

	assert_true(asprintf(&verb, "CNI_COMMAND=%s", command) > 0);
	assert_true(asprintf(&path, "CNI_PATH=%s", tmp->path) > 0);
	return run_program(&(struct run_what){
		.argv = argv,
		.env = (const char *const[]){ verb, path, "CNI_CONTAINERID=c1", "CNI_NETNS=/n",
					      "CNI_IFNAME=eth0", NULL },
		.input = CONFIG,
	});
}

static void is_left_at_the_deadline_and_ends_with_the_process(void **state)
{
	auto_with(run_done) struct run run = { 0 };

	free(tmp_write(*state, "inner", BUILD, 0755));
	run = serve(*state, "ADD");
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "\"code\": 102");
	assert_contains(run.out, "plugin \\\"inner\\\" did not end ADD in time");
	/* Not asked for anything more, and none of what it uses is released. */
	assert_string_equal(run.err, "(cannot run plugin \"inner\": it is still at work on "
				     "the call before) ");
}

static void leaves_the_process_to_end_as_ever_otherwise(void **state)
{
	auto_with(run_done) struct run run = { 0 };

	free(tmp_write(*state, "inner", BUILD, 0755));
	run = serve(*state, "DEL");
	assert_int_equal(run.status, 0);
	assert_string_equal(run.err, "del exit ");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		FIXTURE_TMP(is_left_at_the_deadline_and_ends_with_the_process),
		FIXTURE_TMP(leaves_the_process_to_end_as_ever_otherwise),
	};

	if (argc > 1 && strcmp(argv[1], "plugin") == 0)
		return be_plugin(argc - 1, argv + 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
