/* SPDX-License-Identifier: Apache-2.0 */
/* main.h - the frame of a plugin: read the call, dispatch, print exactly one document */
#pragma once

#include "cbr/cni/call.h"
#include "cbr/cni/result.h"

#include <stddef.h>
#include <stdint.h>

/*
 * A plugin. Verbs return >= 0 or a negative errno with *err.
 * @name: of the executable; @about: one line for people
 * @section: object of the config that is this plugin's own, whose keys of the log win
 *           over those at the top; NULL = there is none
 * @build, @build_len: bytes near the beginning of each executable of the build that this is of,
 *           and of no other
 * @build_id: the part of these that people are told, 12 characters of which count; may be NULL
 * @resident: a plugin that this executable contains, NULL = none. As a delegate it is not
 *            started if CNI_PATH leads to its own executable of this same build: a thread
 *            does what that would
 * @look_netns: which namespace is there? Called with CNI_NETNS before anything else, for what
 *              is of another process may not be looked at without privileges. A resident gets
 *              what its host found. Return: 0, or negative if there is none; may be NULL
 * @prepare: called then in the process, or the thread, that serves: gives up privileges that
 *           are not needed; may be NULL
 * @judge_netns: may this be the pod's namespace? Called with what was found before ADD and CHECK,
 *               unless CNI_NETNS_OVERRIDE says that any may; may be NULL. DEL must succeed
 *               whatever CNI_NETNS has become: @del itself leaves alone what is not a pod's
 * @add: fills *ret, which cni_main() prints in the version of the config
 *       returns 1 if it made the attachment, 0 if that was there before
 * @undo: called when the result of an ADD that returned 1 cannot be delivered: undoes it
 */
struct cni_plugin {
	const char *name;
	const char *about;
	const char *section;
	const void *build;
	size_t build_len;
	const char *build_id;
	const struct cni_plugin *resident;
	void (*prepare)(void);
	int (*look_netns)(const char *path, uint64_t *ret_dev, uint64_t *ret_ino);
	int (*judge_netns)(const char *path, uint64_t dev, uint64_t ino, struct error *err);
	int (*add)(const struct cni_call *call, struct cni_result *ret, struct error *err);
	int (*undo)(const struct cni_call *call, struct error *err);
	int (*del)(const struct cni_call *call, struct error *err);
	int (*check)(const struct cni_call *call, struct error *err);
	int (*gc)(const struct cni_call *call, struct error *err);
	int (*status)(const struct cni_call *call, struct error *err);
};

/*
 * cni_main() - serve one call from environment, stdin and command line
 *
 * --version and --help print and return; without CNI_COMMAND it says on stderr what it
 * is and which versions it speaks, or that it does not know an argument. Result and error objects
 * are JSON on stdout; what the config wants logged goes to its logFile (cbr/cni/log.h).
 *
 * Return: exit status of the process.
 */
int cni_main(const struct cni_plugin *plugin, int argc, char **argv);
