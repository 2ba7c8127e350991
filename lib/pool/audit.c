/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - read a network's directory: each name in it is what it should be, or a finding */

#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "index.h"
#include "names.h"

struct pool_finding *pool_survey_find(struct pool_survey *survey, enum pool_trouble trouble,
				      const char *name)
{
	struct pool_audit *audit = survey->audit;
	struct pool_finding *items = array_grow(audit->findings, audit->n_findings, sizeof(*items));
	char *copy = strdup(name);

	if (items)
		audit->findings = items;
	if (!items || !copy) {
		free(copy);
		survey->no_memory = true;
		return NULL;
	}
	items[audit->n_findings] =
		(struct pool_finding){ .trouble = trouble, .name = copy, .entry = POOL_NOBODY };
	return &items[audit->n_findings++];
}

struct pool_finding *pool_survey_find_address(struct pool_survey *survey, enum pool_trouble trouble,
					      size_t entry)
{
	char text[IP_TEXT_SIZE];
	struct pool_finding *finding = pool_survey_find(
		survey, trouble, ip_format(&survey->audit->entries[entry].addr, text));

	if (finding)
		finding->entry = entry;
	return finding;
}

int pool_survey_each(int dir_fd, void (*fn)(const char *name, bool is_file, void *arg), void *arg)
{
	autodir DIR *dir = file_open_dir(dir_fd);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while (errno = 0, (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			fn(entry->d_name, entry->d_type == DT_REG, arg);
	return -errno;
}

static void read_entry(const struct pool_store *store, struct pool_entry *entry)
{
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;
	int content = pool_store_read_time(store, &entry->addr, buf, &owner, &entry->time);

	if (content < 0) {
		entry->kind = POOL_ENTRY_UNREADABLE;
		entry->errnum = -content;
		entry->time = pool_store_time(store, &entry->addr);
	} else if (content != POOL_OWNED) {
		entry->kind = content == POOL_BLANK ? POOL_ENTRY_BLANK : POOL_ENTRY_FOREIGN;
	} else {
		entry->text = pool_owner_copy(&owner, &entry->owner);
	}
}

/* Opening what is no file, a device for one, may do something. */
static void inspect_entry(const struct pool_store *store, const char *name,
			  struct pool_entry *entry)
{
	struct stat st;

	if (fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		entry->kind = POOL_ENTRY_UNREADABLE;
		entry->errnum = errno;
		return;
	}
	entry->time = st.st_mtim;
	entry->type = st.st_mode & S_IFMT;
	if (S_ISREG(st.st_mode))
		read_entry(store, entry);
	else
		entry->kind = POOL_ENTRY_NO_FILE;
}

static void add_entry(struct pool_survey *survey, const char *name, bool is_file,
		      const struct ip_addr *addr)
{
	struct pool_audit *audit = survey->audit;
	struct pool_entry *items = array_grow(audit->entries, audit->n_entries, sizeof(*items));
	struct pool_entry entry = { .addr = *addr, .type = S_IFREG, .holder = POOL_NOBODY };

	if (!items) {
		survey->no_memory = true;
		return;
	}
	audit->entries = items;
	if (is_file)
		read_entry(survey->store, &entry);
	else
		inspect_entry(survey->store, name, &entry);
	if (entry.errnum == ENOENT)
		return; /* only if nobody holds the lock */
	if (entry.kind == POOL_ENTRY_OWNED && !entry.text)
		survey->no_memory = true;
	items[audit->n_entries++] = entry;
}

static bool is_directory(const struct pool_store *store, const char *name)
{
	struct stat st;

	return fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static bool is_file(const struct pool_store *store, const char *name)
{
	struct stat st;

	return fstatat(store->dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_nlink == 1;
}

static bool is_cursor(const struct pool_store *store, const char *name)
{
	char text[IP_TEXT_SIZE];
	struct ip_addr addr;

	return is_file(store, name) && file_read(store->dir_fd, name, text, sizeof(text)) > 0 &&
	       ip_parse(text, &addr) == 0;
}

static void look_at_name(const char *name, bool is_regular, void *arg)
{
	struct pool_survey *survey = arg;
	const struct pool_store *store = survey->store;
	struct pool_finding *finding;
	struct ip_addr addr;

	if (pool_name_is_address(name, &addr)) {
		if (!survey->shallow)
			add_entry(survey, name, is_regular, &addr);
	} else if (file_is_temporary(name)) {
		pool_survey_find(survey, POOL_TEMPORARY, name);
	} else if (strncmp(name, POOL_CURSOR_PREFIX, strlen(POOL_CURSOR_PREFIX)) == 0) {
		if (!is_cursor(store, name))
			pool_survey_find(survey, POOL_BAD_CURSOR, name);
	} else if (strcmp(name, POOL_RECORDS_NAME) == 0 || strcmp(name, POOL_REST_NAME) == 0) {
		if (!is_directory(store, name))
			pool_survey_find(survey, POOL_NO_FILE, name);
	} else if (strcmp(name, POOL_LOCK_NAME) == 0) {
		if (!is_file(store, name))
			pool_survey_find(survey, POOL_NO_FILE, name);
	} else if (ip_parse(name, &addr) == 0) {
		finding = pool_survey_find(survey, POOL_ODD_NAME, name);
		if (finding)
			finding->harmless = true;
	}
}

static int compare_entries(const void *left, const void *right)
{
	return ip_compare(&((const struct pool_entry *)left)->addr,
			  &((const struct pool_entry *)right)->addr);
}

size_t pool_audit_find(const struct pool_audit *audit, const struct ip_addr *addr)
{
	const struct pool_entry key = { .addr = *addr };
	const struct pool_entry *found = audit->n_entries ?
						 bsearch(&key, audit->entries, audit->n_entries,
							 sizeof(key), compare_entries) :
						 NULL;

	return found ? (size_t)(found - audit->entries) : POOL_NOBODY;
}

static void judge_entries(struct pool_survey *survey)
{
	for (size_t i = 0; i < survey->audit->n_entries; i++) {
		const struct pool_entry *entry = &survey->audit->entries[i];
		struct pool_finding *finding;

		if (entry->kind == POOL_ENTRY_BLANK)
			pool_survey_find_address(survey, POOL_BLANK_FILE, i);
		if (entry->kind == POOL_ENTRY_NO_FILE)
			pool_survey_find_address(survey, POOL_NO_FILE, i);
		if (entry->kind != POOL_ENTRY_UNREADABLE)
			continue;
		finding = pool_survey_find_address(survey, POOL_UNREADABLE, i);
		if (finding)
			finding->errnum = entry->errnum;
	}
}

static bool counts_agree(const struct pool_audit *audit, const struct pool_index *index)
{
	uint64_t n[2] = { 0 };

	for (size_t i = 0; i < audit->n_entries; i++)
		n[audit->entries[i].addr.family != AF_INET]++;
	return n[0] == index->reserved[0] && n[1] == index->reserved[1];
}

/* An empty one was made by a call that was killed before it wrote: the next one does. */
static bool has_state(const struct pool_store *store)
{
	struct stat st;

	return fstatat(store->dir_fd, POOL_STATE_NAME, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (!S_ISREG(st.st_mode) || st.st_size > 0);
}

/* Return: does the state claim that all is on record? */
static bool judge_state(struct pool_survey *survey, const struct pool_world *world)
{
	const struct pool_store *store = survey->store;
	struct pool_finding *finding;
	struct pool_index index;

	pool_index_read(store, world, &index);
	if (has_state(store) && store->records_fd >= 0 &&
	    (!is_file(store, POOL_STATE_NAME) || !*index.boot)) {
		pool_survey_find(survey, POOL_BAD_STATE, POOL_STATE_NAME);
		return false;
	}
	if (index.current && !counts_agree(survey->audit, &index))
		pool_survey_find(survey, POOL_WRONG_STATE, POOL_STATE_NAME);
	if (!index.current && survey->audit->n_entries) {
		finding = pool_survey_find(survey, POOL_STALE_STATE, POOL_STATE_NAME);
		if (finding)
			finding->harmless = true;
	}
	return index.current;
}

/* What the next call finds for itself, because it is told that somebody was here. */
static void mark_harmless(struct pool_audit *audit)
{
	for (size_t i = 0; i < audit->n_findings; i++) {
		struct pool_finding *finding = &audit->findings[i];

		if (finding->trouble == POOL_NOT_RECORDED || finding->trouble == POOL_EMPTY_RECORD)
			finding->harmless = true;
	}
}

static int compare_findings(const void *left, const void *right)
{
	const struct pool_finding *a = left;
	const struct pool_finding *b = right;

	if (a->entry != b->entry)
		return a->entry < b->entry ? -1 : 1;
	return a->trouble != b->trouble ? (int)a->trouble - (int)b->trouble :
					  strcmp(a->name, b->name);
}

static void sort_findings(struct pool_audit *audit)
{
	if (audit->n_findings)
		qsort(audit->findings, audit->n_findings, sizeof(*audit->findings),
		      compare_findings);
}

int pool_audit_lock(struct pool_store *store, int timeout_ms, struct error *err)
{
	if (faccessat(store->dir_fd, POOL_LOCK_NAME, F_OK, AT_SYMLINK_NOFOLLOW) < 0 &&
	    errno == ENOENT)
		return 0;
	return pool_store_lock(store, timeout_ms, err);
}

static int read_all(struct pool_survey *survey, const struct pool_world *world, struct error *err)
{
	struct pool_audit *audit = survey->audit;
	int rc = pool_survey_each(survey->store->dir_fd, look_at_name, survey);

	if (audit->n_entries)
		qsort(audit->entries, audit->n_entries, sizeof(*audit->entries), compare_entries);
	judge_entries(survey);
	if (rc >= 0)
		rc = pool_survey_holders(survey, world);
	if (rc >= 0)
		rc = pool_survey_rested(survey);
	if (!judge_state(survey, world))
		mark_harmless(audit);
	sort_findings(audit);
	if (rc >= 0)
		rc = survey->failed;
	if (rc < 0 || survey->no_memory)
		return error_errno(err, ERROR_SYSTEM, rc < 0 ? -rc : ENOMEM, "cannot read %s",
				   survey->store->path);
	return 0;
}

int pool_audit_read(const struct pool_store *store, const struct pool_world *world,
		    struct pool_audit *ret, struct error *err)
{
	struct pool_survey survey = { .store = store, .audit = ret };

	*ret = (struct pool_audit){ 0 };
	return read_all(&survey, world, err);
}

int pool_audit_read_shallow(const struct pool_store *store, const struct pool_world *world,
			    struct pool_audit *ret, struct error *err)
{
	struct pool_survey survey = { .store = store, .audit = ret, .shallow = true };

	*ret = (struct pool_audit){ 0 };
	return read_all(&survey, world, err);
}

static void judge_holder(struct pool_survey *survey, size_t entry)
{
	const struct pool_audit *audit = survey->audit;
	const size_t holder = audit->entries[entry].holder;
	const enum pool_life life = holder == POOL_NOBODY ? POOL_UNKNOWN :
							    audit->holders[holder].life;
	struct pool_finding *finding;

	if (life == POOL_DEAD)
		pool_survey_find_address(survey, POOL_DEAD_HOLDER, entry);
	if (life != POOL_HIDDEN)
		return;
	finding = pool_survey_find_address(survey, POOL_HIDDEN_HOLDER, entry);
	if (finding)
		finding->harmless = true;
}

int pool_audit_judge(struct pool_audit *audit, const struct pool_world *world, struct error *err)
{
	struct pool_survey survey = { .audit = audit };

	for (size_t i = 0; i < audit->n_holders; i++) {
		struct pool_holder *holder = &audit->holders[i];

		holder->life = world->life(&holder->record, world->arg);
		holder->why = world->why ? world->why(world->arg) : "";
	}
	for (size_t i = 0; i < audit->n_entries; i++)
		judge_holder(&survey, i);
	sort_findings(audit);
	return survey.no_memory ?
		       error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot judge attachments") :
		       0;
}

void pool_audit_done(struct pool_audit *audit)
{
	for (size_t i = 0; i < audit->n_entries; i++)
		free(audit->entries[i].text);
	for (size_t i = 0; i < audit->n_holders; i++)
		pool_record_done(&audit->holders[i].record);
	for (size_t i = 0; i < audit->n_findings; i++)
		free(audit->findings[i].name);
	for (size_t i = 0; i < audit->n_rested; i++)
		free(audit->rested[i].text);
	free(audit->entries);
	free(audit->holders);
	free(audit->findings);
	free(audit->rested);
	*audit = (struct pool_audit){ 0 };
}
