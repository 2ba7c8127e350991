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

/* What ADD reported; a prevResult that cannot be read tells nothing. */
static void recall_result(struct attach *a)
{
	struct error ignored;

	if (cni_config_prev_result(a->call, &a->result, &ignored) < 0)
		cni_result_done(&a->result);
}

/*
 * Which neighbours may the node remember? The pod can be asked. Versions before 0.4.0 have no
 * prevResult for DEL.
 */
static bool must_ask_for_addresses(const struct attach *a)
{
	return !a->result.n_ips && a->netns.fd >= 0 && attach_is_layer3(a);
}

/* For what harms nobody if it stays. */
static void make_or_warn(const struct step *step, struct attach *a)
{
	struct error left = { 0 };

	if (step_make(step, a, &left) < 0)
		cni_log_warn(a->call->log, &left);
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
	static const struct step addresses = { "addresses", podnet_recall, NULL };
	static const struct step link = { "pod link", podlink_remove, NULL };
	static const struct step guard = { "guard", guard_forget, NULL };
	static const struct step neighbours = { "neighbours", forget, NULL };
	static const struct step vlans = { "VLAN users", vlangw_leave, NULL };
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	int rc;

	bridge_conf_load_names(call, &a.conf);
	recall_result(&a);
	rc = attach_open_leftovers(&a, err);
	if (rc >= 0 && must_ask_for_addresses(&a))
		make_or_warn(&addresses, &a);
	if (rc >= 0)
		rc = step_make(&link, &a, err);
	/* While the link is there its address is in use, so it must not be handed out. */
	if (rc < 0)
		return rc;
	/* A guard's name never comes again, and GC finds it; a neighbour ages, or is replaced. */
	make_or_warn(&guard, &a);
	make_or_warn(&neighbours, &a);
	make_or_warn(&vlans, &a);
	if (!attach_is_layer3(&a))
		return 0;
	return cni_delegate_run(call, a.conf.ipam_type, CNI_DEL, NULL, err);
}
