/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masquerade.c - make and check a network's masquerade
 *
 * 1. Look: the chain, for each of the pods' prefixes the intervals of its set around both
 *    its ends, and the exempt elements. Their comment is a fingerprint of all that the rules and
 *    the exempt sets were made from, so each one of them vouches for the config.
 * 2. If that shows everything, that was all.
 * 3. Else read what the sets of pods hold, and put everything right in one
 *    transaction that names the generation of the ruleset it was made for. If somebody
 *    changed the ruleset meanwhile, begin again.
 */

#include "cbr/nftables/masquerade.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/nftables/expr.h"
#include "cbr/nftables/object.h"
#include "masquerade_plan.h"
#include "masquerade_rules.h"
#include "private.h"

#define TABLE_COMMENT "pod networks of this node"

/* One rule a family. */
#define N_RULES 2

/* Each try loses only to somebody else's success. */
#define MAX_TRIES 50

/*
 * How many exempt elements of a family masquerade_make() looks at, at some 3 us each. That
 * is all of most configs; of a longer list the rest is left to masquerade_check().
 */
#define EXEMPT_LOOKED_AT 8

static const struct nft_table table = { NFPROTO_INET, MASQUERADE_TABLE };
static const struct nft_hook postrouting = { "nat", NF_INET_POST_ROUTING, NF_IP_PRI_NAT_SRC };
static const int families[] = { AF_INET, AF_INET6 };

/*
 * What there is.
 * @chain: of the network
 * @exempt, @n_exempt: elements for the first @n_exempt of the plan's prefixes, by family
 * @pods: the intervals around the first and the last address of each wanted prefix
 */
struct view {
	struct nft_chain chain;
	struct nft_element *exempt[2];
	size_t n_exempt[2];
	struct nft_element (*pods)[2];
};

static void view_done(struct view *view)
{
	free(view->exempt[0]);
	free(view->exempt[1]);
	free(view->pods);
}

static size_t family_index(int family)
{
	return family == AF_INET ? 0 : 1;
}

static int view_alloc(const struct masquerade_plan *plan, size_t max_exempt, struct view *ret,
		      struct error *err)
{
	*ret = (struct view){ .pods = calloc(plan->masq->n_pods + 1, sizeof(*ret->pods)) };
	for (size_t i = 0; i < 2; i++) {
		const size_t n = plan->n_exempt[i];

		ret->n_exempt[i] = max_exempt && n > max_exempt ? max_exempt : n;
		ret->exempt[i] = calloc(n, sizeof(*ret->exempt[i]));
	}
	if (!ret->pods || !ret->exempt[0] || !ret->exempt[1])
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look at masquerade");
	return 0;
}

/* @max_exempt: how many exempt elements of each family to look at; 0 = all */
static int look(struct nl_socket *nft, const struct masquerade_plan *plan, size_t max_exempt,
		struct view *ret, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int rc = view_alloc(plan, max_exempt, ret, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, nft);
	nft_put_get_chain(&batch, &table, plan->chain, &postrouting, &ret->chain);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < ret->n_exempt[i]; j++)
			nft_put_get_interval(&batch, &table, plan->exempt[i],
					     &plan->exempt_prefixes[i][j].addr, &ret->exempt[i][j]);
	for (size_t i = 0; i < masq->n_pods; i++) {
		const struct ip_addr first = ip_network(&masq->pods[i]);
		const struct ip_addr last = ip_last(&masq->pods[i]);
		const char *set = plan->pods[family_index(first.family)];

		nft_put_get_interval(&batch, &table, set, &first, &ret->pods[i][0]);
		nft_put_get_interval(&batch, &table, set, &last, &ret->pods[i][1]);
	}
	return nl_batch_run(&batch, err);
}

/* Is a prefix whole in its set? @ends: the intervals around its first and last address */
static bool is_whole(const struct nft_element ends[static 2])
{
	return ends[0].key.len && ends[0].key.len == ends[1].key.len &&
	       memcmp(ends[0].key.bytes, ends[1].key.bytes, ends[0].key.len) == 0;
}

