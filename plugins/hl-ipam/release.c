/* SPDX-License-Identifier: Apache-2.0 */
/*
 * release.c - give back by hand what an attachment holds, or what takes an address
 *
 * Should: do what DEL does, under the same lock.
 * Mustn't: take an address from a pod that shows life, unless told so; do half of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/find.h"
#include "view.h"

/*
 * Whom it is about.
 * @addr: family 0 = by container
 * @id: the whole ID, borrowed from the audit that it was found in; "" = not found
 */
struct whom {
	struct ip_addr addr;
	const char *id;
};

static bool is_meant(const struct site *site, const struct whom *whom,
		     const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);
	const size_t index = whom->addr.family ? pool_audit_find(&site->audit, &whom->addr) :
						 POOL_NOBODY;

	if (!whom->addr.family)
		return holder && strcmp(holder->record.owner.container_id, whom->id) == 0;
	if (index == POOL_NOBODY)
		return false;
	/* All addresses of an attachment go together. */
	return entry == &site->audit.entries[index] ||
	       (holder && entry->holder == site->audit.entries[index].holder);
}

/* Nobody may be robbed. */
static bool is_refused(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);

	return holder ? holder->life == POOL_ALIVE : entry->kind != POOL_ENTRY_BLANK;
}

static void refuse(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);
	char text[IP_TEXT_SIZE];
	char who[VIEW_WHO_SIZE] = "";

	fprintf(stderr, "hl-ipam: %s: %s is not given back: %s%s%s (--force)\n",
		site->place->network, ip_format(&entry->addr, text),
		holder ? view_who(holder, who) : "", holder ? ": " : "", view_why(site, entry));
}

/* @refused: how many must stay. Return: how many there are */
static size_t survey(const struct site *site, const struct whom *whom,
		     const struct tool_options *options, size_t *refused)
{
	size_t n = 0;

	for (size_t i = 0; i < site->audit.n_entries; i++) {
		const struct pool_entry *entry = &site->audit.entries[i];

		if (!is_meant(site, whom, entry))
			continue;
		n++;
		if (options->force || !is_refused(site, entry))
			continue;
		refuse(site, entry);
		(*refused)++;
	}
	return n;
}

static int give_back(struct site *site, const struct pool_entry *entry, struct error *err)
{
	const struct pool_holder *holder = view_holder(site, entry);
	struct pool_news ignored = { 0 };

	if (!holder)
		return pool_discard(&site->store, &entry->addr, &site->world, err);
	/* The first of its addresses takes the others along. */
	if (!ip_equal(&entry->addr, &holder->record.addrs[0]))
		return 0;
	return pool_release(&site->store, &holder->record.owner, &site->world, &ignored, err);
}

static void tell(const struct site *site, const struct pool_entry *entry,
		 const struct tool_options *options, json_t *json)
{
	const struct pool_holder *holder = view_holder(site, entry);
	char text[IP_TEXT_SIZE];
	char who[VIEW_WHO_SIZE] = "";

	if (json)
		json_array_append_new(json, view_entry(site, entry));
	else if (!options->quiet)
		printf("%s: %s %s%s%s\n", site->place->network, ip_format(&entry->addr, text),
		       options->dry_run ? "would be given back" : "given back", holder ? ": " : "",
		       holder ? view_who(holder, who) : "");
}

/* Under the lock, by what is there now. Return: exit status */
static int act(struct site *site, const struct whom *whom, const struct tool_options *options,
	       json_t *json)
{
	struct error err = { 0 };
	size_t refused = 0;

	if (!options->dry_run && site_look(site, &err) < 0)
		return tool_complain(&err);
	survey(site, whom, options, &refused);
	if (refused)
		return TOOL_LEFT;
	for (size_t i = 0; i < site->audit.n_entries; i++) {
		const struct pool_entry *entry = &site->audit.entries[i];

		if (!is_meant(site, whom, entry))
			continue;
		if (!options->dry_run && give_back(site, entry, &err) < 0)
			return tool_complain(&err);
		tell(site, entry, options, json);
	}
	return TOOL_DONE;
}

