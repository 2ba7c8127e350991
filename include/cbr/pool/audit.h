/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit.h - all of a network's directory at one glance, and what is wrong in it
 *
 * For people and for repair: unlike find.h it reads every file, and unlike alloc.h it
 * changes nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"

#define POOL_NOBODY SIZE_MAX

/* What has the name of an address. */
enum pool_entry_kind {
	POOL_ENTRY_OWNED,
	POOL_ENTRY_BLANK,
	POOL_ENTRY_FOREIGN,    /* a file with something else in it: somebody keeps the address */
	POOL_ENTRY_NO_FILE,    /* a link, a directory, a device: takes the address, holds nothing */
	POOL_ENTRY_UNREADABLE, /* nobody can tell whose it is */
};

/*
 * @addr: that it is named by
 * @type: of st_mode, for POOL_ENTRY_NO_FILE
 * @errnum: why it cannot be read
 * @time: of its last modification (CLOCK_REALTIME)
 * @owner: its content, or what is on record of a file that cannot be read; text is @text's
 * @text: owned, NULL = it has no owner
 * @holder: index of its attachment, POOL_NOBODY = none
 */
struct pool_entry {
	struct ip_addr addr;
	enum pool_entry_kind kind;
	mode_t type;
	int errnum;
	struct timespec time;
	struct pool_owner owner;
	char *text;
	size_t holder;
};

/*
 * Who holds addresses.
 * @record: with the evidence on record, or what can be known without one: the time of the
 *          latest address file. Its addresses are those that the address files say
 * @recorded: there is a record
 * @life, @why: by pool_audit_judge(); borrowed from the world, which says so once
 */
struct pool_holder {
	struct pool_record record;
	bool recorded;
	enum pool_life life;
	const char *why;
};

/* What may be wrong. */
enum pool_trouble {
	POOL_DEAD_HOLDER,   /* the address of an attachment that nothing is left of */
	POOL_HIDDEN_HOLDER, /* of one that may be dead, but cannot be seen from here; harmless */
	POOL_BLANK_FILE,    /* a crash left it */
	POOL_NO_FILE,       /* no regular file where one belongs */
	POOL_UNREADABLE,    /* errnum says why */
	POOL_NOT_RECORDED,  /* an address that its attachment's record does not tell of */
	POOL_EMPTY_RECORD,  /* a record that tells of an address that is not its own */
	POOL_BROKEN_RECORD, /* no record, where only records belong */
	POOL_TEMPORARY,     /* left by a process that died while it wrote */
	POOL_BAD_CURSOR,    /* no address in it: the round robin begins anew */
	POOL_BAD_STATE,     /* unusable: every call reads everything anew */
	POOL_WRONG_STATE,   /* says that all is on record, but counts other addresses */
	POOL_STALE_STATE,   /* somebody else changed the directory, or never was here */
	POOL_ODD_NAME,      /* text of an address, but not the canonical one: reserves nothing */
};

/*
 * @trouble: what
 * @harmless: the next ADD sees to it, or nothing has to be done
 * @name: of the file below the network's directory, owned
 * @entry: index of the address concerned, POOL_NOBODY = none
 * @errnum: for POOL_UNREADABLE
 */
struct pool_finding {
	enum pool_trouble trouble;
	bool harmless;
	char *name;
	size_t entry;
	int errnum;
};

/*
 * An address that was given back.
 * @since: when
 * @age_ms: how long ago
 * @container_id, @ifname: who had it; text is @text's, "" = not known
 * @text: owned
 */
struct pool_rested {
	struct ip_addr addr;
	struct timespec since;
	int64_t age_ms;
	const char *container_id;
	const char *ifname;
	char *text;
};

/*
 * All of it; arrays are owned.
 * @entries: ascending
 * @holders: in the order of their names
 * @findings: address files first, then by name
 * @rested: ascending; not those that are reserved again
 */
struct pool_audit {
	struct pool_entry *entries;
	size_t n_entries;
	struct pool_holder *holders;
	size_t n_holders;
	struct pool_finding *findings;
	size_t n_findings;
	struct pool_rested *rested;
	size_t n_rested;
};

/*
 * pool_audit_lock() - as pool_store_lock(), but makes no file: where there is none, nobody
 * ever locked
 */
int pool_audit_lock(struct pool_store *store, int timeout_ms, struct error *err);

/*
 * pool_audit_read() - read all that there is
 *
 * Under the lock that is what is; without it some of it may be in motion. What cannot be
 * read is a finding and no error. Return: 0 and *ret, or negative; pool_audit_done()
 * releases it either way.
 */
int pool_audit_read(const struct pool_store *store, const struct pool_world *world,
		    struct pool_audit *ret, struct error *err);

/*
 * pool_audit_judge() - who of the holders is alive? Adds a finding for each address of one
 * that is dead, or out of sight
 *
 * Needs no lock. Return: 0, or -ENOMEM.
 */
int pool_audit_judge(struct pool_audit *audit, const struct pool_world *world, struct error *err);

/* pool_audit_find() - Return: index of the entry of this address, or POOL_NOBODY */
size_t pool_audit_find(const struct pool_audit *audit, const struct ip_addr *addr);

/* pool_audit_done() - release; accepts a zeroed one */
void pool_audit_done(struct pool_audit *audit);

/*
 * pool_repair_names() - remove the files that stand for nothing, beside addresses
 * @store: made and locked
 *
 * Goes on over errors. Return: 0, or negative when some file could not be removed.
 */
int pool_repair_names(const struct pool_store *store, const struct pool_world *world,
		      struct error *err);

/*
 * pool_repair() - put right what can be, after that
 * @store: made and locked
 * @again: this goes on with an earlier one, which read all files, whatever the state says
 * @ret_more: the slice_ms of the store were over: to be called again, after others could work there
 *
 * Gives back what the dead hold, removes what holds nothing, makes records and state agree
 * with the address files. What is alive, of unknown life, or somebody else's, stays. Goes
 * on over errors.
 * Return: 0, or negative when some file could not be dealt with.
 */
int pool_repair(struct pool_store *store, const struct pool_world *world, bool again,
		bool *ret_more, struct error *err);

/*
 * pool_discard() - remove whatever has the name of an address, and is no attachment's
 * @store: made and locked
 *
 * Return: 1, 0 there is nothing, or negative.
 */
int pool_discard(struct pool_store *store, const struct ip_addr *addr,
		 const struct pool_world *world, struct error *err);
