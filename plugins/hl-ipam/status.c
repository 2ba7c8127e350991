/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - could an ADD be served?
 *
 * Should: answer at once, from the config and the directory's permissions.
 * Mustn't: wait for a lock, make anything, or call a full pool an error: runtimes make a
 * node that is not ready of it, and all its pods are evicted.
 */

#include "cbr/base/cleanup.h"
#include "cbr/pool/store.h"
#include "config.h"
#include "verbs.h"

int ipam_status(const struct cni_call *call, struct error *err)
{
	auto_with(ipam_conf_done) struct ipam_conf conf = { 0 };
	int rc = ipam_conf_load_status(call, &conf, err);

	if (rc < 0)
		return rc;
	rc = pool_store_check_usable(conf.data_dir, call->network, err);
	if (rc < 0)
		err->code = ERROR_NOT_READY;
	return rc;
}
