/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h - files below a directory that we hold open
 *
 * No function here follows a symbolic link in the last component, blocks on a
 * FIFO, or leaves a file half written. Names hold no '/'.
 */
#pragma once

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "cbr/base/clock.h"
#include "cbr/base/error.h"

/*
 * How the names of files begin that are being written, and the name that they have. One
 * that nobody can be writing any more was left by a process that was killed: it may be
 * removed, and is replaced by the next one to write there. So two processes must not
 * write in one directory at the same time.
 */
#define FILE_TEMPORARY_PREFIX ".tmp."
#define FILE_TEMPORARY_NAME FILE_TEMPORARY_PREFIX "new"

/* file_is_temporary() - is this the name of a file that is being written, or was? */
bool file_is_temporary(const char *name);

/*
 * file_read() - read a small regular file whole
 * @dir_fd: directory, or AT_FDCWD with an absolute @name
 * @buf: receives the content and a NUL; @size counts both
 *
 * Return: bytes read, or -ENOENT, -ELOOP (symbolic link), -EINVAL (no regular
 * file), -EFBIG (does not fit), or the errno of open(2) or read(2).
 */
ssize_t file_read(int dir_fd, const char *name, char *buf, size_t size);

/* file_read_stat() - the same, and what fstat(2) says of the file; @st: set if it is regular */
ssize_t file_read_stat(int dir_fd, const char *name, char *buf, size_t size, struct stat *st);

/*
 * file_open_dir() - read a directory from its beginning, whoever else reads it by @dir_fd
 *
 * Return: to be released with closedir(3), or NULL with errno.
 */
DIR *file_open_dir(int dir_fd);

/*
 * file_create() - make a new file appear with its whole content, or not at all
 *
 * Written to a nameless file (O_TMPFILE) and linked in; where the file system has
 * none, to FILE_TEMPORARY_NAME, which is linked and removed. On one without links it is made
 * under its name and then written, so that whoever dies between leaves a part of it.
 *
 * Return: 0, -EEXIST if the name is taken, or another negative errno.
 */
int file_create(int dir_fd, const char *name, const void *data, size_t len, mode_t mode);

/*
 * file_replace() - put new content under a name in one step: FILE_TEMPORARY_NAME is written
 * and renamed
 *
 * Return: 0 or a negative errno; the old content stays in that case.
 */
int file_replace(int dir_fd, const char *name, const void *data, size_t len, mode_t mode);

/*
 * file_lock() - exclusive flock(2), waited for until the deadline
 *
 * Return: 0, -ETIMEDOUT, or another negative errno.
 */
int file_lock(int fd, const struct deadline *deadline);

/*
 * file_lock_holder() - which process holds the flock(2) of this file?
 * @ret: its command, "" if that cannot be read
 *
 * Source: /proc/locks, proc(5). Return: its ID as we see it, or 0 if nobody that we
 * can see holds it.
 */
int file_lock_holder(int fd, char *ret, size_t size);

/*
 * file_lock_blame() - say in the hint of an error who holds the flock(2) of this file
 * @otherwise: the hint where nobody is found, printf-like: how to find out
 *
 * Return: the negative errno of the error, which is there already.
 */
int file_lock_blame(int fd, struct error *err, const char *otherwise, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * file_make_dirs() - mkdir -p
 *
 * Return: 0 (made or there), -ENOTDIR if something else has the name, or another
 * negative errno.
 */
int file_make_dirs(const char *path, mode_t mode);
