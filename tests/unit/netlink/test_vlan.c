/* SPDX-License-Identifier: Apache-2.0 */
/* test_vlan.c - sets of VLANs, and the messages that are made of them */

#include "harness.h"

#include <libmnl/libmnl.h>
#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/netlink/vlan.h"

#define BEGIN BRIDGE_VLAN_INFO_RANGE_BEGIN
#define END BRIDGE_VLAN_INFO_RANGE_END
#define NATIVE (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED)

static struct nl_socket sock;
static struct nl_batch batch;
static struct vlan_set set;

static int setup(void **state)
{
	(void)state;
	sock = (struct nl_socket){ .portid = 77, .seq = 10 };
	set = (struct vlan_set){ 0 };
	nl_batch_begin(&batch, &sock);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	nl_batch_done(&batch);
	return 0;
}

static void add(uint16_t first, uint16_t last)
{
	vlan_set_add(&set, (struct vlan_range){ first, last });
}

static void assert_range(unsigned int from, uint16_t first, uint16_t last)
{
	struct vlan_range range;

	assert_true(vlan_set_next(&set, from, &range));
	assert_int_equal(range.first, first);
	assert_int_equal(range.last, last);
}

/* The one message: its VLAN entries, in their order. */
static void assert_message(uint16_t type, int index, uint16_t whose,
			   const struct bridge_vlan_info *expected, size_t n)
{
	const struct nlmsghdr *msg = (const struct nlmsghdr *)batch.buf;
	const struct ifinfomsg *header = mnl_nlmsg_get_payload(msg);
	const struct nlattr *spec = mnl_nlmsg_get_payload_offset(msg, sizeof(*header));
	const struct nlattr *attr;
	size_t found = 0;

	assert_int_equal(batch.failed, 0);
	assert_int_equal(batch.n, 1);
	assert_int_equal(msg->nlmsg_len, batch.used);
	assert_int_equal(msg->nlmsg_type, type);
	assert_int_equal(header->ifi_family, AF_BRIDGE);
	assert_int_equal(header->ifi_index, index);
	assert_int_equal(mnl_attr_get_type(spec), IFLA_AF_SPEC);
	mnl_attr_for_each_nested (attr, spec) {
		if (mnl_attr_get_type(attr) == IFLA_BRIDGE_FLAGS) {
			assert_int_equal(mnl_attr_get_u16(attr), whose);
			continue;
		}
		assert_int_equal(mnl_attr_get_type(attr), IFLA_BRIDGE_VLAN_INFO);
		assert_true(found < n);
		assert_int_equal(mnl_attr_get_payload_len(attr), sizeof(*expected));
		assert_memory_equal(mnl_attr_get_payload(attr), &expected[found],
				    sizeof(*expected));
		found++;
	}
	assert_int_equal(found, n);
}

static void neighbours_and_overlaps_are_one_range(void **state)
{
	struct vlan_range unused;

	(void)state;
	assert_true(vlan_set_is_empty(&set));
	add(200, 200);
	add(12, 14);
	add(10, 11);
	add(13, 20);
	assert_false(vlan_set_is_empty(&set));
	assert_range(VLAN_MIN, 10, 20);
	assert_range(15, 15, 20);
	assert_range(21, 200, 200);
	assert_false(vlan_set_next(&set, 201, &unused));
}

static void ends_of_the_numbers_are_in_reach(void **state)
{
	struct vlan_range unused;

	(void)state;
	add(VLAN_MIN, VLAN_MAX);
	assert_range(VLAN_MIN, VLAN_MIN, VLAN_MAX);
	assert_range(VLAN_MAX, VLAN_MAX, VLAN_MAX);
	assert_false(vlan_set_next(&set, VLAN_MAX + 1, &unused));
}

static void all_vlans_are_two_entries_of_one_message(void **state)
{
	static const struct bridge_vlan_info expected[] = { { BEGIN, 1 }, { END, 4094 } };

	(void)state;
	add(VLAN_MIN, VLAN_MAX);
	vlan_put_port(&batch, 7, 0, &set);
	assert_message(RTM_SETLINK, 7, BRIDGE_FLAGS_MASTER, expected, 2);
	assert_true(batch.used < 80);
}

static void native_is_no_part_of_a_range(void **state)
{
	static const struct bridge_vlan_info expected[] = {
		{ NATIVE, 100 }, { BEGIN, 98 }, { END, 99 }, { 0, 101 }, { 0, 300 },
	};

	(void)state;
	add(98, 101);
	add(300, 300);
	vlan_put_port(&batch, 7, 100, &set);
	assert_message(RTM_SETLINK, 7, BRIDGE_FLAGS_MASTER, expected, 5);
	assert_true(set.has[100]);
}

static void native_alone(void **state)
{
	static const struct bridge_vlan_info expected[] = { { NATIVE, 4094 } };

	(void)state;
	vlan_put_port(&batch, 7, 4094, &set);
	assert_message(RTM_SETLINK, 7, BRIDGE_FLAGS_MASTER, expected, 1);
}

static void every_other_vlan_still_fits(void **state)
{
	struct bridge_vlan_info expected[VLAN_MAX / 2];

	(void)state;
	for (uint16_t i = 0; i < VLAN_MAX / 2; i++) {
		expected[i] = (struct bridge_vlan_info){ 0, (uint16_t)(2 * i + 1) };
		add(expected[i].vid, expected[i].vid);
	}
	vlan_put_port_delete(&batch, 9, &set);
	assert_message(RTM_DELLINK, 9, BRIDGE_FLAGS_MASTER, expected, VLAN_MAX / 2);
}

static void bridge_itself_hears_a_vlan(void **state)
{
	static const struct bridge_vlan_info expected[] = { { 0, 100 } };

	(void)state;
	vlan_put_self(&batch, 3, 100);
	assert_message(RTM_SETLINK, 3, BRIDGE_FLAGS_SELF, expected, 1);
}

static void who_is_in_a_vlan_is_found(void **state)
{
	static const struct vlan_entry entries[] = {
		{ .index = 3, .range = { 1, 1 } },
		{ .index = 4, .range = { 1, 1 } },
		{ .index = 4, .range = { 100, 200 } },
	};

	(void)state;
	assert_ptr_equal(vlan_find(entries, 3, 4, 100), &entries[2]);
	assert_ptr_equal(vlan_find(entries, 3, 4, 200), &entries[2]);
	assert_ptr_equal(vlan_find(entries, 3, 4, 1), &entries[1]);
	assert_null(vlan_find(entries, 3, 4, 201));
	assert_null(vlan_find(entries, 3, 3, 100));
	assert_null(vlan_find(NULL, 0, 3, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(neighbours_and_overlaps_are_one_range),
		TEST(ends_of_the_numbers_are_in_reach),
		TEST(all_vlans_are_two_entries_of_one_message),
		TEST(native_is_no_part_of_a_range),
		TEST(native_alone),
		TEST(every_other_vlan_still_fits),
		TEST(bridge_itself_hears_a_vlan),
		TEST(who_is_in_a_vlan_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
