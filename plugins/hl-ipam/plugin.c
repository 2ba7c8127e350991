/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.c - hl-ipam as a plugin */

#include "plugin.h"

#include "build.h"
#include "cbr/sys/caps.h"
#include "cbr/sys/netns.h"
#include "verbs.h"

/* Files are ours or they are none of our business: no privilege is needed for that. */
static void give_up_privileges(void)
{
	struct error ignored;

	caps_drop_for_good(&ignored);
}

const struct cni_plugin ipam_plugin = {
	.name = "hl-ipam",
	.about = "hands out addresses from a pool of files, takes them back",
	.section = "ipam",
	.build = &build_note,
	.build_len = sizeof(build_note),
	.build_id = build_note.text,
	.prepare = give_up_privileges,
	.look_netns = netns_identify,
	.judge_netns = netns_refuse_identity,
	.add = ipam_add,
	.undo = ipam_del,
	.del = ipam_del,
	.check = ipam_check,
	.gc = ipam_gc,
	.status = ipam_status,
};
