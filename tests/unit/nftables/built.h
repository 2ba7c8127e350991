/* SPDX-License-Identifier: Apache-2.0 */
/* built.h - messages of a batch as they were built, read back without a kernel */
#pragma once

#include <libmnl/libmnl.h>

#include "cbr/netlink/batch.h"

/* The batch of the test that runs. */
extern struct nl_batch batch;

/* built_setup(), built_teardown() - of each test: @batch is empty, then released */
int built_setup(void **state);
int built_teardown(void **state);

/* message() - of the n-th request, which must be there */
const struct nlmsghdr *message(size_t index);

/* in_message(), in_nest() - the first attribute of a type in there, or NULL */
const struct nlattr *in_message(size_t index, uint16_t type);
const struct nlattr *in_nest(const struct nlattr *nest, uint16_t type);

/* number() - of an attribute, which must be there: big-endian, as nf_tables has them */
uint32_t number(const struct nlattr *attr);
