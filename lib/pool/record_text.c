/* SPDX-License-Identifier: Apache-2.0 */
/* record_text.c - a record as lines of text, "end" the last */

#include "record_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"

/* @len: used of @buf; POOL_RECORD_SIZE and more if something did not fit */
__attribute__((format(printf, 3, 4))) static void put(char *buf, size_t *len, const char *fmt, ...)
{
	const size_t room = *len < POOL_RECORD_SIZE ? POOL_RECORD_SIZE - *len : 0;
	va_list args;

	va_start(args, fmt);
	*len += (size_t)vsnprintf(room ? buf + *len : NULL, room, fmt, args);
	va_end(args);
}

/* A line break in a path or a name would forge another line; such a text is left out. */
static const char *printable(const char *text)
{
	return str_is_clean(text) ? text : "";
}

/* From where the rest was seen. Earlier versions pass over keys that they do not know. */
static void put_viewpoint(char *buf, size_t *len, const struct pool_evidence *evidence)
{
	if (evidence->mount_ns)
		put(buf, len, "seen-from %llu:%llu\n", (unsigned long long)evidence->mount_ns,
		    (unsigned long long)evidence->host_ns);
	else
		put(buf, len, "place %llu:%llu\nhost %llu\n",
		    (unsigned long long)evidence->place_dev,
		    (unsigned long long)evidence->place_ino, (unsigned long long)evidence->host_ns);
}

int pool_record_format(const struct pool_record *record, char *buf)
{
	const struct pool_evidence *evidence = &record->evidence;
	size_t len = 0;
	char addr[IP_TEXT_SIZE];

	put(buf, &len, "container %s\ninterface %s\n", record->owner.container_id,
	    record->owner.ifname);
	put(buf, &len, "reserved %lld.%09ld\n", (long long)evidence->time.tv_sec,
	    evidence->time.tv_nsec);
	put(buf, &len, "boot %s\nuptime %lld\n", printable(evidence->boot),
	    (long long)evidence->since_boot_ns);
	/* Nobody could find by an identity alone that what has it is there still. */
	if (*printable(evidence->netns))
		put(buf, &len, "netns %s\nidentity %llu:%llu\n", evidence->netns,
		    (unsigned long long)evidence->netns_dev,
		    (unsigned long long)evidence->netns_ino);
	put_viewpoint(buf, &len, evidence);
	put(buf, &len, "pod %s\n", printable(evidence->pod));
	for (size_t i = 0; i < record->n; i++)
		put(buf, &len, "address %s\n", ip_format(&record->addrs[i], addr));
	put(buf, &len, "end\n");
	return len < POOL_RECORD_SIZE ? (int)len : -ENAMETOOLONG;
}

/* "number<separator>number" */
static bool read_pair(char *text, char separator, uint64_t *ret_first, uint64_t *ret_second)
{
	char *second = strchr(text, separator);

	if (!second)
		return false;
	*second++ = '\0';
	return str_to_u64(text, INT64_MAX, ret_first) == 0 &&
	       str_to_u64(second, INT64_MAX, ret_second) == 0;
}

static bool read_time(char *text, struct timespec *ret)
{
	uint64_t sec;
	uint64_t nsec;

	if (!read_pair(text, '.', &sec, &nsec) || nsec >= 1000000000)
		return false;
	*ret = (struct timespec){ (time_t)sec, (long)nsec };
	return true;
}

static bool read_address(const char *text, struct pool_record *record)
{
	struct ip_addr *addrs = array_grow(record->addrs, record->n, sizeof(*addrs));

	if (!addrs)
		return false;
	record->addrs = addrs;
	return ip_parse(text, &addrs[record->n++]) == 0;
}

static bool read_number(const char *text, int64_t *ret)
{
	uint64_t number;

	if (str_to_u64(text, INT64_MAX, &number) < 0)
		return false;
	*ret = (int64_t)number;
	return true;
}

static bool read_viewpoint(const char *key, char *value, struct pool_evidence *evidence)
{
	if (strcmp(key, "place") == 0)
		return read_pair(value, ':', &evidence->place_dev, &evidence->place_ino);
	if (strcmp(key, "host") == 0)
		return str_to_u64(value, INT64_MAX, &evidence->host_ns) == 0;
	if (strcmp(key, "seen-from") == 0)
		return read_pair(value, ':', &evidence->mount_ns, &evidence->host_ns);
	return true;
}

static bool read_line(const char *key, char *value, struct pool_record *record)
{
	struct pool_evidence *evidence = &record->evidence;

	if (strcmp(key, "container") == 0)
		record->owner.container_id = value;
	else if (strcmp(key, "interface") == 0)
		record->owner.ifname = value;
	else if (strcmp(key, "boot") == 0)
		evidence->boot = value;
	else if (strcmp(key, "netns") == 0)
		evidence->netns = value;
	else if (strcmp(key, "pod") == 0)
		evidence->pod = value;
	else if (strcmp(key, "reserved") == 0)
		return read_time(value, &evidence->time);
	else if (strcmp(key, "uptime") == 0)
		return read_number(value, &evidence->since_boot_ns);
	else if (strcmp(key, "identity") == 0)
		return read_pair(value, ':', &evidence->netns_dev, &evidence->netns_ino);
	else if (strcmp(key, "address") == 0)
		return read_address(value, record);
	else
		return read_viewpoint(key, value, evidence);
	return true;
}

bool pool_record_parse(char *text, struct pool_record *ret)
{
	char *rest = text;
	char *line;

	*ret = (struct pool_record){ .owner = { "", "" }, .evidence = POOL_EVIDENCE_NONE };
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (strcmp(line, "end") == 0)
			return name_is_valid(ret->owner.container_id);
		if (!value)
			return false;
		*value++ = '\0';
		if (!read_line(line, value, ret))
			return false;
	}
	return false;
}
