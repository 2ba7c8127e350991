/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_store.c - a directory of reservations in which anything may lie
 *
 * store_files.h says how an input becomes files; each letter of its first line does
 * something with them:
 *
 *   a b    allocate for c1 out of both sets, for c2 out of the first; w: a wanted one
 *   r s    release c1, c2      f: find c1     u: how full?
 *   g l    reclaim all that is not listed: nothing is, everything is
 *   A U D  from now on attachments are alive, unknown, dead
 *   L      from now on reservations of an earlier boot are void
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/alloc.h"
#include "cbr/pool/find.h"
#include "cbr/pool/owner.h"
#include "cbr/pool/reclaim.h"
#include "cbr/pool/usage.h"
#include "fuzz.h"
#include "store_files.h"

#define MAX_STEPS 12

/* @strict: nothing that has an owner may be taken from it */
struct play {
	struct pool_store store;
	struct pool_world world;
	struct pool_range ranges[2];
	struct pool_set sets[2];
	enum pool_life life;
	bool strict;
};

/* In place of libc's: what is found here is found without waiting for a disk. */
int syncfs(int fd)
{
	fuzz_require(fd >= 0);
	return 0;
}

static enum pool_life look_alive(const struct pool_record *record, void *arg)
{
	const struct play *play = arg;

	fuzz_require(record->owner.container_id && record->evidence.boot);
	return play->life;
}

static bool is_listed(const struct pool_owner *owner, void *arg)
{
	fuzz_require(*owner->container_id);
	return arg != NULL;
}

static bool is_owned_by(const struct store_entry *entry, const char *container)
{
	return strncmp(entry->text, container, strlen(container)) == 0 &&
	       (!entry->text[strlen(container)] ||
		strcmp(entry->text + strlen(container), "\r\neth0") == 0);
}

/* Of any interface of its container until one asked for it. */
static bool is_adopted(const struct store_entry *old, const struct store_entry *now,
		       const char *container)
{
	struct pool_owner owner;
	char *text = strdup(old->text);
	bool is_bare;

	fuzz_require(text);
	is_bare = pool_owner_parse(text, strlen(text), &owner) == POOL_OWNED && !*owner.ifname &&
		  strcmp(owner.container_id, container) == 0;
	free(text);
	return is_bare && *now->text && is_owned_by(now, container);
}

/* What was whole and somebody's is that still; so is what is no file at all. */
static void require_kept(const struct store_view *before, const struct store_view *after,
			 const char *container)
{
	for (size_t i = 0; i < before->n; i++) {
		const struct store_entry *old = &before->items[i];
		const struct store_entry *now = store_view_find(after, &old->addr);

		if (old->is_file && !*old->text)
			continue;
		fuzz_require(now && now->is_file == old->is_file);
		fuzz_require(!now->is_file || strcmp(now->text, old->text) == 0 ||
			     is_adopted(old, now, container));
	}
}

static void require_fresh(const struct play *play, const struct pool_lease *lease,
			  const char *container, const struct store_view *before)
{
	auto_with(store_view_done) struct store_view after = store_view();
	const struct store_entry *old = store_view_find(before, &lease->address.addr);
	const struct store_entry *now = store_view_find(&after, &lease->address.addr);

	fuzz_require(now && now->is_file && is_owned_by(now, container));
	fuzz_require(pool_set_find(&play->sets[0], &lease->address.addr) ||
		     pool_set_find(&play->sets[1], &lease->address.addr));
	fuzz_require(!old || old->is_file);
	fuzz_require(!old || !*old->text || !play->strict || is_owned_by(old, container));
}

static void allocate(struct play *play, const char *container, size_t n_sets, const char *wanted)
{
	auto_with(store_view_done) struct store_view before = store_view();
	auto_with(store_view_done) struct store_view after = { 0 };
	struct ip_addr addrs[2] = { 0 };
	const struct pool_request request = {
		.sets = play->sets,
		.n = n_sets,
		.wanted = addrs,
		.owner = { container, "eth0" },
		.evidence = { .boot = "b", .netns = "/run/netns/x", .pod = "default/web" },
		.rest_s = 30,
	};
	struct pool_lease leases[2] = { 0 };
	struct pool_news news = { 0 };
	struct error err = { 0 };
	int rc;

	if (wanted)
		fuzz_require(ip_parse(wanted, &addrs[0]) == 0);
	rc = pool_allocate(&play->store, &request, &play->world, leases, &news, &err);
	fuzz_require_outcome(rc, &err);
	after = store_view();
	if (play->strict)
		require_kept(&before, &after, container);
	for (size_t i = 0; rc >= 0 && i < n_sets; i++)
		require_fresh(play, &leases[i], container, &before);
}

