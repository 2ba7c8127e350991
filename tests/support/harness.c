/* SPDX-License-Identifier: Apache-2.0 */
/* harness.c - assertions about struct error and texts */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

static int patience = 1;

/* What tests/run counts; not by an environment variable, since tests change theirs. */
__attribute__((constructor)) static void report_as_tap(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
}

/* Before a test changes the environment. */
__attribute__((constructor)) static void read_patience(void)
{
	const char *text = getenv("CBR_PATIENCE");
	const long n = text ? strtol(text, NULL, 10) : 0;

	if (n > 0 && n < 1000)
		patience = (int)n;
}

int harness_patience(int limit)
{
	return limit * patience;
}

bool harness_is_linux(int major, int minor)
{
	struct utsname name;
	char *rest;
	long there;

	assert_int_equal(uname(&name), 0);
	there = strtol(name.release, &rest, 10);
	assert_int_equal(*rest, '.');
	return there > major || (there == major && strtol(rest + 1, NULL, 10) >= minor);
}

void harness_fail(const char *file, int line, const char *fmt, ...)
{
	char msg[8192];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	print_error("%s\n", msg);
	_fail(file, line);
	abort(); /* _fail() does not return, but is not declared so */
}

void harness_skip(const char *file, int line, const char *fmt, ...)
{
	char why[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	print_message("# skipped: %s\n", why);
	_skip(file, line);
	abort(); /* as above */
}

long harness_ok(long rc, const struct error *err, const char *call, const char *file, int line)
{
	if (rc < 0)
		harness_fail(file, line, "%s = %ld: [%d] %s (%s)", call, rc, err->code, err->msg,
			     err->hint);
	return rc;
}

void harness_fails(long rc, const struct error *err, int code, const char *text, const char *call,
		   const char *file, int line)
{
	if (rc >= 0)
		harness_fail(file, line, "%s = %ld, expected error [%d] \"%s\"", call, rc, code,
			     text);
	if (err->code != code || !strstr(err->msg, text))
		harness_fail(file, line, "%s = %ld: [%d] \"%s\", expected [%d] with \"%s\"", call,
			     rc, err->code, err->msg, code, text);
}

void harness_contains(const char *text, const char *part, int wanted, const char *file, int line)
{
	if ((strstr(text, part) != NULL) != wanted)
		harness_fail(file, line, "%s \"%s\" in:\n%s", wanted ? "no" : "unexpected", part,
			     text);
}
