/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scene.h - a node on which a call is killed, and what must hold afterwards
 *
 * The pool has two addresses of each family: one that is lost or handed out twice is seen
 * by the next ADD. All functions end the running test as failed when something is not as
 * it must be.
 */
#pragma once

#include "node.h"

/* Addresses of the pool, of each family. */
#define SCENE_ADDRESSES 2

/*
 * @plugin: "hl-ipam", or "cbr-bridge" with hl-ipam as its delegate
 * @path: CNI_PATH, owned; NULL = the directory of our executables
 * @other: lives from before the killed call until the end, if it has a result
 * @victim: whose call is killed
 * @next: comes after that
 */
struct scene {
	struct node node;
	const char *plugin;
	char *path;
	struct pod *other;
	struct pod *victim;
	struct pod *next;
};

/* scene_make() - @apart: the delegate is a process of its own (apart.h) */
void scene_make(struct scene *scene, const char *plugin, bool apart);
void scene_done(struct scene *scene);

/* scene_call() - a verb for a pod, as a runtime sends it; @config: owned by the caller */
struct run_call scene_call(const struct scene *scene, const struct pod *pod, const char *command,
			   char **config);

/* scene_gc_call() - GC, in which @other is valid and nobody else */
struct run_call scene_gc_call(const struct scene *scene, char **config);

/* scene_add() - must succeed, CHECK too, and the pod reaches its gateways */
void scene_add(struct scene *scene, struct pod *pod);

/* scene_del() - must succeed, and leave nothing of the pod */
void scene_del(struct scene *scene, struct pod *pod);

/* scene_gc() - must succeed */
void scene_gc(struct scene *scene);

/* scene_kill_pod() - its namespace is destroyed, and wholly gone afterwards */
void scene_kill_pod(struct scene *scene, struct pod *pod);

/*
 * scene_inspect() - what holds at any time, also a moment after a kill
 *
 * Each address file is whole or blank, and of one of these pods; nothing else is in the
 * directory but what is known there; what @other was given is on file as its own.
 */
void scene_inspect(const struct scene *scene);

/* scene_holds() - addresses that are on file for a pod */
size_t scene_holds(const struct scene *scene, const struct pod *pod);

/* scene_forgot() - nothing of this pod is left: on file, on record, on the node */
void scene_forgot(const struct scene *scene, const struct pod *pod);

/*
 * scene_lacks_neighbour() - what the node was told of a pod's MAC is gone with its DEL
 *
 * Where a DEL does not know the address, the ADD having been killed before it could say,
 * the kernel forgets it in its own time; so nothing may be there for good.
 */
void scene_lacks_neighbour(const struct scene *scene, const struct pod *gone);

/* scene_settled() - nothing of those who died is left in the directory: hl-ipam fsck says so */
void scene_settled(const struct scene *scene);
