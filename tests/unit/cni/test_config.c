/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - keys of the protocol itself */

#include "harness.h"

#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "fixture.h"

static int ask_mac(const char *config, const char *args_text, struct mac *ret, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call(config);
	struct cni_args args;

	assert_ok(cni_args_parse(args_text, &args, err), err);
	return cni_config_mac(&call, &args, ret, err);
}

static void takes_the_strongest_mac(void **state)
{
	static const struct {
		const char *config;
		const char *args;
		const char *mac;
	} rows[] = {
		{ "{\"runtimeConfig\": {\"mac\": \"02:00:00:00:00:01\"},"
		  " \"args\": {\"cni\": {\"mac\": \"02:00:00:00:00:02\"}}}",
		  "MAC=02:00:00:00:00:03", "02:00:00:00:00:01" },
		{ "{\"args\": {\"cni\": {\"mac\": \"02:00:00:00:00:02\"}}}",
		  "MAC=02:00:00:00:00:03", "02:00:00:00:00:02" },
		{ "{}", "MAC=02:00:00:00:00:03", "02:00:00:00:00:03" },
		{ "{\"runtimeConfig\": {\"mac\": \"\"}, \"args\": {\"cni\": {\"mac\": \"\"}}}",
		  "MAC=02:00:00:00:00:03", "02:00:00:00:00:03" },
		{ "{\"runtimeConfig\": null, \"args\": {\"cni\": null}}", "MAC=02:00:00:00:00:03",
		  "02:00:00:00:00:03" },
		{ "{\"RuntimeConfig\": {\"Mac\": \"02:00:00:00:00:0A\"}}", "",
		  "02:00:00:00:00:0a" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[MAC_TEXT_SIZE];
		struct mac mac;

		assert_int_equal(ask_mac(rows[i].config, rows[i].args, &mac, &err), 1);
		assert_string_equal(mac_format(&mac, text), rows[i].mac);
	}
}

static void takes_no_mac_for_none(void **state)
{
	static const char *const configs[] = {
		"{}",
		"{\"runtimeConfig\": {}, \"args\": {}}",
		"{\"runtimeConfig\": {\"mac\": null}, \"args\": {\"cni\": {}}}",
		"{\"runtimeConfig\": {\"mac\": \"\"}}",
		"{\"mac\": \"02:00:00:00:00:01\"}",
	};
	struct error err = { 0 };
	struct mac mac = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++)
		assert_int_equal(ask_mac(configs[i], "MAC=", &mac, &err), 0);
}