static void find(struct play *play)
{
	auto_with(pool_found_done) struct pool_found found = { 0 };
	const struct pool_owner owner = { "c1", "eth0" };
	struct error err = { 0 };

	fuzz_require_outcome(pool_store_find(&play->store, &owner, &found, &err), &err);
}

static void release(struct play *play, const char *container)
{
	const struct pool_owner owner = { container, "eth0" };
	struct error err = { 0 };
	struct pool_news news = { 0 };
	int rc = pool_release(&play->store, &owner, &play->world, &news, &err);

	fuzz_require_outcome(rc, &err);
}

static void reclaim(struct play *play, bool all_listed)
{
	struct pool_census census = { .is_listed = is_listed,
				      .arg = all_listed ? &census : NULL,
				      .start = { .tv_sec = STORE_STAMP_S },
				      .start_ns = 1000 };
	struct pool_reclaimed done;
	struct error err = { 0 };

	fuzz_require_outcome(pool_reclaim(&play->store, &census, &play->world, &done, &err), &err);
}

static void usage(struct play *play)
{
	struct pool_usage used = { 0 };
	struct error err = { 0 };

	for (size_t i = 0; i < 2; i++)
		if (pool_usage(&play->store, &play->sets[i], i, &used, &err) == 0)
			fuzz_require(used.free <= used.total);
}

static void step(struct play *play, char what)
{
	if (what == 'a')
		allocate(play, "c1", 2, NULL);
	else if (what == 'b')
		allocate(play, "c2", 1, NULL);
	else if (what == 'w')
		allocate(play, "c1", 1, "10.9.0.5");
	else if (what == 'r' || what == 's')
		release(play, what == 'r' ? "c1" : "c2");
	else if (what == 'f')
		find(play);
	else if (what == 'u')
		usage(play);
	else if (what == 'g' || what == 'l')
		reclaim(play, what == 'l');
	else if (what == 'A' || what == 'U' || what == 'D')
		play->life = what == 'A' ? POOL_ALIVE : what == 'U' ? POOL_UNKNOWN : POOL_DEAD;
	if (what == 'L' || what == 'D')
		play->strict = false;
	if (what == 'L')
		play->store.lasting = false;
}

static void settle(struct play *play)
{
	static const char *const subnets[] = { "10.9.0.0/28", "fd00:9::/124" };
	struct error err;

	for (size_t i = 0; i < 2; i++) {
		fuzz_require(ip_prefix_parse(subnets[i], &play->ranges[i].subnet) == 0);
		play->sets[i] = (struct pool_set){ &play->ranges[i], 1 };
		fuzz_require(pool_set_settle(&play->sets[i], &err) == 0);
	}
}

static void run(const char *steps)
{
	struct play play = { .life = POOL_ALIVE, .strict = true };
	struct error err = { 0 };
	int rc;

	settle(&play);
	play.world = (struct pool_world){ .boot = "b", .life = look_alive, .arg = &play };
	rc = pool_store_make(fuzz_directory(), STORE_NETWORK, &play.store, &err);
	fuzz_require_outcome(rc, &err);
	play.store.lasting = true;
	if (rc >= 0) {
		rc = pool_store_lock(&play.store, 0, &err);
		fuzz_require_outcome(rc, &err);
	}
	for (size_t i = 0; rc >= 0 && steps[i] && i < MAX_STEPS; i++)
		step(&play, steps[i]);
	pool_store_done(&play.store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int free_fd = fuzz_free_fd();
	char *steps = store_files_make(data, size);

	run(steps);
	store_files_remove();
	free(steps);
	fuzz_require(fuzz_free_fd() == free_fd);
	return 0;
}
