/* SPDX-License-Identifier: Apache-2.0 */
/* podlink_name.h - names of the host end; its alias is in parts.h */
#pragma once

#include "attach.h"

/* podlink_is_renamed() - is the host end found by its alias, though not under its name? */
bool podlink_is_renamed(const struct attach *a);

/* podlink_is_marked() - is it one of ours, by its name, or has anybody said what it is? */
bool podlink_is_marked(const struct link *link);

/* podlink_put_altnames() - the names that people can type */
void podlink_put_altnames(const struct attach *a, struct nl_batch *batch);
