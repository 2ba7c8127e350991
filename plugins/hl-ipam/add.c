/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add.c - reserve one address out of each range set
 *
 * Should: find every fault of the config before anything is made; hold the lock over all
 * sets, so that an attachment gets all its addresses or none.
 * Mustn't: give back on failure what the attachment held before.
 */

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/cni/log.h"
#include "cbr/pool/alloc.h"
#include "config.h"
#include "pool.h"
#include "resolv.h"
#include "verbs.h"

/* How long to look for the dead in a full pool, together with others; callers wait for minutes. */
#define SEARCH_MS (30 * 1000)

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot allocate addresses");
}

/* Give each set the first address that was asked for and lies in it. */
static void assign(const struct pool_set *sets, size_t n, struct ip_addr *pending, size_t n_pending,
		   struct ip_addr *wanted)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n_pending && !wanted[i].family; j++)
			if (pool_set_find(&sets[i], &pending[j])) {
				wanted[i] = pending[j];
				pending[j].family = 0;
			}
}

static int refuse_leftovers(const struct ip_addr *pending, size_t n, struct error *err)
{
	char list[512];
	char text[IP_TEXT_SIZE];
	size_t len = 0;

	for (size_t i = 0; i < n; i++)
		if (pending[i].family && len + IP_TEXT_SIZE < sizeof(list))
			len += (size_t)snprintf(list + len, sizeof(list) - len, " %s",
						ip_format(&pending[i], text));
	if (!len)
		return 0;
	error_set(err, ERROR_CONFIG, "failed to allocate all requested IPs:%s", list);
	return error_hint(err, "each must lie in a range set of its own");
}

/* @ret: one per set, family 0 = any; owned by the caller */
static int assign_wanted(const struct ipam_conf *conf, struct ip_addr **ret, struct error *err)
{
	autofree struct ip_addr *wanted = calloc(conf->n_sets, sizeof(*wanted));
	autofree struct ip_addr *pending = calloc(conf->n_wanted + 1, sizeof(*pending));
	int rc;

	if (!wanted || !pending)
		return no_memory(err);
	for (size_t i = 0; i < conf->n_wanted; i++)
		pending[i] = conf->wanted[i];
	assign(conf->sets, conf->n_sets, pending, conf->n_wanted, wanted);
	rc = refuse_leftovers(pending, conf->n_wanted, err);
	if (rc < 0)
		return rc;
	*ret = TAKE_PTR(wanted);
	return 0;
}

/* All of the result but the addresses, for which it makes room: later nothing can fail. */
static int prepare_result(const struct ipam_conf *conf, struct cni_result *result,
			  struct error *err)
{
	int rc = resolv_read(conf->resolv_conf, &result->dns, err);

	if (rc < 0)
		return rc;
	for (size_t i = 0; i < conf->n_routes; i++) {
		struct cni_route *route = cni_result_add_route(result);

		if (!route)
			return no_memory(err);
		*route = conf->routes[i];
	}
	for (size_t i = 0; i < conf->n_sets; i++)
		if (!cni_result_add_ip(result))
			return no_memory(err);
	return 0;
}

static int reserve(const struct cni_call *call, const struct ipam_conf *conf,
		   const struct ip_addr *wanted, struct pool_lease *leases, struct error *err)
{
	auto_with(ipam_pool_leave) struct ipam_pool pool = IPAM_POOL_NONE;
	auto_with(cni_step_end) struct cni_step step = { 0 };
	struct pool_request request = {
		.sets = conf->sets,
		.n = conf->n_sets,
		.wanted = wanted,
		.owner = ipam_owner(call),
		.rest_s = conf->reuse_delay,
	};
	struct pool_news news = { 0 };
	struct deadline end;
	int rc = ipam_pool_enter(call, conf, IPAM_MAKE_ALL, &pool, err);

	if (rc < 0)
		return rc;
	step = cni_step_begin(call->log, "allocate");
	end = deadline_in(SEARCH_MS);
	do {
		rc = evidence_of(&pool.here, call, conf->pod, &request.evidence, err);
		if (rc < 0)
			break;
		rc = pool_allocate(&pool.store, &request, &pool.world, leases, &news, err);
	} while (rc < 0 && news.more && deadline_left_ms(&end) > 0 &&
		 ipam_pool_yield(&pool.store, err) >= 0);
	ipam_tell_news(call, &news);
	return rc < 0 ? ipam_pool_explain(call, conf, err) : rc;
}

int ipam_add(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	auto_with(ipam_conf_done) struct ipam_conf conf = { 0 };
	autofree struct ip_addr *wanted = NULL;
	autofree struct pool_lease *leases = NULL;
	int rc;

	if ((rc = ipam_conf_load(call, &conf, err)) < 0 ||
	    (rc = assign_wanted(&conf, &wanted, err)) < 0 ||
	    (rc = prepare_result(&conf, ret, err)) < 0)
		return rc;
	leases = calloc(conf.n_sets, sizeof(*leases));
	if (!leases)
		return no_memory(err);
	rc = reserve(call, &conf, wanted, leases, err);
	for (size_t i = 0; i < conf.n_sets && rc >= 0; i++) {
		ret->ips[i].address = leases[i].address;
		ret->ips[i].gateway = leases[i].gateway;
	}
	return rc;
}
