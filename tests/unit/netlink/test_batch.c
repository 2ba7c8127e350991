/* SPDX-License-Identifier: Apache-2.0 */
/* test_batch.c - messages as they are built, read back without a kernel */

#include "harness.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/batch.h"

static struct nl_socket sock;
static struct nl_batch batch;

static int setup(void **state)
{
	(void)state;
	sock = (struct nl_socket){ .portid = 77, .seq = 10 };
	nl_batch_begin(&batch, &sock);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nl_batch_done(&batch);
	return 0;
}

static const struct nlmsghdr *message(size_t index)
{
	return (const struct nlmsghdr *)(batch.buf + batch.requests[index].offset);
}

static void a_request_is_header_and_attributes(void **state)
{
	const struct ifinfomsg header = { .ifi_index = 5 };
	const struct nlmsghdr *msg;
	const struct nlattr *attr;

	(void)state;
	assert_int_equal(nl_request(&batch, RTM_NEWLINK, NLM_F_CREATE, "make %s", "it"), 0);
	nl_put_header(&batch, &header, sizeof(header));
	nl_put_str(&batch, IFLA_IFNAME, "eth0");
	nl_put_u32(&batch, IFLA_MTU, 1400);
	msg = message(0);
	assert_int_equal(msg->nlmsg_type, RTM_NEWLINK);
	assert_int_equal(msg->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE);
	assert_int_equal(msg->nlmsg_seq, 11);
	assert_int_equal(msg->nlmsg_pid, 77);
	assert_int_equal(msg->nlmsg_len, batch.used);
	assert_true(mnl_nlmsg_ok(msg, (int)batch.used));
	assert_memory_equal(mnl_nlmsg_get_payload(msg), &header, sizeof(header));
	attr = mnl_nlmsg_get_payload_offset(msg, sizeof(header));
	assert_int_equal(mnl_attr_get_type(attr), IFLA_IFNAME);
	assert_string_equal(mnl_attr_get_str(attr), "eth0");
	attr = mnl_attr_next(attr);
	assert_int_equal(mnl_attr_get_u32(attr), 1400);
	assert_string_equal(batch.requests[0].what, "make it");
}

static void nests_know_their_length(void **state)
{
	const struct nlattr *outer;
	const struct nlattr *inner;
	size_t a;
	size_t b;

	(void)state;
	nl_request(&batch, RTM_NEWLINK, 0, "nest");
	a = nl_nest_begin(&batch, 1);
	nl_put_u8(&batch, 2, 9);
	b = nl_nest_begin(&batch, 3);
	nl_put_u16(&batch, 4, 500);
	nl_nest_end(&batch, b);
	nl_nest_end(&batch, a);
	outer = mnl_nlmsg_get_payload(message(0));
	assert_true(outer->nla_type & NLA_F_NESTED);
	assert_int_equal(outer->nla_len, message(0)->nlmsg_len - NLMSG_HDRLEN);
	inner = mnl_attr_get_payload(outer);
	assert_int_equal(mnl_attr_get_u8(inner), 9);
	inner = mnl_attr_next(inner);
	assert_int_equal(mnl_attr_get_type(inner), 3);
	assert_int_equal(mnl_attr_get_u16(mnl_attr_get_payload(inner)), 500);
}

static void addresses_are_as_long_as_their_family(void **state)
{
	struct ip_addr v4;
	struct ip_addr v6;
	const struct nlattr *attr;

	(void)state;
	ip_parse("10.1.2.3", &v4);
	ip_parse("fd00::1", &v6);
	nl_request(&batch, RTM_NEWADDR, 0, "addresses");
	nl_put_ip(&batch, 1, &v4);
	nl_put_ip(&batch, 2, &v6);
	attr = mnl_nlmsg_get_payload(message(0));
	assert_int_equal(mnl_attr_get_payload_len(attr), 4);
	assert_memory_equal(mnl_attr_get_payload(attr), v4.bytes, 4);
	assert_int_equal(mnl_attr_get_payload_len(mnl_attr_next(attr)), 16);
}

/* Messages stay whole and in order while the buffer moves. */
static void many_requests_grow_the_buffer(void **state)
{
	const struct nlmsghdr *msg;
	int left;
	size_t n = 0;

	(void)state;
	for (uint32_t i = 0; i < 3000; i++) {
		nl_request(&batch, RTM_NEWROUTE, 0, "number %u", i);
		nl_put_u32(&batch, 1, i);
		nl_put_str(&batch, 2, "padding that is not a multiple of four");
	}
	assert_int_equal(batch.failed, 0);
	left = (int)batch.used;
	for (msg = message(0); mnl_nlmsg_ok(msg, left); msg = mnl_nlmsg_next(msg, &left), n++) {
		assert_int_equal(msg->nlmsg_seq, 11 + n);
		assert_int_equal(mnl_attr_get_u32(mnl_nlmsg_get_payload(msg)), n);
	}
	assert_int_equal(n, 3000);
	assert_int_equal(left, 0);
}

/* One put that does not fit is enough: all later ones do nothing, and the run says so. */
static void a_put_that_does_not_fit_is_told_by_the_run(void **state)
{
	static char large[70000];
	struct error err = { 0 };
	size_t used;

	(void)state;
	nl_request(&batch, RTM_NEWLINK, 0, "put too much");
	nl_put(&batch, 1, large, sizeof(large));
	used = batch.used;
	nl_put_u32(&batch, 2, 1);
	assert_int_equal(batch.used, used);
	assert_fails(nl_batch_run(&batch, &err), &err, ERROR_SYSTEM, "put too much");
	assert_int_equal(err.errnum, EMSGSIZE);
}

static void a_nest_that_does_not_fit_is_told_by_the_run(void **state)
{
	static char large[40000];
	struct error err = { 0 };
	size_t nest;

	(void)state;
	nl_request(&batch, RTM_NEWLINK, 0, "nest too much");
	nest = nl_nest_begin(&batch, 1);
	nl_put(&batch, 2, large, sizeof(large));
	nl_put(&batch, 2, large, sizeof(large));
	nl_nest_end(&batch, nest);
	assert_fails(nl_batch_run(&batch, &err), &err, ERROR_SYSTEM, "nest too much");
}

static void an_empty_batch_is_done_at_once(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_ok(nl_batch_run(&batch, &err), &err);
	assert_int_equal(nl_batch_result(&batch, 0), -EINVAL);
}

static void a_batch_can_be_done_twice(void **state)
{
	(void)state;
	nl_request(&batch, RTM_NEWLINK, 0, "x");
	nl_batch_done(&batch);
	nl_batch_done(&batch);
	assert_int_equal(batch.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(a_request_is_header_and_attributes),
		TEST(nests_know_their_length),
		TEST(addresses_are_as_long_as_their_family),
		TEST(many_requests_grow_the_buffer),
		TEST(a_put_that_does_not_fit_is_told_by_the_run),
		TEST(a_nest_that_does_not_fit_is_told_by_the_run),
		TEST(an_empty_batch_is_done_at_once),
		TEST(a_batch_can_be_done_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
