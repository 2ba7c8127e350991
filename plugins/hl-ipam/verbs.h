/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.h - what the runtime can ask of hl-ipam; one file each */
#pragma once

#include "cbr/cni/call.h"
#include "cbr/cni/result.h"
#include "cbr/pool/owner.h"

/* ipam_owner() - the attachment of a call, as the store knows it; borrowed from the call */
static inline struct pool_owner ipam_owner(const struct cni_call *call)
{
	return (struct pool_owner){ call->container_id, call->ifname };
}

int ipam_add(const struct cni_call *call, struct cni_result *ret, struct error *err);
int ipam_del(const struct cni_call *call, struct error *err);
int ipam_check(const struct cni_call *call, struct error *err);
int ipam_gc(const struct cni_call *call, struct error *err);
int ipam_status(const struct cni_call *call, struct error *err);
