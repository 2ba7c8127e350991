/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - a network's directory: open or make it, lock it, is it usable? */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "cbr/base/str.h"
#include "cbr/pool/store.h"
#include "names.h"

/* Modes are what host-local uses. */
#define LOCK_MODE 0750
#define DIR_MODE 0755

/* How often to lock a file that is replaced meanwhile. */
#define MAX_TRIES 4

/* Of the directories of ours: nobody else needs them. */
#define OWN_DIR_MODE 0700

static int put_path(struct pool_store *store, const char *data_dir, const char *network,
		    struct error *err)
{
	int len = snprintf(store->path, sizeof(store->path), "%s/%s", data_dir, network);

	if (len > 0 && (size_t)len < sizeof(store->path))
		return 0;
	return error_errno(err, ERROR_CONFIG, ENAMETOOLONG, "dataDir %s", data_dir);
}

/* Root is no exception here: a plugin has given up the capability to be one. */
static int hint_at_owner(int errnum, struct error *err)
{
	if (errnum == EACCES)
		error_hint(err, "it and the directories above must be open to the user this runs "
				"as, root included, since it gives up CAP_DAC_OVERRIDE");
	return -err->errnum;
}

static int cannot_open(const struct pool_store *store, int errnum, struct error *err)
{
	error_errno(err, ERROR_SYSTEM, errnum, "cannot open directory %s", store->path);
	if (errnum == ENOTDIR || errnum == ELOOP)
		error_hint(err, "it must be a directory; a symbolic link is not followed there");
	return hint_at_owner(errnum, err);
}

