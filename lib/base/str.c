/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - strict numbers, the field's names, bounded strings */

#include "cbr/base/str.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "cbr/base/array.h"

int str_to_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!*text || text[strspn(text, "0123456789")])
		return -EINVAL;
	for (const char *p = text; *p; p++) {
		uint64_t digit = (uint64_t)(*p - '0');

		if (digit > max || value > (max - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	*ret = value;
	return 0;
}

int str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(dst, src, len + 1);
	return 0;
}

/* Not tolower(3): what a key is must not depend on a locale. */
static char fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool str_equal_fold(const char *a, const char *b)
{
	while (*a && fold(*a) == fold(*b)) {
		a++;
		b++;
	}
	return fold(*a) == fold(*b);
}

static bool is_alphanumeric(char c)
{
	c = fold(c);
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool name_is_valid(const char *name)
{
	if (!is_alphanumeric(*name))
		return false;
	for (const char *p = name; *p; p++)
		if (!is_alphanumeric(*p) && *p != '_' && *p != '.' && *p != '-')
			return false;
	return true;
}

int ifname_check(const char *name, struct error *err)
{
	if (!*name)
		return error_set(err, ERROR_ENV, "interface name is empty");
	if (strlen(name) >= IF_NAMESIZE) {
		error_set(err, ERROR_ENV, "interface name is too long");
		return error_hint(err, "interface name should be less than %d characters",
				  IF_NAMESIZE);
	}
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return error_set(err, ERROR_ENV, "interface name is . or ..");
	if (strpbrk(name, "/: \t\n\v\f\r"))
		return error_set(err, ERROR_ENV,
				 "interface name contains / or : or whitespace characters");
	/* The kernel makes a number of "%d" (dev_alloc_name()): it would be another name. */
	if (strchr(name, '%'))
		return error_set(err, ERROR_ENV, "interface name contains %%");
	return 0;
}

/* Bytes of the UTF-8 character that @text begins with (RFC 3629), 0 = none; @ret: its number */
static size_t decode(const char *text, uint32_t *ret)
{
	static const struct {
		unsigned char mask;
		unsigned char lead;
		uint32_t min;
	} forms[] = { { 0x80, 0x00, 0 },
		      { 0xe0, 0xc0, 0x80 },
		      { 0xf0, 0xe0, 0x800 },
		      { 0xf8, 0xf0, 0x10000 } };
	const unsigned char *bytes = (const unsigned char *)text;
	size_t len = 0;
	uint32_t value;

	while (len < ARRAY_SIZE(forms) && (bytes[0] & forms[len].mask) != forms[len].lead)
		len++;
	if (len == ARRAY_SIZE(forms))
		return 0;
	value = bytes[0] & (unsigned char)~forms[len].mask;
	for (size_t i = 1; i <= len; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		value = value << 6 | (bytes[i] & 0x3f);
	}
	*ret = value;
	return value >= forms[len].min && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff) ?
		       len + 1 :
		       0;
}

/* What ends a line, moves the cursor, or turns the direction of what follows. */
static bool is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

/* Bytes of the character that may be shown as it is, 0 = it may not; @ret_len: of it anyway */
static size_t showable(const char *text, size_t *ret_len)
{
	uint32_t c = 0;
	const size_t len = decode(text, &c);

	*ret_len = len ? len : 1;
	return is_control(c) ? 0 : len;
}

bool str_is_clean(const char *text)
{
	size_t len;

	while (*text && showable(text, &len))
		text += len;
	return !*text;
}

char *str_clean(char *dst, size_t size, const char *src)
{
	size_t n = 0;
	size_t len;

	for (; *src; src += len) {
		const size_t shown = showable(src, &len);

		if (n + (shown ? shown : 1) >= size)
			break;
		if (shown)
			memmove(dst + n, src, shown);
		else
			dst[n] = '?';
		n += shown ? shown : 1;
	}
	if (size)
		dst[n] = '\0';
	return dst;
}
