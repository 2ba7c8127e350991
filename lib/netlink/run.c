/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - send a batch and read its answers
 *
 * The kernel works through all messages of a datagram inside our sendmsg(2) and queues
 * every answer before it returns (netlink_rcv_skb()). So answers are read without
 * waiting, and a queue that is empty too early is an error, never a hang. An error is
 * answered whether an ACK was asked for or not; the ACK of the last message tells that
 * all answers were there.
 *
 * A dump is the exception: the kernel goes on with it as we read.
 */

#include <errno.h>
#include <libmnl/libmnl.h>
#include <limits.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/netlink/batch.h"

/*
 * Answers of one datagram must fit the receive buffer, 208 KiB by default; a link is
 * told in less than 2 KiB.
 */
#define CHUNK_REQUESTS 48

/* The kernel never makes a larger datagram (NLMSG_GOODSIZE, or 32 KiB for dumps). */
#define RECEIVE_SIZE 32768

/* How often a dump whose table changes under it is begun again. */
#define DUMP_TRIES 10

static struct nlmsghdr *message_of(const struct nl_batch *batch, size_t index)
{
	return (struct nlmsghdr *)(batch->buf + batch->requests[index].offset);
}

/* Sequence numbers grow, with gaps where another batch was put in between. */
static struct nl_request *find_request(struct nl_batch *batch, uint32_t seq)
{
	size_t low = 0;
	size_t high = batch->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (batch->requests[middle].seq == seq)
			return &batch->requests[middle];
		if (batch->requests[middle].seq < seq)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_tolerated(const struct nl_request *request)
{
	for (size_t i = 0; i < NL_TOLERATED_MAX; i++)
		if (request->result && request->result == -request->tolerated[i])
			return true;
	return !request->result;
}

/* The kernel's own words on an error, NLMSGERR_ATTR_MSG; "" without. */
static void read_extended_ack(const struct nlmsghdr *msg, char *ret, size_t size)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(msg);
	size_t skip = sizeof(*report);
	const struct nlattr *attr;

