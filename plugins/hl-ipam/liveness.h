/* SPDX-License-Identifier: Apache-2.0 */
/* liveness.h - signs of life of an attachment */
#pragma once

#include <stdbool.h>

#include "cbr/pool/owner.h"

/*
 * liveness_has_link() - is there a host end of the name that cbr-bridge gives?
 *
 * In the namespace that we are in. True when that cannot be found out; false for an
 * owner without interface, of whom nothing can be known.
 */
bool liveness_has_link(const char *network, const struct pool_owner *owner);
