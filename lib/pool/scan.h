/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - addresses of an attachment, by reading every file */
#pragma once

#include "cbr/pool/find.h"

/* pool_scan() - as pool_store_find(), but records are not looked at */
int pool_scan(const struct pool_store *store, const struct pool_owner *owner,
	      struct pool_found *ret, struct error *err);
