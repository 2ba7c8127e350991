/* SPDX-License-Identifier: Apache-2.0 */
/* test_result_parse.c - results of other plugins, good and bad */

#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/json.h"
#include "cbr/cni/result.h"
#include "fixture.h"

static int parse(const char *text, const char *assumed, bool exact, struct cni_result *ret,
		 struct error *err)
{
	json_auto_t *json = NULL;

	assert_ok(cni_json_parse(text, strlen(text), &json, err), err);
	return cni_result_parse(json, cni_version_find(assumed), exact, ret, err);
}

static const char *prefix_text(const struct ip_prefix *prefix)
{
	static char text[IP_TEXT_SIZE];

	return ip_prefix_format(prefix, text);
}

static void reads_every_key_of_the_newest_form(void **state)
{
	static const char text[] =
		"{\"cniVersion\": \"1.1.0\","
		" \"interfaces\": [{\"name\": \"eth0\", \"mac\": \"02:00:00:00:00:01\","
		"  \"mtu\": 1450, \"sandbox\": \"/n\", \"socketPath\": \"/s\", \"pciID\": \"0\"}],"
		" \"ips\": [{\"address\": \"10.1.2.3/24\", \"gateway\": \"10.1.2.1\","
		"  \"interface\": 0}, {\"address\": \"fd00::3/64\"}],"
		" \"routes\": [{\"dst\": \"0.0.0.0/0\", \"gw\": \"10.1.2.1\", \"mtu\": 1400,"
		"  \"advmss\": 1360, \"priority\": 9, \"table\": 0, \"scope\": 253}],"
		" \"dns\": {\"nameservers\": [\"1.1.1.1\"], \"domain\": \"d\","
		"  \"search\": [\"s\", \"t\"], \"options\": [\"o\"]}}";
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(parse(text, "0.1.0", false, &result, &err), &err);
	assert_int_equal(result.n_interfaces, 1);
	assert_string_equal(result.interfaces[0].name, "eth0");
	assert_string_equal(result.interfaces[0].mac, "02:00:00:00:00:01");
	assert_int_equal(result.interfaces[0].mtu, 1450);
	assert_string_equal(result.interfaces[0].sandbox, "/n");
	assert_string_equal(result.interfaces[0].socket_path, "/s");
	assert_string_equal(result.interfaces[0].pci_id, "0");
	assert_int_equal(result.n_ips, 2);
	assert_string_equal(prefix_text(&result.ips[0].address), "10.1.2.3/24");
	assert_int_equal(result.ips[0].gateway.family, AF_INET);
	assert_int_equal(result.ips[0].interface, 0);
	assert_string_equal(prefix_text(&result.ips[1].address), "fd00::3/64");
	assert_int_equal(result.ips[1].gateway.family, 0);
	assert_int_equal(result.ips[1].interface, -1);
	assert_int_equal(result.n_routes, 1);
	assert_int_equal(result.routes[0].mtu, 1400);
	assert_int_equal(result.routes[0].advmss, 1360);
	assert_int_equal(result.routes[0].priority, 9);
	assert_true(result.routes[0].has_table);
	assert_int_equal(result.routes[0].table, 0);
	assert_true(result.routes[0].has_scope);
	assert_int_equal(result.routes[0].scope, 253);
	assert_string_equal(result.dns.domain, "d");
	assert_int_equal(result.dns.nameservers.n, 1);
	assert_int_equal(result.dns.search.n, 2);
	assert_string_equal(result.dns.search.items[1], "t");
	assert_string_equal(result.dns.options.items[0], "o");
}

