/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard.c - keys and sets of the source guard as they are built, read back without a kernel */

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
#include "cbr/nftables/key.h"

#define NAME "veth0123456789a"

static const struct nft_table table = { NFPROTO_BRIDGE, "t" };

/* Each part fills up to four bytes; a name always has sixteen. */
static void keys_are_padded(void **state)
{
	static const struct mac mac = { { 1, 2, 3, 4, 5, 6 } };
	const struct ip_addr four = { AF_INET, { 10, 1, 2, 3 } };
	const struct ip_addr six = { AF_INET6, { 0xfe, 0x80, [15] = 9 } };
	struct nft_key key = nft_key_port("a");

	(void)state;
	assert_int_equal(key.len, 16);
	assert_memory_equal(key.bytes, "a\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	key = nft_key_mac(NAME, &mac);
	assert_int_equal(key.len, 24);
	assert_memory_equal(key.bytes, NAME "\0\1\2\3\4\5\6\0\0", 24);
	key = nft_key_ip(NAME, &four);
	assert_int_equal(key.len, 20);
	assert_memory_equal(key.bytes + 16, "\x0a\1\2\3", 4);
	key = nft_key_ip(NAME, &six);
	assert_int_equal(key.len, 32);
	assert_memory_equal(key.bytes + 16, six.bytes, 16);
	key = nft_key_port("longer-than-a-name-can-be");
	assert_string_equal((const char *)key.bytes, "longer-than-a-n");
}

static void sets_have_the_types_that_nft_knows(void **state)
{
	static const struct {
		enum nft_key_kind kind;
		uint32_t type;
		uint32_t len;
	} rows[] = {
		{ NFT_KEY_PORT, 41, 16 },
		{ NFT_KEY_PORT_MAC, 41 << 6 | 9, 24 },
		{ NFT_KEY_PORT_IPV4, 41 << 6 | 7, 20 },
		{ NFT_KEY_PORT_IPV6, 41 << 6 | 8, 32 },
		{ NFT_KEY_PORT_ND_TARGET, 41 << 6 | 4, 32 },
		{ NFT_KEY_PORT_ND_OPTION, 41 << 6 | 4, 24 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct nfgenmsg *header;

		nft_put_key_set(&batch, &table, "s", rows[i].kind);
		header = mnl_nlmsg_get_payload(message(i));
		assert_int_equal(header->nfgen_family, NFPROTO_BRIDGE);
		assert_int_equal(number(in_message(i, NFTA_SET_KEY_TYPE)), rows[i].type);
		assert_int_equal(number(in_message(i, NFTA_SET_KEY_LEN)), rows[i].len);
	}
}

/* As nft 1.0.6 puts it for "typeof iifname . @th,64,128", on a little-endian machine. */
static void a_raw_field_is_told_as_nft_tells_it(void **state)
{
	static const uint8_t expected[] = {
		3, 0x40, 0, 4, 13,   0, 0, 0, 1, 0x38,                    /* concatenation */
		0, 0x0e, 0, 4, 9,    0, 0, 0, 1, 6,    0, 4, 6, 0, 0,  0, /* iifname */
		1, 0x26, 0, 4, 7,    0, 0, 0, 1, 0x1e, 0, 4, 0, 0, 0,  0, /* payload */
		1, 4,    0, 0, 0,    0, 2, 4, 3, 0,    0, 0, 3, 4, 64, 0, /* of the transport */
		0, 0,    4, 4, 0x80, 0, 0, 0,
	};
	const struct nlattr *attr;

	(void)state;
	if (htonl(1) == 1)
		skip_because("the machine is big-endian");
	nft_put_key_set(&batch, &table, "s", NFT_KEY_PORT_ND_TARGET);
	attr = in_message(0, NFTA_SET_USERDATA);
	assert_int_equal(mnl_attr_get_payload_len(attr), sizeof(expected));
	assert_memory_equal(mnl_attr_get_payload(attr), expected, sizeof(expected));
}

static void an_element_has_its_key_and_comment(void **state)
{
	const struct nft_key key = nft_key_port(NAME);
	const struct nlattr *elem;
	const struct nlattr *data;

	(void)state;
	nft_put_key(&batch, &table, "s", &key, "why");
	nft_put_delete_key(&batch, &table, "s", &key);
	for (size_t i = 0; i < 2; i++) {
		elem = in_nest(in_message(i, NFTA_SET_ELEM_LIST_ELEMENTS), NFTA_LIST_ELEM);
		data = in_nest(in_nest(elem, NFTA_SET_ELEM_KEY), NFTA_DATA_VALUE);
		assert_int_equal(mnl_attr_get_payload_len(data), 16);
		assert_string_equal(mnl_attr_get_payload(data), NAME);
		assert_int_equal(in_nest(elem, NFTA_SET_ELEM_USERDATA) != NULL, i == 0);
	}
	assert_int_equal(message(0)->nlmsg_type & 0xff, NFT_MSG_NEWSETELEM);
	assert_int_equal(message(1)->nlmsg_type & 0xff, NFT_MSG_DELSETELEM);
}

/* The n-th expression of the only rule. */
static const struct nlattr *expression(size_t n, const char *name)
{
	const struct nlattr *elem;

	mnl_attr_for_each_nested (elem, in_message(0, NFTA_RULE_EXPRESSIONS))
		if (n-- == 0) {
			assert_string_equal(mnl_attr_get_str(in_nest(elem, NFTA_EXPR_NAME)), name);
			return in_nest(elem, NFTA_EXPR_DATA);
		}
	fail();
	return NULL;
}

/* The field lies behind the name, where the set's key has it. */
static void a_lookup_by_port_loads_two_registers(void **state)
{
	static const struct nft_payload source = { NFT_PAYLOAD_LL_HEADER, 6, 6 };
	const struct nlattr *verdict;
	const size_t rule = nft_put_rule_begin(&batch, &table, "c");

	(void)state;
	nft_put_port_lookup(&batch, &source, "macs", true);
	nft_put_verdict(&batch, NFT_GOTO, "d");
	nft_put_rule_end(&batch, rule, "");
	assert_null(in_message(0, NFTA_RULE_USERDATA));
	assert_int_equal(number(in_nest(expression(0, "meta"), NFTA_META_DREG)), NFT_REG_1);
	assert_int_equal(number(in_nest(expression(1, "payload"), NFTA_PAYLOAD_DREG)), NFT_REG_2);
	assert_int_equal(number(in_nest(expression(1, "payload"), NFTA_PAYLOAD_OFFSET)), 6);
	assert_int_equal(number(in_nest(expression(2, "lookup"), NFTA_LOOKUP_SREG)), NFT_REG_1);
	assert_int_equal(number(in_nest(expression(2, "lookup"), NFTA_LOOKUP_FLAGS)),
			 NFT_LOOKUP_F_INV);
	verdict = in_nest(in_nest(expression(3, "immediate"), NFTA_IMMEDIATE_DATA),
			  NFTA_DATA_VERDICT);
	assert_int_equal((int)number(in_nest(verdict, NFTA_VERDICT_CODE)), NFT_GOTO);
	assert_string_equal(mnl_attr_get_str(in_nest(verdict, NFTA_VERDICT_CHAIN)), "d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, built_setup, built_teardown)
		TEST(keys_are_padded),
		TEST(sets_have_the_types_that_nft_knows),
		TEST(a_raw_field_is_told_as_nft_tells_it),
		TEST(an_element_has_its_key_and_comment),
		TEST(a_lookup_by_port_loads_two_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