	ret[0] = '\0';
	if (!(msg->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	if (!(msg->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(report->msg.nlmsg_len) - sizeof(report->msg);
	if (skip > mnl_nlmsg_get_payload_len(msg))
		return;
	mnl_attr_for_each (attr, msg, skip)
		if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
		    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
			str_clean(ret, size, mnl_attr_get_str(attr));
}

/* Headers of rtnetlink begin with the family; those of nf_tables never have this one. */
static bool is_about_ipv6(const struct nl_batch *batch, const struct nl_request *request)
{
	const struct nlmsghdr *msg = message_of(batch, (size_t)(request - batch->requests));
	const struct rtgenmsg *header = mnl_nlmsg_get_payload(msg);

	return mnl_nlmsg_get_payload_len(msg) >= sizeof(*header) &&
	       header->rtgen_family == AF_INET6;
}

/* The whole name of a request, for messages. */
static const char *name_of(const struct nl_batch *batch, size_t i, char buf[static NL_WHAT_SIZE])
{
	const struct nl_request *request = &batch->requests[i];
	size_t len = strlen(request->what);

	memcpy(buf, request->what, len + 1);
	if (request->name)
		request->name(message_of(batch, i), buf + len, NL_WHAT_SIZE - len);
	return buf;
}

static int state_failure(const struct nl_batch *batch, const struct nl_request *request,
			 const struct nlmsghdr *msg, struct error *err)
{
	char name[NL_WHAT_SIZE];
	char words[256];

	read_extended_ack(msg, words, sizeof(words));
	error_errno(err, ERROR_KERNEL, -request->result, "%s",
		    name_of(batch, (size_t)(request - batch->requests), name));
	if (*words) {
		size_t len = strlen(err->msg);

		snprintf(err->msg + len, sizeof(err->msg) - len, " (%s)", words);
	}
	if (request->result == -EPERM)
		error_hint(err, "this needs CAP_NET_ADMIN over the network namespace");
	if (request->result == -EOPNOTSUPP && is_about_ipv6(batch, request))
		error_hint(err, "the kernel has no IPv6: that needs CONFIG_IPV6, and no "
				"ipv6.disable=1 on the kernel's command line");
	return request->result;
}

/*
 * What came of one run.
 * @last: sequence number that ends it
 * @ended: its answer was read
 * @interrupted: a dump whose table changed under it
 * @rc, @err: the first failure
 */
struct outcome {
	uint32_t last;
	bool ended;
	bool interrupted;
	int rc;
	struct error *err;
};

/* Negative errno values, or 0; MAX_ERRNO in the kernel */
static bool is_errno(int error)
{
	return error <= 0 && error >= -4095;
}

static void take_error(struct nl_batch *batch, const struct nlmsghdr *msg, struct outcome *out)
{
	const struct nlmsgerr *report = mnl_nlmsg_get_payload(msg);
	struct nl_request *request = find_request(batch, msg->nlmsg_seq);

	if (!request || mnl_nlmsg_get_payload_len(msg) < sizeof(*report))
		return;
	/* One sequence may be answered twice: nf_tables reports on BATCH_BEGIN, then ACKs. */
	if (!request->result)
		request->result = is_errno(report->error) ? report->error : -EPROTO;
	if (!is_tolerated(request) && out->rc >= 0)
		out->rc = state_failure(batch, request, msg, out->err);
	if (msg->nlmsg_seq == out->last)
		out->ended = true;
}

static void take_reply(struct nl_batch *batch, const struct nlmsghdr *msg, struct outcome *out)
{
	struct nl_request *request = find_request(batch, msg->nlmsg_seq);
	char name[NL_WHAT_SIZE];
	int rc;

	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		out->interrupted = true;
	if (!request || !request->on_reply || request->result)
		return;
	rc = request->on_reply(msg, request->arg);
	if (rc >= 0)
		return;
	request->result = rc;
	if (out->rc >= 0)
		out->rc = error_errno(out->err, ERROR_KERNEL, -rc, "%s: cannot read the answer",
				      name_of(batch, (size_t)(request - batch->requests), name));
}

static void take_datagram(struct nl_batch *batch, const void *data, int len, struct outcome *out)
{
	const struct nlmsghdr *msg = data;

	/* mnl_nlmsg_ok() takes a length of 2 GiB and more for a negative one, which fits. */
	for (; mnl_nlmsg_ok(msg, len) && msg->nlmsg_len <= INT_MAX;
	     msg = mnl_nlmsg_next(msg, &len)) {
		if (msg->nlmsg_pid != batch->sock->portid)
			continue;
		if (msg->nlmsg_type == NLMSG_ERROR)
			take_error(batch, msg, out);
		else if (msg->nlmsg_type == NLMSG_DONE)
			out->ended = out->ended || msg->nlmsg_seq == out->last;
		else if (msg->nlmsg_type != NLMSG_NOOP)
			take_reply(batch, msg, out);
		if (msg->nlmsg_type == NLMSG_DONE && (msg->nlmsg_flags & NLM_F_DUMP_INTR))
			out->interrupted = true;
	}
}

static int receive(struct nl_batch *batch, int flags, struct outcome *out)
{
	/* Not cleared first, as -ftrivial-auto-var-init would have it: that is 32 KiB each time. */
	unsigned char buf[RECEIVE_SIZE] __attribute__((aligned(NLMSG_ALIGNTO), uninitialized));
	const int fd = mnl_socket_get_fd(batch->sock->mnl);

	while (!out->ended) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_len = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), flags, (struct sockaddr *)&from,
				     &from_len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return out->rc < 0 ? out->rc :
					     error_errno(out->err, ERROR_KERNEL,
							 errno == EAGAIN ? EPROTO : errno,
							 "cannot read netlink answers");
		/* A pod that may administrate its own namespace can write to our port there. */
		if (!from.nl_pid)
			take_datagram(batch, buf, (int)n, out);
	}
	return out->rc;
}

static int transmit(struct nl_batch *batch, size_t first, size_t last, struct error *err)
{
	const struct nl_request *begin = &batch->requests[first];
	const struct nl_request *end = &batch->requests[last];
	const size_t len = end->offset + NLMSG_ALIGN(end->len) - begin->offset;
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const int fd = mnl_socket_get_fd(batch->sock->mnl);
	char name[NL_WHAT_SIZE];
	int room = (int)(len * 2 + RECEIVE_SIZE);
	ssize_t n;

	/* Beyond 200 KiB, which only a transaction with thousands of elements has. */
	if (len > 128 * 1024 && setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	do {
		n = sendto(fd, batch->buf + begin->offset, len, 0, (struct sockaddr *)&kernel,
			   sizeof(kernel));
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return error_errno(err, ERROR_KERNEL, errno, "%s: cannot send",
				   name_of(batch, first, name));
	return 0;
}

static bool is_transaction(const struct nl_batch *batch)
{
	return message_of(batch, 0)->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
}

/* Who is asked for an ACK: the last, or the last before the end mark of a transaction. */
static size_t choose_acked(const struct nl_batch *batch, size_t first, size_t last)
{
	return last > first && message_of(batch, last)->nlmsg_type == NFNL_MSG_BATCH_END ?
		       last - 1 :
		       last;
}

static int run_chunk(struct nl_batch *batch, size_t first, size_t last, struct outcome *out)
{
	struct nlmsghdr *acked = message_of(batch, choose_acked(batch, first, last));
	const bool dump = (acked->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int rc;

	if (!dump)
		acked->nlmsg_flags |= NLM_F_ACK;
	out->last = acked->nlmsg_seq;
	out->ended = false;
	rc = transmit(batch, first, last, out->err);
	if (rc < 0)
		return rc;
	return receive(batch, dump ? 0 : MSG_DONTWAIT, out);
}

int nl_batch_run(struct nl_batch *batch, struct error *err)
{
	struct outcome out = { .err = err };
	size_t step = CHUNK_REQUESTS;
	int rc = 0;

	if (batch->failed)
		return error_errno(err, ERROR_SYSTEM, -batch->failed, "cannot build %s",
				   batch->n ? batch->requests[batch->n - 1].what : "a request");
	if (!batch->n)
		return 0;
	if (is_transaction(batch))
		step = batch->n;
	/* A later chunk runs even if an earlier one had failures, as within a chunk. */
	for (size_t first = 0; first < batch->n && !(rc < 0 && !out.rc); first += step) {
		size_t last = first + step < batch->n ? first + step - 1 : batch->n - 1;

		rc = run_chunk(batch, first, last, &out);
	}
	if (rc >= 0 && out.interrupted)
		return error_errno(err, ERROR_KERNEL, EINTR, "%s", batch->requests[0].what);
	return rc;
}

int nl_dump_run(struct nl_dump *dump, struct nl_socket *sock, struct error *err)
{
	int rc = -EINTR;

	for (int tries = 0; tries < DUMP_TRIES && rc == -EINTR; tries++) {
		auto_with(nl_batch_done) struct nl_batch batch = { 0 };

		free(TAKE_PTR(dump->items));
		dump->n = 0;
		nl_batch_begin(&batch, sock);
		dump->put(&batch, dump);
		rc = nl_batch_run(&batch, err);
	}
	if (rc < 0) {
		free(TAKE_PTR(dump->items));
		dump->n = 0;
	}
	return rc;
}
