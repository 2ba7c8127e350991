/* SPDX-License-Identifier: Apache-2.0 */
/* call.h - what the runtime asks: environment and stdin, read and checked once */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/cni/version.h"

struct cni_log;
struct cni_plugin;

/* What a plugin can be asked: CNI_COMMAND. */
enum cni_verb {
	CNI_ADD,
	CNI_CHECK,
	CNI_DEL,
	CNI_GC,
	CNI_STATUS,
	CNI_VERSION,
};

/*
 * One call of a plugin. Texts are borrowed from the environment or from @config and
 * are "" where the runtime gave none.
 * @command, @verb: CNI_COMMAND
 * @container_id, @netns, @ifname, @args, @path: CNI_CONTAINERID, CNI_NETNS,
 *         CNI_IFNAME, CNI_ARGS, CNI_PATH
 * @netns_dev, @netns_ino: identity of the namespace that CNI_NETNS led to before privileges were
 *         given up; 0 = to none that could be looked at. By the plugin's look_netns
 * @netns_override: CNI_NETNS_OVERRIDE: our own namespace is no mistake
 * @version: cniVersion of the config
 * @network: "name" of the config
 * @config: the whole config, owned
 * @text, @text_len: the bytes of stdin, owned; a delegate gets them unchanged
 * @plugin: who is asked; cni_main()
 * @log: where steps are noted, NULL = nowhere; cni_main()
 */
struct cni_call {
	const char *command;
	enum cni_verb verb;
	const char *container_id;
	const char *netns;
	const char *ifname;
	const char *args;
	const char *path;
	uint64_t netns_dev;
	uint64_t netns_ino;
	bool netns_override;
	const struct cni_version *version;
	const char *network;
	json_t *config;
	char *text;
	size_t text_len;
	const struct cni_plugin *plugin;
	struct cni_log *log;
};

/*
 * cni_call_read() - read environment and stdin, complaining in the protocol's order
 * @stdin_fd: read to its end, except for VERSION
 *
 * Variables first (a bad ID or name at once, then all that are missing together),
 * then stdin, JSON, network name, verb, version. After an error @ret holds what was
 * understood so far, the version among it where possible, and must be released too.
 * Source: CNI SPEC 1.1.0 section 2 "Execution Protocol".
 */
int cni_call_read(int stdin_fd, struct cni_call *ret, struct error *err);

/* cni_call_done() - release; accepts a zeroed call */
void cni_call_done(struct cni_call *call);

/* cni_verb_name() - "ADD", … */
const char *cni_verb_name(enum cni_verb verb);
