/* SPDX-License-Identifier: Apache-2.0 */
/* faults.h - go on after an error, and tell of the first and how many there were */
#pragma once

#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/pool/owner.h"
#include "cbr/pool/store.h"

/* @first: valid if @n */
struct pool_faults {
	struct error first;
	size_t n;
};

/*
 * pool_faults_add() - note that a file of the store could not be dealt with
 * @what: "read" or "remove"
 * @errnum: positive errno
 */
void pool_faults_add(struct pool_faults *faults, const struct pool_store *store, const char *what,
		     const struct ip_addr *addr, int errnum);

/* pool_faults_add_record() - the same of the record of an attachment */
void pool_faults_add_record(struct pool_faults *faults, const struct pool_store *store,
			    const char *what, const struct pool_owner *owner, int errnum);

/* pool_faults_report() - Return: 0 if there were none, else negative and *err */
int pool_faults_report(const struct pool_faults *faults, struct error *err);
