/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.h - see no more of the file system than is needed */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * What stays in reach, with all below it.
 * @fd: of a directory
 * @writable: files may be made, changed and removed there; else only read
 */
struct landlock_dir {
	int fd;
	bool writable;
};

/*
 * landlock_confine() - nothing but these can be opened, made or removed from now on
 *
 * Descriptors that are open stay as they are. Needs no_new_privs or CAP_SYS_ADMIN; what the
 * kernel does not know of is left out.
 * Source: linux/landlock.h, landlock(7).
 *
 * Return: 1, 0 if the kernel has no Landlock or it is switched off, or a negative errno: a
 * filter of system calls refuses it, or 16 layers of it are there already (E2BIG).
 */
int landlock_confine(const struct landlock_dir *dirs, size_t n);
