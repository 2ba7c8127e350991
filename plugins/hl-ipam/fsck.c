/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsck.c - what is wrong in the networks' directories, and putting it right
 *
 * Should: find all that keeps an address from being used, or hl-ipam from being quick.
 * Mustn't: change anything unless told so; ever touch what is alive, of unknown life, or
 * somebody else's.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbr/base/cleanup.h"
#include "pool.h"
#include "view.h"

/* For programs and people. */
static const struct {
	const char *name;
	const char *about;
} troubles[] = {
	[POOL_DEAD_HOLDER] = { "leaked", "" },
	[POOL_HIDDEN_HOLDER] = { "out-of-sight", "" },
	[POOL_BLANK_FILE] = { "blank", "a crash left its file without content" },
	[POOL_NO_FILE] = { "no-file", "something else has the name of a file or directory" },
	[POOL_UNREADABLE] = { "unreadable", "" },
	[POOL_NOT_RECORDED] = { "not-recorded", "is not on record: somebody else reserved it" },
	[POOL_EMPTY_RECORD] = { "empty-record", "tells of an address that it has not" },
	[POOL_BROKEN_RECORD] = { "broken-record", "is no whole record" },
	[POOL_TEMPORARY] = { "temporary", "was left by a process that died while it wrote" },
	[POOL_BAD_CURSOR] = { "bad-cursor", "holds no address: the round robin begins anew" },
	[POOL_BAD_STATE] = { "bad-state", "is unusable: every call reads all files" },
	[POOL_WRONG_STATE] = { "wrong-state", "counts other addresses than there are" },
	[POOL_STALE_STATE] = { "stale-state", "is out of date: somebody else changed something" },
	[POOL_ODD_NAME] = { "odd-name", "is not how that address is written: reserves nothing" },
};

#define OUTSIDE "outside"

/* To read more than these takes long enough to let others work first. */
#define MANY 1000

/*
 * An fsck of one network in work.
 * @json: findings of all networks, NULL = for people
 * @before, @after: repair; @after is empty unless @repaired
 * @mended, @left: how many problems
 */
struct check {
	const struct tool_options *options;
	json_t *json;
	struct site before;
	struct site after;
	bool repaired;
	size_t mended;
	size_t left;
};

static void check_done(struct check *check)
{
	site_done(&check->before);
	site_done(&check->after);
}

static const char *explain(const struct site *site, const struct pool_finding *finding, char *buf,
			   size_t size)
{
	const struct pool_entry *entry = finding->entry == POOL_NOBODY ?
						 NULL :
						 &site->audit.entries[finding->entry];
	const struct pool_holder *holder = entry ? view_holder(site, entry) : NULL;
	char who[VIEW_WHO_SIZE];
	char time[VIEW_TIME_SIZE];

	if (finding->trouble == POOL_DEAD_HOLDER && holder)
		snprintf(buf, size, "leaked by %s, since %s: %s", view_who(holder, who),
			 view_time(view_since(site, entry), time), view_why(site, entry));
	else if (finding->trouble == POOL_HIDDEN_HOLDER && holder)
		snprintf(buf, size, "kept for %s, since %s: %s", view_who(holder, who),
			 view_time(view_since(site, entry), time), view_why(site, entry));
	else if (finding->trouble == POOL_UNREADABLE)
		snprintf(buf, size, "cannot be read: %s", strerror(finding->errnum));
	else if (finding->trouble == POOL_NO_FILE && entry)
		snprintf(buf, size, "%s: it cannot be handed out", view_why(site, entry));
	else
		snprintf(buf, size, "%s", troubles[finding->trouble].about);
	return buf;
}

static int compare(const void *left, const void *right)
{
	const struct pool_finding *a = left;
	const struct pool_finding *b = right;

	return a->trouble != b->trouble ? (int)a->trouble - (int)b->trouble :
					  strcmp(a->name, b->name);
}

/* @audit: its findings in the order of compare() */
static bool is_among(const struct pool_finding *finding, const struct pool_audit *audit)
{
	return audit->n_findings &&
	       bsearch(finding, audit->findings, audit->n_findings, sizeof(*finding), compare);
}

