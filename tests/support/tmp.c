/* SPDX-License-Identifier: Apache-2.0 */
/* tmp.c - a directory of the test's own */

#include "tmp.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

void tmp_make(struct tmp *ret)
{
	const char *base = getenv("TMPDIR");

	snprintf(ret->path, sizeof(ret->path), "%s/cbr-test-XXXXXX", base ? base : "/tmp");
	must(mkdtemp(ret->path), ret->path);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st, (void)type, (void)ftw;
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	return remove(path) && errno != ENOENT ? -1 : 0;
}

void tmp_remove(struct tmp *tmp)
{
	if (!tmp->path[0])
		return;
	must(!nftw(tmp->path, remove_one, 16, FTW_DEPTH | FTW_PHYS), tmp->path);
	tmp->path[0] = '\0';
}

char *tmp_path(const struct tmp *tmp, const char *name)
{
	char *path;

	must(asprintf(&path, "%s/%s", tmp->path, name) > 0, "asprintf");
	return path;
}

static void make_dirs(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
		*slash = '/';
	}
}

char *tmp_mkdir(const struct tmp *tmp, const char *name)
{
	char *path = tmp_path(tmp, name);

	make_dirs(path);
	must(mkdir(path, 0755) == 0 || errno == EEXIST, path);
	return path;
}

char *tmp_write(const struct tmp *tmp, const char *name, const char *text, mode_t mode)
{
	char *path = tmp_path(tmp, name);
	int fd;

	make_dirs(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	must(fd >= 0, path);
	must(write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	must(fchmod(fd, mode) == 0, path);
	close(fd);
	return path;
}

char *tmp_read(const struct tmp *tmp, const char *name)
{
	char *path = tmp_path(tmp, name);
	struct stat st;
	char *text;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT) {
		free(path);
		return NULL;
	}
	must(fd >= 0 && fstat(fd, &st) == 0, path);
	text = calloc(1, (size_t)st.st_size + 1);
	must(text && read(fd, text, (size_t)st.st_size) == st.st_size, path);
	close(fd);
	free(path);
	return text;
}

bool tmp_exists(const struct tmp *tmp, const char *name)
{
	char *path = tmp_path(tmp, name);
	struct stat st;
	bool there = lstat(path, &st) == 0;

	free(path);
	return there;
}

size_t tmp_count(const struct tmp *tmp, const char *name)
{
	char *path = tmp_path(tmp, name);
	DIR *dir = opendir(path);
	size_t n = 0;

	free(path);
	if (!dir)
		return 0;
	for (struct dirent *entry; (entry = readdir(dir));)
		n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

void tmp_hide(const char *dir)
{
	if (!getenv("CBR_PRIVATE"))
		harness_fail(__FILE__, __LINE__, "%s: not in a private mount namespace", dir);
	must(mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") == 0, dir);
}
