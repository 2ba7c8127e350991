/* SPDX-License-Identifier: Apache-2.0 */
/* give_back.c - all that one record stands for */

#include "give_back.h"

#include <errno.h>
#include <string.h>

#include "rest.h"
#include "unread.h"

/* Return: 1 yes, 0 no, or a negative errno: nobody can tell just now */
static int is_held(const struct pool_store *store, const struct ip_addr *addr,
		   const struct pool_record *record)
{
	const struct pool_owner *owner = &record->owner;
	char buf[POOL_OWNER_SIZE];
	struct pool_owner found;
	struct timespec time;
	const int content = pool_store_read(store, addr, buf, &found);

	if (pool_is_unreadable(content)) {
		time = pool_store_time(store, addr);
		return pool_record_covers(record, addr, &time);
	}
	if (content < 0)
		return content == -ENOENT ? 0 : content;
	return content == POOL_OWNED && strcmp(found.container_id, owner->container_id) == 0 &&
	       strcmp(found.ifname, owner->ifname) == 0;
}

bool pool_is_held(const struct pool_store *store, const struct ip_addr *addr,
		  const struct pool_record *record)
{
	return is_held(store, addr, record) > 0;
}

size_t pool_give_back(struct pool_store *store, const struct pool_record *record, bool rest,
		      struct pool_index *index, struct pool_faults *faults)
{
	const size_t earlier_faults = faults->n;
	size_t removed = 0;
	int rc;

	for (size_t i = 0; i < record->n; i++) {
		const struct ip_addr *addr = &record->addrs[i];

		rc = is_held(store, addr, record);

		if (rc < 0)
			pool_faults_add(faults, store, "read", addr, -rc);
		if (rc <= 0)
			continue;
		/* First, so that nobody who dies between leaves it free and not rested. */
		if (rest)
			pool_rest_begin(store, addr, &record->owner);
		rc = pool_store_remove(store, addr);
		if (rc < 0)
			pool_faults_add(faults, store, "remove", addr, -rc);
		if (rc > 0) {
			pool_index_count(index, addr, -1);
			removed++;
		}
	}
	if (faults->n > earlier_faults)
		return removed;
	rc = pool_record_remove(store, &record->owner);
	if (rc < 0)
		pool_faults_add_record(faults, store, "remove", &record->owner, -rc);
	return removed;
}
