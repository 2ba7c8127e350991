/* SPDX-License-Identifier: Apache-2.0 */
/*
 * real.h - the same histories, made by executables
 *
 * Pods are network namespaces, the node's boot ID is a file of ours that is mounted over the
 * kernel's, calls are processes. Where there is a host-local it is the foreign writer, too:
 * in $REFERENCE_BIN, or where distributions put it.
 */
#pragma once

#include <jansson.h>

#include "model.h"

/* real_begin(), real_end() - of a history; real_end() accepts a model that is not real */
void real_begin(struct model *model);
void real_end(struct model *model);

/* real_boot() - the node has a new boot ID: @boot */
void real_boot(struct model *model);

/* real_revive() - a namespace for a pod; Return: its identity. real_bury() - it is gone */
uint64_t real_revive(struct model *model, int pod);
void real_bury(struct model *model, int pod);

/*
 * real_config() - of the network
 * @n: so many sets
 * @wanted: numbers of addresses, -1 = any; NULL = none is wanted
 * @rest_s: as in the config
 * @listed: whom GC shall spare, NULL = not for GC
 *
 * Return: text owned by the caller.
 */
char *real_config(const struct model *model, size_t n, const int *wanted, int rest_s,
		  const bool *listed);

/*
 * real_call() - call a plugin for a pod, -1 = for none
 * @plugin: name or path
 * @ret: what it printed, NULL if nothing, owned by the caller; may be NULL
 *
 * In a child of model_kill() that becomes the plugin, and this does not return.
 * Return: 0, or -1 with code, message and details in *err.
 */
int real_call(struct model *model, const char *plugin, const char *command, int pod,
	      const char *config, json_t **ret, struct error *err);

/* real_lease() - one of the addresses that ADD printed */
struct ip_prefix real_lease(const json_t *result, size_t index);

/* real_host_local() - path of the executable, NULL if there is none */
const char *real_host_local(void);
