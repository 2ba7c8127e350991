/* SPDX-License-Identifier: Apache-2.0 */
/* test_message.c - messages of nf_tables as they are built, read back without a kernel */

#include "harness.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "built.h"
#include "cbr/base/array.h"
#include "cbr/nftables/expr.h"
#include "cbr/nftables/object.h"

static const struct nft_table table = { NFPROTO_INET, "t" };

static void a_transaction_has_its_marks(void **state)
{
	const struct nfgenmsg *header;

	(void)state;
	nft_put_begin(&batch, 42);
	nft_put_table(&batch, &table, "why");
	nft_put_end(&batch);
	header = mnl_nlmsg_get_payload(message(0));
	assert_int_equal(message(0)->nlmsg_type, NFNL_MSG_BATCH_BEGIN);
	assert_int_equal(header->res_id, htons(NFNL_SUBSYS_NFTABLES));
	assert_int_equal(number(in_message(0, NFNL_BATCH_GENID)), 42);
	assert_int_equal(message(2)->nlmsg_type, NFNL_MSG_BATCH_END);
	header = mnl_nlmsg_get_payload(message(1));
	assert_int_equal(message(1)->nlmsg_type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE);
	assert_int_equal(header->nfgen_family, NFPROTO_INET);
}

static void comments_are_user_data_with_their_end(void **state)
{
	static const unsigned char expected[] = { 0, 4, 'w', 'h', 'y', 0 };
	char text[300];
	const struct nlattr *attr;

	(void)state;
	nft_put_table(&batch, &table, "why");
	attr = in_message(0, NFTA_TABLE_USERDATA);
	assert_int_equal(mnl_attr_get_payload_len(attr), sizeof(expected));
	assert_memory_equal(mnl_attr_get_payload(attr), expected, sizeof(expected));
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	nft_put_table(&batch, &table, text);
	attr = in_message(1, NFTA_TABLE_USERDATA);
	assert_int_equal(mnl_attr_get_payload_len(attr), 2 + NFT_COMMENT_SIZE);
}

static void sets_have_the_types_that_nft_knows(void **state)
{
	(void)state;
	nft_put_set(&batch, &table, "four", AF_INET);
	nft_put_set(&batch, &table, "six", AF_INET6);
	assert_int_equal(number(in_message(0, NFTA_SET_KEY_TYPE)), 7);
	assert_int_equal(number(in_message(0, NFTA_SET_KEY_LEN)), 4);
	assert_int_equal(number(in_message(1, NFTA_SET_KEY_TYPE)), 8);
	assert_int_equal(number(in_message(1, NFTA_SET_KEY_LEN)), 16);
	assert_int_not_equal(mnl_attr_get_u32(in_message(0, NFTA_SET_ID)),
			     mnl_attr_get_u32(in_message(1, NFTA_SET_ID)));
}

