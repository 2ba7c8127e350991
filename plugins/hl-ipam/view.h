/* SPDX-License-Identifier: Apache-2.0 */
/* view.h - what an audit found, as people and programs read it */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "tool.h"

#define VIEW_TIME_SIZE 32
#define VIEW_AGE_SIZE 32
#define VIEW_WHO_SIZE 512

/* As much of a container ID as tells it from others, and as `release` wants at least. */
#define VIEW_SHORT_ID 12

/* view_state() - one word: alive, dead, unknown, earlier-boot, foreign, blank, … */
const char *view_state(const struct site *site, const struct pool_entry *entry);

/* view_why() - and by which evidence */
const char *view_why(const struct site *site, const struct pool_entry *entry);

/* view_holder() - Return: who holds it, or NULL */
const struct pool_holder *view_holder(const struct site *site, const struct pool_entry *entry);

/* view_time() - RFC 3339, UTC; "" if it is not known. Return: @buf */
const char *view_time(const struct timespec *time, char buf[static VIEW_TIME_SIZE]);

/* view_age() - "12 s", "3 min", "2 h", "5 d". Return: @buf */
const char *view_age(int64_t age_ms, char buf[static VIEW_AGE_SIZE]);

/* view_who() - "pod container interface" of a holder, in short. Return: @buf */
const char *view_who(const struct pool_holder *holder, char buf[static VIEW_WHO_SIZE]);

/* view_since() - when was the address taken? */
const struct timespec *view_since(const struct site *site, const struct pool_entry *entry);

/* view_entry() - all that is known of an address; Return: a new reference */
json_t *view_entry(const struct site *site, const struct pool_entry *entry);

/* view_object() - network, dataDir and address, to be added to; Return: a new reference */
json_t *view_object(const struct place *place, const char *address);

/* view_put() - a text of any bytes; "" and NULL are null */
void view_put(json_t *object, const char *key, const char *text);

/* view_dump() - print a document */
void view_dump(const json_t *json);

#define VIEW_MAX_COLUMNS 8

/* A table on stdout, columns as wide as they must be. @cells: owned, row by row */
struct view_table {
	size_t columns;
	char **cells;
	size_t n;
};

/* view_table_add() - one more cell; control characters become '?', "" becomes "-" */
void view_table_add(struct view_table *table, const char *text);
void view_table_print(const struct view_table *table);
void view_table_done(struct view_table *table);
