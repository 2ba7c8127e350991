/* SPDX-License-Identifier: Apache-2.0 */
/* lock.c - one at a time in the pool of a network */

#include "cbr/base/cleanup.h"
#include "cbr/cni/log.h"
#include "verbs.h"

#define TIMEOUT_MS 10000

int ipam_lock(const struct cni_call *call, struct pool_store *store, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(call->log, "lock");

	return pool_store_lock(store, TIMEOUT_MS, err);
}
