/* SPDX-License-Identifier: Apache-2.0 */
/* one_node.h - one node for each test, for those that need no more */
#pragma once

#include "node.h"

/* The node of the test that runs. */
extern struct node node;

/* one_node_make(), one_node_done() - setup and teardown: @node, without config and pods */
int one_node_make(void **state);
int one_node_done(void **state);
