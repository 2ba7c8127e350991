/* SPDX-License-Identifier: Apache-2.0 */
/* lock_holder.c - who keeps the others waiting */

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/base/str.h"

/* Beyond what any /proc/PID/cmdline is worth reading. */
#define COMMAND_SIZE 128

static void close_stream(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

/*
 * A line of /proc/locks, as lock_get_status() in the kernel's fs/locks.c writes it:
 * "1: FLOCK  ADVISORY  WRITE 1234 08:01:5678 0 EOF".
 * Return: the process that holds an flock of this file, or 0
 */
static int read_line(char *line, const struct stat *st)
{
	char *words[6] = { NULL };
	char expected[64];
	uint64_t pid;
	char *word;

	for (size_t n = 0; n < 6 && (word = strsep(&line, " \n"));)
		if (*word)
			words[n++] = word;
	/* A line with an arrow in the second place is of one who waits. */
	if (!words[5] || strcmp(words[1], "FLOCK") != 0)
		return 0;
	snprintf(expected, sizeof(expected), "%02x:%02x:%lu", major(st->st_dev), minor(st->st_dev),
		 (unsigned long)st->st_ino);
	if (strcmp(words[5], expected) != 0 || str_to_u64(words[4], INT32_MAX, &pid) < 0)
		return 0;
	return (int)pid;
}

static int find_holder(int fd)
{
	auto_with(close_stream) FILE *locks = fopen("/proc/locks", "re");
	struct stat st;
	char line[256];
	int pid = 0;

	if (!locks || fstat(fd, &st) < 0)
		return 0;
	while (!pid && fgets(line, sizeof(line), locks))
		pid = read_line(line, &st);
	return pid;
}

int file_lock_holder(int fd, char *ret, size_t size)
{
	const int pid = find_holder(fd);
	char path[64];
	char command[COMMAND_SIZE] = "";
	ssize_t len;

	*ret = '\0';
	if (pid <= 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	len = file_read(AT_FDCWD, path, command, sizeof(command));
	while (len > 0 && command[len - 1] == '\n')
		command[--len] = '\0';
	str_clean(ret, size, command);
	return pid;
}

int file_lock_blame(int fd, struct error *err, const char *otherwise, ...)
{
	char command[64] = "";
	const int pid = file_lock_holder(fd, command, sizeof(command));
	char text[sizeof(err->hint)];
	va_list args;

	if (pid > 0 && *command)
		return error_hint(err, "process %d (%s) holds the lock", pid, command);
	if (pid > 0)
		return error_hint(err, "process %d holds the lock, or held it a moment ago", pid);
	va_start(args, otherwise);
	vsnprintf(text, sizeof(text), otherwise, args);
	va_end(args);
	return error_hint(err, "%s", text);
}
