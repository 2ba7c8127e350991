/* SPDX-License-Identifier: Apache-2.0 */
/* store_files.c - a directory of reservations out of a fuzz input, and what is in it */

#include "store_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "fuzz.h"

#define MARK "\n%%"
#define BLANKS " \t\n\v\f\r"
#define CANARY "nobody writes here"
#define TEXT_MAX 8192
#define STATE_SIZE 256

static int open_directory(int parent_fd, const char *name)
{
	return openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int open_below(const char *name)
{
	autoclose int top = open_directory(AT_FDCWD, fuzz_directory());

	return open_directory(top, name);
}

static void write_file(int dir_fd, const char *name, const char *text, size_t len)
{
	autoclose int fd = openat(dir_fd, name,
				  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	char padding[STATE_SIZE];

	if (fd < 0)
		return;
	fuzz_require(write(fd, text, len) == (ssize_t)len);
	memset(padding, '\n', sizeof(padding));
	if (strcmp(name, ".state") == 0 && len < STATE_SIZE)
		fuzz_require(write(fd, padding, STATE_SIZE - len) > 0);
}

static void set_time(int dir_fd, const char *name, long long seconds)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = seconds } };

	utimensat(dir_fd, name, times, AT_SYMLINK_NOFOLLOW);
}

static void link_canary(int dir_fd, const char *name)
{
	autoclose int outside = open_below("outside");

	(void)!linkat(outside, "canary", dir_fd, name, 0);
}

/* What cannot be made, as a name that is there already, is left out. */
static void make_entry(int dir_fd, char kind, const char *name, const char *text, size_t len)
{
	if (kind == 'f')
		write_file(dir_fd, name, text, len);
	else if (kind == 'l')
		(void)!symlinkat(text, dir_fd, name);
	else if (kind == 'h')
		link_canary(dir_fd, name);
	else if (kind == 'd')
		mkdirat(dir_fd, name, 0700);
	else if (kind == 'p')
		mkfifoat(dir_fd, name, 0600);
	else if (kind == 't')
		set_time(dir_fd, name, atoll(text));
}

/* "<kind><directory>/<name>\n<text>"; nothing here gets out of the directory either. */
static void read_entry(int net_fd, char *entry, size_t len)
{
	char *text = memchr(entry, '\n', len);
	autoclose int sub_fd = -1;
	char *name = entry + 1;
	char *slash;

	if (!text)
		return;
	*text++ = '\0';
	slash = strchr(name, '/');
	if (slash) {
		*slash = '\0';
		if (strcmp(name, "..") == 0 || strchr(slash + 1, '/'))
			return;
		mkdirat(net_fd, name, 0700);
		sub_fd = open_directory(net_fd, name);
		name = slash + 1;
	}
	if (strlen(entry) && *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
		make_entry(slash ? sub_fd : net_fd, *entry, name, text,
			   len - (size_t)(text - entry));
}

static void make_places(void)
{
	autoclose int top = open_directory(AT_FDCWD, fuzz_directory());
	autoclose int outside = -1;

	mkdirat(top, "outside", 0700);
	fuzz_require(mkdirat(top, STORE_NETWORK, 0755) == 0);
	outside = open_directory(top, "outside");
	write_file(outside, "canary", CANARY, strlen(CANARY));
}

char *store_files_make(const uint8_t *data, size_t size)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT },
					   { STORE_STAMP_S, STORE_STAMP_NS } };
	char *text = fuzz_text(data, size);
	char *end = text + size;
	autoclose int fd = -1;
	char *next;

	make_places();
	fd = open_below(STORE_NETWORK);
	for (char *at = memmem(text, size, MARK, 3); at; at = next) {
		*at = '\0';
		at += strlen(MARK);
		next = memmem(at, (size_t)(end - at), MARK, 3);
		if (next)
			*next = '\0';
		read_entry(fd, at, (size_t)((next ? next : end) - at));
	}
	futimens(fd, times);
	return text;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static void require_untouched(int outside_fd)
{
	autoclose int fd = openat(outside_fd, "canary", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	autodir DIR *dir = fdopendir(fcntl(outside_fd, F_DUPFD_CLOEXEC, 0));
	char text[64] = "";
	int n = 0;

	fuzz_require(dir && fd >= 0);
	rewinddir(dir);
	while (readdir(dir))
		n++;
	fuzz_require(n == 3);
	fuzz_require(read(fd, text, sizeof(text)) == (ssize_t)strlen(CANARY));
	fuzz_require(strcmp(text, CANARY) == 0);
}

void store_files_remove(void)
{
	autoclose int outside = open_below("outside");
	char path[512];

	require_untouched(outside);
	snprintf(path, sizeof(path), "%s/" STORE_NETWORK, fuzz_directory());
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Return: what is between blanks and zeroes; takes @text over. */
static char *trim(char *text, size_t len)
{
	char *begin = text;
	char *ret;

	while (len && (!text[len - 1] || strchr(BLANKS, text[len - 1])))
		len--;
	while (len && (!*begin || strchr(BLANKS, *begin))) {
		begin++;
		len--;
	}
	ret = fuzz_text((const uint8_t *)begin, len);
	free(text);
	return ret;
}

static char *read_text(int dir_fd, const char *name)
{
	autoclose int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char *text = calloc(1, TEXT_MAX);
	ssize_t len;

	fuzz_require(text && fd >= 0);
	len = read(fd, text, TEXT_MAX - 1);
	fuzz_require(len >= 0);
	return trim(text, (size_t)len);
}

struct store_view store_view(void)
{
	struct store_view view = { 0 };
	autodir DIR *dir = fdopendir(open_below(STORE_NETWORK));
	const struct dirent *entry;

	fuzz_require(dir);
	while ((entry = readdir(dir))) {
		struct store_entry found = { 0 };
		char text[IP_TEXT_SIZE];
		struct stat st;

		if (ip_parse(entry->d_name, &found.addr) < 0 ||
		    strcmp(ip_format(&found.addr, text), entry->d_name) != 0)
			continue;
		fuzz_require(fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0);
		found.is_file = S_ISREG(st.st_mode);
		if (found.is_file)
			found.text = read_text(dirfd(dir), entry->d_name);
		view.items = realloc(view.items, (view.n + 1) * sizeof(*view.items));
		fuzz_require(view.items);
		view.items[view.n++] = found;
	}
	return view;
}

void store_view_done(struct store_view *view)
{
	for (size_t i = 0; i < view->n; i++)
		free(view->items[i].text);
	free(view->items);
}

const struct store_entry *store_view_find(const struct store_view *view, const struct ip_addr *addr)
{
	for (size_t i = 0; i < view->n; i++)
		if (ip_equal(&view->items[i].addr, addr))
			return &view->items[i];
	return NULL;
}
