/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - the frame of nf_tables messages, transactions, comments; turns of those who race */

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/nftables/object.h"
#include "private.h"

/*
 * User data of tables, chains, rules and elements: type, length, value. Type 0 is the
 * comment for each of them, with its NUL (libnftnl's udata.h has the numbers).
 */
#define UDATA_COMMENT 0

/* The longest that a turn lasts. */
#define TURN_NS 200000

static const char *name_family(const struct nft_table *table)
{
	return table->family == NFPROTO_BRIDGE ? "bridge" : "inet";
}

size_t nft_request(struct nl_batch *batch, uint16_t message, uint16_t flags, const char *verb,
		   const struct nft_table *table, const char *name)
{
	const struct nfgenmsg header = { .nfgen_family = table->family };
	size_t index = nl_request(batch, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | message), flags,
				  "%s %s %s %s", verb, name_family(table), table->name, name);

	nl_put_header(batch, &header, sizeof(header));
	return index;
}

static void put_mark(struct nl_batch *batch, uint16_t type, const char *what)
{
	const struct nfgenmsg header = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };

	nl_request(batch, type, 0, "%s", what);
	nl_put_header(batch, &header, sizeof(header));
}

void nft_put_begin(struct nl_batch *batch, uint32_t generation)
{
	put_mark(batch, NFNL_MSG_BATCH_BEGIN, "change the nf_tables ruleset");
	nft_put_be32(batch, NFNL_BATCH_GENID, generation);
}

void nft_put_end(struct nl_batch *batch)
{
	put_mark(batch, NFNL_MSG_BATCH_END, "end of changes to the nf_tables ruleset");
}

static int take_generation(const struct nlmsghdr *msg, void *arg)
{
	uint32_t *ret = arg;
	const struct nlattr *attr;

	mnl_attr_for_each (attr, msg, sizeof(struct nfgenmsg))
		if (mnl_attr_get_type(attr) == NFTA_GEN_ID &&
		    mnl_attr_validate(attr, MNL_TYPE_U32) >= 0)
			*ret = ntohl(mnl_attr_get_u32(attr));
	return 0;
}

int nft_get_generation(struct nl_socket *nft, uint32_t *ret, struct error *err)
{
	static const struct nft_table ruleset = { NFPROTO_INET, "ruleset" };
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };

	nl_batch_begin(&batch, nft);
	nft_request(&batch, NFT_MSG_GETGEN, 0, "look up generation of", &ruleset, "");
	nl_on_reply(&batch, take_generation, ret);
	return nl_batch_run(&batch, err);
}

void nft_put_be32(struct nl_batch *batch, uint16_t type, uint32_t value)
{
	nl_put_u32(batch, type, htonl(value));
}

void nft_put_data(struct nl_batch *batch, uint16_t type, const void *data, size_t len)
{
	size_t nest = nl_nest_begin(batch, type);

	nl_put(batch, NFTA_DATA_VALUE, data, len);
	nl_nest_end(batch, nest);
}

void nft_put_comment(struct nl_batch *batch, uint16_t type, const char *comment)
{
	unsigned char udata[2 + NFT_COMMENT_SIZE] = { UDATA_COMMENT };
	size_t len = strnlen(comment, NFT_COMMENT_SIZE - 1);

	udata[1] = (unsigned char)(len + 1);
	memcpy(udata + 2, comment, len);
	nl_put(batch, type, udata, 2 + len + 1);
}

void nft_read_comment(const void *data, size_t len, char *ret, size_t size)
{
	const unsigned char *p = data;

	ret[0] = '\0';
	while (len >= 2 && len >= 2U + p[1]) {
		if (p[0] == UDATA_COMMENT && p[1] && p[1] <= size && !p[2 + p[1] - 1]) {
			memcpy(ret, p + 2, p[1]);
			return;
		}
		len -= 2U + p[1];
		p += 2 + p[1];
	}
}

void nft_wait_turn(int turns)
{
	const struct timespec pause = { .tv_nsec = clock_now_ns() % (turns * TURN_NS + 1) };

	if (turns)
		nanosleep(&pause, NULL);
}
