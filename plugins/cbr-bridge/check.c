/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - is all that ADD made still as it should be?
 *
 * Should: find what is missing or altered, of everything that ADD makes.
 * Mustn't: change anything; complain of what later plugins of the chain added.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "cbr/base/array.h"
#include "parts.h"
#include "steps.h"
#include "verbs.h"

/* Addresses that prevResult gives to other interfaces are other plugins' business. */
static bool is_for_container(const struct attach *a, const struct cni_ip *ip)
{
	const struct cni_interface *entry;

	if (ip->interface < 0 || (size_t)ip->interface >= a->result.n_interfaces)
		return true;
	entry = &a->result.interfaces[ip->interface];
	return entry->sandbox && strcmp(entry->name, a->call->ifname) == 0;
}

static void keep_own_addresses(struct attach *a)
{
	struct cni_result *result = &a->result;
	size_t kept = 0;

	for (size_t i = 0; i < result->n_ips; i++)
		if (is_for_container(a, &result->ips[i]))
			result->ips[kept++] = result->ips[i];
	result->n_ips = kept;
}

static int load_prev_result(struct attach *a, struct error *err)
{
	int rc = cni_config_prev_result(a->call, &a->result, err);

	if (rc == 0) {
		error_set(err, ERROR_CONFIG, "Required prevResult missing");
		return error_hint(err, "CHECK needs the result of ADD");
	}
	if (rc < 0)
		return rc;
	keep_own_addresses(a);
	return 0;
}

/* The gateways as ADD reported them. */
static int recall_gateways(struct attach *a, struct error *err)
{
	if (!a->conf.is_gateway)
		return 0;
	a->gateways = calloc(a->result.n_ips + 1, sizeof(*a->gateways));
	if (!a->gateways)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep gateways");
	for (size_t i = 0; i < a->result.n_ips; i++) {
		const struct cni_ip *ip = &a->result.ips[i];

		if (ip->gateway.family)
			a->gateways[a->n_gateways++] = (struct ip_prefix){ ip->gateway,
									   ip->address.len };
	}
	return 0;
}

/* Rules and routes of the network come with our first ADD: else nothing is amiss without them. */
static int check_network(struct attach *a, struct error *err)
{
	int rc;

	if (attach_is_inherited(a))
		return 0;
	if ((rc = guard_verify(a, err)) < 0 || (rc = noderoutes_check(a, err)) < 0)
		return rc;
	return masq_check(a, err);
}

int bridge_check(const struct cni_call *call, struct error *err)
{
	static const struct step parts[] = {
		{ "bridge", bridge_verify, NULL },
		{ "pod link", podlink_check, NULL },
		{ "VLANs", vlan_check, NULL },
		{ "pod network", podnet_check, NULL },
		{ "VLAN gateway", vlangw_check, NULL },
		{ "gateway", gateway_check, NULL },
		{ "routes and rules", check_network, NULL },
	};
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	int rc;

	if ((rc = bridge_conf_load(call, &a.conf, err)) < 0 ||
	    (rc = load_prev_result(&a, err)) < 0 || (rc = recall_gateways(&a, err)) < 0 ||
	    (rc = attach_open(&a, err)) < 0 || (rc = attach_look(&a, err)) < 0)
		return rc;
	if (attach_is_layer3(&a))
		rc = cni_delegate_run(call, a.conf.ipam_type, CNI_CHECK, NULL, err);
	for (size_t i = 0; i < ARRAY_SIZE(parts) && rc >= 0; i++)
		rc = step_make(&parts[i], &a, err);
	return rc;
}
