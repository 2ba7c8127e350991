/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - who has which address, and how many are left */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "view.h"

static void add_row(struct view_table *table, const struct site *site,
		    const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);
	char text[IP_TEXT_SIZE];
	char time[VIEW_TIME_SIZE];
	char id[VIEW_SHORT_ID + 1] = "";

	if (holder)
		snprintf(id, sizeof(id), "%s", holder->record.owner.container_id);
	view_table_add(table, site->place->network);
	view_table_add(table, ip_format(&entry->addr, text));
	view_table_add(table, holder ? holder->record.evidence.pod : "");
	view_table_add(table, id);
	view_table_add(table, holder ? holder->record.owner.ifname : "");
	view_table_add(table, view_time(view_since(site, entry), time));
	view_table_add(table, view_state(site, entry));
	view_table_add(table, view_why(site, entry));
}

/* Addresses that a set can hand out: gateways are kept back. */
static uint64_t size_of_set(const struct pool_set *set)
{
	uint64_t size = 0;

	for (size_t i = 0; i < set->n; i++) {
		const struct pool_range *range = &set->ranges[i];
		uint64_t n = ip_range_size(&range->first, &range->last);

		if (n != UINT64_MAX)
			n -= pool_range_contains(range, &range->gateway);
		size = size > UINT64_MAX - n ? UINT64_MAX : size + n;
	}
	return size;
}

static uint64_t used_of_set(const struct pool_set *set, const struct pool_audit *audit)
{
	uint64_t n = 0;

	for (size_t i = 0; i < audit->n_entries; i++) {
		const struct ip_addr *addr = &audit->entries[i].addr;
		const struct pool_range *range = pool_set_find(set, addr);

		n += range && !ip_equal(&range->gateway, addr);
	}
	return n;
}

static size_t count_resting(const struct site *site)
{
	size_t n = 0;

	for (size_t i = 0; i < site->audit.n_rested; i++)
		n += site->audit.rested[i].age_ms < 1000LL * site->place->reuse_delay;
	return n;
}

static void summarize_states(const struct site *site, FILE *out)
{
	static const char *const states[] = { "alive",   "dead",  "unknown", "earlier-boot",
					      "foreign", "blank", "no-file", "unreadable" };
	size_t counts[ARRAY_SIZE(states)] = { 0 };

	for (size_t i = 0; i < site->audit.n_entries; i++) {
		const char *state = view_state(site, &site->audit.entries[i]);
		size_t j = 0;

		while (strcmp(states[j], state) != 0)
			j++;
		counts[j]++;
	}
	for (size_t i = 0; i < ARRAY_SIZE(states); i++)
		if (counts[i])
			fprintf(out, ", %zu %s", counts[i], states[i]);
}

static void summarize(const struct site *site, FILE *out)
{
	const struct ipam_conf *conf = &site->place->conf;

	fprintf(out, "%s: %zu reserved", site->place->network, site->audit.n_entries);
	summarize_states(site, out);
	fprintf(out, ", %zu resting", count_resting(site));
	for (size_t i = 0; i < conf->n_sets; i++) {
		const uint64_t size = size_of_set(&conf->sets[i]);
		const uint64_t used = used_of_set(&conf->sets[i], &site->audit);
		char text[256];

		pool_set_format(&conf->sets[i], text, sizeof(text));
		if (size == UINT64_MAX)
			fprintf(out, "; more free of %s than can be counted", text);
		else
			fprintf(out, "; %llu of %llu free in %s",
				(unsigned long long)(size > used ? size - used : 0),
				(unsigned long long)size, text);
	}
	fprintf(out, "\n");
}

/*
 * What is being listed.
 * @json: NULL = a table
 * @summary, @text: a line for each network, to be printed at the end
 */
struct listing {
	json_t *json;
	struct view_table table;
	FILE *summary;
	char *text;
	size_t text_len;
};

static void listing_done(struct listing *listing)
{
	json_decref(listing->json);
	view_table_done(&listing->table);
	if (listing->summary)
		fclose(listing->summary);
	free(listing->text);
}

static void begin(struct listing *listing, bool json)
{
	static const char *const heads[] = { "NETWORK", "ADDRESS", "POD",   "CONTAINER",
					     "IFNAME",  "SINCE",   "STATE", "WHY" };
	const size_t n = ARRAY_SIZE(heads);

	listing->json = json ? json_array() : NULL;
	listing->summary = open_memstream(&listing->text, &listing->text_len);
	listing->table.columns = n;
	for (size_t i = 0; i < n; i++)
		view_table_add(&listing->table, heads[i]);
}

static void list_site(struct listing *listing, const struct site *site)
{
	for (size_t i = 0; i < site->audit.n_entries; i++)
		if (listing->json)
			json_array_append_new(listing->json,
					      view_entry(site, &site->audit.entries[i]));
		else
			add_row(&listing->table, site, &site->audit.entries[i]);
	if (listing->summary)
		summarize(site, listing->summary);
}

static void finish(const struct listing *listing, const struct tool_options *options)
{
	if (listing->json) {
		view_dump(listing->json);
		return;
	}
	if (listing->table.n > listing->table.columns)
		view_table_print(&listing->table);
	if (listing->summary && fflush(listing->summary) == 0 && !options->quiet)
		printf("%s", listing->text);
}

int tool_list(const struct tool_options *options, const struct places *places)
{
	auto_with(listing_done) struct listing listing = { 0 };
	int status = TOOL_DONE;

	begin(&listing, options->json);
	for (size_t i = 0; i < places->n; i++) {
		auto_with(site_done) struct site site = SITE_NONE;
		struct error err = { 0 };
		int rc = site_open(&places->items[i], &site, &err);

		if (rc > 0)
			rc = site_look_locked(&site, TOOL_PATIENCE_MS, false, options, &err);
		if (rc < 0)
			status = tool_complain(&err);
		else
			list_site(&listing, &site);
	}
	finish(&listing, options);
	if (!places->n)
		tool_note(options, "there is no network");
	return status;
}
