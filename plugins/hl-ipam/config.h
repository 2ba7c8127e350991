/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - hl-ipam's part of the network configuration */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/cni/call.h"
#include "cbr/cni/result.h"
#include "cbr/pool/range.h"

/* Of dataDir and reuseDelay. */
#define IPAM_DEFAULT_DATA_DIR "/var/lib/cni/networks"
#define IPAM_DEFAULT_REUSE_DELAY 30

/*
 * @data_dir: directory of all networks; borrowed from the config
 * @resolv_conf: path, "" = none; borrowed from the config
 * @sets, @n_sets: settled; their order numbers the cursors and the result
 * @wanted, @n_wanted: addresses asked for, each once, in the order given
 * @routes, @n_routes: for the result
 * @pod: "namespace/name" as the runtime said it, or ""
 * @reclaim_after_reboot, @reuse_delay, @status_on_exhaustion, @confine: keys of the same
 *                                                    name; the delay in seconds
 */
struct ipam_conf {
	const char *data_dir;
	const char *resolv_conf;
	struct pool_set *sets;
	size_t n_sets;
	struct ip_addr *wanted;
	size_t n_wanted;
	struct cni_route *routes;
	size_t n_routes;
	char pod[520];
	bool reclaim_after_reboot;
	int reuse_delay;
	bool status_on_exhaustion;
	bool confine;
};

/*
 * ipam_conf_load() - every key, checked; what ADD and CHECK need
 *
 * CNI_ARGS too. Nothing is touched. Return: 0 and *ret, or negative;
 * ipam_conf_done() releases it either way.
 */
int ipam_conf_load(const struct cni_call *call, struct ipam_conf *ret, struct error *err);

/* ipam_conf_load_status() - every key, but not CNI_ARGS, which STATUS does not have */
int ipam_conf_load_status(const struct cni_call *call, struct ipam_conf *ret, struct error *err);

void ipam_conf_done(struct ipam_conf *conf);

/*
 * ipam_conf_load_place() - only where the reservations are and how they are kept
 *
 * All that giving back needs, so that no other key, broken since the ADD, can keep an
 * address. A value of a wrong type, with which no ADD succeeded, counts as absent.
 */
void ipam_conf_load_place(const struct cni_call *call, struct ipam_conf *ret);
