/* SPDX-License-Identifier: Apache-2.0 */
/* unread.c - address files that cannot be read: whose are they? */

#include "unread.h"

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/array.h"

bool pool_is_unreadable(int content)
{
	switch (content) {
	case -ENOENT:
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -EINTR:
		return false;
	default:
		return content < 0;
	}
}

int pool_unread_add(const struct pool_store *store, struct pool_unread *unread,
		    const struct ip_addr *addr)
{
	struct pool_unread_file *items = array_grow(unread->items, unread->n, sizeof(*items));

	if (!items)
		return -ENOMEM;
	unread->items = items;
	items[unread->n++] = (struct pool_unread_file){
		.addr = *addr,
		.time = pool_store_time(store, addr),
	};
	return 0;
}

struct match {
	struct pool_unread *unread;
	void (*fn)(const struct pool_unread_file *file, const struct pool_record *record,
		   void *arg);
	void *arg;
};

static bool look_at_record(struct pool_record *record, void *arg)
{
	const struct match *match = arg;

	for (size_t i = 0; i < match->unread->n; i++) {
		struct pool_unread_file *file = &match->unread->items[i];

		if (file->known || !pool_record_covers(record, &file->addr, &file->time))
			continue;
		file->known = true;
		if (match->fn)
			match->fn(file, record, match->arg);
	}
	return true;
}

void pool_unread_match(struct pool_store *store, struct pool_unread *unread,
		       void (*fn)(const struct pool_unread_file *file,
				  const struct pool_record *record, void *arg),
		       void *arg)
{
	struct match match = { unread, fn, arg };
	struct error ignored;

	if (unread->n && store->records_fd >= 0)
		pool_record_each(store, look_at_record, &match, &ignored);
}

struct list {
	struct pool_store *store;
	struct pool_unread *unread;
	int rc;
};

static void look_at_file(const struct ip_addr *addr, void *arg)
{
	struct list *list = arg;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner owner;

	if (list->rc >= 0 && pool_is_unreadable(pool_store_read(list->store, addr, buf, &owner)))
		list->rc = pool_unread_add(list->store, list->unread, addr);
}

int pool_unread_list(struct pool_store *store, struct pool_unread *ret, struct error *err)
{
	struct list list = { .store = store, .unread = ret };
	int rc = pool_store_each(store, look_at_file, &list, err);

	if (rc < 0)
		return rc;
	if (list.rc < 0)
		return error_errno(err, ERROR_SYSTEM, -list.rc, "cannot read %s", store->path);
	pool_unread_match(store, ret, NULL, NULL);
	return 0;
}

void pool_unread_done(struct pool_unread *unread)
{
	free(unread->items);
	*unread = (struct pool_unread){ 0 };
}
