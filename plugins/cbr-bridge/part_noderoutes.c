/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_noderoutes.c - routes to the pods of other nodes
 *
 * They carry our own route protocol. One that is ours and leads elsewhere is replaced
 * in one step; one that is somebody else's is never touched: if it leads where we want
 * it serves, if not it is a conflict to be told.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>

#include "cbr/netlink/route.h"
#include "cbr/sys/nslock.h"
#include "parts.h"

/* So many are looked up with the first one, at no more than its round trip. */
#define FEW 32

static bool is_same_dst(const struct node_route *wanted, const struct route *found)
{
	return found->dst.addr.family && ip_prefix_equal(&found->dst, &wanted->dst);
}

static bool serves(const struct node_route *wanted, const struct route *found)
{
	return is_same_dst(wanted, found) && ip_equal(&found->gw, &wanted->gw);
}

/* Of the first @n. */
static int look_up(struct attach *a, size_t n, struct route *found, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < n; i++)
		route_put_lookup(&batch, &a->conf.routes[i].dst.addr, &found[i]);
	return nl_batch_run(&batch, err);
}

static struct route make_route(const struct node_route *wanted)
{
	return (struct route){
		.dst = wanted->dst,
		.gw = wanted->gw,
		.protocol = ROUTE_PROTO_CBR,
	};
}

/*
 * @requests: where the result of each route's request will be, SIZE_MAX for none
 */
static void put_missing(struct attach *a, struct nl_batch *batch, const struct route *found,
			size_t *requests)
{
	for (size_t i = 0; i < a->conf.n_routes; i++) {
		const struct node_route *wanted = &a->conf.routes[i];
		const struct route route = make_route(wanted);
		const bool ours = is_same_dst(wanted, &found[i]) &&
				  found[i].protocol == ROUTE_PROTO_CBR;

		requests[i] = SIZE_MAX;
		if (serves(wanted, &found[i]))
			continue;
		requests[i] = route_put_add(batch, &route,
					    NLM_F_CREATE | (ours ? NLM_F_REPLACE : NLM_F_EXCL));
		if (!ours)
			nl_tolerate(batch, EEXIST);
		a->routes_added[i] = !ours;
	}
}

/*
 * @found: what is known so far
 *
 * Return: 1 if some turned out to be taken; 0; or negative
 */
static int add_missing(struct attach *a, const struct route *found, struct error *err)
{
	autofree size_t *requests = calloc(a->conf.n_routes, sizeof(*requests));
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int taken = 0;
	int rc;

	if (!requests)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot add node routes");
	nl_batch_begin(&batch, &a->node);
	put_missing(a, &batch, found, requests);
	rc = nl_batch_run(&batch, err);
	for (size_t i = 0; i < a->conf.n_routes; i++)
		if (requests[i] != SIZE_MAX && nl_batch_result(&batch, requests[i]) < 0) {
			a->routes_added[i] = false;
			taken = 1;
		}
	return rc < 0 ? rc : taken;
}

/* Taken meanwhile, by a parallel ADD with the same wish or by a stranger with another. */
static int settle_taken(struct attach *a, struct route *found, struct error *err)
{
	char dst[IP_TEXT_SIZE];
	char gw[IP_TEXT_SIZE];
	int rc = look_up(a, a->conf.n_routes, found, err);

	for (size_t i = 0; i < a->conf.n_routes && rc >= 0; i++) {
		const struct node_route *wanted = &a->conf.routes[i];

		if (serves(wanted, &found[i]))
			continue;
		error_set(err, ERROR_CONFLICT, "a route to %s that is not ours is in the way",
			  ip_prefix_format(&wanted->dst, dst));
		rc = error_hint(err, "it has protocol %d; nodeRoutes wants %s via %s",
				found[i].protocol, dst, ip_format(&wanted->gw, gw));
	}
	return rc;
}

/* Where many are wanted and the first is not there, likely none is: they are not looked for. */
static int settle(struct attach *a, struct route *found, struct error *err)
{
	const size_t n = a->conf.n_routes;
	const size_t n_sample = n > FEW ? 1 : n;
	int rc = look_up(a, n_sample, found, err);

	if (rc >= 0 && n_sample < n && is_same_dst(&a->conf.routes[0], &found[0]))
		rc = look_up(a, n, found, err);
	if (rc >= 0)
		rc = add_missing(a, found, err);
	if (rc > 0 && n_sample < n && (rc = look_up(a, n, found, err)) >= 0)
		rc = add_missing(a, found, err);
	return rc > 0 ? settle_taken(a, found, err) : rc;
}

int noderoutes_make(struct attach *a, struct error *err)
{
	const size_t n = a->conf.n_routes;
	autofree struct route *found = calloc(n + 1, sizeof(*found));
	struct error ignored;
	int rc;

	if (!n)
		return 0;
	a->routes_added = calloc(n, sizeof(*a->routes_added));
	if (!found || !a->routes_added)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep %zu node routes", n);
	rc = settle(a, found, err);
	if (rc < 0)
		noderoutes_unmake(a, &ignored);
	return rc < 0 ? rc : 1;
}

int noderoutes_unmake(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, &a->node);
	/* Another ADD under way may have found them and counted on them. */
	if (!nslock_try_alone(a->lock_fd))
		return 0;
	for (size_t i = 0; i < a->conf.n_routes; i++)
		if (a->routes_added[i]) {
			const struct route route = make_route(&a->conf.routes[i]);

			route_put_delete(&batch, &route);
		}
	return nl_batch_run(&batch, err);
}

int noderoutes_check(struct attach *a, struct error *err)
{
	autofree struct route *found = calloc(a->conf.n_routes + 1, sizeof(*found));
	char dst[IP_TEXT_SIZE];
	char gw[IP_TEXT_SIZE];
	int rc;

	if (!found)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look up node routes");
	rc = look_up(a, a->conf.n_routes, found, err);
	if (rc < 0)
		return rc;
	for (size_t i = 0; i < a->conf.n_routes; i++) {
		const struct node_route *wanted = &a->conf.routes[i];

		if (!serves(wanted, &found[i]))
			return error_set(err, ERROR_CHECK, "node route to %s via %s is missing",
					 ip_prefix_format(&wanted->dst, dst),
					 ip_format(&wanted->gw, gw));
	}
	return 0;
}
