/* SPDX-License-Identifier: Apache-2.0 */
/* kill.h - kill one kind of call at each of its system calls */
#pragma once

#include "scene.h"

/*
 * A kind of call.
 * @name: for messages
 * @plugin: see struct scene
 * @command: for the victim; "GC" for nobody in particular
 * @prepare: what there is before it; NULL = nothing
 * @keeps: the victim held its addresses before, and must be given the same again
 */
struct kill_case {
	const char *name;
	const char *plugin;
	const char *command;
	void (*prepare)(struct scene *scene);
	bool keeps;
};

/*
 * kill_everywhere() - in a new scene for each stop and each choice of who dies
 *
 * cbr-bridge has its delegate beside it as a thread, with which it dies, then as a process.
 * Endings: the call is made again, then DEL; or DEL comes at once; or the pod dies and GC cleans
 * up; or the pod dies and another one needs its address. They take turns; all of them come after
 * each kill if @thorough. Says how many kills there were.
 */
void kill_everywhere(const struct kill_case *what, bool thorough);

/* kill_teardown() - of each test: says what was going on if it failed */
int kill_teardown(void **state);
