/* SPDX-License-Identifier: Apache-2.0 */
/* audit_holders.c - who holds the addresses, by their files and by the records */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "audit.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "names.h"
#include "unread.h"

/*
 * @owner, @addrs, @evidence of record: as it is on record
 * @used: its attachment holds something
 */
struct paper {
	struct pool_record record;
	bool used;
};

struct papers {
	struct paper *items;
	size_t n;
	struct pool_survey *survey;
};

static void papers_done(struct papers *papers)
{
	for (size_t i = 0; i < papers->n; i++)
		pool_record_done(&papers->items[i].record);
	free(papers->items);
}

static int compare_papers(const void *left, const void *right)
{
	return pool_owner_compare(&((const struct paper *)left)->record.owner,
				  &((const struct paper *)right)->record.owner);
}

static int compare_key(const void *key, const void *item)
{
	return pool_owner_compare(key, &((const struct paper *)item)->record.owner);
}

static const char *copy_text(char **pos, const char *text)
{
	const char *copy = *pos;

	*pos = stpcpy(*pos, text) + 1;
	return copy;
}

/* A record that was read has room for the longest one; of these there are many here. */
static bool shrink(struct pool_record *record)
{
	struct pool_evidence *evidence = &record->evidence;
	char *text = malloc(strlen(record->owner.container_id) + strlen(record->owner.ifname) +
			    strlen(evidence->boot) + strlen(evidence->netns) +
			    strlen(evidence->pod) + 5);
	char *pos = text;

	if (!text)
		return false;
	record->owner.container_id = copy_text(&pos, record->owner.container_id);
	record->owner.ifname = copy_text(&pos, record->owner.ifname);
	evidence->boot = copy_text(&pos, evidence->boot);
	evidence->netns = copy_text(&pos, evidence->netns);
	evidence->pod = copy_text(&pos, evidence->pod);
	free(record->text);
	record->text = text;
	return true;
}

static void find_in_records(struct pool_survey *survey, enum pool_trouble trouble, const char *name)
{
	char path[sizeof(POOL_RECORDS_NAME) + NAME_MAX + 1];

	snprintf(path, sizeof(path), POOL_RECORDS_NAME "/%s", name);
	pool_survey_find(survey, trouble, path);
}

static void load_paper(const char *name, bool is_file, void *arg)
{
	struct papers *papers = arg;
	struct pool_survey *survey = papers->survey;
	struct paper *items;
	int rc;

	(void)is_file;
	if (file_is_temporary(name)) {
		find_in_records(survey, POOL_TEMPORARY, name);
		return;
	}
	items = array_grow(papers->items, papers->n, sizeof(*items));
	if (!items) {
		survey->no_memory = true;
		return;
	}
	papers->items = items;
	items[papers->n] = (struct paper){ 0 };
	rc = pool_record_load_named(survey->store->records_fd, name, &items[papers->n].record);
	/* It is whole, maybe: we have nothing to read it with. */
	if (rc < 0 && !pool_is_unreadable(rc)) {
		survey->failed = rc;
		return;
	}
	if (rc <= 0) {
		find_in_records(survey, POOL_BROKEN_RECORD, name);
		return;
	}
	if (!shrink(&items[papers->n++].record))
		survey->no_memory = true;
}

static int load_papers(struct papers *papers)
{
	const int records_fd = papers->survey->store->records_fd;
	int rc = records_fd < 0 ? 0 : pool_survey_each(records_fd, load_paper, papers);

	if (papers->n)
		qsort(papers->items, papers->n, sizeof(*papers->items), compare_papers);
	return rc;
}

static bool is_listed(const struct pool_record *record, const struct ip_addr *addr)
{
	for (size_t i = 0; i < record->n; i++)
		if (ip_equal(&record->addrs[i], addr))
			return true;
	return false;
}

/* Else one of the same name was served by somebody else, and nothing is on record of it. */
static bool tells_of_all(const struct pool_audit *audit, const struct paper *paper,
			 const size_t *group, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct pool_entry *entry = &audit->entries[group[i]];

		if (!pool_record_covers(&paper->record, &entry->addr, &entry->time))
			return false;
	}
	return true;
}

/* What is on record of an attachment, or what can be known without that. */
static void identify(struct papers *papers, const struct pool_entry *first, struct paper *paper,
		     bool recorded, const struct pool_world *world, struct pool_holder *ret)
{
	*ret = (struct pool_holder){ .recorded = recorded, .life = POOL_UNKNOWN, .why = "" };
	if (paper)
		paper->used = true;
	if (recorded) {
		ret->record = paper->record;
		ret->record.addrs = NULL;
		ret->record.n = 0;
		paper->record.text = NULL;
		return;
	}
	ret->record.owner = first->owner;
	ret->record.evidence = POOL_EVIDENCE_NONE;
	ret->record.evidence.boot = world->boot;
	if (!shrink(&ret->record))
		papers->survey->no_memory = true;
}

