/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masquerade.c - make, check and remove a network's masquerade
 *
 * 1. Look: the chain, and for each prefix the interval of its set around it. The
 *    element that covers multicast is in every exempt set; its comment is a
 *    fingerprint of all that the rules and the exempt sets were made from.
 * 2. If that shows everything, that was all.
 * 3. Else read what the sets of pods hold, and put everything right in one
 *    transaction that names the generation of the ruleset it was made for. If somebody
 *    changed the ruleset meanwhile, begin again.
 */

#include "cbr/nftables/masquerade.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "cbr/nftables/expr.h"
#include "cbr/nftables/object.h"

#define TABLE MASQUERADE_TABLE
#define TABLE_COMMENT "pod networks of this node"

/* Part of the fingerprint: changes whenever the rules are made differently. */
#define LAYOUT "1"

/* One rule a family. */
#define N_RULES 2

/* Each try loses only to somebody else's success. */
#define MAX_TRIES 50

/* A network name longer than this is cut and made unique by its hash. */
#define MAX_NETWORK_TEXT 80

static const int families[] = { AF_INET, AF_INET6 };

static const char *const multicast[] = { "224.0.0.0/4", "ff00::/8" };

/*
 * What a network's masquerade should be.
 * @masq: what was asked for
 * @chain, @pods, @exempt: names, sets by family
 * @exempt_prefixes: merged, multicast among them, by family
 * @fingerprint: comment of the exempt elements
 */
struct plan {
	const struct masquerade *masq;
	char chain[NFT_NAME_SIZE];
	char pods[2][NFT_NAME_SIZE];
	char exempt[2][NFT_NAME_SIZE];
	struct ip_prefix *exempt_prefixes[2];
	size_t n_exempt[2];
	char fingerprint[NFT_COMMENT_SIZE];
};

/*
 * What there is.
 * @chain: of the network
 * @exempt: the interval around multicast, by family
 * @pods: the intervals around the wanted prefixes
 */
struct view {
	struct nft_chain chain;
	struct nft_interval exempt[2];
	struct nft_interval *pods;
};

static void plan_done(struct plan *plan)
{
	free(plan->exempt_prefixes[0]);
	free(plan->exempt_prefixes[1]);
}

static void view_done(struct view *view)
{
	free(view->pods);
}

static size_t family_index(int family)
{
	return family == AF_INET ? 0 : 1;
}

static void name_objects(const char *network, struct plan *plan)
{
	char text[MAX_NETWORK_TEXT + 24];

	if (strlen(network) <= MAX_NETWORK_TEXT)
		snprintf(text, sizeof(text), "%s", network);
	else
		snprintf(text, sizeof(text), "%.*s-%016llx", MAX_NETWORK_TEXT, network,
			 (unsigned long long)hash_bytes(HASH_SEED, network, strlen(network)));
	snprintf(plan->chain, sizeof(plan->chain), "masquerade-%s", text);
	for (size_t i = 0; i < 2; i++) {
		snprintf(plan->pods[i], sizeof(plan->pods[i]), "pods%c-%s", i ? '6' : '4', text);
		snprintf(plan->exempt[i], sizeof(plan->exempt[i]), "exempt%c-%s", i ? '6' : '4',
			 text);
	}
}

static int collect_exempt(struct plan *plan, size_t which, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	struct ip_prefix *prefixes = calloc(masq->n_exempt + 1, sizeof(*prefixes));
	size_t n = 0;

	if (!prefixes)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot plan masquerade");
	ip_prefix_parse(multicast[which], &prefixes[n++]);
	for (size_t i = 0; i < masq->n_exempt; i++)
		if (masq->exempt[i].addr.family == families[which])
			prefixes[n++] = masq->exempt[i];
	plan->exempt_prefixes[which] = prefixes;
	plan->n_exempt[which] = ip_prefix_merge(prefixes, n);
	return 0;
}

static void make_fingerprint(struct plan *plan)
{
	const char *bridge = plan->masq->bridge;
	uint64_t hash = hash_bytes(HASH_SEED, LAYOUT, sizeof(LAYOUT));

	hash = hash_bytes(hash, bridge, strlen(bridge) + 1);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < plan->n_exempt[i]; j++) {
			char text[IP_TEXT_SIZE];

			ip_prefix_format(&plan->exempt_prefixes[i][j], text);
			hash = hash_bytes(hash, text, strlen(text) + 1);
		}
	snprintf(plan->fingerprint, sizeof(plan->fingerprint), "config %016llx",
		 (unsigned long long)hash);
}

