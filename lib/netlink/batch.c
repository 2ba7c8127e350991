/* SPDX-License-Identifier: Apache-2.0 */
/* batch.c - put requests and attributes */

#include "cbr/netlink/batch.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"

/* An ADD's largest batch takes about half of it. */
#define FIRST_SIZE 4096

/* More than any config can ask for; a guard against our own mistakes. */
#define MAX_SIZE (16 * 1024 * 1024)

void nl_batch_begin(struct nl_batch *batch, struct nl_socket *sock)
{
	*batch = (struct nl_batch){ .sock = sock };
}

void nl_batch_done(struct nl_batch *batch)
{
	free(batch->buf);
	free(batch->requests);
	nl_batch_begin(batch, batch->sock);
}

/* Room for @len bytes at the end, zeroed; NULL once anything has failed. */
static void *extend(struct nl_batch *batch, size_t len)
{
	size_t aligned = NLMSG_ALIGN(len);
	void *room;

	if (batch->failed)
		return NULL;
	if (aligned < len || aligned > MAX_SIZE - batch->used) {
		batch->failed = -EMSGSIZE;
		return NULL;
	}
	if (batch->used + aligned > batch->size) {
		size_t size = batch->size ? batch->size : FIRST_SIZE;
		unsigned char *buf;

		while (size < batch->used + aligned)
			size *= 2;
		buf = realloc(batch->buf, size);
		if (!buf) {
			batch->failed = -ENOMEM;
			return NULL;
		}
		batch->buf = buf;
		batch->size = size;
	}
	room = batch->buf + batch->used;
	memset(room, 0, aligned);
	batch->used += aligned;
	return room;
}

static struct nl_request *current(struct nl_batch *batch)
{
	return batch->failed || !batch->n ? NULL : &batch->requests[batch->n - 1];
}

/* The message's length follows what is put. */
static void grow_message(struct nl_batch *batch)
{
	struct nl_request *request = current(batch);
	struct nlmsghdr *msg;

	if (!request)
		return;
	request->len = batch->used - request->offset;
	msg = (struct nlmsghdr *)(batch->buf + request->offset);
	msg->nlmsg_len = (uint32_t)request->len;
}

size_t nl_request(struct nl_batch *batch, uint16_t type, uint16_t flags, const char *what, ...)
{
	struct nl_request *requests = array_grow(batch->requests, batch->n, sizeof(*requests));
	struct nl_request *request;
	struct nlmsghdr *msg;
	va_list args;

	if (!requests) {
		batch->failed = -ENOMEM;
		return 0;
	}
	batch->requests = requests;
	request = &requests[batch->n];
	request->seq = ++batch->sock->seq;
	request->offset = batch->used;
	va_start(args, what);
	vsnprintf(request->what, sizeof(request->what), what, args);
	va_end(args);
	batch->n++;
	msg = extend(batch, sizeof(*msg));
	if (msg) {
		msg->nlmsg_type = type;
		msg->nlmsg_flags = (uint16_t)(flags | NLM_F_REQUEST);
		msg->nlmsg_seq = request->seq;
		msg->nlmsg_pid = batch->sock->portid;
		grow_message(batch);
	}
	return batch->n - 1;
}

void nl_name_later(struct nl_batch *batch, nl_name_fn *name)
{
	struct nl_request *request = current(batch);

	if (request)
		request->name = name;
}

void nl_tolerate(struct nl_batch *batch, int errnum)
{
	struct nl_request *request = current(batch);

	for (size_t i = 0; request && i < NL_TOLERATED_MAX; i++)
		if (!request->tolerated[i]) {
			request->tolerated[i] = errnum;
			return;
		}
}

void nl_on_reply(struct nl_batch *batch, nl_reply_fn *on_reply, void *arg)
{
	struct nl_request *request = current(batch);

	if (request) {
		request->on_reply = on_reply;
		request->arg = arg;
	}
}

void nl_put_header(struct nl_batch *batch, const void *header, size_t len)
{
	void *room = extend(batch, len);

	if (room)
		memcpy(room, header, len);
	grow_message(batch);
}

void nl_put(struct nl_batch *batch, uint16_t type, const void *data, size_t len)
{
	struct nlattr *attr;

	if (len > UINT16_MAX - sizeof(*attr)) {
		batch->failed = batch->failed ? batch->failed : -EMSGSIZE;
		return;
	}
	attr = extend(batch, sizeof(*attr) + len);
	if (!attr)
		return;
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(sizeof(*attr) + len);
	if (len)
		memcpy(attr + 1, data, len);
	grow_message(batch);
}

void nl_put_u8(struct nl_batch *batch, uint16_t type, uint8_t value)
{
	nl_put(batch, type, &value, sizeof(value));
}

void nl_put_u16(struct nl_batch *batch, uint16_t type, uint16_t value)
{
	nl_put(batch, type, &value, sizeof(value));
}

void nl_put_u32(struct nl_batch *batch, uint16_t type, uint32_t value)
{
	nl_put(batch, type, &value, sizeof(value));
}

void nl_put_str(struct nl_batch *batch, uint16_t type, const char *text)
{
	nl_put(batch, type, text, strlen(text) + 1);
}

void nl_put_ip(struct nl_batch *batch, uint16_t type, const struct ip_addr *addr)
{
	nl_put(batch, type, addr->bytes, ip_size(addr->family));
}

size_t nl_nest_begin(struct nl_batch *batch, uint16_t type)
{
	size_t mark = batch->used;

	nl_put(batch, type | NLA_F_NESTED, NULL, 0);
	return mark;
}

void nl_nest_end(struct nl_batch *batch, size_t mark)
{
	struct nlattr *attr;

	if (batch->failed)
		return;
	if (batch->used - mark > UINT16_MAX) {
		batch->failed = -EMSGSIZE;
		return;
	}
	attr = (struct nlattr *)(batch->buf + mark);
	attr->nla_len = (uint16_t)(batch->used - mark);
}

int nl_batch_result(const struct nl_batch *batch, size_t index)
{
	return index < batch->n ? batch->requests[index].result : -EINVAL;
}
