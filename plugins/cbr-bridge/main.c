/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - cbr-bridge: attach pods to a bridge of the node */

#include "cbr/cni/main.h"
#include "verbs.h"

int main(int argc, char **argv)
{
	static const struct cni_plugin plugin = {
		.name = "cbr-bridge",
		.about = "attaches pods to a bridge: veth pair, addresses, gateway, "
			 "masquerade, routes to other nodes",
		.look = bridge_look,
		.add = bridge_add,
		.undo = bridge_del,
		.del = bridge_del,
		.check = bridge_check,
		.gc = bridge_gc,
		.status = bridge_status,
	};

	return cni_main(&plugin, argc, argv);
}