/* The bytes of one element's key, and whether it is an end. */
static void assert_element(const struct nlattr *elem, const char *key, bool is_end)
{
	const struct nlattr *data = in_nest(in_nest(elem, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
	const struct nlattr *flags = in_nest(elem, NFTA_SET_ELEM_FLAGS);
	struct ip_addr addr;

	assert_int_equal(ip_parse(key, &addr), 0);
	assert_int_equal(mnl_attr_get_payload_len(data), ip_size(addr.family));
	assert_memory_equal(mnl_attr_get_payload(data), addr.bytes, ip_size(addr.family));
	assert_int_equal(flags ? number(flags) : 0, is_end ? NFT_SET_ELEM_INTERVAL_END : 0);
}

static void elements_are_first_and_first_behind(void **state)
{
	struct ip_prefix prefixes[2];
	const struct nlattr *elem;

	(void)state;
	ip_prefix_parse("10.1.2.3/24", &prefixes[0]);
	ip_prefix_parse("240.0.0.0/4", &prefixes[1]);
	nft_put_elements(&batch, &table, "s", prefixes, 2, NULL);
	elem = mnl_attr_get_payload(in_message(0, NFTA_SET_ELEM_LIST_ELEMENTS));
	assert_element(elem, "10.1.2.0", false);
	elem = mnl_attr_next(elem);
	assert_element(elem, "10.1.3.0", true);
	elem = mnl_attr_next(elem);
	/* To the last address there is: nothing is behind. */
	assert_element(elem, "240.0.0.0", false);
	assert_ptr_equal(mnl_attr_next(elem), mnl_nlmsg_get_payload_tail(message(0)));
}

static void many_elements_take_several_messages(void **state)
{
	static struct ip_prefix prefixes[4096];

	(void)state;
	for (size_t i = 0; i < 4096; i++)
		prefixes[i] = (struct ip_prefix){
			{ AF_INET, { 10, (uint8_t)(i >> 8), (uint8_t)i } }, 25
		};
	nft_put_elements(&batch, &table, "s", prefixes, 4096, "a comment for each of them");
	assert_int_equal(batch.failed, 0);
	assert_int_equal(batch.n, 4096 / 256);
}

static void a_rule_is_a_list_of_named_expressions(void **state)
{
	static const char *const names[] = { "meta",   "cmp",     "meta",   "cmp", "payload",
					     "lookup", "payload", "lookup", "masq" };
	const struct nlattr *elem;
	size_t rule = nft_put_rule_begin(&batch, &table, "c");
	size_t n = 0;

	(void)state;
	nft_put_iifname(&batch, "cni0");
	nft_put_family(&batch, AF_INET6);
	nft_put_lookup(&batch, AF_INET6, NFT_FIELD_SADDR, "s", false);
	nft_put_lookup(&batch, AF_INET6, NFT_FIELD_DADDR, "d", true);
	nft_put_masquerade(&batch);
	nft_put_rule_end(&batch, rule, "of whom");
	mnl_attr_for_each_nested (elem, in_message(0, NFTA_RULE_EXPRESSIONS)) {
		assert_string_equal(mnl_attr_get_str(in_nest(elem, NFTA_EXPR_NAME)), names[n]);
		n++;
	}
	assert_int_equal(n, ARRAY_SIZE(names));
	assert_non_null(in_message(0, NFTA_RULE_USERDATA));
}

/* Offsets within the IPv6 header: source 8, destination 24. */
static void addresses_are_loaded_from_where_they_are(void **state)
{
	static const uint32_t offsets[] = { 12, 16, 8, 24 };
	const struct nlattr *elem;
	size_t rule = nft_put_rule_begin(&batch, &table, "c");
	size_t n = 0;

	(void)state;
	nft_put_lookup(&batch, AF_INET, NFT_FIELD_SADDR, "s", false);
	nft_put_lookup(&batch, AF_INET, NFT_FIELD_DADDR, "s", false);
	nft_put_lookup(&batch, AF_INET6, NFT_FIELD_SADDR, "s", false);
	nft_put_lookup(&batch, AF_INET6, NFT_FIELD_DADDR, "s", false);
	nft_put_rule_end(&batch, rule, "");
	mnl_attr_for_each_nested (elem, in_message(0, NFTA_RULE_EXPRESSIONS)) {
		const struct nlattr *data = in_nest(elem, NFTA_EXPR_DATA);

		if (strcmp(mnl_attr_get_str(in_nest(elem, NFTA_EXPR_NAME)), "payload") != 0)
			continue;
		assert_int_equal(number(in_nest(data, NFTA_PAYLOAD_OFFSET)), offsets[n]);
		assert_int_equal(number(in_nest(data, NFTA_PAYLOAD_LEN)), n < 2 ? 4 : 16);
		n++;
	}
	assert_int_equal(n, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, built_setup, built_teardown)
		TEST(a_transaction_has_its_marks),
		TEST(comments_are_user_data_with_their_end),
		TEST(sets_have_the_types_that_nft_knows),
		TEST(elements_are_first_and_first_behind),
		TEST(many_elements_take_several_messages),
		TEST(a_rule_is_a_list_of_named_expressions),
		TEST(addresses_are_loaded_from_where_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
