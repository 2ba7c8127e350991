/* SPDX-License-Identifier: Apache-2.0 */
/* storm.h - many pods come at once, as when a node has booted */
#pragma once

#include <jansson.h>

/* How many; pods of one_node.h's node, with the container IDs p0, p1, … */
#define STORM_PODS 8

/* storm_add() - attach them at once; the first time it makes them */
void storm_add(void);

/*
 * storm_said_of() - what was said of pod @i: a result, or an error
 *
 * Return: a new reference.
 */
json_t *storm_said_of(int i);
