/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - read a traceparent */

#include "cbr/cni/trace.h"
#include "cbr/base/array.h"

#include <stddef.h>
#include <string.h>

#define HEX "0123456789abcdef"

/* Where the fields of "00-<trace>-<span>-<flags>" begin, and how long they are. */
static const struct {
	size_t at;
	size_t len;
} fields[] = { { 0, 2 }, { 3, 32 }, { 36, 16 }, { 53, 2 } };

#define KNOWN_LEN 55

static bool is_zero(const char *text, size_t len)
{
	return strspn(text, "0") >= len;
}

static bool is_well_formed(const char *text)
{
	if (strnlen(text, KNOWN_LEN) < KNOWN_LEN)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *end = text + fields[i].at + fields[i].len;

		if (strspn(text + fields[i].at, HEX) != fields[i].len)
			return false;
		if (*end != '-' && end != text + KNOWN_LEN)
			return false;
	}
	return true;
}

bool trace_parse(const char *text, struct trace *ret)
{
	const char *rest = text + KNOWN_LEN;

	if (!is_well_formed(text) || strncmp(text, "ff", 2) == 0)
		return false;
	/* A later version may have more behind; version 00 ends here. */
	if (*rest && (*rest != '-' || strncmp(text, "00", 2) == 0))
		return false;
	if (is_zero(text + fields[1].at, fields[1].len) ||
	    is_zero(text + fields[2].at, fields[2].len))
		return false;
	*ret = (struct trace){ 0 };
	memcpy(ret->trace_id, text + fields[1].at, fields[1].len);
	memcpy(ret->span_id, text + fields[2].at, fields[2].len);
	return true;
}
