/* SPDX-License-Identifier: Apache-2.0 */
/*
 * del.c - give back all addresses of an attachment
 *
 * Should: succeed whenever the attachment holds none afterwards.
 * Mustn't: need more of the config than where to look; make anything; touch the netns.
 */

#include "cbr/base/cleanup.h"
#include "cbr/cni/log.h"
#include "cbr/pool/find.h"
#include "config.h"
#include "evidence.h"
#include "verbs.h"

int ipam_del(const struct cni_call *call, struct error *err)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	auto_with(cni_step_end) struct cni_step step = { 0 };
	const struct pool_owner owner = ipam_owner(call);
	struct surroundings here;
	struct pool_world world;
	struct ipam_conf conf;
	int rc;

	ipam_conf_load_place(call, &conf);
	world = surroundings_look(call->network, !conf.reclaim_after_reboot, &here);
	if ((rc = pool_store_open(conf.data_dir, call->network, &store, err)) <= 0 ||
	    (rc = ipam_lock(call, &store, err)) < 0)
		return rc;
	step = cni_step_begin(call->log, "release");
	store.lasting = here.lasting;
	return pool_release(&store, &owner, &world, err);
}
