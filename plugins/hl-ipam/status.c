/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - could an ADD be served?
 *
 * Should: answer at once, from the config and the directory's permissions.
 * Mustn't: wait for a lock, make anything, or call a full pool an error unless it was
 * asked to: runtimes make a node that is not ready of it, and all its pods are evicted. Nor
 * then if the next ADD would find room by itself: to such a node none would come.
 */

#include "cbr/base/cleanup.h"
#include "cbr/pool/store.h"
#include "cbr/pool/usage.h"
#include "config.h"
#include "pool.h"
#include "verbs.h"

static int check_room(const struct cni_call *call, const struct ipam_conf *conf, struct error *err)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	auto_with(surroundings_done) struct surroundings here;
	const struct pool_world world = surroundings_look(call->network,
							  !conf->reclaim_after_reboot, &here);
	int rc = ipam_pool_open(call, conf, IPAM_MAKE_NOTHING, &store, err);

	here.on_node = true;
	/* Where there is no directory, nothing is reserved. */
	for (size_t i = 0; i < conf->n_sets && rc > 0; i++) {
		struct pool_usage usage;
		char text[256];
		const int has = pool_has_room(&store, &conf->sets[i], i, &world, &usage, err);

		if (has < 0)
			return has;
		if (!has)
			return error_set(err, ERROR_NOT_READY,
					 "all %llu addresses of range set %zu are reserved, none "
					 "for a dead pod: %s",
					 (unsigned long long)usage.total, i,
					 pool_set_format(&conf->sets[i], text, sizeof(text)));
	}
	return rc;
}

int ipam_status(const struct cni_call *call, struct error *err)
{
	auto_with(ipam_conf_done) struct ipam_conf conf = { 0 };
	int rc = ipam_conf_load_status(call, &conf, err);

	if (rc < 0)
		return rc;
	rc = pool_store_check_usable(conf.data_dir, call->network, err);
	if (rc >= 0 && conf.status_on_exhaustion)
		rc = check_room(call, &conf, err);
	if (rc < 0)
		err->code = ERROR_NOT_READY;
	return rc < 0 ? rc : 0;
}