/* Of what cannot be read, what is on record. */
static void claim_unread(struct papers *papers, const struct paper *paper)
{
	struct pool_audit *audit = papers->survey->audit;
	const struct pool_record *record = &paper->record;

	for (size_t i = 0; i < record->n; i++) {
		const size_t index = pool_audit_find(audit, &record->addrs[i]);
		struct pool_entry *entry = index == POOL_NOBODY ? NULL : &audit->entries[index];

		if (!entry || entry->kind != POOL_ENTRY_UNREADABLE || entry->text ||
		    !pool_record_covers(record, &entry->addr, &entry->time))
			continue;
		entry->text = pool_owner_copy(&record->owner, &entry->owner);
		if (!entry->text) {
			papers->survey->no_memory = true;
			return;
		}
	}
}

/* @group, @n: entries of one attachment, by their index */
static void add_holder(struct papers *papers, const size_t *group, size_t n,
		       const struct pool_world *world)
{
	struct pool_survey *survey = papers->survey;
	struct pool_audit *audit = survey->audit;
	struct pool_holder *items = array_grow(audit->holders, audit->n_holders, sizeof(*items));
	const struct pool_entry *first = &audit->entries[*group];
	struct paper *paper = papers->n ? bsearch(&first->owner, papers->items, papers->n,
						  sizeof(*paper), compare_key) :
					  NULL;
	const bool recorded = paper && tells_of_all(audit, paper, group, n);
	struct pool_record *record;
	struct ip_addr *addrs;
	size_t n_listed = 0;
	char name[NAME_MAX + 1];

	if (!items) {
		survey->no_memory = true;
		return;
	}
	audit->holders = items;
	identify(papers, first, paper, recorded, world, &items[audit->n_holders]);
	record = &items[audit->n_holders].record;
	addrs = calloc(n, sizeof(*addrs));
	survey->no_memory |= !addrs;
	for (size_t i = 0; i < n && addrs; i++) {
		struct pool_entry *entry = &audit->entries[group[i]];

		addrs[i] = entry->addr;
		entry->holder = audit->n_holders;
		if (!recorded && clock_is_before(&record->evidence.time, &entry->time))
			record->evidence.time = entry->time;
		if (paper && is_listed(&paper->record, &entry->addr))
			n_listed++;
		else
			pool_survey_find_address(survey, POOL_NOT_RECORDED, group[i]);
	}
	record->addrs = addrs;
	record->n = addrs ? n : 0;
	if (paper && n_listed < paper->record.n) {
		pool_record_name(&record->owner, name);
		find_in_records(survey, POOL_EMPTY_RECORD, name);
	}
	audit->n_holders++;
}

static int compare_indexes(const void *left, const void *right, void *arg)
{
	const struct pool_entry *entries = arg;
	const size_t a = *(const size_t *)left;
	const size_t b = *(const size_t *)right;
	const int order = pool_owner_compare(&entries[a].owner, &entries[b].owner);

	return order ? order : ip_compare(&entries[a].addr, &entries[b].addr);
}

static int group_entries(struct papers *papers, const struct pool_world *world)
{
	const struct pool_audit *audit = papers->survey->audit;
	autofree size_t *order = calloc(audit->n_entries + 1, sizeof(*order));
	size_t first = 0;
	size_t n = 0;

	if (!order)
		return -ENOMEM;
	for (size_t i = 0; i < audit->n_entries; i++)
		if (audit->entries[i].text)
			order[n++] = i;
	qsort_r(order, n, sizeof(*order), compare_indexes, audit->entries);
	for (size_t i = 1; i <= n; i++)
		if (i == n || pool_owner_compare(&audit->entries[order[i]].owner,
						 &audit->entries[order[first]].owner) != 0) {
			add_holder(papers, &order[first], i - first, world);
			first = i;
		}
	return 0;
}

int pool_survey_holders(struct pool_survey *survey, const struct pool_world *world)
{
	auto_with(papers_done) struct papers papers = { .survey = survey };
	char name[NAME_MAX + 1];
	int rc = load_papers(&papers);

	for (size_t i = 0; i < papers.n; i++)
		claim_unread(&papers, &papers.items[i]);
	if (rc >= 0)
		rc = group_entries(&papers, world);
	for (size_t i = 0; i < papers.n; i++) {
		if (papers.items[i].used)
			continue;
		pool_record_name(&papers.items[i].record.owner, name);
		find_in_records(survey, POOL_EMPTY_RECORD, name);
	}
	return rc;
}