static int plan_make(const struct masquerade *masq, struct plan *ret, struct error *err)
{
	int rc = 0;

	*ret = (struct plan){ .masq = masq };
	name_objects(masq->network, ret);
	for (size_t i = 0; i < 2 && rc >= 0; i++)
		rc = collect_exempt(ret, i, err);
	if (rc >= 0)
		make_fingerprint(ret);
	return rc;
}

static int look(struct nl_socket *nft, const struct plan *plan, struct view *ret, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	*ret = (struct view){ .pods = calloc(masq->n_pods + 1, sizeof(*ret->pods)) };
	if (!ret->pods)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot look at masquerade");
	nl_batch_begin(&batch, nft);
	nft_put_get_chain(&batch, TABLE, plan->chain, &ret->chain);
	for (size_t i = 0; i < 2; i++) {
		struct ip_prefix prefix;

		ip_prefix_parse(multicast[i], &prefix);
		nft_put_get_interval(&batch, TABLE, plan->exempt[i], &prefix.addr, &ret->exempt[i]);
	}
	for (size_t i = 0; i < masq->n_pods; i++) {
		const struct ip_addr first = ip_network(&masq->pods[i]);

		nft_put_get_interval(&batch, TABLE, plan->pods[family_index(first.family)], &first,
				     &ret->pods[i]);
	}
	return nl_batch_run(&batch, err);
}

static bool covers(const struct nft_interval *interval, const struct ip_prefix *prefix)
{
	const struct ip_addr last = ip_last(prefix);

	return interval->there && (!interval->end.family || ip_compare(&interval->end, &last) > 0);
}

/* Return: NULL when everything is there, else what is missing, put into @buf. */
static const char *find_missing(const struct plan *plan, const struct view *view, char *buf,
				size_t size)
{
	char text[IP_TEXT_SIZE];

	if (!view->chain.there) {
		snprintf(buf, size, "chain %s of table inet %s", plan->chain, TABLE);
		return buf;
	}
	if (view->chain.rules != N_RULES) {
		snprintf(buf, size, "rules of chain %s: there are %u, not %d", plan->chain,
			 view->chain.rules, N_RULES);
		return buf;
	}
	for (size_t i = 0; i < 2; i++)
		if (strcmp(view->exempt[i].comment, plan->fingerprint) != 0) {
			snprintf(buf, size, "exempt destinations, set %s", plan->exempt[i]);
			return buf;
		}
	for (size_t i = 0; i < plan->masq->n_pods; i++)
		if (!covers(&view->pods[i], &plan->masq->pods[i])) {
			snprintf(buf, size, "pods' prefix %s",
				 ip_prefix_format(&plan->masq->pods[i], text));
			return buf;
		}
	return NULL;
}

