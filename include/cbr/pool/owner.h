/* SPDX-License-Identifier: Apache-2.0 */
/* owner.h - whose an address is, as its file says it */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"

/* Room for the content of an address file; what is longer is none. */
#define POOL_OWNER_SIZE 4096

/*
 * @container_id: without white space
 * @ifname: "" in files from before interfaces were recorded: any interface of the
 *          container
 */
struct pool_owner {
	const char *container_id;
	const char *ifname;
};

/* What an address file is. */
enum pool_content {
	POOL_BLANK,   /* left by a crash between creating and writing: nobody's */
	POOL_OWNED,   /* a reservation */
	POOL_FOREIGN, /* something else; takes the address, is never touched */
};

/*
 * pool_owner_format() - content of an address file: "<container>\r\n<interface>"
 *
 * Return: its length, or -ENAMETOOLONG with ERROR_ENV.
 */
int pool_owner_format(const struct pool_owner *owner, char buf[static POOL_OWNER_SIZE],
		      struct error *err);

/*
 * pool_owner_parse() - read the content of an address file; white space around it is
 * no part of it
 * @text, @len: content and a NUL; cut into pieces
 * @ret: set for POOL_OWNED, points into @text
 */
enum pool_content pool_owner_parse(char *text, size_t len, struct pool_owner *ret);

/*
 * pool_owner_matches() - is @found this attachment?
 *
 * A record without interface is any interface of its container.
 */
bool pool_owner_matches(const struct pool_owner *found, const struct pool_owner *owner);

/* pool_owner_compare() - by container, then by interface; Return: < 0, 0, > 0 */
int pool_owner_compare(const struct pool_owner *a, const struct pool_owner *b);

/*
 * pool_owner_copy() - keep an owner whose texts will not stay
 * @ret: the copy
 *
 * Return: the texts that it points into, owned by the caller; or NULL without memory.
 */
char *pool_owner_copy(const struct pool_owner *owner, struct pool_owner *ret);
