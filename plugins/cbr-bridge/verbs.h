/* SPDX-License-Identifier: Apache-2.0 */
/* verbs.h - what the runtime can ask of cbr-bridge; one file each */
#pragma once

#include "cbr/cni/call.h"
#include "cbr/cni/result.h"

int bridge_add(const struct cni_call *call, struct cni_result *ret, struct error *err);
int bridge_del(const struct cni_call *call, struct error *err);
int bridge_check(const struct cni_call *call, struct error *err);
int bridge_gc(const struct cni_call *call, struct error *err);
int bridge_status(const struct cni_call *call, struct error *err);
