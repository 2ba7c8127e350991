/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitize.c - how a sanitizer's report ends a program of `make asan` and `make tsan`
 *
 * Compiled in, since a plugin gives its delegate a clean environment. The status
 * differs from that of an error which the protocol knows (1), see run.h.
 */

const char *__asan_default_options(void);
const char *__tsan_default_options(void);
const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
	return "exitcode=99:detect_stack_use_after_return=1:strict_string_checks=1:"
	       "check_initialization_order=1:fast_unwind_on_malloc=0";
}

const char *__tsan_default_options(void)
{
	return "exitcode=99";
}

const char *__ubsan_default_options(void)
{
	return "exitcode=99:print_stacktrace=1";
}
