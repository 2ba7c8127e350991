/* SPDX-License-Identifier: Apache-2.0 */
/*
 * del.c - give back all addresses of an attachment
 *
 * Should: succeed whenever the attachment holds none afterwards.
 * Mustn't: need more of the config than where to look; make anything; touch the netns.
 */

#include <errno.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/log.h"
#include "cbr/pool/find.h"
#include "config.h"
#include "pool.h"
#include "verbs.h"

/* Where no lock can be made, as nobody ever worked there. */
static bool holds_nothing(const struct pool_store *store, const struct pool_owner *owner)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	struct error ignored;

	return pool_store_find(store, owner, &found, &ignored) >= 0 && !found.n;
}

int ipam_del(const struct cni_call *call, struct error *err)
{
	auto_with(ipam_pool_leave) struct ipam_pool pool = IPAM_POOL_NONE;
	auto_with(cni_step_end) struct cni_step step = { 0 };
	const struct pool_owner owner = ipam_owner(call);
	struct pool_news news = { 0 };
	struct ipam_conf conf;
	int rc;

	ipam_conf_load_place(call, &conf);
	rc = ipam_pool_enter(call, &conf, IPAM_MAKE_NOTHING, &pool, err);
	if (rc < 0 && err->errnum == EROFS && holds_nothing(&pool.store, &owner))
		return 0;
	if (rc <= 0)
		return rc;
	step = cni_step_begin(call->log, "release");
	rc = pool_release(&pool.store, &owner, &pool.world, &news, err);
	ipam_tell_news(call, &news);
	return rc;
}
