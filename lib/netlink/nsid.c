/* SPDX-License-Identifier: Apache-2.0 */
/* nsid.c - by which number the kernel calls a network namespace in another one */

#include "cbr/netlink/nsid.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>

#include "attr.h"
#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/netlink/batch.h"

static const struct attr_policy nsid_policy[] = {
	{ NETNSA_NSID, MNL_TYPE_U32 },
};

/* The header is one byte; attributes begin aligned behind it. */
static int take_id(const struct nlmsghdr *msg, void *arg)
{
	const size_t header = NLMSG_ALIGN(sizeof(struct rtgenmsg));
	struct attrs attrs;
	int *ret = arg;

	if (msg->nlmsg_type != RTM_NEWNSID || mnl_nlmsg_get_payload_len(msg) < header)
		return -EPROTO;
	attrs_of_message(msg, header, nsid_policy, ARRAY_SIZE(nsid_policy), &attrs);
	if (attrs.at[NETNSA_NSID])
		*ret = (int)attr_u32(&attrs, NETNSA_NSID);
	return 0;
}

int nsid_get(struct nl_socket *sock, const struct netns *netns, int *ret, struct error *err)
{
	const struct rtgenmsg header = { 0 };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	*ret = NSID_NONE;
	nl_batch_begin(&batch, sock);
	nl_request(&batch, RTM_GETNSID, 0, "look up the number of a network namespace");
	nl_on_reply(&batch, take_id, ret);
	nl_put_header(&batch, &header, sizeof(header));
	nl_put_u32(&batch, NETNSA_FD, (uint32_t)netns->fd);
	return nl_batch_run(&batch, err);
}
