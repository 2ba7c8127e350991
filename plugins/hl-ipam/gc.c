/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gc.c - give back what belongs to attachments that are no more
 *
 * Should: go by the runtime's list and by evidence both; go on over errors.
 * Mustn't: touch what shows life, what is younger than this call, or another network.
 */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "cbr/cni/log.h"
#include "cbr/pool/reclaim.h"
#include "config.h"
#include "pool.h"
#include "verbs.h"

/* @list, @n: valid attachments in the order of compare() */
struct roll {
	struct cni_attachment *list;
	size_t n;
};

static int compare(const void *left, const void *right)
{
	const struct cni_attachment *a = left;
	const struct cni_attachment *b = right;
	int order = strcmp(a->container_id, b->container_id);

	return order ? order : strcmp(a->ifname, b->ifname);
}

/* A key without interface equals all attachments of its container. */
static int compare_key(const void *left, const void *right)
{
	const struct cni_attachment *key = left;
	const struct cni_attachment *item = right;

	return *key->ifname ? compare(key, item) : strcmp(key->container_id, item->container_id);
}

static bool is_listed(const struct pool_owner *owner, void *arg)
{
	const struct roll *roll = arg;
	const struct cni_attachment key = { owner->container_id, owner->ifname };

	return bsearch(&key, roll->list, roll->n, sizeof(key), compare_key);
}

static int sweep(const struct cni_call *call, const struct pool_census *census, struct error *err)
{
	auto_with(ipam_pool_leave) struct ipam_pool pool = IPAM_POOL_NONE;
	auto_with(cni_step_end) struct cni_step step = { 0 };
	struct pool_reclaimed done = { 0 };
	struct pool_news news = { 0 };
	struct ipam_conf conf;
	int rc;

	ipam_conf_load_place(call, &conf);
	rc = ipam_pool_enter(call, &conf, IPAM_MAKE_RECORDS, &pool, err);
	if (rc <= 0)
		return rc;
	step = cni_step_begin(call->log, "reclaim");
	do {
		rc = pool_reclaim(&pool.store, census, &pool.world, &done, err);
		pool_news_add(&news, &done.news);
	} while (rc >= 0 && done.more && (rc = ipam_pool_yield(&pool.store, err)) >= 0);
	ipam_tell_news(call, &news);
	if (done.alive)
		ipam_tell(call, "%zu attachments are not listed as valid, but kept: they show life",
			  done.alive);
	if (done.hidden)
		ipam_tell(call,
			  "%zu attachments are not listed as valid, but kept: whether they live "
			  "cannot be seen from here, see hl-ipam list",
			  done.hidden);
	return rc;
}

int ipam_gc(const struct cni_call *call, struct error *err)
{
	struct roll roll = { 0 };
	struct pool_census census = { .is_listed = is_listed, .arg = &roll };
	autofree struct cni_attachment *list = NULL;
	int rc;

	clock_gettime(CLOCK_REALTIME_COARSE, &census.start);
	census.start_ns = boot_clock_ns();
	rc = cni_config_valid_attachments(call, &list, &roll.n, err);
	if (rc <= 0)
		return rc;
	qsort(list, roll.n, sizeof(*list), compare);
	roll.list = list;
	census.n_listed = roll.n;
	return sweep(call, &census, err);
}
