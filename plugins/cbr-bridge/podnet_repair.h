/* SPDX-License-Identifier: Apache-2.0 */
/* podnet_repair.h - what a living pod has and should not, when the same ADD comes again */
#pragma once

#include "attach.h"
#include "cbr/netlink/batch.h"
#include "cbr/netlink/route.h"

/*
 * podnet_put_repair() - take away what stands in the way of the lease
 * @batch: in the pod; all of the lease must follow
 *
 * Addresses of ours that are not in it, and routes of the pod's interface in the place of one
 * of its routes. Lists both, which only an ADD of a living pod can afford.
 */
int podnet_put_repair(struct attach *a, struct nl_batch *batch, struct error *err);

/* podnet_route() - a route of the lease as ADD makes it; part_podnet.c */
struct route podnet_route(const struct attach *a, const struct cni_route *from);
