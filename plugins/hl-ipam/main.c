/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - hl-ipam: hand out addresses from a pool of files */

#include <string.h>
#include <sys/stat.h>

#include "cbr/cni/main.h"
#include "cbr/sys/caps.h"
#include "cbr/sys/netns.h"
#include "tool.h"
#include "verbs.h"

int main(int argc, char **argv)
{
	static const struct cni_plugin plugin = {
		.name = "hl-ipam",
		.about = "hands out addresses from a pool of files, takes them back",
		.section = "ipam",
		.judge_netns = netns_refuse_own_path,
		.add = ipam_add,
		.undo = ipam_del,
		.del = ipam_del,
		.check = ipam_check,
		.gc = ipam_gc,
		.status = ipam_status,
	};
	struct error ignored;
	int status;

	umask(022);
	/* With all that the caller may do: nothing may look dead that cannot be looked at. */
	if (tool_is_wanted(argc, argv))
		return tool_main(argc, argv);
	/* Files are ours or they are none of our business: no privilege is needed for that. */
	caps_drop_for_good(&ignored);
	status = cni_main(&plugin, argc, argv);
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		tool_help();
	return status;
}
