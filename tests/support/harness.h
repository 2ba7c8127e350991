/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harness.h - cmocka, and assertions about struct error and texts
 *
 * Every test file includes this one first; it brings <cmocka.h> and what that needs.
 */
#pragma once

#include <setjmp.h> /* IWYU pragma: keep - cmocka.h needs these four and does not include them */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cbr/base/error.h"

/*
 * assert_ok() - the call succeeded (rc >= 0)
 * @err: pointer to the struct error it was given; printed when it failed
 *
 * Return: rc.
 */
#define assert_ok(rc, err) harness_ok((rc), (err), #rc, __FILE__, __LINE__)

/*
 * assert_fails() - the call failed (rc < 0) with this code, and says so
 * @code: enum error_code
 * @text: part of err->msg
 */
#define assert_fails(rc, err, code, text) \
	harness_fails((rc), (err), (code), (text), #rc, __FILE__, __LINE__)

/* assert_contains(), assert_lacks() - is @part in @text? @text is printed if not as wished */
#define assert_contains(text, part) harness_contains((text), (part), 1, __FILE__, __LINE__)
#define assert_lacks(text, part) harness_contains((text), (part), 0, __FILE__, __LINE__)

/*
 * harness_patience() - a time limit as this machine needs it
 * @limit: what is enough on a machine that is not slow, in any unit
 *
 * Return: @limit times $CBR_PATIENCE, which is 1 by default; for emulated processors.
 */
int harness_patience(int limit);

/* skip_because() - skip the running test and say why, which tests/run tells; printf-like */
#define skip_because(...) harness_skip(__FILE__, __LINE__, __VA_ARGS__)

/*
 * needs_linux() - skip the running test on a kernel before @major.@minor
 * @what: what that one brought
 */
#define needs_linux(major, minor, what)                                                  \
	do {                                                                             \
		if (!harness_is_linux((major), (minor)))                                 \
			skip_because("needs Linux %d.%d: %s", (major), (minor), (what)); \
	} while (0)

/* harness_is_linux() - is the kernel this one or a later one? */
bool harness_is_linux(int major, int minor);

/* What the macros call. */
long harness_ok(long rc, const struct error *err, const char *call, const char *file, int line);
void harness_fails(long rc, const struct error *err, int code, const char *text, const char *call,
		   const char *file, int line);
void harness_contains(const char *text, const char *part, int wanted, const char *file, int line);
_Noreturn void harness_skip(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * harness_fail() - end the running test as failed, at this place, with a message
 * @fmt: printf-like
 */
_Noreturn void harness_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
