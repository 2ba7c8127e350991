/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - hl-ipam: hand out addresses from a pool of files */

#include <string.h>

#include "plugin.h"
#include "tool.h"

int main(int argc, char **argv)
{
	int status;

	if (tool_is_wanted(argc, argv))
		return tool_main(argc, argv);
	status = cni_main(&ipam_plugin, argc, argv);
	if (argc > 1 && strcmp(argv[1], "--help") == 0)
		tool_help();
	return status;
}