static void reads_both_families_of_the_oldest_form(void **state)
{
	static const char text[] =
		"{\"ip4\": {\"ip\": \"10.1.2.3/24\", \"routes\": [{\"dst\": \"10.0.0.0/8\"}]},"
		" \"ip6\": {\"ip\": \"fd00::3/64\", \"gateway\": \"fd00::1\","
		"  \"routes\": [{\"dst\": \"::/0\", \"gw\": \"fd00::1\"}]}}";
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(parse(text, "0.2.0", true, &result, &err), &err);
	assert_int_equal(result.n_ips, 2);
	assert_int_equal(result.ips[0].address.addr.family, AF_INET);
	assert_int_equal(result.ips[1].address.addr.family, AF_INET6);
	assert_int_equal(result.ips[1].interface, -1);
	assert_int_equal(result.n_routes, 2);
	assert_string_equal(prefix_text(&result.routes[0].dst), "10.0.0.0/8");
	assert_int_equal(result.routes[1].gw.family, AF_INET6);
}

static void takes_what_is_missing_for_empty(void **state)
{
	static const char *const texts[] = {
		"{}",
		"{\"cniVersion\": \"1.1.0\"}",
		("{\"cniVersion\": \"\", \"interfaces\": null, \"ips\": null, \"routes\": null,"
		 " \"dns\": null}"),
		"{\"interfaces\": [], \"ips\": [], \"routes\": [], \"dns\": {}}",
		"{\"code\": 7, \"msg\": \"unknown keys are ignored\", \"ip4\": 1}",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_with(cni_result_done) struct cni_result result = { 0 };

		assert_ok(parse(texts[i], "1.0.0", true, &result, &err), &err);
		assert_int_equal(result.n_interfaces + result.n_ips + result.n_routes, 0);
	}
}

static void ignores_keys_that_the_version_does_not_have(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(parse("{\"interfaces\": [{\"name\": \"e\", \"mtu\": \"x\", \"pciID\": 1}],"
			" \"ips\": [{\"version\": \"6\", \"address\": \"10.0.0.1/8\"}]}",
			"0.4.0", true, &result, &err),
		  &err);
	assert_int_equal(result.interfaces[0].mtu, 0);
	assert_int_equal(result.ips[0].address.addr.family, AF_INET);
}

static void takes_keys_in_any_case(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(parse("{\"CNIVersion\": \"1.0.0\", \"IPs\": [{\"Address\": \"10.0.0.1/8\"}]}",
			"0.1.0", false, &result, &err),
		  &err);
	assert_int_equal(result.n_ips, 1);
}

static void takes_minus_one_for_no_interface(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(parse("{\"ips\": [{\"address\": \"10.0.0.1/8\", \"interface\": -1},"
			" {\"address\": \"10.0.0.2/8\", \"interface\": null}]}",
			"1.0.0", false, &result, &err),
		  &err);
	assert_int_equal(result.ips[0].interface, -1);
	assert_int_equal(result.ips[1].interface, -1);
}

