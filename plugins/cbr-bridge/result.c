/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - what ADD reports of the interfaces: bridge, host end, container, VLAN gateway */

#include <errno.h>
#include <string.h>

#include "cbr/base/array.h"
#include "parts.h"

/* Order as the field expects it; part_lease points addresses at the third. */
int result_make(struct attach *a, struct error *err)
{
	const struct {
		const char *name;
		const struct link *link;
		const char *sandbox;
	} wanted[] = {
		{ a->conf.bridge, &a->bridge, NULL },
		{ a->host_name, &a->host, NULL },
		{ a->call->ifname, &a->container, a->call->netns },
		{ a->conf.vlan_gateway, &a->vlan_gateway, NULL },
	};
	const size_t n = ARRAY_SIZE(wanted) - (*a->conf.vlan_gateway ? 0 : 1);

	for (size_t i = 0; i < n; i++) {
		struct cni_interface *entry = cni_result_add_interface(&a->result);
		char mac[MAC_TEXT_SIZE];

		if (!entry)
			return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot report interfaces");
		entry->name = strdup(wanted[i].name);
		entry->mac = strdup(mac_format(&wanted[i].link->mac, mac));
		entry->mtu = wanted[i].link->mtu;
		entry->sandbox = wanted[i].sandbox ? strdup(wanted[i].sandbox) : NULL;
		if (!entry->name || !entry->mac || (wanted[i].sandbox && !entry->sandbox))
			return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot report interfaces");
	}
	return 0;
}
