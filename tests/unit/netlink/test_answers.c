/* SPDX-License-Identifier: Apache-2.0 */
/* test_answers.c - answers that no kernel gives, out of a pair of sockets that stands for it */

#include "harness.h"

#include <limits.h>

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/link.h"
#include "cbr/netlink/route.h"
#include "cbr/netlink/vlan.h"

#define KIND (SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC)

static int kernel;
static struct nl_socket sock;
static unsigned char buf[256];
static struct nlmsghdr *msg;
static struct error err;

static int setup(void **state)
{
	int ends[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, KIND, 0, ends), 0);
	kernel = ends[1];
	sock = (struct nl_socket){ .mnl = mnl_socket_fdopen(ends[0]), .portid = 77 };
	assert_non_null(sock.mnl);
	memset(buf, 0, sizeof(buf));
	err = (struct error){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nl_socket_done(&sock);
	close(kernel);
	return 0;
}

/* Begin an answer to the first request. */
static void begin(uint16_t type, const void *header, size_t len)
{
	msg = mnl_nlmsg_put_header(buf);
	msg->nlmsg_type = type;
	msg->nlmsg_seq = 1;
	msg->nlmsg_pid = sock.portid;
	memcpy(mnl_nlmsg_put_extra_header(msg, len), header, len);
}

static void send_it(size_t len)
{
	assert_int_equal(send(kernel, buf, len, 0), len);
}

static void a_message_of_more_than_2_gib_ends_the_datagram(void **state)
{
	const struct ifinfomsg header = { .ifi_index = 5 };
	struct link link;

	(void)state;
	begin(RTM_NEWLINK, &header, sizeof(header));
	msg->nlmsg_len = 0x80000010;
	send_it(64);

	assert_fails(link_get(&sock, "cni0", &link, &err), &err, ERROR_KERNEL, "answers");
	assert_int_equal(link.index, 0);
}

static void an_address_has_no_more_bits_than_its_family(void **state)
{
	const uint8_t bytes[4] = { 10, 1, 2, 3 };
	struct ifaddrmsg header = { .ifa_family = AF_INET, .ifa_prefixlen = 33, .ifa_index = 5 };
	autofree struct addr *addrs = NULL;
	size_t n = 0;

	(void)state;
	begin(RTM_NEWADDR, &header, sizeof(header));
	mnl_attr_put(msg, IFA_ADDRESS, sizeof(bytes), bytes);
	send_it(msg->nlmsg_len);
	begin(NLMSG_DONE, &(int){ 0 }, sizeof(int));
	send_it(msg->nlmsg_len);

	assert_fails(addr_list(&sock, 5, AF_INET, &addrs, &n, &err), &err, ERROR_KERNEL,
		     "cannot read the answer");
}

static void a_route_has_no_more_bits_than_its_family(void **state)
{
	struct rtmsg header = { .rtm_family = AF_INET6, .rtm_dst_len = 129 };
	autofree struct route *routes = NULL;
	size_t n = 0;

	(void)state;
	begin(RTM_NEWROUTE, &header, sizeof(header));
	send_it(msg->nlmsg_len);
	begin(NLMSG_DONE, &(int){ 0 }, sizeof(int));
	send_it(msg->nlmsg_len);

	assert_fails(route_list(&sock, AF_INET6, 0, 0, &routes, &n, &err), &err, ERROR_KERNEL,
		     "cannot read the answer");
}

static void a_vlan_is_within_what_there_are(void **state)
{
	static const uint16_t ranges[][2] = { { 0, 1 }, { 7, 6 }, { 4000, 4095 } };
	const struct br_vlan_msg header = { .family = AF_BRIDGE, .ifindex = 5 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct bridge_vlan_info info = { .vid = ranges[i][0] };
		struct vlan_entry *entries = NULL;
		struct nlattr *nest;
		size_t n = 0;

		begin(RTM_NEWVLAN, &header, sizeof(header));
		msg->nlmsg_seq = (uint32_t)i + 1;
		msg->nlmsg_flags = NLM_F_MULTI;
		nest = mnl_attr_nest_start(msg, BRIDGE_VLANDB_ENTRY);
		mnl_attr_put(msg, BRIDGE_VLANDB_ENTRY_INFO, sizeof(info), &info);
		mnl_attr_put_u16(msg, BRIDGE_VLANDB_ENTRY_RANGE, ranges[i][1]);
		mnl_attr_nest_end(msg, nest);
		send_it(msg->nlmsg_len);
		assert_fails(vlan_list(&sock, 0, &entries, &n, &err), &err, ERROR_KERNEL,
			     "Protocol error");
		assert_int_equal(n, 0);
	}
}

static void an_error_is_a_negative_errno(void **state)
{
	static const int errors[] = { INT_MIN, INT_MAX, 1, -4096 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		const struct nlmsgerr report = { .error = errors[i] };
		struct link link;

		sock.seq = 0;
		begin(NLMSG_ERROR, &report, sizeof(report));
		send_it(msg->nlmsg_len);
		assert_fails(link_get(&sock, "cni0", &link, &err), &err, ERROR_KERNEL,
			     "Protocol error");
	}
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_message_of_more_than_2_gib_ends_the_datagram),
		TEST(an_address_has_no_more_bits_than_its_family),
		TEST(a_route_has_no_more_bits_than_its_family),
		TEST(a_vlan_is_within_what_there_are),
		TEST(an_error_is_a_negative_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
