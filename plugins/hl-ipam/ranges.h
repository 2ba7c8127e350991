/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.h - where a config says what may be handed out */
#pragma once

#include <jansson.h>

#include "cbr/cni/version.h"
#include "config.h"

/*
 * ipam_ranges_load() - range sets from their three places, settled
 * @config: the whole config
 * @ipam: its "ipam"
 *
 * In this order: runtimeConfig.ipRanges, the keys of a single range right in "ipam", and
 * ipam.ranges. Return: 0 with sets in *ret, or negative.
 */
int ipam_ranges_load(const json_t *config, const json_t *ipam, const struct cni_version *version,
		     struct ipam_conf *ret, struct error *err);
