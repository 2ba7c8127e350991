/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - the one way to talk netlink: put requests, put attributes, run
 *
 * Requests of a batch go out together and their answers are read together. Puts
 * are bounded and sticky: the first one that fails marks the batch and nl_batch_run()
 * reports it, so a sequence of puts needs no checks in between. Except between the
 * marks of nftables (nftables/object.h) a batch is no transaction: the kernel goes on
 * after a request that failed.
 */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/netlink/socket.h"

#define NL_WHAT_SIZE 128

/* How many errno values one request may tolerate. */
#define NL_TOLERATED_MAX 5

/*
 * Called for each answer to a request that is not an ACK or an error.
 * Return: 0, or a negative errno to fail the request.
 */
typedef int nl_reply_fn(const struct nlmsghdr *msg, void *arg);

/* Called to put into @buf, of @size bytes, what a request is about: the rest of its name. */
typedef void nl_name_fn(const struct nlmsghdr *msg, char *buf, size_t size);

/*
 * @seq: sequence number
 * @offset, @len: where its message is in the buffer
 * @result: after the run: 0, or the negative errno that the kernel answered
 * @tolerated: positive errno values that are no failure (0 = unused)
 * @on_reply, @arg: see nl_reply_fn
 * @name: see nl_name_later()
 * @what: "create veth …", for the error message
 */
struct nl_request {
	uint32_t seq;
	size_t offset;
	size_t len;
	int result;
	int tolerated[NL_TOLERATED_MAX];
	nl_reply_fn *on_reply;
	void *arg;
	nl_name_fn *name;
	char what[NL_WHAT_SIZE];
};

/*
 * @sock: borrowed; must outlive the batch
 * @buf, @used, @size: the messages, owned
 * @requests, @n: one for each message, owned
 * @failed: 0, or the negative errno of the first put that did not fit
 */
struct nl_batch {
	struct nl_socket *sock;
	unsigned char *buf;
	size_t used;
	size_t size;
	struct nl_request *requests;
	size_t n;
	int failed;
};

/* nl_batch_begin() - an empty batch on @sock; pair it with auto_with(nl_batch_done) */
void nl_batch_begin(struct nl_batch *batch, struct nl_socket *sock);

/* nl_batch_done() - release and empty; accepts a zeroed one */
void nl_batch_done(struct nl_batch *batch);

/*
 * nl_request() - begin the next message
 * @type: RTM_*, or subsystem << 8 | NFT_MSG_*
 * @flags: NLM_F_* without REQUEST and ACK, which the batch sets as needed
 * @what: printf-like name of the request, as in "create veth veth12ab"
 *
 * Return: index of the request, for nl_batch_result().
 */
size_t nl_request(struct nl_batch *batch, uint16_t type, uint16_t flags, const char *what, ...)
	__attribute__((format(printf, 4, 5)));

/*
 * nl_name_later() - who completes the name of the current request, if it must be told at all
 *
 * Where there are a thousand of a kind, their names cost more than all else of them.
 */
void nl_name_later(struct nl_batch *batch, nl_name_fn *name);

/* nl_tolerate() - this errno (positive) is no failure of the current request */
void nl_tolerate(struct nl_batch *batch, int errnum);

/* nl_on_reply() - who reads the answers to the current request */
void nl_on_reply(struct nl_batch *batch, nl_reply_fn *on_reply, void *arg);

/* nl_put_header() - the family's fixed header of the current message */
void nl_put_header(struct nl_batch *batch, const void *header, size_t len);

/*
 * nl_put() - an attribute of the current message
 * @data: may be NULL if @len is 0
 *
 * nl_put_u8(), nl_put_u16(), nl_put_u32() - a number in the host's byte order
 * nl_put_str() - a text with its NUL
 * nl_put_ip() - the 4 or 16 bytes of an address
 */
void nl_put(struct nl_batch *batch, uint16_t type, const void *data, size_t len);
void nl_put_u8(struct nl_batch *batch, uint16_t type, uint8_t value);
void nl_put_u16(struct nl_batch *batch, uint16_t type, uint16_t value);
void nl_put_u32(struct nl_batch *batch, uint16_t type, uint32_t value);
void nl_put_str(struct nl_batch *batch, uint16_t type, const char *text);
void nl_put_ip(struct nl_batch *batch, uint16_t type, const struct ip_addr *addr);

/*
 * nl_nest_begin(), nl_nest_end() - an attribute, with NLA_F_NESTED, of what is put in between
 *
 * Return: mark for the end.
 */
size_t nl_nest_begin(struct nl_batch *batch, uint16_t type);
void nl_nest_end(struct nl_batch *batch, size_t mark);

/*
 * nl_batch_run() - send everything, read every answer
 *
 * One sendmsg(2) for as many messages as go together; an ACK is asked for on the
 * last only. The kernel answers failed requests in any case, and queues all answers
 * before sendmsg(2) returns (netlink_rcv_skb()). A dump (NLM_F_DUMP) must be the only
 * request of its batch and is read to its end.
 *
 * Return: 0 when each request succeeded or failed as tolerated; else the negative
 * errno of the first that failed, with "what: the kernel's words". -EINTR from a
 * dump: the table changed meanwhile; throw away what was read and run again.
 */
int nl_batch_run(struct nl_batch *batch, struct error *err);

/*
 * A dump: what to ask, and where its answers gather.
 * @put: puts the one request with NLM_F_DUMP and its reader; called again for each try
 * @items, @n: array that the reader grows (base/array.h), owned by the caller
 * @arg: for @put and the reader
 */
struct nl_dump {
	void (*put)(struct nl_batch *batch, struct nl_dump *dump);
	void *items;
	size_t n;
	void *arg;
};

/*
 * nl_dump_run() - run a dump until one is whole
 *
 * One whose table changed under it (NLM_F_DUMP_INTR) is thrown away and begun again, a
 * bounded number of times. Return: 0 and @items, @n; or negative with nothing in them.
 */
int nl_dump_run(struct nl_dump *dump, struct nl_socket *sock, struct error *err);

/* nl_batch_result() - 0 or the negative errno of one request after the run */
int nl_batch_result(const struct nl_batch *batch, size_t index);
