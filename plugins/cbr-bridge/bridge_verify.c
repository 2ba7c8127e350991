/* SPDX-License-Identifier: Apache-2.0 */
/* bridge_verify.c - is the bridge as ADD left it? */

#include <net/if.h>
#include <string.h>

#include "bridge.h"
#include "parts.h"

static const struct cni_interface *find_bridge_entry(const struct attach *a)
{
	for (size_t i = 0; i < a->result.n_interfaces; i++) {
		const struct cni_interface *entry = &a->result.interfaces[i];

		if (strcmp(entry->name, a->conf.bridge) == 0 &&
		    (!entry->sandbox || !*entry->sandbox))
			return entry;
	}
	return NULL;
}

/* A bridge that is younger than the pod is not the one that was reported. */
static int verify_mac(const struct attach *a, const struct cni_interface *entry, struct error *err)
{
	const struct link *bridge = &a->bridge;
	char text[MAC_TEXT_SIZE];
	struct mac mac;

	if (bridge->index > a->host.index || !entry->mac || !*entry->mac ||
	    (mac_parse(entry->mac, &mac) == 0 && mac_equal(&mac, &bridge->mac)))
		return 0;
	return error_set(err, ERROR_CHECK, "bridge \"%s\" has the MAC %s, not %s", a->conf.bridge,
			 mac_format(&bridge->mac, text), entry->mac);
}

/* Those that come with our first ADD, which leaves its tag. */
static int verify_settings(struct attach *a, struct error *err)
{
	const struct cni_interface *entry = find_bridge_entry(a);
	const struct link *bridge = &a->bridge;
	int rc = entry ? verify_mac(a, entry, err) : 0;

	if (rc < 0)
		return rc;
	if (bridge->knows_netfilter && !(bridge->nf_call_iptables && bridge->nf_call_ip6tables) &&
	    bridge_shows_netfilter(a))
		return error_set(err, ERROR_CHECK,
				 "netfilter does not see what crosses bridge \"%s\"",
				 a->conf.bridge);
	return bridge_verify_link(a, bridge, err);
}

int bridge_verify(struct attach *a, struct error *err)
{
	const struct link *bridge = &a->bridge;
	const char *name = a->conf.bridge;

	if (!bridge->index)
		return error_set(err, ERROR_CHECK, "bridge \"%s\" not found", name);
	if (strcmp(bridge->kind, "bridge") != 0)
		return error_set(err, ERROR_CHECK, "\"%s\" is not a bridge", name);
	if (!(bridge->flags & IFF_UP))
		return error_set(err, ERROR_CHECK, "bridge \"%s\" is down", name);
	/* Others may make it promiscuous too; only what was asked for must be there. */
	if (a->conf.promisc_mode && !(bridge->flags & IFF_PROMISC))
		return error_set(err, ERROR_CHECK, "bridge \"%s\" is not promiscuous", name);
	return attach_is_inherited(a) || bridge->conf.tag != BRIDGE_TAG ? 0 :
									  verify_settings(a, err);
}
