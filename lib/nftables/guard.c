/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard.c - make, check and remove the source guard of a port
 *
 * Each is one look-up of the rules and of the port's element, whose comment notes the
 * port's other elements, and one transaction that leaves the port as wished. A note that
 * does not tell, or tells wrong, makes the transaction fail; then the sets are listed.
 */

#include "cbr/nftables/guard.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "guard_elements.h"
#include "private.h"

/* The first try believes the note; others lose only to somebody else's changes. */
#define MAX_TRIES 10

/* What there is. */
struct view {
	struct nft_chain chains[GUARD_CHAINS];
	struct nft_element port;
};

static void look(struct nl_batch *batch, const char *port, struct view *ret)
{
	const struct nft_key key = nft_key_port(port);

	guard_rules_put_get(batch, ret->chains);
	nft_put_get_key(batch, &guard_table, guard_set_name(GUARD_PORTS), &key, &ret->port);
}

static bool is_race(int rc)
{
	return rc == -ENOENT || rc == -EINTR || rc == -EBUSY || rc == -EAGAIN;
}

static int explain(int rc, struct error *err)
{
	error_wrap(err, "nf_tables");
	if (rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT || rc == -ENOENT || rc == -EINVAL ||
	    rc == -EEXIST)
		error_hint(err,
			   "macspoofchk and ipSpoofChk need a kernel with CONFIG_NF_TABLES and "
			   "CONFIG_NF_TABLES_BRIDGE; if it has them, somebody else made an "
			   "object of this name: nft delete table bridge " GUARD_TABLE);
	return rc;
}

/* Elements of one set that are of ports for which @wanted says so. */
static int list_set(struct nl_socket *nft, enum guard_set set, guard_keep_fn *wanted, void *arg,
		    struct guard_elements *ret, struct error *err)
{
	autofree struct nft_key *keys = NULL;
	size_t n = 0;
	int rc = nft_list_keys(nft, &guard_table, guard_set_name(set), &keys, &n, err);

	for (size_t i = 0; i < n && rc >= 0; i++)
		if (wanted((const char *)keys[i].bytes, arg))
			rc = guard_elements_add(ret, set, &keys[i], err);
	return rc;
}

static int list_all(struct nl_socket *nft, guard_keep_fn *wanted, void *arg,
		    struct guard_elements *ret, struct error *err)
{
	int rc = 0;

	*ret = (struct guard_elements){ 0 };
	for (size_t i = 0; i < GUARD_SETS && rc >= 0; i++)
		rc = list_set(nft, (enum guard_set)i, wanted, arg, ret, err);
	return rc;
}

static bool is_port(const char *port, void *arg)
{
	const char *name = arg;

	return strcmp(port, name) == 0;
}

/* What the port has: as noted, or if the note is not believed as listed. */
static int find_elements(struct nl_socket *nft, const char *port, const struct nft_element *found,
			 bool believe, struct guard_elements *ret, struct error *err)
{
	char name[IF_NAMESIZE];
	int rc = 0;

	*ret = (struct guard_elements){ 0 };
	if (believe && !found->key.len)
		return 0;
	if (believe)
		rc = guard_elements_recall(port, found->comment, ret, err);
	if (rc)
		return rc;
	snprintf(name, sizeof(name), "%s", port);
	return list_all(nft, is_port, name, ret, err);
}

static void put_delete(struct nl_batch *batch, const struct guard_elements *elements)
{
	for (size_t i = 0; i < elements->n; i++)
		nft_put_delete_key(batch, &guard_table, guard_set_name(elements->items[i].set),
				   &elements->items[i].key);
}

static void put_add(struct nl_batch *batch, const struct guard_elements *elements)
{
	for (size_t i = 0; i < elements->n; i++)
		nft_put_key(batch, &guard_table, guard_set_name(elements->items[i].set),
			    &elements->items[i].key, i ? NULL : elements->note);
}

/*
 * One transaction: what was goes, what is wanted comes.
 * @found: chains, if the rules are to be made anew; else NULL
 */
static int replace(struct nl_socket *nft, const struct guard_elements *was,
		   const struct guard_elements *wanted, const struct nft_chain *found,
		   struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, nft);
	nft_put_begin(&batch, 0);
	if (found)
		guard_rules_put(&batch, found);
	put_delete(&batch, was);
	if (wanted)
		put_add(&batch, wanted);
	nft_put_end(&batch);
	return nl_batch_run(&batch, err);
}

static int try_make(struct nl_socket *nft, const struct guard *guard,
		    const struct guard_elements *wanted, bool believe, struct error *err)
{
	auto_with(guard_elements_done) struct guard_elements was = { 0 };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	char missing[NFT_NAME_SIZE * 2];
	struct view view;
	int rc;

	nl_batch_begin(&batch, nft);
	look(&batch, guard->port, &view);
	rc = nl_batch_run(&batch, err);
	if (rc < 0)
		return rc;
	rc = find_elements(nft, guard->port, &view.port, believe, &was, err);
	if (rc < 0)
		return rc;
	if (!guard_rules_missing(view.chains, missing, sizeof(missing)))
		return replace(nft, &was, wanted, NULL, err);
	return replace(nft, &was, wanted, view.chains, err);
}

int guard_make(struct nl_socket *nft, const struct guard *guard, struct error *err)
{
	auto_with(guard_elements_done) struct guard_elements wanted = { 0 };
	struct error lost = { 0 };
	int rc = guard_elements_make(guard, &wanted, err);

	if (rc < 0)
		return rc;
	rc = try_make(nft, guard, &wanted, true, &lost);
	for (int tries = 1; tries < MAX_TRIES && is_race(rc); tries++)
		rc = try_make(nft, guard, &wanted, false, &lost);
	if (rc >= 0)
		return 0;
	*err = lost;
	return explain(rc, err);
}

