/* SPDX-License-Identifier: Apache-2.0 */
/* version.c - which versions of the protocol there are, and how they compare */

#include "cbr/cni/version.h"
#include "cbr/base/array.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/str.h"
#include "version_list.h"

/* Longer text is no version; the bound is that of the copy which gets cut up. */
#define VERSION_TEXT_SIZE 64
#define VERSION_PARTS 3

static const struct cni_version versions[] = {
	{ "0.1.0", CNI_FORMAT_020 }, { "0.2.0", CNI_FORMAT_020 }, { "0.3.0", CNI_FORMAT_040 },
	{ "0.3.1", CNI_FORMAT_040 }, { "0.4.0", CNI_FORMAT_040 }, { "1.0.0", CNI_FORMAT_100 },
	{ "1.1.0", CNI_FORMAT_100 },
};

const struct cni_version *cni_versions(size_t *n)
{
	*n = ARRAY_SIZE(versions);
	return versions;
}

const struct cni_version *cni_version_find(const char *text)
{
	if (!text || !*text)
		text = CNI_VERSION_DEFAULT;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
		if (strcmp(versions[i].text, text) == 0)
			return &versions[i];
	return NULL;
}

char *cni_version_list(char buf[static CNI_VERSION_LIST_SIZE], enum cni_format oldest,
		       enum cni_format newest, const char *quote, const char *separator)
{
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		if (versions[i].format < oldest || versions[i].format > newest)
			continue;
		snprintf(buf + len, CNI_VERSION_LIST_SIZE - len, "%s%s%s%s", len ? separator : "",
			 quote, versions[i].text, quote);
		len = strlen(buf);
	}
	return buf;
}

static int invalid(const char *text, const char *why, struct error *err)
{
	char shown[VERSION_TEXT_SIZE];

	return error_set(err, ERROR_DECODE, "invalid version \"%s\": %s",
			 str_clean(shown, sizeof(shown), text), why);
}

/* Parts that are missing stay as they are. */
static int parse(const char *text, uint64_t parts[static VERSION_PARTS], struct error *err)
{
	char copy[VERSION_TEXT_SIZE];
	char *rest = copy;
	char *part;

	if (!*text)
		text = CNI_VERSION_DEFAULT;
	if (str_copy(copy, sizeof(copy), text) < 0)
		return invalid(text, "too long", err);
	for (size_t i = 0; (part = strsep(&rest, ".")); i++) {
		if (i == VERSION_PARTS)
			return invalid(text, "too many parts", err);
		if (str_to_u64(part, INT_MAX, &parts[i]) < 0)
			return invalid(text, "a part is no number", err);
	}
	return 0;
}

int cni_version_compare(const char *a, const char *b, int *ret, struct error *err)
{
	uint64_t left[VERSION_PARTS] = { 0 };
	uint64_t right[VERSION_PARTS] = { 0 };
	int rc = parse(a, left, err);

	if (rc == 0)
		rc = parse(b, right, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < VERSION_PARTS; i++) {
		if (left[i] != right[i]) {
			*ret = left[i] < right[i] ? -1 : 1;
			return 0;
		}
	}
	*ret = 0;
	return 0;
}