static void put_holder(json_t *object, const struct pool_holder *holder)
{
	view_put(object, "container", holder ? holder->record.owner.container_id : NULL);
	view_put(object, "ifname", holder ? holder->record.owner.ifname : NULL);
	view_put(object, "pod", holder ? holder->record.evidence.pod : NULL);
}

/* @entry: index of the address, POOL_NOBODY = none; @about: what is wrong */
static void tell(const struct check *check, const struct site *site, size_t entry, const char *kind,
		 const char *name, bool harmless, const char *about, bool mended)
{
	const struct pool_entry *at = entry == POOL_NOBODY ? NULL : &site->audit.entries[entry];
	const struct place *place = site->place;
	char text[IP_TEXT_SIZE];
	json_t *object;

	if (check->json) {
		object = view_object(place, at ? ip_format(&at->addr, text) : NULL);
		view_put(object, "file", name);
		view_put(object, "kind", kind);
		view_put(object, "what", about);
		json_object_set_new(object, "problem", json_boolean(!harmless));
		json_object_set_new(object, "repaired", json_boolean(mended));
		put_holder(object, at ? view_holder(site, at) : NULL);
		json_array_append_new(check->json, object);
	} else if (!harmless || !check->options->quiet) {
		printf("%s: %s%s: %s%s\n", place->network, harmless ? "note: " : "", name, about,
		       mended ? ": put right" : "");
	}
}

/* One finding, as it is after the repair, if there was one. */
static void tell_finding(struct check *check, const struct pool_finding *finding)
{
	const struct site *site = &check->before;
	const bool mended = check->repaired && !is_among(finding, &check->after.audit);
	char about[1024];

	if (!finding->harmless) {
		check->mended += mended;
		check->left += !mended;
	}
	tell(check, site, finding->entry, troubles[finding->trouble].name, finding->name,
	     finding->harmless, explain(site, finding, about, sizeof(about)), mended);
}

/* Of a network that host-local made, each address would be one, and so where none is in sight. */
static bool is_told_in_sum(const struct check *check, const struct pool_finding *finding)
{
	return !check->json && finding->harmless &&
	       (finding->trouble == POOL_NOT_RECORDED || finding->trouble == POOL_HIDDEN_HOLDER);
}

static size_t count_findings(const struct pool_audit *audit, enum pool_trouble trouble)
{
	size_t n = 0;

	for (size_t i = 0; i < audit->n_findings; i++)
		n += audit->findings[i].trouble == trouble && audit->findings[i].harmless;
	return n;
}

static void tell_findings(struct check *check)
{
	const struct pool_audit *audit = &check->before.audit;
	const size_t n = check->json ? 0 : count_findings(audit, POOL_NOT_RECORDED);

	for (size_t i = 0; i < audit->n_findings; i++)
		if (!is_told_in_sum(check, &audit->findings[i]))
			tell_finding(check, &audit->findings[i]);
	if (n && !check->options->quiet)
		printf("%s: note: addresses that are not on record, somebody else reserved them: "
		       "%zu%s\n",
		       check->before.place->network, n, check->repaired ? ": put right" : "");
}

/* An address that the config would not hand out: not wrong, but worth to know. */
static void tell_outsiders(const struct check *check)
{
	const struct ipam_conf *conf = &check->before.place->conf;
	const struct site *site = check->repaired ? &check->after : &check->before;
	const struct pool_audit *audit = &site->audit;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < audit->n_entries && conf->n_sets; i++) {
		const struct pool_range *range = NULL;

		for (size_t set = 0; set < conf->n_sets && !range; set++)
			range = pool_set_find(&conf->sets[set], &audit->entries[i].addr);
		if (range)
			continue;
		tell(check, site, i, OUTSIDE, ip_format(&audit->entries[i].addr, text), true,
		     "lies in none of the network's ranges", false);
	}
}

static bool can_be_repaired(const struct pool_audit *audit)
{
	for (size_t i = 0; i < audit->n_findings; i++)
		if (audit->findings[i].trouble != POOL_ODD_NAME &&
		    audit->findings[i].trouble != POOL_HIDDEN_HOLDER)
			return true;
	return false;
}

/*
 * Where no config is known, reservations of an earlier boot may be meant to last. They
 * stay, and the next ADD, which knows, must see them.
 */
