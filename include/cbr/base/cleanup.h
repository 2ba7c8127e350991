/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cleanup.h - the one cleanup style: variables that release what they own
 *
 * Ownership leaves a scope by TAKE_PTR or TAKE_FD; that of a struct by a copy, after which the
 * struct is made empty.
 */
#pragma once

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

/* Release functions for the attributes below; each accepts "nothing here". */
static inline void cleanup_free(void *p)
{
	free(*(void **)p);
}

static inline void cleanup_close(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static inline void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#define autofree __attribute__((cleanup(cleanup_free), unused))
#define autoclose __attribute__((cleanup(cleanup_close), unused))
#define autodir __attribute__((cleanup(cleanup_dir), unused))

/* Runs done(&variable) when the variable leaves its scope, which may be all that it is for. */
#define auto_with(done) __attribute__((cleanup(done), unused))

#define TAKE_PTR(p)                      \
	({                               \
		__auto_type take_ = (p); \
		(p) = NULL;              \
		take_;                   \
	})

#define TAKE_FD(fd)               \
	({                        \
		int take_ = (fd); \
		(fd) = -1;        \
		take_;            \
	})
