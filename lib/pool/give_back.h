/* SPDX-License-Identifier: Apache-2.0 */
/* give_back.h - all that one record stands for */
#pragma once

#include <stdbool.h>

#include "cbr/pool/record.h"
#include "faults.h"
#include "index.h"

/*
 * pool_is_held() - has this attachment that address?
 *
 * Its file decides; where nobody can read that, the record's word counts.
 */
bool pool_is_held(const struct pool_store *store, const struct ip_addr *addr,
		  const struct pool_record *record);

/*
 * pool_give_back() - remove the address files of a record, then the record
 * @rest: the addresses shall rest
 *
 * What the address files say is another's by now stays. A record stays if one of its
 * files does, or cannot be read for want of something; if the record itself cannot be removed
 * that is a fault, too.
 * Return: how many were removed.
 */
size_t pool_give_back(struct pool_store *store, const struct pool_record *record, bool rest,
		      struct pool_index *index, struct pool_faults *faults);
