/* SPDX-License-Identifier: Apache-2.0 */
/* trace.h - the trace that a call belongs to */
#pragma once

#include <stdbool.h>

/*
 * @trace_id, @span_id: lower-case hexadecimal; the span is the caller's
 */
struct trace {
	char trace_id[33];
	char span_id[17];
};

/*
 * trace_parse() - a traceparent, as the variable TRACEPARENT holds it
 *
 * Source: W3C Trace Context, "traceparent Header": version 00 to the byte; of a later
 * version what version 00 knows; no upper-case digits, no ID of zeros, no version ff.
 * Return: true and *ret, or false with *ret as it was.
 */
bool trace_parse(const char *text, struct trace *ret);
