/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part_noderoutes.c - routes to the pods of other nodes
 *
 * They carry our own route protocol. One that is ours and leads elsewhere is replaced
 * in one step; one that is somebody else's is never touched: if it leads where we want
 * it serves, if not it is a conflict to be told. A more specific one is none: whoever has
 * it wants just that part elsewhere.
 *
 * The kernel is asked for the way to the first address of each. Where a more specific route
 * has that address, or one of another table, it does not tell; only then are all routes listed.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/netlink/route.h"
#include "cbr/sys/nslock.h"
#include "parts.h"

/* So many are looked up with the first one, at no more than its round trip. */
#define FEW 32

/* A route of another table that comes before is an exception that somebody made, of no concern. */
static bool is_same_entry(const struct node_route *wanted, const struct route *found)
{
	return found->dst.addr.family && found->table == RT_TABLE_MAIN &&
	       ip_prefix_equal(&found->dst, &wanted->dst);
}

static bool serves(const struct node_route *wanted, const struct route *found)
{
	return is_same_entry(wanted, found) && ip_equal(&found->gw, &wanted->gw);
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

/* Of several with one destination the kernel takes that with the least metric, the first. */
static int list_family(struct attach *a, int family, struct route *found, struct error *err)
{
	autofree struct route *items = NULL;
	size_t n = 0;
	int rc = route_list(&a->node, family, 0, 0, &items, &n, err);

	for (size_t i = 0; i < a->conf.n_routes && rc >= 0; i++) {
		const struct node_route *wanted = &a->conf.routes[i];

		for (size_t j = 0; j < n && !is_same_entry(wanted, &found[i]); j++)
			if (is_same_entry(wanted, &items[j]))
				found[i] = items[j];
	}
	return rc;
}

/* All of them, however many routes within them others have. */
static int look_closely(struct attach *a, struct route *found, struct error *err)
{
	bool hidden[2] = { false };
	int rc = look_up(a, a->conf.n_routes, found, err);

	for (size_t i = 0; i < a->conf.n_routes && rc >= 0; i++)
		if (!is_same_entry(&a->conf.routes[i], &found[i]))
			hidden[a->conf.routes[i].dst.addr.family == AF_INET6] = true;
	if (rc >= 0 && hidden[0])
		rc = list_family(a, AF_INET, found, err);
	if (rc >= 0 && hidden[1])
		rc = list_family(a, AF_INET6, found, err);
	return rc;
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
		const bool ours = is_same_entry(wanted, &found[i]) &&
				  found[i].protocol == ROUTE_PROTO_CBR;

		requests[i] = SIZE_MAX;
		if (serves(wanted, &found[i]) || a->routes_added[i])
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
 * @ret_taken: one that turned out to be taken
 *
 * Return: 1 if some were; 0; or negative
 */
static int add_missing(struct attach *a, const struct route *found, size_t *ret_taken,
		       struct error *err)
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
			*ret_taken = i;
			taken = 1;
		}
	return rc < 0 ? rc : taken;
}

static int refuse(const struct node_route *wanted, const struct route *found, struct error *err)
{
	char dst[IP_TEXT_SIZE];
	char gw[IP_TEXT_SIZE];

	error_set(err, ERROR_CONFLICT, "a route to %s that is not ours is in the way",
		  ip_prefix_format(&wanted->dst, dst));
	return error_hint(err, "it has protocol %d; nodeRoutes wants %s via %s", found->protocol,
			  dst, ip_format(&wanted->gw, gw));
}

/* Would the kernel still take it if ours were there, with the family's metric? */
static bool is_in_the_way(const struct node_route *wanted, const struct route *found)
{
	const uint32_t metric = wanted->dst.addr.family == AF_INET6 ? ROUTE_METRIC_IPV6 : 0;

	return is_same_entry(wanted, found) && found->protocol != ROUTE_PROTO_CBR &&
	       !serves(wanted, found) && found->priority <= metric;
}

/* What is seen to fail is not begun. */
static int refuse_any(const struct attach *a, const struct route *found, struct error *err)
{
	for (size_t i = 0; i < a->conf.n_routes; i++)
		if (is_in_the_way(&a->conf.routes[i], &found[i]))
			return refuse(&a->conf.routes[i], &found[i], err);
	return 0;
}

/*
 * Where many are wanted and the first is not there, likely none is: they are not looked for.
 * One that is taken may be so by a parallel ADD with the same wish.
 */
static int settle(struct attach *a, struct route *found, struct error *err)
{
	const size_t n = a->conf.n_routes;
	const size_t n_sample = n > FEW ? 1 : n;
	size_t taken = 0;
	int rc = look_up(a, n_sample, found, err);

	if (rc >= 0 && n_sample < n && is_same_entry(&a->conf.routes[0], &found[0]))
		rc = look_up(a, n, found, err);
	if (rc < 0 || (rc = refuse_any(a, found, err)) < 0 ||
	    (rc = add_missing(a, found, &taken, err)) <= 0)
		return rc;
	if ((rc = look_closely(a, found, err)) < 0 || (rc = refuse_any(a, found, err)) < 0)
		return rc;
	rc = add_missing(a, found, &taken, err);
	return rc > 0 ? refuse(&a->conf.routes[taken], &found[taken], err) : rc;
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

/*
 * Another ADD may have found them and counted on them: one under way, or one that is over.
 * Of those that are over nobody knows when they were, so any counts; of any network, since
 * the routes are the node's.
 */
static int has_other_pods(struct attach *a, struct error *err)
{
	autofree struct link *links = NULL;
	size_t n = 0;
	int rc = link_list(&a->node, 0, &links, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++)
		if (strcmp(links[i].name, a->host_name) != 0 && podlink_is_of(&links[i], NULL))
			return 1;
	return rc < 0 ? rc : 0;
}

static bool has_added(const struct attach *a)
{
	for (size_t i = 0; i < a->conf.n_routes; i++)
		if (a->routes_added[i])
			return true;
	return false;
}

int noderoutes_unmake(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc;

	if (!has_added(a) || !nslock_try_alone(a->lock_fd))
		return 0;
	rc = has_other_pods(a, err);
	if (rc)
		return rc < 0 ? rc : 0;
	nl_batch_begin(&batch, &a->node);
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
	rc = look_closely(a, found, err);
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
