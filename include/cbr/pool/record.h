/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record.h - one small file per attachment: what it holds, and what shows that it lives
 *
 * <dataDir>/<network>/.attachments/<container>:<interface>, lines of "key value". It is
 * a hint, by which an attachment's addresses are found without reading the others': the
 * address files decide. host-local knows nothing of it and never takes its text for a
 * reservation.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/owner.h"
#include "cbr/pool/store.h"

/*
 * By what an attachment can be told from a dead one later. Texts are borrowed; what is
 * not known is "" or 0.
 * @boot: ID of the boot it was made in
 * @since_boot_ns: CLOCK_BOOTTIME then
 * @time: CLOCK_REALTIME then
 * @netns: path of its network namespace
 * @netns_dev, @netns_ino: identity of that
 * @place_dev, @place_ino: identity of the place that @netns leads from: its directory, or for
 *                      one below /proc the pid namespace
 * @host_ns: inode of the network namespace of whoever wrote this: who looks from another place,
 *                      or another network, need not see what there is
 * @mount_ns: inode of his mount namespace, as earlier versions noted it in lieu of the place
 * @pod: "namespace/name", for people
 */
struct pool_evidence {
	const char *boot;
	int64_t since_boot_ns;
	struct timespec time;
	const char *netns;
	uint64_t netns_dev;
	uint64_t netns_ino;
	uint64_t place_dev;
	uint64_t place_ino;
	uint64_t host_ns;
	uint64_t mount_ns;
	const char *pod;
};

/* No evidence at all. */
#define POOL_EVIDENCE_NONE ((struct pool_evidence){ .boot = "", .netns = "", .pod = "" })

/*
 * @owner: the attachment; its ifname is "" where host-local wrote none
 * @evidence: of its life
 * @addrs, @n: what was reserved for it; owned
 * @text: what the texts point into; owned, NULL if they are borrowed
 */
struct pool_record {
	struct pool_owner owner;
	struct pool_evidence evidence;
	struct ip_addr *addrs;
	size_t n;
	char *text;
};

/*
 * How much later than its record an address file may be: by a disk that is slow, and by what
 * file systems cut off. Nobody gives one back and reserves it anew in that time, who in
 * addition works beside us, and for the same attachment.
 */
#define POOL_RECORD_SLACK_S 1

/* pool_record_done() - release; accepts a zeroed one */
void pool_record_done(struct pool_record *record);

/*
 * pool_record_covers() - does it tell of this address, as its file was made?
 * @time: of the file's last modification
 *
 * A record is written right before the address files. One that is younger was made by
 * somebody else, who knows of no records: of that it says nothing.
 */
bool pool_record_covers(const struct pool_record *record, const struct ip_addr *addr,
			const struct timespec *time);

/*
 * pool_record_load() - the record of an attachment
 *
 * Return: 1 and *ret; 0 if there is none, or none that is whole; or a negative errno if it
 * cannot be read, for a moment or for ever: it may tell of a living one.
 */
int pool_record_load(const struct pool_store *store, const struct pool_owner *owner,
		     struct pool_record *ret);

/*
 * pool_record_save() - write it, in place of an earlier one
 *
 * Return: 0, or negative with the earlier one as it was.
 */
int pool_record_save(struct pool_store *store, const struct pool_record *record, struct error *err);

/* pool_record_remove() - Return: 1, 0 there was none, or a negative errno */
int pool_record_remove(struct pool_store *store, const struct pool_owner *owner);

/*
 * pool_record_each() - call @fn for every whole record, in no order, until it returns false
 *
 * @fn may remove the record.
 * Return: how many files are no whole record or cannot be read, or negative if they cannot be
 * listed.
 */
int pool_record_each(struct pool_store *store, bool (*fn)(struct pool_record *record, void *arg),
		     void *arg, struct error *err);

/* What can be said of an attachment by its record and a look around. */
enum pool_life {
	POOL_DEAD,    /* nothing of it can be left */
	POOL_UNKNOWN, /* no evidence either way: host-local left none */
	POOL_HIDDEN,  /* what would show it is on record, but cannot be looked at from here */
	POOL_ALIVE,   /* there is a sign of life */
};

/*
 * What the pool must know of the world around it.
 * @boot: ID of this boot, "" = unknown
 * @life: is the attachment of this record alive?
 * @arg: for that
 * @why: in a few words, for what reason the last answer was so; NULL = nobody asks
 */
struct pool_world {
	const char *boot;
	enum pool_life (*life)(const struct pool_record *record, void *arg);
	void *arg;
	const char *(*why)(void *arg);
};
