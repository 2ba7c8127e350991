/* SPDX-License-Identifier: Apache-2.0 */
/* plugin.h - hl-ipam as a plugin, for its own executable and for those that contain it */
#pragma once

#include "cbr/cni/main.h"

extern const struct cni_plugin ipam_plugin;
