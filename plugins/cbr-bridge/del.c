/* SPDX-License-Identifier: Apache-2.0 */
/*
 * del.c - the life of a pod ends
 *
 * Should: succeed whenever the attachment is gone afterwards; need no namespace, no
 * prevResult and no key of the config but the names of bridge and delegate.
 * Mustn't: give the address back while the link can still use it; stop at the first
 * failure.
 */

#include "attach.h"
#include "cbr/cni/log.h"
#include "parts.h"
#include "steps.h"
#include "verbs.h"

/* Which neighbours the node may remember; a prevResult that cannot be read tells none. */
static void recall_addresses(struct attach *a)
{
	struct error ignored;

	if (cni_config_prev_result(a->call, &a->result, &ignored) < 0)
		cni_result_done(&a->result);
}

static int look_up_gateway(struct attach *a, struct error *err)
{
	struct link *ret = *a->conf.vlan_gateway ? &a->vlan_gateway : &a->bridge;

	return a->result.n_ips ? link_get(&a->node, attach_gateway_name(a), ret, err) : 0;
}

static int forget(struct attach *a, struct error *err)
{
	int rc = look_up_gateway(a, err);

	return rc < 0 ? rc : gateway_forget(a, err);
}

int bridge_del(const struct cni_call *call, struct error *err)
{
	static const struct step link = { "pod link", podlink_remove, NULL };
	static const struct step guard = { "guard", guard_forget, NULL };
	static const struct step neighbours = { "neighbours", forget, NULL };
	static const struct step vlans = { "VLAN users", vlangw_leave, NULL };
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	struct error left = { 0 };
	int rc;

	bridge_conf_load_names(call, &a.conf);
	recall_addresses(&a);
	rc = attach_open_leftovers(&a, err);
	if (rc >= 0)
		rc = step_make(&link, &a, err);
	/* While the link is there its address is in use, so it must not be handed out. */
	if (rc < 0)
		return rc;
	/* One that stays harms nobody: its name never comes again, and GC finds it. */
	if (step_make(&guard, &a, &left) < 0)
		cni_log_warn(call->log, &left);
	step_make(&neighbours, &a, &left);
	if (step_make(&vlans, &a, &left) < 0)
		cni_log_warn(call->log, &left);
	if (!attach_is_layer3(&a))
		return 0;
	return cni_delegate_run(call, a.conf.ipam_type, CNI_DEL, NULL, err);
}
