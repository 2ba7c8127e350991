/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - strict numbers, the field's names, bounded strings */

#include "cbr/base/str.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

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

char *str_clean(char *dst, size_t size, const char *src)
{
	size_t n = 0;

	for (; src[n] && n + 1 < size; n++) {
		unsigned char c = (unsigned char)src[n];

		dst[n] = c < 0x20 || c == 0x7f ? '?' : src[n];
	}
	if (size)
		dst[n] = '\0';
	return dst;
}