static int open_dir(int parent_fd, const char *name)
{
	return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Open the network's directory in that of all networks. Return: as pool_store_open() */
static int open_below(int parent_fd, const char *network, struct pool_store *store,
		      struct error *err)
{
	store->dir_fd = open_dir(parent_fd, network);
	if (store->dir_fd < 0)
		return errno == ENOENT ? 0 : cannot_open(store, errno, err);
	store->records_fd = open_dir(store->dir_fd, POOL_RECORDS_NAME);
	store->rest_fd = open_dir(store->dir_fd, POOL_REST_NAME);
	return 1;
}

/* Make a directory of ours if it is missing; what else has the name goes. */
static int make_own_dir(struct pool_store *store, const char *name, int *fd, struct error *err)
{
	if (*fd >= 0)
		return 0;
	if (mkdirat(store->dir_fd, name, OWN_DIR_MODE) < 0 &&
	    (errno != EEXIST || (unlinkat(store->dir_fd, name, 0) < 0 && errno != EISDIR) ||
	     (mkdirat(store->dir_fd, name, OWN_DIR_MODE) < 0 && errno != EEXIST)))
		return error_errno(err, ERROR_SYSTEM, errno, "cannot make directory %s/%s",
				   store->path, name);
	*fd = open_dir(store->dir_fd, name);
	if (*fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot open directory %s/%s",
				   store->path, name);
	return 0;
}

static int make_own_dirs(struct pool_store *store, struct error *err)
{
	int rc = make_own_dir(store, POOL_RECORDS_NAME, &store->records_fd, err);

	return rc < 0 ? rc : make_own_dir(store, POOL_REST_NAME, &store->rest_fd, err);
}

static int open_parent(const char *data_dir)
{
	return open(data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int pool_store_open(const char *data_dir, const char *network, struct pool_store *ret,
		    struct error *err)
{
	autoclose int parent_fd = -1;
	int rc;

	*ret = POOL_STORE_NONE;
	rc = put_path(ret, data_dir, network, err);
	if (rc < 0)
		return rc;
	parent_fd = open_parent(data_dir);
	if (parent_fd < 0)
		return errno == ENOENT ? 0 : cannot_open(ret, errno, err);
	return open_below(parent_fd, network, ret, err);
}

static int make_parent(const char *data_dir, int *ret_fd, struct error *err)
{
	int rc = file_make_dirs(data_dir, DIR_MODE);

	if (rc == 0) {
		*ret_fd = open_parent(data_dir);
		rc = *ret_fd < 0 ? -errno : 0;
	}
	if (rc < 0) {
		error_errno(err, ERROR_SYSTEM, -rc, "cannot make directory %s", data_dir);
		return hint_at_owner(-rc, err);
	}
	return 0;
}

int pool_store_make(const char *data_dir, const char *network, struct pool_store *ret,
		    struct error *err)
{
	autoclose int parent_fd = -1;
	int rc;

	*ret = POOL_STORE_NONE;
	rc = put_path(ret, data_dir, network, err);
	if (rc < 0 || (rc = make_parent(data_dir, &parent_fd, err)) < 0)
		return rc;
	rc = open_below(parent_fd, network, ret, err);
	if (rc == 0) {
		if (mkdirat(parent_fd, network, DIR_MODE) < 0 && errno != EEXIST) {
			error_errno(err, ERROR_SYSTEM, errno, "cannot make directory %s",
				    ret->path);
			return hint_at_owner(err->errnum, err);
		}
		rc = open_below(parent_fd, network, ret, err);
	}
	if (rc == 0)
		return cannot_open(ret, ENOENT, err);
	return rc < 0 ? rc : make_own_dirs(ret, err);
}

void pool_store_done(struct pool_store *store)
{
	cleanup_close(&store->lock_fd);
	cleanup_close(&store->rest_fd);
	cleanup_close(&store->records_fd);
	cleanup_close(&store->dir_fd);
	*store = POOL_STORE_NONE;
}

void pool_store_unlock(struct pool_store *store)
{
	cleanup_close(&store->lock_fd);
	store->lock_fd = -1;
}

static int locked_by_other(const struct pool_store *store, int fd, int timeout_ms,
			   struct error *err)
{
	error_set(err, ERROR_AGAIN,
		  "cannot lock %s/" POOL_LOCK_NAME ": another process has held it for %d ms",
		  store->path, timeout_ms);
	err->errnum = ETIMEDOUT;
	return file_lock_blame(fd, err, "fuser -v %s/" POOL_LOCK_NAME " names who holds it",
			       store->path);
}

/*
 * Is it the one that others find? Whoever empties the directory by hand removes it, and those
 * who come then lock another one, while somebody works by this.
 */
static bool is_in_place(const struct pool_store *store, const struct stat *st)
{
	struct stat there;

	return fstatat(store->dir_fd, POOL_LOCK_NAME, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

/* Return: 1 locked, 0 it was replaced meanwhile, or a negative errno */
static int try_lock(const struct pool_store *store, const struct deadline *deadline, int *ret_fd)
{
	struct stat st;
	int rc;

	/* Read only, so that it works where the file is there and the medium read only. */
	*ret_fd = openat(store->dir_fd, POOL_LOCK_NAME,
			 O_RDONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			 LOCK_MODE);
	if (*ret_fd < 0 || fstat(*ret_fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode)) /* whatever it is, nobody who works here locks it */
		return -EINVAL;
	rc = file_lock(*ret_fd, deadline);
	return rc < 0 ? rc : is_in_place(store, &st);
}

int pool_store_lock(struct pool_store *store, int timeout_ms, struct error *err)
{
	struct deadline deadline = deadline_in(timeout_ms);
	autoclose int fd = -1;
	int rc;

	/* Not for ever: there are file systems that number a file anew each time. */
	for (int tries = 1; (rc = try_lock(store, &deadline, &fd)) == 0 && tries < MAX_TRIES;
	     tries++)
		cleanup_close(&fd);
	if (rc == -ETIMEDOUT)
		return locked_by_other(store, fd, timeout_ms, err);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot lock %s/" POOL_LOCK_NAME,
				   store->path);
	store->lock_fd = TAKE_FD(fd);
	return 0;
}

/* May we make files in it? Return: 1 yes, 0 there is no such path, or negative */
static int check_writable(const char *path, struct error *err)
{
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno == ENOENT)
			return 0;
		return error_errno(err, ERROR_SYSTEM, errno, "cannot use %s", path);
	}
	if (!S_ISDIR(st.st_mode))
		return error_errno(err, ERROR_SYSTEM, ENOTDIR, "cannot use %s", path);
	if (faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot write in %s", path);
	return 1;
}

/* Cut the last component off, "a/b" -> "a" -> "."; Return: false if there is no parent */
static bool to_parent(char *path)
{
	char *slash = strrchr(path, '/');

	if (strcmp(path, "/") == 0 || strcmp(path, ".") == 0)
		return false;
	if (!slash)
		memcpy(path, ".", sizeof("."));
	else
		slash[slash == path] = '\0';
	return true;
}

int pool_store_check_usable(const char *data_dir, const char *network, struct error *err)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	int rc = pool_store_open(data_dir, network, &store, err);

	if (rc < 0)
		return rc;
	/* What does not exist yet will be made in the nearest directory that does. */
	do {
		rc = check_writable(store.path, err);
	} while (rc == 0 && to_parent(store.path));
	return rc < 0 ? rc : 0;
}
