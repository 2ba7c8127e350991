/* SPDX-License-Identifier: Apache-2.0 */
/* version.h - versions of the CNI protocol */
#pragma once

#include <stddef.h>

#include "cbr/base/error.h"

/* Which shape a result has: "ip4"/"ip6", "ips" with version, "ips" without. */
enum cni_format {
	CNI_FORMAT_020, /* 0.1.0, 0.2.0 */
	CNI_FORMAT_040, /* 0.3.0, 0.3.1, 0.4.0 */
	CNI_FORMAT_100, /* 1.0.0, 1.1.0 */
};

/*
 * @text: as in "cniVersion"
 * @format: shape of its results
 */
struct cni_version {
	const char *text;
	enum cni_format format;
};

/* The newest version, and the one that an absent or empty cniVersion means. */
#define CNI_VERSION_NEWEST "1.1.0"
#define CNI_VERSION_DEFAULT "0.1.0"

/* cni_versions() - all that we speak, oldest first; Return: static array, *n items */
const struct cni_version *cni_versions(size_t *n);

/*
 * cni_version_find() - the entry for this exact text; NULL or "" is CNI_VERSION_DEFAULT
 *
 * Return: static entry, or NULL.
 */
const struct cni_version *cni_version_find(const char *text);

/*
 * cni_version_compare() - by number: one to three parts, missing ones are 0, "" is 0.1.0
 *
 * Return: 0 and *ret < 0, 0, > 0; or -EINVAL with ERROR_DECODE naming the text.
 */
int cni_version_compare(const char *a, const char *b, int *ret, struct error *err);
