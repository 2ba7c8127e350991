/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - calls, results and delegates as tests of lib/cni need them */
#pragma once

#include "cbr/cni/call.h"
#include "cbr/cni/result.h"
#include "tmp.h"

/* Longer than anything here takes, if it works. */
#define FIXTURE_PATIENCE_MS 30000

/* fixture_call() - a call with this config, which must be JSON; released by cni_call_done() */
struct cni_call fixture_call(const char *config);

/* fixture_repeat() - @text @n times between @head and @tail; owned by the caller */
char *fixture_repeat(const char *head, const char *text, size_t n, const char *tail);

/*
 * fixture_convert() - parse a result, build it for a version, print it as cni_main() does
 * @assumed: version of a result without one
 *
 * Return: text owned by the caller, or NULL with *err.
 */
char *fixture_convert(const char *result, const char *assumed, const char *version,
		      struct error *err);

/* FIXTURE_TMP() - a test whose *state is a struct tmp of its own */
#define FIXTURE_TMP(test) \
	cmocka_unit_test_setup_teardown(test, fixture_tmp_make, fixture_tmp_remove)
int fixture_tmp_make(void **state);
int fixture_tmp_remove(void **state);

/* fixture_call_in() - as fixture_call(), with the directory as CNI_PATH */
struct cni_call fixture_call_in(const struct tmp *tmp, const char *config);

/* fixture_script() - make a delegate "fake" that is this shell script */
void fixture_script(const struct tmp *tmp, const char *script);

/* fixture_run() - make it and run it */
int fixture_run(const struct tmp *tmp, const char *script, enum cni_verb verb,
		struct cni_result *ret, struct error *err);

/* fixture_await() - make it, start it as ADD and wait so long for it */
int fixture_await(const struct tmp *tmp, const char *script, int ms, struct error *err);

/*
 * fixture_fifo() - make "fifo" in the directory
 *
 * Return: its reading end, which shows POLLHUP when the last of its writers is gone.
 */
int fixture_fifo(const struct tmp *tmp);

/* What the process writes to stderr from fixture_stderr() to fixture_stderr_end(). */
struct fixture_stderr {
	int saved;
	int file;
};

/* fixture_stderr() - catch it from now on */
struct fixture_stderr fixture_stderr(void);

/* fixture_stderr_end() - no longer; Return: the text, owned by the caller */
char *fixture_stderr_end(const struct fixture_stderr *capture);