static void leave_to_others(struct check *check)
{
	const struct site *site = &check->after;

	if (site->place->source)
		return;
	for (size_t i = 0; i < site->audit.n_entries; i++) {
		if (strcmp(view_state(site, &site->audit.entries[i]), "earlier-boot") != 0)
			continue;
		tool_note(check->options,
			  "%s: what is of an earlier boot is left alone: no config in %s says "
			  "whether it may outlive that",
			  site->place->network, check->options->conf_dir);
		futimens(site->store.dir_fd, NULL);
		return;
	}
}

/* A slice at a time, for each call on the node waits meanwhile. Return: 0 or negative */
static int repair_in_slices(struct site *site, bool is_large, struct error *err)
{
	struct error second;
	bool more = false;
	int names = pool_repair_names(&site->store, &site->world, err);
	int rc = is_large ? ipam_pool_yield(&site->store, &second) : 0;

	if (rc >= 0)
		rc = pool_repair(&site->store, &site->world, false, &more, &second);
	while (rc >= 0 && more && (rc = ipam_pool_yield(&site->store, &second)) >= 0)
		rc = pool_repair(&site->store, &site->world, true, &more, &second);
	if (names >= 0 && rc < 0)
		*err = second;
	return names < 0 ? names : rc;
}

/* Return: 0 or negative; @after is looked at even if some of it failed */
static int repair(struct check *check, struct error *err)
{
	struct site *site = &check->after;
	const struct place *place = check->before.place;
	struct error second;
	int rc = site_make(place, site, err);
	int look;

	if (rc < 0)
		return rc;
	rc = repair_in_slices(site, check->before.audit.n_entries > MANY, err);
	site_unlock(site);
	surroundings_done(&site->here);
	site->world = surroundings_look(place->network, place->lasting, &site->here);
	look = site_look_locked(site, IPAM_LOCK_TIMEOUT_MS, true, check->options, &second);
	if (look < 0) {
		*err = second;
		return look;
	}
	check->repaired = true;
	leave_to_others(check);
	if (site->audit.n_findings)
		qsort(site->audit.findings, site->audit.n_findings, sizeof(*site->audit.findings),
		      compare);
	return rc;
}

static void conclude(const struct check *check)
{
	const struct pool_audit *audit = &check->before.audit;
	const size_t hidden = count_findings(audit, POOL_HIDDEN_HOLDER);
	const size_t n = check->mended + check->left;

	if (check->json || check->options->quiet)
		return;
	if (hidden)
		printf("%s: note: %zu of %zu addresses reserved are of pods that are out of sight: "
		       "they are kept, hl-ipam list tells why\n",
		       check->before.place->network, hidden, audit->n_entries);
	printf("%s: ", check->before.place->network);
	if (!n)
		printf("clean, %zu addresses reserved\n", check->before.audit.n_entries);
	else if (check->repaired)
		printf("%zu problems, %zu put right\n", n, check->mended);
	else
		printf("%zu problems; --repair puts right what can be\n", n);
}

/* Return: exit status */
static int check_network(const struct tool_options *options, const struct place *place,
			 json_t *json)
{
	auto_with(check_done) struct check check = {
		.options = options, .json = json, .before = SITE_NONE, .after = SITE_NONE
	};
	struct error err = { 0 };
	int status = TOOL_DONE;
	int rc = site_open(place, &check.before, &err);

	if (rc > 0)
		rc = site_look_locked(&check.before, IPAM_LOCK_TIMEOUT_MS, true, options, &err);
	if (rc < 0)
		return tool_complain(&err);
	if (options->repair && !options->dry_run && can_be_repaired(&check.before.audit) &&
	    repair(&check, &err) < 0)
		status = tool_complain(&err);
	tell_findings(&check);
	tell_outsiders(&check);
	conclude(&check);
	return status | (check.mended ? TOOL_MENDED : 0) | (check.left ? TOOL_LEFT : 0);
}

int tool_fsck(const struct tool_options *options, const struct places *places)
{
	json_auto_t *json = options->json ? json_array() : NULL;
	int status = TOOL_DONE;

	for (size_t i = 0; i < places->n; i++)
		status |= check_network(options, &places->items[i], json);
	if (json)
		view_dump(json);
	if (!places->n)
		tool_note(options, "there is no network");
	return status;
}
