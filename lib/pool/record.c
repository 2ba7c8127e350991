/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - files of the attachments' records */

#include "cbr/pool/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "cbr/base/hash.h"
#include "names.h"
#include "record_text.h"

#define FILE_MODE 0600

/* A container ID longer than this is cut, and made unique by its hash. */
#define MAX_ID_TEXT 200

/* Neither part can hold a colon. */
void pool_record_name(const struct pool_owner *owner, char ret[static NAME_MAX + 1])
{
	const char *id = owner->container_id;

	if (strlen(id) <= MAX_ID_TEXT)
		snprintf(ret, NAME_MAX + 1, "%s:%s", id, owner->ifname);
	else
		snprintf(ret, NAME_MAX + 1, "%.*s~%016llx:%s", MAX_ID_TEXT, id,
			 (unsigned long long)hash_bytes(HASH_SEED, id, strlen(id)), owner->ifname);
}

void pool_record_done(struct pool_record *record)
{
	free(record->addrs);
	free(record->text);
	*record = (struct pool_record){ 0 };
}

bool pool_record_covers(const struct pool_record *record, const struct ip_addr *addr,
			const struct timespec *time)
{
	struct timespec latest = record->evidence.time;

	/* A damaged one may claim any time. */
	if (!__builtin_add_overflow(latest.tv_sec, POOL_RECORD_SLACK_S, &latest.tv_sec) &&
	    clock_is_before(&latest, time))
		return false;
	for (size_t i = 0; i < record->n; i++)
		if (ip_equal(&record->addrs[i], addr))
			return true;
	return false;
}

/* There is none, or it is no file, or longer than any. */
static bool is_no_record(ssize_t rc)
{
	return rc == -ENOENT || rc == -ELOOP || rc == -EINVAL || rc == -ENXIO || rc == -EFBIG;
}

int pool_record_load_named(int records_fd, const char *name, struct pool_record *ret)
{
	autofree char *text = malloc(POOL_RECORD_SIZE);
	char expected[NAME_MAX + 1];
	ssize_t len;

	*ret = (struct pool_record){ 0 };
	if (!text)
		return -ENOMEM;
	len = file_read(records_fd, name, text, POOL_RECORD_SIZE);
	if (len < 0)
		return is_no_record(len) ? 0 : (int)len;
	errno = 0;
	if (!pool_record_parse(text, ret)) {
		pool_record_done(ret);
		return errno == ENOMEM ? -ENOMEM : 0;
	}
	ret->text = TAKE_PTR(text);
	pool_record_name(&ret->owner, expected);
	if (strcmp(name, expected) == 0)
		return 1;
	pool_record_done(ret);
	return 0;
}

int pool_record_load(const struct pool_store *store, const struct pool_owner *owner,
		     struct pool_record *ret)
{
	char name[NAME_MAX + 1];
	int rc;

	*ret = (struct pool_record){ 0 };
	if (store->records_fd < 0)
		return 0;
	pool_record_name(owner, name);
	rc = pool_record_load_named(store->records_fd, name, ret);
	if (rc <= 0)
		return rc;
	if (strcmp(ret->owner.container_id, owner->container_id) == 0)
		return 1;
	pool_record_done(ret);
	return 0;
}

int pool_record_save(struct pool_store *store, const struct pool_record *record, struct error *err)
{
	autofree char *text = malloc(POOL_RECORD_SIZE);
	char name[NAME_MAX + 1];
	int rc = text ? pool_record_format(record, text) : -ENOMEM;

	pool_record_name(&record->owner, name);
	if (rc >= 0)
		rc = file_replace(store->records_fd, name, text, (size_t)rc, FILE_MODE);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc,
				   "cannot write %s/" POOL_RECORDS_NAME "/%s", store->path, name);
	return 0;
}

int pool_record_remove(struct pool_store *store, const struct pool_owner *owner)
{
	char name[NAME_MAX + 1];

	if (store->records_fd < 0)
		return 0;
	pool_record_name(owner, name);
	if (unlinkat(store->records_fd, name, 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int pool_record_each(struct pool_store *store, bool (*fn)(struct pool_record *record, void *arg),
		     void *arg, struct error *err)
{
	autodir DIR *dir = file_open_dir(store->records_fd);
	const struct dirent *entry;
	int damaged = 0;

	if (!dir)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list %s/" POOL_RECORDS_NAME,
				   store->path);
	while (errno = 0, (entry = readdir(dir))) {
		auto_with(pool_record_done) struct pool_record record = { 0 };

		if (*entry->d_name == '.')
			continue;
		if (pool_record_load_named(store->records_fd, entry->d_name, &record) <= 0)
			damaged++;
		else if (!fn(&record, arg))
			return damaged;
	}
	if (errno)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list %s/" POOL_RECORDS_NAME,
				   store->path);
	return damaged;
}
