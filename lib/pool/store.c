/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - files of a network's directory: one per address, and the cursors */

#include "cbr/pool/store.h"
#include "cbr/base/array.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "names.h"

/* Modes are what host-local uses. */
#define FILE_MODE 0600
#define CURSOR_NAME_SIZE 48

bool pool_name_is_address(const char *name, struct ip_addr *ret)
{
	char text[IP_TEXT_SIZE];

	if (ip_parse(name, ret) < 0)
		return false;
	if (!strchr(name, ':'))
		return true;
	return strcmp(ip_format(ret, text), name) == 0;
}

int pool_store_each(const struct pool_store *store,
		    void (*fn)(const struct ip_addr *addr, void *arg), void *arg, struct error *err)
{
	autodir DIR *dir = file_open_dir(store->dir_fd);
	const struct dirent *entry;
	struct ip_addr addr;

	if (!dir)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list %s", store->path);
	while (errno = 0, (entry = readdir(dir)))
		if (pool_name_is_address(entry->d_name, &addr))
			fn(&addr, arg);
	return errno ? error_errno(err, ERROR_SYSTEM, errno, "cannot list %s", store->path) : 0;
}

int pool_store_read(const struct pool_store *store, const struct ip_addr *addr,
		    char buf[static POOL_OWNER_SIZE], struct pool_owner *ret)
{
	struct timespec ignored;

	return pool_store_read_time(store, addr, buf, ret, &ignored);
}

int pool_store_read_time(const struct pool_store *store, const struct ip_addr *addr,
			 char buf[static POOL_OWNER_SIZE], struct pool_owner *ret,
			 struct timespec *ret_time)
{
	char name[IP_TEXT_SIZE];
	struct stat st = { 0 };
	ssize_t len = file_read_stat(store->dir_fd, ip_format(addr, name), buf, POOL_OWNER_SIZE,
				     &st);

	*ret_time = st.st_mtim;
	/* A link, a directory, a socket or a long text is no reservation, whoever put it there. */
	if (len == -ELOOP || len == -EINVAL || len == -ENXIO || len == -EFBIG)
		return POOL_FOREIGN;
	return len < 0 ? (int)len : (int)pool_owner_parse(buf, (size_t)len, ret);
}

bool pool_store_has(const struct pool_store *store, const struct ip_addr *addr)
{
	char name[IP_TEXT_SIZE];
	struct stat st;

	return fstatat(store->dir_fd, ip_format(addr, name), &st, AT_SYMLINK_NOFOLLOW) == 0;
}

struct timespec pool_store_time(const struct pool_store *store, const struct ip_addr *addr)
{
	char name[IP_TEXT_SIZE];
	struct stat st = { 0 };

	if (fstatat(store->dir_fd, ip_format(addr, name), &st, AT_SYMLINK_NOFOLLOW) < 0)
		return (struct timespec){ 0 };
	return st.st_mtim;
}

static const char *cursor_name(size_t set, char buf[static CURSOR_NAME_SIZE])
{
	snprintf(buf, CURSOR_NAME_SIZE, POOL_CURSOR_PREFIX "%zu", set);
	return buf;
}

/* @text: name of the address file just made, which is what the cursor shall hold */
static int move_cursor(struct pool_store *store, const char *text, size_t set, struct error *err)
{
	char name[CURSOR_NAME_SIZE];
	int rc = file_replace(store->dir_fd, cursor_name(set, name), text, strlen(text), FILE_MODE);

	if (rc == 0)
		return 0;
	unlinkat(store->dir_fd, text, 0);
	return error_errno(err, ERROR_SYSTEM, -rc, "cannot write %s/%s", store->path, name);
}

int pool_store_reserve(struct pool_store *store, const struct ip_addr *addr, size_t set,
		       const struct pool_owner *owner, struct error *err)
{
	char name[IP_TEXT_SIZE];
	char content[POOL_OWNER_SIZE];
	int rc = pool_owner_format(owner, content, err);

	if (rc < 0)
		return rc;
	ip_format(addr, name);
	rc = file_create(store->dir_fd, name, content, (size_t)rc, FILE_MODE);
	if (rc == -EEXIST)
		return 0;
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot create %s/%s", store->path,
				   name);
	rc = move_cursor(store, name, set, err);
	return rc < 0 ? rc : 1;
}

int pool_store_rename_owner(struct pool_store *store, const struct ip_addr *addr,
			    const struct pool_owner *owner, struct error *err)
{
	char name[IP_TEXT_SIZE];
	char content[POOL_OWNER_SIZE];
	int rc = pool_owner_format(owner, content, err);

	if (rc < 0)
		return rc;
	rc = file_replace(store->dir_fd, ip_format(addr, name), content, (size_t)rc, FILE_MODE);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot write %s/%s", store->path, name);
	return 0;
}

int pool_store_sync(struct pool_store *store, struct error *err)
{
	if (!store->lasting)
		return 0;
	/* Four files and two directories: one call is less than a call and a wait for each. */
	if (syncfs(store->dir_fd) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot sync %s", store->path);
	return 0;
}

void pool_store_tidy(struct pool_store *store)
{
	const int dirs[] = { store->dir_fd, store->records_fd, store->rest_fd };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (dirs[i] >= 0)
			unlinkat(dirs[i], FILE_TEMPORARY_NAME, 0);
}

int pool_store_remove(struct pool_store *store, const struct ip_addr *addr)
{
	char name[IP_TEXT_SIZE];

	if (unlinkat(store->dir_fd, ip_format(addr, name), 0) == 0)
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int pool_store_cursor(const struct pool_store *store, size_t set, struct ip_addr *ret)
{
	char name[CURSOR_NAME_SIZE];
	char text[IP_TEXT_SIZE];

	return file_read(store->dir_fd, cursor_name(set, name), text, sizeof(text)) > 0 &&
	       ip_parse(text, ret) == 0;
}
