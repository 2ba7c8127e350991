/* SPDX-License-Identifier: Apache-2.0 */
/* view.c - words for what an audit found, and tables */

#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"

const struct pool_holder *view_holder(const struct site *site, const struct pool_entry *entry)
{
	return entry->holder == POOL_NOBODY ? NULL : &site->audit.holders[entry->holder];
}

static bool is_of_earlier_boot(const struct site *site, const struct pool_record *record)
{
	const char *boot = record->evidence.boot;

	return *boot && *site->here.boot && strcmp(boot, site->here.boot) != 0;
}

static const char *state_of_holder(const struct site *site, const struct pool_holder *holder)
{
	if (is_of_earlier_boot(site, &holder->record))
		return "earlier-boot";
	return holder->life == POOL_ALIVE ? "alive" :
	       holder->life == POOL_DEAD  ? "dead" :
					    "unknown";
}

const char *view_state(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);

	if (holder)
		return state_of_holder(site, holder);
	switch (entry->kind) {
	case POOL_ENTRY_BLANK:
		return "blank";
	case POOL_ENTRY_FOREIGN:
		return "foreign";
	case POOL_ENTRY_NO_FILE:
		return "no-file";
	default:
		return "unreadable";
	}
}

static const char *name_of_type(mode_t type)
{
	switch (type) {
	case S_IFLNK:
		return "a symbolic link has its name";
	case S_IFDIR:
		return "a directory has its name";
	case S_IFIFO:
		return "a FIFO has its name";
	case S_IFSOCK:
		return "a socket has its name";
	default:
		return "a device has its name";
	}
}

const char *view_why(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);

	if (holder)
		return holder->why;
	switch (entry->kind) {
	case POOL_ENTRY_BLANK:
		return "a crash left its file without content";
	case POOL_ENTRY_FOREIGN:
		return "its file holds something else: somebody keeps it for himself";
	case POOL_ENTRY_NO_FILE:
		return name_of_type(entry->type);
	default:
		return strerror(entry->errnum);
	}
}

const char *view_time(const struct timespec *time, char buf[static VIEW_TIME_SIZE])
{
	struct tm tm;

	if (!time->tv_sec || !gmtime_r(&time->tv_sec, &tm) ||
	    !strftime(buf, VIEW_TIME_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm))
		*buf = '\0';
	return buf;
}

const char *view_age(int64_t age_ms, char buf[static VIEW_AGE_SIZE])
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 2LL * 86400, "d" }, { 2LL * 3600, "h" }, { 120, "min" }, { 0, "s" } };
	static const int64_t sizes[] = { 86400, 3600, 60, 1 };
	const int64_t seconds = age_ms > 0 ? age_ms / 1000 : 0;
	size_t i = 0;

	while (seconds < units[i].seconds)
		i++;
	snprintf(buf, VIEW_AGE_SIZE, "%lld %s", (long long)(seconds / sizes[i]), units[i].unit);
	return buf;
}

const char *view_who(const struct pool_holder *holder, char buf[static VIEW_WHO_SIZE])
{
	const struct pool_record *record = &holder->record;
	char text[VIEW_WHO_SIZE];

	snprintf(text, sizeof(text), "%.300s%scontainer %.*s %s", record->evidence.pod,
		 *record->evidence.pod ? " " : "", VIEW_SHORT_ID, record->owner.container_id,
		 record->owner.ifname);
	return str_clean(buf, VIEW_WHO_SIZE, text);
}

const struct timespec *view_since(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);

	return holder && holder->recorded ? &holder->record.evidence.time : &entry->time;
}

void view_table_add(struct view_table *table, const char *text)
{
	char **cells = array_grow(table->cells, table->n, sizeof(*cells));
	const size_t size = strlen(text) + 1;
	char *copy = *text ? malloc(size) : strdup("-");

	if (cells)
		table->cells = cells;
	if (!cells || !copy) {
		free(copy);
		return;
	}
	cells[table->n++] = *text ? str_clean(copy, size, text) : copy;
}

void view_table_print(const struct view_table *table)
{
	size_t widths[VIEW_MAX_COLUMNS] = { 0 };

	for (size_t i = 0; i < table->n; i++) {
		size_t *width = &widths[i % table->columns];
		const size_t len = strlen(table->cells[i]);

		if (len > *width)
			*width = len;
	}
	for (size_t i = 0; i < table->n; i++) {
		const size_t column = i % table->columns;

		if (column + 1 == table->columns)
			printf("%s\n", table->cells[i]);
		else
			printf("%-*s  ", (int)widths[column], table->cells[i]);
	}
}

void view_table_done(struct view_table *table)
{
	for (size_t i = 0; i < table->n; i++)
		free(table->cells[i]);
	free(table->cells);
}