static bool chain_is_missing(const struct masquerade_plan *plan, const struct nft_chain *chain,
			     char *buf, size_t size)
{
	if (!chain->there)
		snprintf(buf, size, "chain %s of table inet %s", plan->chain, table.name);
	else if (!chain->as_made)
		snprintf(buf, size,
			 "chain %s of type nat, hook postrouting, priority srcnat, policy accept; "
			 "there is another one",
			 plan->chain);
	else if (chain->uses != N_RULES)
		snprintf(buf, size, "rules of chain %s: there are %u, not %d", plan->chain,
			 chain->uses, N_RULES);
	else
		return false;
	return true;
}

/* Return: NULL when everything is there, else what is missing, put into @buf. */
static const char *find_missing(const struct masquerade_plan *plan, const struct view *view,
				char *buf, size_t size)
{
	char text[IP_TEXT_SIZE];

	if (chain_is_missing(plan, &view->chain, buf, size))
		return buf;
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < view->n_exempt[i]; j++)
			if (strcmp(view->exempt[i][j].comment, plan->fingerprint) != 0) {
				snprintf(buf, size, "exempt destination %s of this config, set %s",
					 ip_prefix_format(&plan->exempt_prefixes[i][j], text),
					 plan->exempt[i]);
				return buf;
			}
	for (size_t i = 0; i < plan->masq->n_pods; i++)
		if (!is_whole(view->pods[i])) {
			snprintf(buf, size, "pods' prefix %s",
				 ip_prefix_format(&plan->masq->pods[i], text));
			return buf;
		}
	return NULL;
}

/* What is in the set, and what is wanted in it. */
static int gather_pods(struct nl_socket *nft, const struct masquerade_plan *plan, size_t which,
		       struct ip_prefix **ret, size_t *ret_n, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	struct ip_prefix *all;
	size_t n = 0;
	int rc = nft_list_prefixes(nft, &table, plan->pods[which], ret, &n, err);

	if (rc < 0)
		return rc;
	all = realloc(*ret, (n + masq->n_pods + 1) * sizeof(*all));
	if (!all)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot plan masquerade");
	for (size_t i = 0; i < masq->n_pods; i++)
		if (masq->pods[i].addr.family == families[which])
			all[n++] = masq->pods[i];
	*ret = all;
	*ret_n = ip_prefix_merge(all, n);
	return 0;
}

/* A chain that is there keeps its type and hook for life, so one of others is made anew. */
static void put_chain(struct nl_batch *batch, const struct masquerade_plan *plan,
		      const struct nft_chain *chain)
{
	char comment[NFT_COMMENT_SIZE];

	if (chain->there && !chain->as_made) {
		nft_put_flush_chain(batch, &table, plan->chain);
		nft_put_delete_chain(batch, &table, plan->chain);
	}
	snprintf(comment, sizeof(comment), "network %.100s", plan->masq->network);
	nft_put_chain(batch, &table, plan->chain, &postrouting, comment);
	nft_put_flush_chain(batch, &table, plan->chain);
	masquerade_rules_put(batch, &table, plan);
}

static void put_set(struct nl_batch *batch, const char *set, size_t which,
		    const struct ip_prefix *prefixes, size_t n, const char *comment)
{
	nft_put_set(batch, &table, set, families[which]);
	nft_put_flush_set(batch, &table, set);
	nft_put_elements(batch, &table, set, prefixes, n, comment);
}

