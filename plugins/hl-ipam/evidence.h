/* SPDX-License-Identifier: Apache-2.0 */
/* evidence.h - by what a living attachment can be told from a dead one */
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cbr/cni/call.h"
#include "cbr/pool/record.h"
#include "cbr/sys/boot.h"

/*
 * What there is to compare a record with.
 * @network: whose attachments
 * @lasting: reservations outlive a reboot
 * @on_node: a runtime calls, so that our network is the node's. A person may look from any
 *           container, in which all pods seem to be of another, earlier node. Set by the caller
 * @links, @n_links: their names, in order, if surroundings_list_links() was called; owned
 * @boot: ID of this one
 * @why: for what reason the last verdict was so
 * @init_start_ns: of boot_init_start_ns(), 0 = not asked yet
 */
struct surroundings {
	const char *network;
	bool lasting;
	bool on_node;
	char (*links)[IF_NAMESIZE];
	size_t n_links;
	char boot[BOOT_ID_SIZE];
	const char *why;
	int64_t init_start_ns;
};

/*
 * surroundings_look() - see what there is
 * @ret: must live as long as what is returned; @network is borrowed
 *
 * Return: for lib/pool.
 */
struct pool_world surroundings_look(const char *network, bool lasting, struct surroundings *ret);

/*
 * surroundings_list_links() - look at all links at once, and from now on no more
 *
 * For judging many, without taking back from them: each of those that are gone costs more than
 * a whole list. Whatever it cannot do it leaves as it was.
 */
void surroundings_list_links(struct surroundings *here);

/* surroundings_done() - release; accepts a zeroed one */
void surroundings_done(struct surroundings *here);

/*
 * evidence_of() - what shows that an attachment lives, here and now
 * @call: with its namespace as it was before privileges were given up; borrowed
 * @pod: for people, borrowed
 *
 * Where there never was a namespace, nothing is known of it. But one that was there and is gone,
 * while the lock was waited for, was the pod's: what would be reserved now, nobody would give back.
 * Return: 0 and *ret, or negative with ERROR_NETNS; ERROR_SYSTEM if nobody can tell.
 */
int evidence_of(const struct surroundings *here, const struct cni_call *call, const char *pod,
		struct pool_evidence *ret, struct error *err);
