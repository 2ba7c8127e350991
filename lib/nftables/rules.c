/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c - are the rules that are there those that we would make? */

#include "rules.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "private.h"

/*
 * A comparison in work.
 * @met: of each wanted rule: it is there
 * @odd: chain of a rule that is missing or another one, or ""
 */
struct comparison {
	const struct nft_wanted_rules *wanted;
	bool *met;
	char odd[NFT_NAME_SIZE];
};

static const struct nlmsghdr *wanted_message(const struct comparison *comparison, size_t i)
{
	const struct nl_batch *batch = comparison->wanted->batch;

	return (const struct nlmsghdr *)(batch->buf + batch->requests[i].offset);
}

static const struct nlattr *find(const struct nlmsghdr *msg, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, msg, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

static const char *chain_of(const struct nlmsghdr *msg)
{
	const struct nlattr *attr = find(msg, NFTA_RULE_CHAIN);

	return attr && mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 ? mnl_attr_get_str(attr) :
									   "";
}

static size_t count(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;
	size_t n = 0;

	mnl_attr_for_each_nested (attr, nest)
		n += mnl_attr_get_type(attr) == type;
	return n;
}

/* The attribute that has as many of its type before it as @attr has in @nest. */
static const struct nlattr *find_twin(const struct nlattr *nest, const struct nlattr *attr,
				      const struct nlattr *other_nest)
{
	const uint16_t type = mnl_attr_get_type(attr);
	const struct nlattr *other;
	size_t before = 0;

	mnl_attr_for_each_nested (other, nest) {
		if (other == attr)
			break;
		before += mnl_attr_get_type(other) == type;
	}
	mnl_attr_for_each_nested (other, other_nest)
		if (mnl_attr_get_type(other) == type && before-- == 0)
			return other;
	return NULL;
}

/* Depth is that of what we build. */
static bool holds(const struct nlattr *found, const struct nlattr *wanted)
{
	const struct nlattr *attr;

	if (!(wanted->nla_type & NLA_F_NESTED))
		return mnl_attr_get_payload_len(found) == mnl_attr_get_payload_len(wanted) &&
		       memcmp(mnl_attr_get_payload(found), mnl_attr_get_payload(wanted),
			      mnl_attr_get_payload_len(wanted)) == 0;
	if (count(found, NFTA_LIST_ELEM) != count(wanted, NFTA_LIST_ELEM))
		return false;
	mnl_attr_for_each_nested (attr, wanted) {
		const struct nlattr *twin = find_twin(wanted, attr, found);

		if (!twin || !holds(twin, attr))
			return false;
	}
	return true;
}

static bool decides(const struct nlattr *expression)
{
	static const char *const names[] = { "lookup", "immediate" };
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, expression)
		for (size_t i = 0; i < ARRAY_SIZE(names); i++)
			if (mnl_attr_get_type(attr) == NFTA_EXPR_NAME &&
			    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0 &&
			    strcmp(mnl_attr_get_str(attr), names[i]) == 0)
				return true;
	return false;
}

/* The n-th of @list that decides, or NULL. */
static const struct nlattr *find_deciding(const struct nlattr *list, size_t n)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, list)
		if (decides(attr) && n-- == 0)
			return attr;
	return NULL;
}

static bool decides_alike(const struct nlattr *found, const struct nlattr *wanted)
{
	const struct nlattr *a;
	const struct nlattr *b;
	size_t n = 0;

	/* Whoever has no condition may not be given one. */
	if (count(wanted, NFTA_LIST_ELEM) == 1)
		return holds(found, wanted);
	do {
		a = find_deciding(found, n);
		b = find_deciding(wanted, n++);
	} while (a && b && holds(a, b));
	return !a && !b;
}

static bool is_as_wanted(const struct comparison *comparison, const struct nlattr *found,
			 const struct nlattr *wanted)
{
	return comparison->wanted->may_be_reworded ? decides_alike(found, wanted) :
						     holds(found, wanted);
}

static bool is_rule(const struct nlmsghdr *msg)
{
	return msg->nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE);
}

/* Those of a chain come in order: the first that has not been met must be this one. */
static int meet(const struct nlmsghdr *msg, void *arg)
{
	const struct nl_dump *dump = arg;
	struct comparison *comparison = dump->arg;
	const struct nlattr *found = find(msg, NFTA_RULE_EXPRESSIONS);
	bool is_ours = false;

	for (size_t i = 0; i < comparison->wanted->batch->n && !*comparison->odd; i++) {
		const struct nlmsghdr *wanted = wanted_message(comparison, i);

		if (!is_rule(wanted) || strcmp(chain_of(wanted), chain_of(msg)) != 0)
			continue;
		is_ours = true;
		if (comparison->met[i])
			continue;
		comparison->met[i] = true;
		if (found && is_as_wanted(comparison, found, find(wanted, NFTA_RULE_EXPRESSIONS)))
			return 0;
		break;
	}
	/* A chain for which no rule is wanted is somebody else's. */
	if (is_ours)
		snprintf(comparison->odd, sizeof(comparison->odd), "%s", chain_of(msg));
	return 0;
}

static void put_list(struct nl_batch *batch, struct nl_dump *dump)
{
	struct comparison *comparison = dump->arg;
	const struct nft_wanted_rules *wanted = comparison->wanted;

	memset(comparison->met, 0, wanted->batch->n * sizeof(*comparison->met));
	*comparison->odd = '\0';
	nft_request(batch, NFT_MSG_GETRULE, NLM_F_DUMP, "list rules of", wanted->table,
		    wanted->chain ? wanted->chain : "");
	nl_tolerate(batch, ENOENT);
	nl_on_reply(batch, meet, dump);
	nl_put_str(batch, NFTA_RULE_TABLE, wanted->table->name);
	if (wanted->chain)
		nl_put_str(batch, NFTA_RULE_CHAIN, wanted->chain);
}

int nft_compare_rules(struct nl_socket *nft, const struct nft_wanted_rules *wanted, char *ret,
		      size_t size, struct error *err)
{
	const struct nl_batch *batch = wanted->batch;
	autofree bool *met = calloc(batch->n + 1, sizeof(*met));
	struct comparison comparison = { wanted, met, "" };
	struct nl_dump dump = { .put = put_list, .arg = &comparison };
	int rc;

	if (!met || batch->failed)
		return error_errno(err, ERROR_SYSTEM, met ? -batch->failed : ENOMEM,
				   "cannot compare rules");
	rc = nl_dump_run(&dump, nft, err);
	for (size_t i = 0; i < batch->n && rc >= 0 && !*comparison.odd; i++)
		if (is_rule(wanted_message(&comparison, i)) && !met[i])
			snprintf(comparison.odd, sizeof(comparison.odd), "%s",
				 chain_of(wanted_message(&comparison, i)));
	if (rc < 0 || !*comparison.odd)
		return rc < 0 ? rc : 1;
	snprintf(ret, size, "rules of chain %s as we make them", comparison.odd);
	return 0;
}