/* The element as a person would write it, and its set. */
static void describe(const struct guard_element *element, char *buf, size_t size)
{
	const uint8_t *rest = element->key.bytes + IF_NAMESIZE;
	char text[IP_TEXT_SIZE] = "";

	if (element->set == GUARD_MACS) {
		struct mac mac;

		memcpy(mac.bytes, rest, sizeof(mac.bytes));
		mac_format(&mac, text);
	} else if (element->set == GUARD_IPV4 || element->set == GUARD_IPV6) {
		inet_ntop(element->set == GUARD_IPV4 ? AF_INET : AF_INET6, rest, text,
			  sizeof(text));
	}
	snprintf(buf, size, "element %s%s%s of set %s", (const char *)element->key.bytes,
		 *text ? " . " : "", text, guard_set_name(element->set));
}

/* Return: 1 if all is there, 0 if not and @ret says what, or negative */
static int compare(struct nl_socket *nft, const struct nft_chain chains[static GUARD_CHAINS],
		   const struct guard_elements *wanted, const struct nft_element *found, char *ret,
		   size_t size, struct error *err)
{
	if (guard_rules_missing(chains, ret, size))
		return 0;
	for (size_t i = 0; i < wanted->n; i++)
		if (!found[i].key.len) {
			describe(&wanted->items[i], ret, size);
			return 0;
		}
	return guard_rules_compare(nft, ret, size, err);
}

/* Return: 1 if all is there, 0 if not and @ret says what, or negative */
static int look_for_missing(struct nl_socket *nft, const struct guard_elements *wanted, char *ret,
			    size_t size, struct error *err)
{
	autofree struct nft_element *found = calloc(wanted->n, sizeof(*found));
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	struct nft_chain chains[GUARD_CHAINS];
	int rc;

	if (!found)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot check a source guard");
	nl_batch_begin(&batch, nft);
	guard_rules_put_get(&batch, chains);
	for (size_t i = 0; i < wanted->n; i++)
		nft_put_get_key(&batch, &guard_table, guard_set_name(wanted->items[i].set),
				&wanted->items[i].key, &found[i]);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : compare(nft, chains, wanted, found, ret, size, err);
}

int guard_check(struct nl_socket *nft, const struct guard *guard, struct error *err)
{
	auto_with(guard_elements_done) struct guard_elements wanted = { 0 };
	char missing[NFT_NAME_SIZE * 2];
	int rc = guard_elements_make(guard, &wanted, err);

	for (int tries = 0; tries < NFT_CHECK_TRIES && (rc == 0 || rc == -EINTR); tries++) {
		nft_wait_turn(NFT_CHECK_TURN(tries));
		rc = look_for_missing(nft, &wanted, missing, sizeof(missing), err);
	}
	if (rc)
		return rc < 0 ? rc : 0;
	error_set(err, ERROR_CHECK, "source guard of %s lacks %s (table bridge " GUARD_TABLE ")",
		  guard->port, missing);
	return error_hint(err, "rules come back with the next ADD, edited ones after nft flush "
			       "chain bridge " GUARD_TABLE " and the name of their chain; elements "
			       "with an ADD of their own pod");
}

/* There is nothing to remove where the kernel has no nf_tables. */
static bool is_without(int rc)
{
	return rc == -EOPNOTSUPP || rc == -EPROTONOSUPPORT || rc == -EINVAL;
}

static int try_remove(struct nl_socket *nft, const char *port, bool believe, struct error *err)
{
	auto_with(guard_elements_done) struct guard_elements was = { 0 };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	const struct nft_key key = nft_key_port(port);
	struct nft_element found;
	int rc;

	nl_batch_begin(&batch, nft);
	nft_put_get_key(&batch, &guard_table, guard_set_name(GUARD_PORTS), &key, &found);
	rc = nl_batch_run(&batch, err);
	if (rc < 0)
		return is_without(rc) ? 0 : rc;
	rc = find_elements(nft, port, &found, believe, &was, err);
	if (rc < 0 || !was.n)
		return rc < 0 ? rc : 0;
	rc = replace(nft, &was, NULL, NULL, err);
	return rc < 0 ? rc : 1;
}

int guard_remove(struct nl_socket *nft, const char *port, struct error *err)
{
	struct error lost = { 0 };
	int rc = try_remove(nft, port, true, &lost);

	for (int tries = 1; tries < MAX_TRIES && is_race(rc); tries++)
		rc = try_remove(nft, port, false, &lost);
	if (rc < 0)
		*err = lost;
	return rc;
}

/* What guard_sweep() was asked. */
struct sweep {
	guard_keep_fn *keep;
	void *arg;
};

static bool is_to_go(const char *port, void *arg)
{
	const struct sweep *sweep = arg;

	return !sweep->keep(port, sweep->arg);
}

int guard_sweep(struct nl_socket *nft, guard_keep_fn *keep, void *arg, struct error *err)
{
	struct sweep sweep = { keep, arg };
	struct error lost = { 0 };
	int rc = -EINTR;

	for (int tries = 0; tries < MAX_TRIES && is_race(rc); tries++) {
		auto_with(guard_elements_done) struct guard_elements garbage = { 0 };

		rc = list_all(nft, is_to_go, &sweep, &garbage, &lost);
		if (is_without(rc) || (rc >= 0 && !garbage.n))
			return 0;
		if (rc >= 0)
			rc = replace(nft, &garbage, NULL, NULL, &lost);
	}
	if (rc < 0)
		*err = lost;
	return rc < 0 ? rc : 1;
}
