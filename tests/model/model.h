/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - a pool, and what may be true of it
 *
 * The model knows of each pod whether it lives, and whether there is evidence of that.
 * Before and after each step the address files are read; what may have changed between
 * follows from the step and from that alone.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "cbr/base/ip.h"
#include "cbr/pool/range.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"
#include "ns.h"
#include "tmp.h"

#define MODEL_SETS 2
#define MODEL_RANGE 13 /* addresses of each set */
#define MODEL_PODS 20

/* Instead of a pod's number: there is no file; it is blank. */
#define MODEL_NOBODY (-1)
#define MODEL_BLANK (-2)
#define MODEL_NO_SUBJECT (-3)

/*
 * @name: container ID; the interface is eth0
 * @netns: identity of its namespace, 0 = the pod does not live
 * @served_netns: for which its last ADD in this boot succeeded
 * @tried_netns: for which there was an ADD
 * @certain: by evidence it can be told whether what it holds belongs to the living
 * @extra: it may hold more than one address of a set
 */
struct model_pod {
	char name[8];
	uint64_t netns;
	uint64_t served_netns;
	uint64_t tried_netns;
	bool certain;
	bool extra;
};

/*
 * @owner: of each address
 * @promised: the owner was told so, and has not begun to give it back
 */
struct model_files {
	int owner[MODEL_SETS][MODEL_RANGE];
	bool promised[MODEL_SETS][MODEL_RANGE];
};

/*
 * @seed: CBR_SEED for this history
 * @random: where its random numbers are
 * @tmp: directory, a small file system of its own
 * @boot, @boot_time, @n_boots: of the node
 * @sets: one per family
 * @pods: by number
 * @next_netns: identity for the next pod
 * @full: there is no room on the disk, or no file can be made
 * @n_ballast: files that only take room
 * @real, @node, @netns, @is_child: see real.h; a child is to be killed
 * @before, @after: the files around the step
 * @what: the step in words
 * @n: its number
 */
struct model {
	uint64_t seed;
	uint64_t random;
	struct tmp tmp;
	char boot[40];
	struct timespec boot_time;
	unsigned int n_boots;
	struct pool_set sets[MODEL_SETS];
	struct model_pod pods[MODEL_PODS];
	uint64_t next_netns;
	bool full;
	unsigned int n_ballast;
	bool real;
	bool is_child;
	struct tmp node;
	struct ns netns[MODEL_PODS];
	struct model_files before;
	struct model_files after;
	char what[256];
	unsigned int n;
};

/* @real: by executables */
void model_make(struct model *model, uint64_t seed, bool real);
void model_done(struct model *model);

/* model_random() - below @n, from the seed */
unsigned int model_random(struct model *model, unsigned int n);

/* model_look() - read @owner of all addresses; what should not be there ends the test */
void model_look(struct model *model, struct model_files *ret);

/* model_world() - what lib/pool may ask of the world, as hl-ipam answers it */
struct pool_world model_world(struct model *model);

/* model_addr() - an address by set and number; model_number() - its number, -1 = none of the set */
struct ip_addr model_addr(const struct model *model, size_t set, int number);
int model_number(const struct model *model, size_t set, const struct ip_addr *addr);

/* model_boot() - the node has been rebooted: no pod lives */
void model_boot(struct model *model);

/* model_revive() - a pod lives, if it did not; model_bury() - it does not any more */
void model_revive(struct model *model, int pod);
void model_bury(struct model *model, int pod);

/* model_fill() - no room on the disk any more, or again */
void model_fill(struct model *model, bool full);

/* model_path() - of a file of the network; Return: text until the next call */
const char *model_path(const struct model *model, const char *name);

/*
 * model_kill() - run a step in a child, and kill that at a random system call
 * @fn: opens the store itself, or becomes the executable; must not assert
 */
void model_kill(struct model *model, void (*fn)(struct model *model, void *arg), void *arg);

/* model_fail() - ends the test: says the step and both states */
_Noreturn void model_fail(const struct model *model, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
