/* SPDX-License-Identifier: Apache-2.0 */
/* one_node.c - one node for each test, for those that need no more */

#include "one_node.h"

struct node node;

int one_node_make(void **state)
{
	(void)state;
	node_make(&node);
	return 0;
}

int one_node_done(void **state)
{
	(void)state;
	node_done(&node);
	return 0;
}
