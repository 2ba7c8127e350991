/* SPDX-License-Identifier: Apache-2.0 */
/*
 * del.c - give back all addresses of an attachment
 *
 * Should: succeed whenever the attachment holds none afterwards.
 * Mustn't: need more of the config than where to look; make anything; touch the netns.
 */

#include "cbr/base/cleanup.h"
#include "cbr/pool/find.h"
#include "config.h"
#include "verbs.h"

int ipam_del(const struct cni_call *call, struct error *err)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	struct pool_owner owner = ipam_owner(call);
	int rc;

	if ((rc = pool_store_open(ipam_conf_data_dir(call), call->network, &store, err)) <= 0 ||
	    (rc = pool_store_lock(&store, IPAM_LOCK_TIMEOUT_MS, err)) < 0)
		return rc;
	return pool_release(&store, &owner, err);
}
