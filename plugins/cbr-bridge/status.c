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
#include "cbr/nftables/object.h"
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

/* Asked for and not there, it would make each ADD fail. */
static int check_nf_tables(struct attach *a, struct error *err)
{
	uint32_t generation;
	int rc;

	if (!guard_is_wanted(a) && !(a->conf.ip_masq && attach_is_layer3(a)))
		return 0;
	rc = attach_open_nft(a, err);
	if (rc >= 0 && (rc = nft_get_generation(&a->nft, &generation, err)) < 0)
		error_wrap(err, "nf_tables (CONFIG_NF_TABLES)");
	if (rc < 0)
		err->code = ERROR_NOT_READY;
	return rc;
}

int bridge_status(const struct cni_call *call, struct error *err)
{
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	int rc;

	if ((rc = bridge_conf_load_status(call, &a.conf, err)) < 0 ||
	    (rc = check_bridge_name(&a, err)) < 0 || (rc = check_nf_tables(&a, err)) < 0)
		return rc;
	if (!attach_is_layer3(&a))
		return 0;
	return cni_delegate_run(call, a.conf.ipam_type, CNI_STATUS, NULL, err);
}
