/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - hl-ipam: hand out addresses from a pool of files */

#include "cbr/cni/main.h"
#include "verbs.h"

int main(int argc, char **argv)
{
	static const struct cni_plugin plugin = {
		.name = "hl-ipam",
		.about = "hands out addresses from a pool of files, takes them back",
		.section = "ipam",
		.look = ipam_look,
		.add = ipam_add,
		.undo = ipam_del,
		.del = ipam_del,
		.check = ipam_check,
		.gc = ipam_gc,
		.status = ipam_status,
	};

	return cni_main(&plugin, argc, argv);
}
