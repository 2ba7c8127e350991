/* SPDX-License-Identifier: Apache-2.0 */
/* test_result.c - what a result owns */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/result.h"

static void appends_zeroed_items(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct cni_interface *interface = cni_result_add_interface(&result);
		struct cni_ip *ip = cni_result_add_ip(&result);
		struct cni_route *route = cni_result_add_route(&result);

		assert_null(interface->name);
		assert_null(interface->pci_id);
		assert_int_equal(ip->interface, -1);
		assert_int_equal(ip->gateway.family, 0);
		assert_false(route->has_table);
		interface->name = strdup("eth0");
		ip->interface = i;
		route->priority = (uint32_t)i;
	}
	assert_int_equal(result.n_interfaces, 100);
	assert_int_equal(result.ips[57].interface, 57);
	assert_int_equal(result.routes[99].priority, 99);
}

static void copies_strings(void **state)
{
	auto_with(cni_dns_done) struct cni_dns dns = { 0 };
	char text[] = "a0";

	(void)state;
	for (; text[1] <= '9'; text[1]++)
		assert_int_equal(cni_strings_add(&dns.search, text), 0);
	assert_int_equal(dns.search.n, 10);
	assert_string_equal(dns.search.items[0], "a0");
	assert_string_equal(dns.search.items[9], "a9");
}

static void can_be_released_twice(void **state)
{
	struct cni_result result = { 0 };

	(void)state;
	cni_result_done(&result);
	cni_result_add_interface(&result)->name = strdup("x");
	assert_int_equal(cni_strings_add(&result.dns.options, "ndots:5"), 0);
	result.dns.domain = strdup("d");
	cni_result_done(&result);
	assert_null(result.interfaces);
	assert_int_equal(result.n_interfaces, 0);
	assert_null(result.dns.domain);
	cni_result_done(&result);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_zeroed_items),
		cmocka_unit_test(copies_strings),
		cmocka_unit_test(can_be_released_twice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