static void refuses_a_mac_that_no_interface_can_bear(void **state)
{
	static const struct {
		const char *config;
		const char *args;
		int code;
		const char *msg;
	} rows[] = {
		{ "{\"runtimeConfig\": {\"mac\": \"zz\"}}", "", ERROR_CONFIG,
		  "runtimeConfig.mac: address zz: invalid MAC address" },
		{ "{\"args\": {\"cni\": {\"mac\": \"02:00\"}}}", "", ERROR_CONFIG,
		  "args.cni.mac: address 02:00: invalid MAC address" },
		{ "{\"runtimeConfig\": {\"mac\": \"01:00:5e:00:00:01\"}}", "", ERROR_CONFIG,
		  "MAC address 01:00:5e:00:00:01 is not unicast" },
		{ "{}", "MAC=ff:ff:ff:ff:ff:ff", ERROR_CONFIG,
		  "MAC address ff:ff:ff:ff:ff:ff is not unicast" },
		{ "{}", "MAC=00:00:00:00:00:00", ERROR_CONFIG, "is not unicast" },
		{ "{\"runtimeConfig\": {\"mac\": 5}}", "", ERROR_DECODE,
		  "runtimeConfig.mac must be a string, not 5" },
		{ "{\"runtimeConfig\": []}", "", ERROR_DECODE,
		  "runtimeConfig must be an object, not []" },
		{ "{\"args\": {\"cni\": 7}}", "", ERROR_DECODE,
		  "args.cni must be an object, not 7" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		struct mac mac;

		assert_fails(ask_mac(rows[i].config, rows[i].args, &mac, &err), &err, rows[i].code,
			     rows[i].msg);
	}
}

static int ask_prev_result(const char *config, struct cni_result *ret, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call(config);

	return cni_config_prev_result(&call, ret, err);
}

static void reads_a_prev_result(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(ask_prev_result("{\"cniVersion\": \"1.0.0\", \"prevResult\": {"
					 "\"cniVersion\": \"1.1.0\","
					 "\"interfaces\": [{\"name\": \"eth0\"}]}}",
					 &result, &err),
			 1);
	assert_int_equal(result.n_interfaces, 1);
	assert_string_equal(result.interfaces[0].name, "eth0");
}

static void assumes_the_configs_version(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(ask_prev_result("{\"cniVersion\": \"0.2.0\", \"prevResult\": {"
					 "\"ip4\": {\"ip\": \"10.0.0.2/24\"}}}",
					 &result, &err),
			 1);
	assert_int_equal(result.n_ips, 1);
}

static void takes_no_prev_result_for_none(void **state)
{
	struct cni_result result = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(ask_prev_result("{}", &result, &err), 0);
	assert_int_equal(ask_prev_result("{\"prevResult\": null}", &result, &err), 0);
}

static void refuses_a_prev_result_of_another_shape(void **state)
{
	static const struct {
		const char *config;
		const char *msg;
	} rows[] = {
		{ "{\"cniVersion\": \"1.1.0\", \"prevResult\": {\"cniVersion\": \"0.4.0\"}}",
		  "could not parse prevResult: result type supports [1.0.0 1.1.0] but unmarshalled "
		  "CNIVersion is \"0.4.0\"" },
		{ "{\"cniVersion\": \"0.4.0\", \"prevResult\": {\"cniVersion\": \"1.0.0\"}}",
		  "result type supports [0.3.0 0.3.1 0.4.0] but unmarshalled CNIVersion is "
		  "\"1.0.0\"" },
		{ "{\"prevResult\": {\"cniVersion\": \"7.0\"}}",
		  "result type supports [0.1.0 0.2.0] but unmarshalled CNIVersion is \"7.0\"" },
		{ "{\"prevResult\": \"x\"}", "prevResult must be an object, not \"x\"" },
		{ "{\"prevResult\": []}", "prevResult must be an object, not []" },
		{ "{\"cniVersion\": \"1.1.0\", \"prevResult\": {\"ips\": [null]}}",
		  "could not parse prevResult: ips[0] must be an object, not null" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cni_result result = { 0 };
		struct error err = { 0 };

		assert_fails(ask_prev_result(rows[i].config, &result, &err), &err, ERROR_DECODE,
			     rows[i].msg);
		assert_null(result.ips);
	}
}

static int check_types(const char *config, struct error *err)
{
	auto_with(cni_call_done) struct cni_call call = fixture_call(config);

	return cni_config_check_types(&call, err);
}

static void accepts_well_typed_protocol_keys(void **state)
{
	static const char *const configs[] = {
		"{}",
		"{\"type\": null, \"capabilities\": null, \"dns\": null, \"ipam\": null,"
		" \"prevResult\": null, \"cni.dev/valid-attachments\": null}",
		"{\"type\": \"x\", \"capabilities\": {\"a\": true, \"b\": false, \"c\": null},"
		" \"dns\": {\"nameservers\": [\"1.1.1.1\"], \"domain\": \"d\"},"
		" \"ipam\": {\"type\": \"hl-ipam\", \"other\": []}, \"prevResult\": {},"
		" \"cni.dev/valid-attachments\": [], \"unknown\": [[{}]]}",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(configs); i++)
		assert_ok(check_types(configs[i], &err), &err);
}

static void refuses_ill_typed_protocol_keys(void **state)
{
	static const struct {
		const char *config;
		const char *msg;
	} rows[] = {
		{ "{\"type\": 1}", "type must be a string, not 1" },
		{ "{\"capabilities\": []}", "capabilities must be an object, not []" },
		{ "{\"capabilities\": {\"mac\": \"yes\"}}",
		  "capabilities.mac must be true or false, not \"yes\"" },
		{ "{\"Capabilities\": {\"mac\": 1}}", "capabilities.mac must be true or false" },
		{ "{\"dns\": []}", "dns must be an object, not []" },
		{ "{\"dns\": {\"search\": \"x\"}}", "dns.search must be an array, not \"x\"" },
		{ "{\"dns\": {\"nameservers\": [1]}}",
		  "dns.nameservers[0] must be a string, not 1" },
		{ "{\"ipam\": \"hl-ipam\"}", "ipam must be an object, not \"hl-ipam\"" },
		{ "{\"ipam\": {\"type\": {}}}", "ipam.type must be a string, not {}" },
		{ "{\"prevResult\": 1}", "prevResult must be an object, not 1" },
		{ "{\"cni.dev/valid-attachments\": {}}",
		  "cni.dev/valid-attachments must be an array, not {}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };

		assert_fails(check_types(rows[i].config, &err), &err, ERROR_DECODE, rows[i].msg);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_strongest_mac),
		cmocka_unit_test(takes_no_mac_for_none),
		cmocka_unit_test(refuses_a_mac_that_no_interface_can_bear),
		cmocka_unit_test(reads_a_prev_result),
		cmocka_unit_test(assumes_the_configs_version),
		cmocka_unit_test(takes_no_prev_result_for_none),
		cmocka_unit_test(refuses_a_prev_result_of_another_shape),
		cmocka_unit_test(accepts_well_typed_protocol_keys),
		cmocka_unit_test(refuses_ill_typed_protocol_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
