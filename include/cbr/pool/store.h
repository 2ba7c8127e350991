/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the directory of a network's reservations, as host-local keeps it
 *
 * <dataDir>/<network>/ holds a file per reserved address, named by the address in its
 * canonical text; last_reserved_ip.<set>, the cursor of each range set; and "lock",
 * which whoever changes something holds with flock(2). Ours beside them, all of which may
 * be lost or out of date: .attachments (record.h), .resting (rest.h) and .state (index.h).
 * Other names are not touched.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/owner.h"

/* Directories of ours. */
#define POOL_RECORDS_NAME ".attachments"
#define POOL_REST_NAME ".resting"

/*
 * @dir_fd: the directory, -1 = none
 * @lock_fd: holds the lock, -1 = not locked
 * @records_fd, @rest_fd: directories of ours, -1 = none
 * @lasting: reservations outlive a reboot, so they must be on the disk before they count;
 *           set by the caller
 * @slice_ms: for how long a call may put in order what others left, before it lets go of the
 *            lock or goes on with its own business: 0 = no limit, negative = as little as
 *            brings it on; set by the caller
 * @path: of the directory, for messages
 */
struct pool_store {
	int dir_fd;
	int lock_fd;
	int records_fd;
	int rest_fd;
	bool lasting;
	int slice_ms;
	char path[PATH_MAX];
};

#define POOL_STORE_NONE \
	((struct pool_store){ .dir_fd = -1, .lock_fd = -1, .records_fd = -1, .rest_fd = -1 })

/*
 * pool_store_open() - open the directory of a network
 * @data_dir: may be reached through symbolic links; the network's directory may not
 * @network: a valid name
 *
 * Return: 1 and *ret, 0 there is none, or negative.
 */
int pool_store_open(const char *data_dir, const char *network, struct pool_store *ret,
		    struct error *err);

/* pool_store_make() - the same, and make what is missing; Return: 0 and *ret, or negative */
int pool_store_make(const char *data_dir, const char *network, struct pool_store *ret,
		    struct error *err);

/* pool_store_done() - unlock and close; accepts POOL_STORE_NONE */
void pool_store_done(struct pool_store *store);

/*
 * pool_store_check_usable() - could pool_store_make() and a reservation succeed?
 *
 * Looks at permissions only; makes nothing and waits for no lock.
 * Return: 0, or negative with ERROR_SYSTEM.
 */
int pool_store_check_usable(const char *data_dir, const char *network, struct error *err);

/*
 * pool_store_lock() - be alone, host-local's processes among the others
 * @timeout_ms: how long to wait for that
 *
 * Return: 0, or negative; past the timeout -ETIMEDOUT with ERROR_AGAIN, naming the
 * process that holds it as far as /proc/locks tells.
 */
int pool_store_lock(struct pool_store *store, int timeout_ms, struct error *err);

/* pool_store_unlock() - let others work there; those who wait look every 20 ms at least */
void pool_store_unlock(struct pool_store *store);

/*
 * pool_store_each() - call @fn for every address that has a file, in no order
 *
 * @fn may remove that file. Files are not opened.
 * Return: 0, or negative if the directory cannot be read.
 */
int pool_store_each(const struct pool_store *store,
		    void (*fn)(const struct ip_addr *addr, void *arg), void *arg,
		    struct error *err);

/*
 * pool_store_read() - what is in the file of an address?
 * @buf: holds the texts that *ret points to
 * @ret: set for POOL_OWNED
 *
 * Return: enum pool_content; -ENOENT if there is no file, or another negative errno if
 * it cannot be read; no error object, since most callers go on.
 */
int pool_store_read(const struct pool_store *store, const struct ip_addr *addr,
		    char buf[static POOL_OWNER_SIZE], struct pool_owner *ret);

/* pool_store_read_time() - and when was it reserved (CLOCK_REALTIME)? Unless negative */
int pool_store_read_time(const struct pool_store *store, const struct ip_addr *addr,
			 char buf[static POOL_OWNER_SIZE], struct pool_owner *ret,
			 struct timespec *ret_time);

/* pool_store_has() - has the address a file, of whatever kind? */
bool pool_store_has(const struct pool_store *store, const struct ip_addr *addr);

/* pool_store_time() - its time of modification alone; zero if not even that can be known */
struct timespec pool_store_time(const struct pool_store *store, const struct ip_addr *addr);

/*
 * The next functions want the lock to be held.
 *
 * pool_store_reserve() - take an address and make it the cursor of its set
 * @set: number of the range set in the config
 *
 * Return: 1, 0 if the address has a file already, or negative with nothing reserved.
 */
int pool_store_reserve(struct pool_store *store, const struct ip_addr *addr, size_t set,
		       const struct pool_owner *owner, struct error *err);

/* pool_store_rename_owner() - an address is of this owner from now on; Return: 0 or negative */
int pool_store_rename_owner(struct pool_store *store, const struct ip_addr *addr,
			    const struct pool_owner *owner, struct error *err);

/*
 * pool_store_sync() - on a store that is lasting: what was changed is on the disk now
 *
 * Any other is void after a reboot, so a power cut cannot harm it: what was not written
 * then concerned pods that are gone. What is half written is seen by its content, and
 * waiting for a disk, tens of milliseconds on a busy one, would be the greatest part of
 * an ADD.
 *
 * Return: 0, or negative with ERROR_SYSTEM.
 */
int pool_store_sync(struct pool_store *store, struct error *err);

/* pool_store_tidy() - remove what somebody who died was writing */
void pool_store_tidy(struct pool_store *store);

/* pool_store_remove() - Return: 1, 0 there was no such file, or a negative errno */
int pool_store_remove(struct pool_store *store, const struct ip_addr *addr);

/*
 * pool_store_cursor() - the address of a set that was reserved last
 *
 * Return: 1 and *ret, 0 if there is none, or none that can be read: then the round robin
 * begins anew, and the next reservation writes it again.
 */
int pool_store_cursor(const struct pool_store *store, size_t set, struct ip_addr *ret);
