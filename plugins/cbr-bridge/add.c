/* SPDX-License-Identifier: Apache-2.0 */
/*
 * add.c - the life of a pod begins
 *
 * Should: make the attachment, whole, and say what was made; or leave the node as it
 * was and say what failed first.
 * Mustn't: create anything before the whole input is understood; touch an interface,
 * an address or a route that is not ours.
 */

#include <string.h>

#include "attach.h"
#include "cbr/base/array.h"
#include "parts.h"
#include "steps.h"
#include "verbs.h"

static int recognise(struct attach *a, struct error *err);

static const struct step recipe[] = {
	{ "bridge lock", bridge_join, NULL }, /* until the end: what we see, nobody takes back */
	{ NULL, attach_look, NULL },
	{ NULL, recognise, NULL },
	{ NULL, lease_start, lease_return },         /* runs beside the next ones */
	{ "guard", guard_close, guard_forget },      /* before there is a link */
	{ "bridge", bridge_make, bridge_unmake },    /* goes again if we are alone on it */
	{ "VLAN users", vlangw_join, vlangw_leave }, /* left when the link is gone */
	{ "pod link", podlink_make, podlink_unmake },
	{ "VLANs", vlan_make, NULL },             /* go with the link */
	{ "pod settings", podnet_prepare, NULL }, /* these, too, go with the link */
	{ NULL, lease_await, NULL },              /* returned by lease_return */
	{ "guard addresses", guard_open, NULL },
	{ "pod network", podnet_make, NULL },  /* goes with the link */
	{ "VLAN gateway", vlangw_make, NULL }, /* goes with its last pod */
	{ "gateway", gateway_make, gateway_unmake },
	{ NULL, orphans_adopt, NULL }, /* of a bridge that was deleted */
	{ "node routes", noderoutes_make, noderoutes_unmake },
	{ "carrier", podlink_await, NULL },        /* forwards from here on */
	{ "neighbours", gateway_introduce, NULL }, /* forgotten with the gateway */
	{ "announcement", podnet_announce, NULL },
	{ "result", result_make, NULL },
	{ "masquerade", masq_make, NULL }, /* one transaction, and the last step */
};

/* Both ends of one pair, the host end under the name that only this attachment has. */
static bool is_our_link(const struct attach *a)
{
	return a->host.index && a->container.index && a->host.peer == a->container.index &&
	       a->container.peer == a->host.index && strcmp(a->host.kind, "veth") == 0;
}

/*
 * An attachment that is there, whole or half made by a call that was killed, is finished
 * and reported again. Anything else in the way must be said before the delegate hands out
 * an address.
 */
static int recognise(struct attach *a, struct error *err)
{
	int rc;

	a->resumed = is_our_link(a);
	if (a->container.index && !a->resumed)
		return podlink_refuse_foreign(a, err);
	if (a->host.index && !a->resumed) {
		error_set(err, ERROR_CONFLICT,
			  "host interface \"%s\" of container %s already exists", a->host_name,
			  a->call->container_id);
		return error_hint(err, "the same attachment lives in another network namespace; "
				       "its DEL removes it");
	}
	if (a->bridge.index && strcmp(a->bridge.kind, "bridge") != 0) {
		error_set(err, ERROR_CONFLICT, "\"%s\" already exists but is not a bridge",
			  a->conf.bridge);
		return error_hint(err, "it is %s%s; choose another name with the key \"bridge\"",
				  *a->bridge.kind ? "of kind " : "a device", a->bridge.kind);
	}
	rc = vlan_judge_bridge(a, err);
	return rc < 0 ? rc : vlangw_judge(a, err);
}

int bridge_add(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	int rc;

	if ((rc = bridge_conf_load(call, &a.conf, err)) < 0 || (rc = attach_open(&a, err)) < 0)
		return rc;

	rc = steps_run(recipe, ARRAY_SIZE(recipe), &a, err);
	if (rc < 0)
		return rc;
	*ret = a.result;
	a.result = (struct cni_result){ 0 };
	return !a.resumed;
}
