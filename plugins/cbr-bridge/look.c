/* SPDX-License-Identifier: Apache-2.0 */
/* look.c - before anything is done: is the pod's namespace not the node's own? */

#include "cbr/sys/netns.h"
#include "verbs.h"

/* By its path only. What cannot be found there is told where it is needed. */
int bridge_look(const struct cni_call *call, struct error *err)
{
	return call->netns_override ? 0 : netns_refuse_own_path(call->netns, err);
}
