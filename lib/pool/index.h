/* SPDX-License-Identifier: Apache-2.0 */
/*
 * index.h - are the attachments' records all that there is?
 *
 * They are, as long as nobody else changed the directory, or that of the records. Whoever
 * makes or removes a file changes its directory's time of modification; we set both anew
 * after each change of ours, to a time that no clock tick has, and note that in .state.
 * Where one of them differs, somebody else was here, or one of us was killed at work; and where the
 * boot differs, all that is on record is over. Then pool_rebuild() reads every file.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "cbr/pool/alloc.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"
#include "faults.h"

#define POOL_BOOT_SIZE 48

/*
 * @current: the records are complete and of this boot
 * @boot: of which the state is, "" = there is none
 * @reserved: address files, IPv4 and IPv6
 * @searched_s: CLOCK_BOOTTIME, seconds: when the dead were last looked for
 * @looked_set, @looked, @looked_s: of this range set, counted from 1, 0 = none, so many owners in
 *                     the order of the walk were looked at by then (as @searched_s), and none
 *                     was dead
 * @unreadable: address files that cannot be read and that no record tells of
 * @faults: files that pool_rebuild() could not deal with, so that it is not current
 * @unfinished: its time was up, so that it is not current either
 */
struct pool_index {
	bool current;
	char boot[POOL_BOOT_SIZE];
	uint64_t reserved[2];
	int64_t searched_s;
	uint64_t unreadable;
	uint64_t looked_set;
	uint64_t looked;
	int64_t looked_s;
	struct pool_faults faults;
	bool unfinished;
};

/* pool_index_read() - what the state says; never fails, but may be not current */
void pool_index_read(const struct pool_store *store, const struct pool_world *world,
		     struct pool_index *ret);

/*
 * pool_index_write() - all changes are made: note it
 *
 * Does nothing unless it is @current. No error: without the note the next call reads
 * everything anew. Return: is it noted?
 */
bool pool_index_write(struct pool_store *store, struct pool_index *index);

/*
 * pool_index_count() - @n more address files of this address's family, or fewer
 *
 * It is worth looking at the owners again, then.
 */
void pool_index_count(struct pool_index *index, const struct ip_addr *addr, int n);

/*
 * pool_rebuild() - make the records agree with the address files
 * @container_id: whose attachments are to be seen to however long it takes, NULL = nobody's
 * @index: current afterwards, unless some file could not be dealt with, or it took longer than
 *         the slice_ms of the store: then the next one goes on
 * @news: what was removed
 *
 * Files that hold nothing go, and those from before this boot that cannot be read; attachments
 * of an earlier boot go, unless the store is lasting; those without record get one. Records
 * without files go. Where a file or a record cannot be read for the moment, what there is stays.
 */
int pool_rebuild(struct pool_store *store, const struct pool_world *world, const char *container_id,
		 struct pool_index *index, struct pool_news *news, struct error *err);
