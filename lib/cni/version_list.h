/* SPDX-License-Identifier: Apache-2.0 */
/* version_list.h - the versions as text for people */
#pragma once

#include "cbr/cni/version.h"

/* Room for all versions, however quoted and separated. */
#define CNI_VERSION_LIST_SIZE 256

/*
 * cni_version_list() - the versions whose results have one of some shapes
 * @oldest, @newest: first and last shape
 * @quote: put before and behind each
 * @separator: put between two
 *
 * Return: @buf.
 */
char *cni_version_list(char buf[static CNI_VERSION_LIST_SIZE], enum cni_format oldest,
		       enum cni_format newest, const char *quote, const char *separator);
