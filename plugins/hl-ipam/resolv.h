/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.h - a resolv.conf for the result */
#pragma once

#include "cbr/cni/result.h"

/*
 * resolv_read() - name servers, domain, search list and options of a file
 * @path: "" = nothing to read; symbolic links are followed, it is the operator's file
 * @ret: filled
 *
 * Source: resolv.conf(5). Return: 0, or negative with ERROR_CONFIG.
 */
int resolv_read(const char *path, struct cni_dns *ret, struct error *err);