/* One try to put everything right; -ERESTART and the like when somebody was quicker. */
static int repair(struct nl_socket *nft, const struct masquerade_plan *plan,
		  const struct view *view, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	uint32_t generation = 0;
	int rc = nft_get_generation(nft, &generation, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, nft);
	nft_put_begin(&batch, generation);
	nft_put_table(&batch, &table, TABLE_COMMENT);
	for (size_t i = 0; i < 2; i++) {
		autofree struct ip_prefix *pods = NULL;
		size_t n = 0;

		rc = gather_pods(nft, plan, i, &pods, &n, err);
		if (rc < 0)
			return rc;
		put_set(&batch, plan->pods[i], i, pods, n, NULL);
		put_set(&batch, plan->exempt[i], i, plan->exempt_prefixes[i], plan->n_exempt[i],
			plan->fingerprint);
	}
	put_chain(&batch, plan, &view->chain);
	nft_put_end(&batch);
	return nl_batch_run(&batch, err);
}

static bool is_race(int rc)
{
	return rc == -ERESTART || rc == -EEXIST || rc == -ENOENT || rc == -EBUSY || rc == -EINTR;
}

static int explain(int rc, struct error *err)
{
	error_wrap(err, "nf_tables");
	if (rc == -EOPNOTSUPP || rc == -ENOENT || rc == -EINVAL || rc == -EEXIST)
		error_hint(err, "masquerade needs a kernel with CONFIG_NF_TABLES, "
				"CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT and CONFIG_NFT_MASQ; if it "
				"has them, somebody else made an object of this name: "
				"nft delete table inet " MASQUERADE_TABLE);
	return rc;
}

int masquerade_make(struct nl_socket *nft, const struct masquerade *masq, struct error *err)
{
	auto_with(masquerade_plan_done) struct masquerade_plan plan = { 0 };
	struct error lost = { 0 };
	bool changed = false;
	int rc = masquerade_plan_make(masq, &plan, err);

	if (rc < 0)
		return rc;
	for (int tries = 0; tries < MAX_TRIES && (rc >= 0 || is_race(rc)); tries++) {
		auto_with(view_done) struct view view = { 0 };
		char missing[NFT_NAME_SIZE * 2];

		if (rc < 0)
			nft_wait_turn(tries);
		rc = look(nft, &plan, EXEMPT_LOOKED_AT, &view, &lost);
		if (rc < 0 && changed)
			return 1; /* it was committed; whether it stays is not to be seen */
		if (rc < 0) {
			*err = lost;
			return explain(rc, err);
		}
		if (!find_missing(&plan, &view, missing, sizeof(missing)))
			return changed;
		rc = repair(nft, &plan, &view, &lost);
		changed = changed || rc >= 0;
	}
	if (rc >= 0)
		return error_set(err, ERROR_KERNEL, "masquerade of network %s does not stay",
				 masq->network);
	*err = lost;
	return explain(rc, err);
}

/* Return: 1 if all is there, 0 if not and @ret says what */
static int look_for_missing(struct nl_socket *nft, const struct masquerade_plan *plan, char *ret,
			    size_t size, struct error *err)
{
	auto_with(view_done) struct view view = { 0 };
	const int rc = look(nft, plan, 0, &view, err);

	if (rc < 0 || find_missing(plan, &view, ret, size))
		return rc;
	return masquerade_rules_compare(nft, &table, plan, ret, size, err);
}

int masquerade_check(struct nl_socket *nft, const struct masquerade *masq, struct error *err)
{
	auto_with(masquerade_plan_done) struct masquerade_plan plan = { 0 };
	char missing[NFT_NAME_SIZE * 2];
	int rc = masquerade_plan_make(masq, &plan, err);

	for (int tries = 0; tries < NFT_CHECK_TRIES && (rc == 0 || rc == -EINTR); tries++) {
		nft_wait_turn(NFT_CHECK_TURN(tries));
		rc = look_for_missing(nft, &plan, missing, sizeof(missing), err);
	}
	if (rc)
		return rc < 0 ? rc : 0;
	error_set(err, ERROR_CHECK, "masquerade of network %s lacks %s", masq->network, missing);
	return error_hint(err, "the next ADD makes it anew after: nft flush chain inet %s %s",
			  table.name, plan.chain);
}
