/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - the one error type, passed as the last parameter
 *
 * A function that can fail returns 1 = changed something, 0 = nothing to change
 * (or done), or a negative errno with *err set. On success *err is untouched.
 * The error is a plain value on the caller's stack: nothing to release, and it
 * works when memory is gone. It is set once, where it happens, and wrapped on
 * the way up so that it reads "outer: inner".
 */
#pragma once

#include <stdarg.h>

/* Codes of CNI SPEC 1.1.0 section "Error", and ours from 100 on. */
enum error_code {
	ERROR_VERSION = 1,     /* cniVersion that we do not speak */
	ERROR_UNSUPPORTED = 2, /* a key whose value we do not support; msg names both */
	ERROR_CONTAINER = 3,   /* container unknown; the runtime need not clean up */
	ERROR_ENV = 4,         /* a CNI_* variable is missing or invalid */
	ERROR_IO = 5,          /* stdin or stdout failed */
	ERROR_DECODE = 6,      /* not JSON, or JSON of the wrong type */
	ERROR_CONFIG = 7,      /* well-formed configuration that makes no sense */
	ERROR_NETNS = 8,       /* CNI_NETNS is no usable namespace; of libcni, not in the SPEC */
	ERROR_AGAIN = 11,      /* transient: pool exhausted, lock held too long */
	ERROR_NOT_READY = 50,  /* STATUS: no ADD can be served */
	ERROR_LIMITED = 51,    /* STATUS: no ADD, and existing pods may suffer */
	ERROR_SYSTEM = 100,    /* a system call failed */
	ERROR_KERNEL = 101,    /* the kernel refused a netlink request */
	ERROR_DELEGATE = 102,  /* the IPAM plugin cannot be run, or answers nonsense */
	ERROR_CONFLICT = 103,  /* something else owns a name, an address or a route we need */
	ERROR_CHECK = 104,     /* CHECK: what ADD made is missing or altered */
};

/*
 * @code: enum error_code, or a delegate's own code passed on; 0 = no error
 * @errnum: positive errno of the cause; EINVAL where there is no better one
 * @msg: what failed, with the value that failed ("msg" of the error object)
 * @hint: what to do about it ("details" of the error object); may be empty
 */
struct error {
	int code;
	int errnum;
	char msg[768];
	char hint[512];
};

/*
 * error_set() - state an error that no system call caused
 * @err: where; whatever it held is replaced
 * @code: enum error_code
 * @fmt: message with the offending value, printf-like; cut to fit
 *
 * Return: -EINVAL, for "return error_set(...)".
 */
int error_set(struct error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * error_errno() - state an error that carries an errno
 * @errnum: positive errno; its text is put behind the message
 *
 * Return: -errnum.
 */
int error_errno(struct error *err, int code, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * error_wrap() - put context in front: "fmt: what was there"
 *
 * Return: the negative errno of the error.
 */
int error_wrap(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * error_hint() - say what to do about it; replaces an earlier hint
 *
 * Return: the negative errno of the error.
 */
int error_hint(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