/* What is in the set, and what is wanted in it. */
static int gather_pods(struct nl_socket *nft, const struct plan *plan, size_t which,
		       struct ip_prefix **ret, size_t *ret_n, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	struct ip_prefix *all;
	size_t n = 0;
	int rc = nft_list_prefixes(nft, TABLE, plan->pods[which], ret, &n, err);

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

static void put_rule(struct nl_batch *batch, const struct plan *plan, size_t which)
{
	const int family = families[which];
	char comment[NFT_COMMENT_SIZE];
	size_t rule = nft_put_rule_begin(batch, TABLE, plan->chain);

	nft_put_iifname(batch, plan->masq->bridge);
	nft_put_family(batch, family);
	nft_put_lookup(batch, family, NFT_FIELD_SADDR, plan->pods[which], false);
	nft_put_lookup(batch, family, NFT_FIELD_DADDR, plan->pods[which], true);
	nft_put_lookup(batch, family, NFT_FIELD_DADDR, plan->exempt[which], true);
	nft_put_masquerade(batch);
	snprintf(comment, sizeof(comment), "network %.100s", plan->masq->network);
	nft_put_rule_end(batch, rule, comment);
}

static void put_set(struct nl_batch *batch, const char *set, size_t which,
		    const struct ip_prefix *prefixes, size_t n, const char *comment)
{
	nft_put_set(batch, TABLE, set, families[which]);
	nft_put_flush_set(batch, TABLE, set);
	nft_put_elements(batch, TABLE, set, prefixes, n, comment);
}

/* One try to put everything right; -ERESTART and the like when somebody was quicker. */
static int repair(struct nl_socket *nft, const struct plan *plan, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	char comment[NFT_COMMENT_SIZE];
	uint32_t generation = 0;
	int rc = nft_get_generation(nft, &generation, err);

	if (rc < 0)
		return rc;
	nl_batch_begin(&batch, nft);
	nft_put_begin(&batch, generation);
	nft_put_table(&batch, TABLE, TABLE_COMMENT);
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
	snprintf(comment, sizeof(comment), "network %.100s", plan->masq->network);
	nft_put_nat_chain(&batch, TABLE, plan->chain, comment);
	nft_put_flush_chain(&batch, TABLE, plan->chain);
	for (size_t i = 0; i < 2; i++)
		put_rule(&batch, plan, i);
	nft_put_end(&batch);
	return nl_batch_run(&batch, err);
}

static bool is_race(int rc)
{
	return rc == -ERESTART || rc == -EEXIST || rc == -ENOENT || rc == -EBUSY || rc == -EINTR;
}

static int explain(int rc, struct error *err)
{
	if (rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT || rc == -ENOENT || rc == -EINVAL)
		error_hint(err, "masquerade needs a kernel with CONFIG_NF_TABLES, "
				"CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT and CONFIG_NFT_MASQ");
	return rc;
}

int masquerade_make(struct nl_socket *nft, const struct masquerade *masq, struct error *err)
{
	auto_with(plan_done) struct plan plan = { 0 };
	int rc = plan_make(masq, &plan, err);

	for (int tries = 0; tries < MAX_TRIES && (rc >= 0 || is_race(rc)); tries++) {
		auto_with(view_done) struct view view = { 0 };
		char missing[NFT_NAME_SIZE * 2];

		rc = look(nft, &plan, &view, err);
		if (rc < 0)
			return explain(rc, err);
		if (!find_missing(&plan, &view, missing, sizeof(missing)))
			return tries > 0;
		rc = repair(nft, &plan, err);
	}
	if (rc >= 0)
		return error_set(err, ERROR_KERNEL, "masquerade of network %s does not stay",
				 masq->network);
	return explain(rc, err);
}

int masquerade_check(struct nl_socket *nft, const struct masquerade *masq, struct error *err)
{
	auto_with(plan_done) struct plan plan = { 0 };
	auto_with(view_done) struct view view = { 0 };
	char buf[NFT_NAME_SIZE * 2];
	const char *missing;
	int rc;

	if ((rc = plan_make(masq, &plan, err)) < 0 || (rc = look(nft, &plan, &view, err)) < 0)
		return rc;
	missing = find_missing(&plan, &view, buf, sizeof(buf));
	if (!missing)
		return 0;
	return error_set(err, ERROR_CHECK, "masquerade of network %s lacks %s", masq->network,
			 missing);
}

int masquerade_remove(struct nl_socket *nft, const char *network, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch look_up = { 0 };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct nft_chain chain;
	uint32_t generation = 0;
	struct plan plan;
	int rc;

	name_objects(network, &plan);
	nl_batch_begin(&look_up, nft);
	nft_put_get_chain(&look_up, TABLE, plan.chain, &chain);
	if ((rc = nl_batch_run(&look_up, err)) < 0 || !chain.there ||
	    (rc = nft_get_generation(nft, &generation, err)) < 0)
		return rc;
	nl_batch_begin(&batch, nft);
	nft_put_begin(&batch, generation);
	nft_put_flush_chain(&batch, TABLE, plan.chain);
	nft_put_delete_chain(&batch, TABLE, plan.chain);
	for (size_t i = 0; i < 2; i++) {
		nft_put_delete_set(&batch, TABLE, plan.pods[i]);
		nft_put_delete_set(&batch, TABLE, plan.exempt[i]);
	}
	nft_put_end(&batch);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : 1;
}