static void refuses_versions(void **state)
{
	static const struct {
		const char *text;
		const char *assumed;
		bool exact;
		const char *msg;
	} rows[] = {
		{ "{\"cniVersion\": \"9.9\"}", "1.0.0", false,
		  "unsupported CNI result version \"9.9\"" },
		{ "{\"cniVersion\": \"9.9\"}", "1.0.0", true,
		  "result type supports [1.0.0 1.1.0] but unmarshalled CNIVersion is \"9.9\"" },
		{ "{\"cniVersion\": \"0.2.0\"}", "0.3.0", true,
		  "result type supports [0.3.0 0.3.1 0.4.0] but unmarshalled CNIVersion is "
		  "\"0.2.0\"" },
		{ "{\"cniVersion\": 1}", "1.0.0", false, "cniVersion must be a string, not 1" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cni_result result = { 0 };
		struct error err = { 0 };

		assert_fails(parse(rows[i].text, rows[i].assumed, rows[i].exact, &result, &err),
			     &err, ERROR_DECODE, rows[i].msg);
	}
}

static void refuses_with_the_path(void **state)
{
	static const struct {
		const char *version;
		const char *text;
		const char *msg;
	} rows[] = {
		{ "1.0.0", "[]", "the result must be an object, not []" },
		{ "1.0.0", "\"x\"", "the result must be an object, not \"x\"" },
		{ "1.0.0", "{\"ips\": {}}", "ips must be an array, not {}" },
		{ "1.0.0", "{\"ips\": [null]}", "ips[0] must be an object, not null" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1/8\"}, \"x\"]}",
		  "ips[1] must be an object, not \"x\"" },
		{ "1.0.0", "{\"ips\": [{}]}", "ips[0].address is missing" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"\"}]}", "ips[0].address is missing" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1\"}]}",
		  "ips[0].address: invalid CIDR address: 10.0.0.1" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"::ffff:10.0.0.1/104\"}]}",
		  "ips[0].address: invalid CIDR address" },
		{ "1.0.0", "{\"ips\": [{\"address\": 1}]}",
		  "ips[0].address must be a string, not 1" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1/8\", \"gateway\": \"x\"}]}",
		  "ips[0].gateway: invalid IP address: x" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1/8\", \"interface\": \"0\"}]}",
		  "ips[0].interface must be an integer, not \"0\"" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1/8\", \"interface\": -2}]}",
		  "ips[0].interface -2 must be between" },
		{ "1.0.0", "{\"ips\": [{\"address\": \"10.0.0.1/8\", \"interface\": 2147483648}]}",
		  "ips[0].interface 2147483648 must be between" },
		{ "1.0.0", "{\"interfaces\": [null]}",
		  "interfaces[0] must be an object, not null" },
		{ "1.0.0", "{\"interfaces\": [{\"name\": 1}]}",
		  "interfaces[0].name must be a string, not 1" },
		{ "1.0.0", "{\"interfaces\": [{\"mtu\": -1}]}",
		  "interfaces[0].mtu -1 must be between" },
		{ "0.4.0", "{\"interfaces\": [{\"mac\": []}]}",
		  "interfaces[0].mac must be a string, not []" },
		{ "1.0.0", "{\"routes\": [{\"gw\": \"10.0.0.1\"}]}", "routes[0].dst is missing" },
		{ "1.0.0", "{\"routes\": [{\"dst\": \"<nil>\"}]}",
		  "routes[0].dst: invalid CIDR address: <nil>" },
		{ "1.0.0", "{\"routes\": [{\"dst\": \"10.0.0.0/8\", \"priority\": 4294967296}]}",
		  "routes[0].priority 4294967296 must be between 0 and 4294967295" },
		{ "1.0.0", "{\"routes\": [{\"dst\": \"10.0.0.0/8\", \"scope\": 256}]}",
		  "routes[0].scope 256 must be between 0 and 255" },
		{ "1.0.0", "{\"routes\": [{\"dst\": \"10.0.0.0/8\", \"scope\": 1.5}]}",
		  "routes[0].scope must be an integer, not 1.5" },
		{ "1.0.0", "{\"dns\": []}", "dns must be an object, not []" },
		{ "1.0.0", "{\"dns\": {\"domain\": 1}}", "dns.domain must be a string, not 1" },
		{ "1.0.0", "{\"dns\": {\"options\": [null]}}",
		  "dns.options[0] must be a string, not null" },
		{ "0.2.0", "{\"ip4\": []}", "ip4 must be an object, not []" },
		{ "0.2.0", "{\"ip4\": {}}", "ip4.ip is missing" },
		{ "0.2.0", "{\"ip4\": {\"ip\": \"fd00::1/64\"}}",
		  "ip4.ip is an address of the other family" },
		{ "0.2.0", "{\"ip6\": {\"ip\": \"10.0.0.1/8\"}}",
		  "ip6.ip is an address of the other family" },
		{ "0.2.0", "{\"ip6\": {\"ip\": \"fd00::1/64\", \"routes\": [null]}}",
		  "ip6.routes[0] must be an object, not null" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cni_result result = { 0 };
		struct error err = { 0 };

		assert_fails(parse(rows[i].text, rows[i].version, false, &result, &err), &err,
			     ERROR_DECODE, rows[i].msg);
		assert_int_equal(result.n_ips + result.n_interfaces + result.n_routes, 0);
	}
}

static void bounds_lists(void **state)
{
	static const struct {
		const char *version;
		const char *head;
		const char *item;
		const char *tail;
		const char *msg;
	} rows[] = {
		{ "1.1.0", "{\"ips\": [", "{\"address\": \"10.0.0.1/8\"}", "]}",
		  "ips has 1025 items" },
		{ "1.1.0", "{\"routes\": [", "{\"dst\": \"10.0.0.0/8\"}", "]}",
		  "routes has 1025 items" },
		{ "1.1.0", "{\"interfaces\": [", "{\"name\": \"e\"}", "]}",
		  "interfaces has 1025 items" },
		{ "1.1.0", "{\"dns\": {\"search\": [", "\"s\"", "]}}",
		  "dns.search has 1025 items" },
		{ "0.2.0", "{\"ip4\": {\"ip\": \"10.0.0.1/8\", \"routes\": [",
		  "{\"dst\": \"10.0.0.0/8\"}", "]}}", "ip4.routes has 1025 items" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		autofree char *more = fixture_repeat(",", rows[i].item, 1, "");
		autofree char *start = fixture_repeat(rows[i].head, rows[i].item, 1, "");
		autofree char *fits = fixture_repeat(start, more, 1023, rows[i].tail);
		autofree char *exceeds = fixture_repeat(start, more, 1024, rows[i].tail);
		auto_with(cni_result_done) struct cni_result result = { 0 };
		struct cni_result refused = { 0 };
		struct error err = { 0 };

		assert_ok(parse(fits, rows[i].version, true, &result, &err), &err);
		assert_fails(parse(exceeds, rows[i].version, true, &refused, &err), &err,
			     ERROR_DECODE, rows[i].msg);
	}
}

static void reads_a_route_of_a_config(void **state)
{
	json_auto_t *json = json_pack("{s:s, s:i}", "dst", "10.1.2.3/16", "table", 5);
	json_auto_t *bad = json_pack("{s:s}", "dst", "x");
	struct cni_route route = { .priority = 7 };
	struct error err = { 0 };

	(void)state;
	assert_ok(cni_route_parse(json, "ipam.routes[3]", &route, &err), &err);
	assert_string_equal(prefix_text(&route.dst), "10.1.2.3/16");
	assert_int_equal(route.table, 5);
	assert_int_equal(route.priority, 0);
	assert_false(route.has_scope);
	assert_fails(cni_route_parse(bad, "ipam.routes[3]", &route, &err), &err, ERROR_CONFIG,
		     "ipam.routes[3].dst: invalid CIDR address: x");
	assert_fails(cni_route_parse(json_null(), "ipam.routes[3]", &route, &err), &err,
		     ERROR_DECODE, "ipam.routes[3] must be an object, not null");
	assert_int_equal(route.table, 5);
}

static void reads_no_dns_as_empty(void **state)
{
	auto_with(cni_dns_done) struct cni_dns dns = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(cni_dns_parse(NULL, &dns, &err), &err);
	assert_null(dns.domain);
	assert_int_equal(dns.search.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_key_of_the_newest_form),
		cmocka_unit_test(reads_both_families_of_the_oldest_form),
		cmocka_unit_test(takes_what_is_missing_for_empty),
		cmocka_unit_test(ignores_keys_that_the_version_does_not_have),
		cmocka_unit_test(takes_keys_in_any_case),
		cmocka_unit_test(takes_minus_one_for_no_interface),
		cmocka_unit_test(refuses_versions),
		cmocka_unit_test(refuses_with_the_path),
		cmocka_unit_test(bounds_lists),
		cmocka_unit_test(reads_a_route_of_a_config),
		cmocka_unit_test(reads_no_dns_as_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
