/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - cbr-bridge: attach pods to a bridge of the node */

#include <linux/capability.h>

#include "build.h"
#include "cbr/base/array.h"
#include "cbr/cni/main.h"
#include "cbr/sys/caps.h"
#include "cbr/sys/netns.h"
#include "hl-ipam/plugin.h"
#include "verbs.h"

/* What is missing is told by the verb that needs it. */
static void limit_privileges(void)
{
	static const int needed[] = {
		CAP_NET_ADMIN,  /* links, addresses, routes, nf_tables, /proc/sys/net */
		CAP_SYS_ADMIN,  /* enter the pod's network namespace */
		CAP_SYS_PTRACE, /* open one that is named /proc/PID/ns/net */
	};
	struct error ignored;

	caps_limit(needed, ARRAY_SIZE(needed), &ignored);
}

int main(int argc, char **argv)
{
	static const struct cni_plugin plugin = {
		.name = "cbr-bridge",
		.about = "attaches pods to a bridge: veth pair, addresses, gateway, "
			 "masquerade, routes to other nodes",
		.build = &build_note,
		.build_len = sizeof(build_note),
		.build_id = build_note.text,
		.resident = &ipam_plugin,
		.prepare = limit_privileges,
		.look_netns = netns_identify,
		.judge_netns = netns_refuse_identity,
		.add = bridge_add,
		.undo = bridge_del,
		.del = bridge_del,
		.check = bridge_check,
		.gc = bridge_gc,
		.status = bridge_status,
	};

	return cni_main(&plugin, argc, argv);
}
