/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - the one error type */

#include "cbr/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void put_text(char *dst, size_t size, const char *fmt,
							   va_list args)
{
	if (vsnprintf(dst, size, fmt, args) < 0)
		dst[0] = '\0';
}

int error_set(struct error *err, int code, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_text(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	err->code = code;
	err->errnum = EINVAL;
	err->hint[0] = '\0';
	return -EINVAL;
}

int error_errno(struct error *err, int code, int errnum, const char *fmt, ...)
{
	char text[sizeof(err->msg)];
	char cause[128];
	va_list args;

	va_start(args, fmt);
	put_text(text, sizeof(text), fmt, args);
	va_end(args);
	/* GNU strerror_r() may return a static text instead of filling the buffer. */
	error_set(err, code, "%.640s: %s", text, strerror_r(errnum, cause, sizeof(cause)));
	err->errnum = errnum;
	return -errnum;
}

int error_wrap(struct error *err, const char *fmt, ...)
{
	char inner[sizeof(err->msg)];
	size_t len;
	va_list args;

	memcpy(inner, err->msg, sizeof(inner));
	va_start(args, fmt);
	put_text(err->msg, sizeof(err->msg), fmt, args);
	va_end(args);
	len = strlen(err->msg);
	snprintf(err->msg + len, sizeof(err->msg) - len, ": %s", inner);
	return -err->errnum;
}

int error_hint(struct error *err, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	put_text(err->hint, sizeof(err->hint), fmt, args);
	va_end(args);
	return -err->errnum;
}
