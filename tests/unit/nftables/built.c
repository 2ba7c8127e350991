/* SPDX-License-Identifier: Apache-2.0 */
/* built.c - messages of a batch as they were built, read back without a kernel */

#include "harness.h"

#include "built.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>

struct nl_batch batch;

int built_setup(void **state)
{
	static struct nl_socket sock;

	(void)state;
	sock = (struct nl_socket){ .portid = 1 };
	nl_batch_begin(&batch, &sock);
	return 0;
}

int built_teardown(void **state)
{
	(void)state;
	nl_batch_done(&batch);
	return 0;
}

const struct nlmsghdr *message(size_t index)
{
	assert_true(index < batch.n);
	return (const struct nlmsghdr *)(batch.buf + batch.requests[index].offset);
}

const struct nlattr *in_message(size_t index, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each (attr, message(index), sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

const struct nlattr *in_nest(const struct nlattr *nest, uint16_t type)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested (attr, nest)
		if (mnl_attr_get_type(attr) == type)
			return attr;
	return NULL;
}

uint32_t number(const struct nlattr *attr)
{
	assert_non_null(attr);
	return ntohl(mnl_attr_get_u32(attr));
}
