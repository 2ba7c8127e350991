/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c - could an ADD be served?
 *
 * Should: answer at once, from the config, the name of the bridge and the delegate.
 * Mustn't: wait for a lock, or call a node not ready for what does not stop an ADD.
 */

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>

#include "attach.h"
#include "cbr/cni/log.h"
#include "parts.h"
#include "verbs.h"

static int check_bridge_name(struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "look up");
	int rc = nl_socket_open(NETLINK_ROUTE, NULL, &a->node, err);

	if (rc >= 0)
		rc = link_get(&a->node, a->conf.bridge, &a->bridge, err);
	if (rc <= 0)
		return rc;
	if (strcmp(a->bridge.kind, "bridge") != 0)
		return error_set(err, ERROR_NOT_READY, "\"%s\" already exists but is not a bridge",
				 a->conf.bridge);
	rc = vlan_judge_bridge(a, err);
	if (rc < 0)
		err->code = ERROR_NOT_READY;
	return rc;
}

int bridge_status(const struct cni_call *call, struct error *err)
{
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	int rc;

	if ((rc = bridge_conf_load_status(call, &a.conf, err)) < 0 ||
	    (rc = check_bridge_name(&a, err)) < 0)
		return rc;
	if (!attach_is_layer3(&a))
		return 0;
	return cni_delegate_run(call, a.conf.ipam_type, CNI_STATUS, NULL, err);
}
