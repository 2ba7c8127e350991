/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - the pool of a network, as the verbs that change it have it */
#pragma once

#include "cbr/pool/alloc.h"
#include "cbr/pool/store.h"
#include "config.h"
#include "evidence.h"

/* How long to wait for others who work on the same network; they need milliseconds. */
#define IPAM_LOCK_TIMEOUT_MS 10000

/* For how long at a time to put in order what others left, while they wait. */
#define IPAM_SLICE_MS 500

/*
 * @store: open and locked
 * @here: what there is around it
 * @world: the same for lib/pool
 */
struct ipam_pool {
	struct pool_store store;
	struct surroundings here;
	struct pool_world world;
};

#define IPAM_POOL_NONE ((struct ipam_pool){ .store = POOL_STORE_NONE })

/* Of what is missing, what is to be made? */
enum ipam_pool_make {
	IPAM_MAKE_NOTHING,
	IPAM_MAKE_RECORDS, /* unless there is no directory of the network at all */
	IPAM_MAKE_ALL,
};

/*
 * ipam_pool_open() - the directory of the network, and nothing else from then on
 * @ret: pool_store_done() releases it either way
 *
 * Should: see nothing but that directory and /proc afterwards, where the kernel has
 * Landlock and the config does not say "confine": false. Where that fails it goes on with
 * a warning.
 *
 * Return: 1, 0 there is no such directory, or negative.
 */
int ipam_pool_open(const struct cni_call *call, const struct ipam_conf *conf,
		   enum ipam_pool_make make, struct pool_store *ret, struct error *err);

/*
 * ipam_pool_enter() - the same, and be alone there
 * @ret: must not be moved; ipam_pool_leave() releases it either way
 *
 * Return: as ipam_pool_open().
 */
int ipam_pool_enter(const struct cni_call *call, const struct ipam_conf *conf,
		    enum ipam_pool_make make, struct ipam_pool *ret, struct error *err);

/* ipam_pool_yield() - let those work who wait for the lock, then take it again; Return: 0 or
 * negative */
int ipam_pool_yield(struct pool_store *store, struct error *err);

/* ipam_pool_explain() - say what to do about a permission that we do not have; Return: negative */
int ipam_pool_explain(const struct cni_call *call, const struct ipam_conf *conf, struct error *err);

void ipam_pool_leave(struct ipam_pool *pool);

/* ipam_tell() - what became of others' reservations, on stderr and in the log; printf-like */
void ipam_tell(const struct cni_call *call, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ipam_tell_news() - the same of what was taken back on the way; nothing where nothing was */
void ipam_tell_news(const struct cni_call *call, const struct pool_news *news);
