/* SPDX-License-Identifier: Apache-2.0 */
/* owner.c - content of address files */

#include "cbr/pool/owner.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/str.h"

#define LINE_BREAK "\r\n"

int pool_owner_format(const struct pool_owner *owner, char buf[static POOL_OWNER_SIZE],
		      struct error *err)
{
	int len = snprintf(buf, POOL_OWNER_SIZE, "%s" LINE_BREAK "%s", owner->container_id,
			   owner->ifname);

	if (len >= 0 && len < POOL_OWNER_SIZE)
		return len;
	error_set(err, ERROR_ENV, "containerID of %zu characters is too long",
		  strlen(owner->container_id));
	err->errnum = ENAMETOOLONG;
	return -ENAMETOOLONG;
}

/* A power cut can leave a file with its size and zeroes for content. */
static bool is_blank(char c)
{
	return c == '\0' || strchr(" \t\n\v\f\r", c);
}

enum pool_content pool_owner_parse(char *text, size_t len, struct pool_owner *ret)
{
	struct error ignored;
	char *ifname;

	while (len > 0 && is_blank(text[len - 1]))
		len--;
	while (len > 0 && is_blank(*text)) {
		text++;
		len--;
	}
	if (!len)
		return POOL_BLANK;
	text[len] = '\0';
	if (strlen(text) != len)
		return POOL_FOREIGN;
	ifname = strstr(text, LINE_BREAK);
	if (ifname) {
		*ifname = '\0';
		ifname += strlen(LINE_BREAK);
	}
	/* Admins note all sorts of things in such files, to keep an address for themselves. */
	if (!name_is_valid(text) || (ifname && ifname_check(ifname, &ignored) < 0))
		return POOL_FOREIGN;
	ret->container_id = text;
	ret->ifname = ifname ? ifname : "";
	return POOL_OWNED;
}

bool pool_owner_matches(const struct pool_owner *found, const struct pool_owner *owner)
{
	return strcmp(found->container_id, owner->container_id) == 0 &&
	       (!*found->ifname || strcmp(found->ifname, owner->ifname) == 0);
}

int pool_owner_compare(const struct pool_owner *a, const struct pool_owner *b)
{
	const int order = strcmp(a->container_id, b->container_id);

	return order ? order : strcmp(a->ifname, b->ifname);
}

char *pool_owner_copy(const struct pool_owner *owner, struct pool_owner *ret)
{
	const size_t id_size = strlen(owner->container_id) + 1;
	const size_t size = id_size + strlen(owner->ifname) + 1;
	char *text = malloc(size);

	if (!text)
		return NULL;
	memcpy(text, owner->container_id, id_size);
	memcpy(text + id_size, owner->ifname, size - id_size);
	*ret = (struct pool_owner){ text, text + id_size };
	return text;
}
