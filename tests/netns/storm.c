/* SPDX-License-Identifier: Apache-2.0 */
/* storm.c - many pods come at once, as when a node has booted */

#include "harness.h"

#include "storm.h"

#include <stdio.h>
#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"

void storm_add(void)
{
	autofree char *bin = run_bin("");
	autofree char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	const char *dir = node.tmp.path;

	for (int i = 0; i < STORM_PODS; i++) {
		char id[16];

		snprintf(id, sizeof(id), "p%d", i);
		if (!tmp_exists(&node.tmp, id))
			node_pod(&node, id);
	}
	free(run_must(&node.netns,
		      "for i in $(seq 0 %d); do CNI_COMMAND=ADD CNI_CONTAINERID=p$i "
		      "CNI_IFNAME=eth0 CNI_NETNS=%s/p$i CNI_PATH=%s %s/cbr-bridge <%s "
		      ">%s/out.$i & done; wait",
		      STORM_PODS - 1, dir, bin, bin, config, dir));
}

json_t *storm_said_of(int i)
{
	autofree char *text = NULL;
	char name[16];

	snprintf(name, sizeof(name), "out.%d", i);
	text = tmp_read(&node.tmp, name);
	return json_parse(text);
}