/* All networks, as they were when nobody had locked them. */
struct sites {
	struct site *items;
	size_t n;
};

static void sites_done(struct sites *sites)
{
	for (size_t i = 0; i < sites->n; i++)
		site_done(&sites->items[i]);
	free(sites->items);
}

static int look_at_all(const struct tool_options *options, const struct places *places,
		       struct sites *ret)
{
	struct error err = { 0 };
	int status = TOOL_DONE;

	ret->items = calloc(places->n + 1, sizeof(*ret->items));
	for (size_t i = 0; ret->items && i < places->n; i++) {
		struct site *site = &ret->items[ret->n++];
		int rc = site_open(&places->items[i], site, &err);

		if (rc > 0)
			rc = site_look_locked(site, TOOL_PATIENCE_MS, false, options, &err);
		if (rc < 0)
			status |= tool_complain(&err);
	}
	return ret->items ? status : TOOL_FAILED;
}

/* @ret: an ID that begins so. Return: how many different ones do, 2 standing for more */
static size_t match(const struct sites *sites, const char *text, bool whole, const char **ret)
{
	size_t n = 0;

	for (size_t i = 0; i < sites->n; i++)
		for (size_t j = 0; j < sites->items[i].audit.n_holders; j++) {
			const char *id = sites->items[i].audit.holders[j].record.owner.container_id;

			if (strncmp(id, text, strlen(text)) != 0 ||
			    (whole && strcmp(id, text) != 0) || strcmp(id, *ret) == 0)
				continue;
			*ret = id;
			if (++n == 2)
				return n;
		}
	return n;
}

/* Return: exit status */
static int identify(const struct sites *sites, const char *text, struct whom *ret)
{
	size_t n;

	*ret = (struct whom){ .id = "" };
	if (ip_parse(text, &ret->addr) == 0)
		return TOOL_DONE;
	n = match(sites, text, true, &ret->id);
	if (n == 0 && strlen(text) >= VIEW_SHORT_ID)
		n = match(sites, text, false, &ret->id);
	if (n < 2)
		return TOOL_DONE;
	fprintf(stderr, "hl-ipam: several containers begin with %s\n", text);
	return TOOL_USAGE;
}

static int act_on_all(const struct tool_options *options, struct sites *sites,
		      const struct whom *whom, json_t *json)
{
	int status = TOOL_DONE;

	for (size_t i = 0; i < sites->n; i++) {
		auto_with(site_done) struct site site = SITE_NONE;
		struct error err = { 0 };
		size_t ignored = 0;
		const struct tool_options forced = { .force = true };

		if (!survey(&sites->items[i], whom, &forced, &ignored))
			continue;
		if (options->dry_run)
			status |= act(&sites->items[i], whom, options, json);
		else if (site_make(sites->items[i].place, &site, &err) < 0)
			status |= tool_complain(&err);
		else
			status |= act(&site, whom, options, json);
	}
	return status;
}

int tool_release(const struct tool_options *options, const struct places *places)
{
	auto_with(sites_done) struct sites sites = { 0 };
	json_auto_t *json = options->json ? json_array() : NULL;
	struct whom whom;
	size_t refused = 0;
	size_t n = 0;
	int status = look_at_all(options, places, &sites);

	status |= identify(&sites, options->subject, &whom);
	if (status != TOOL_DONE)
		return status;
	/* Before anything is done in one network, those in all the others must be ready. */
	for (size_t i = 0; i < sites.n; i++)
		n += survey(&sites.items[i], &whom, options, &refused);
	if (refused)
		return TOOL_LEFT;
	if (n)
		status = act_on_all(options, &sites, &whom, json);
	else
		tool_note(options, "nothing is reserved for %s", options->subject);
	if (json)
		view_dump(json);
	return n ? status : TOOL_NOTHING;
}
