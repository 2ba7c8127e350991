/* SPDX-License-Identifier: Apache-2.0 */
/* test_args.c - CNI_ARGS */

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "fixture.h"

#define KUBERNETES                                                           \
	"K8S_POD_INFRA_CONTAINER_ID=abc;K8S_POD_UID=u-1;K8S_POD_NAME=web-0;" \
	"K8S_POD_NAMESPACE=shop"

static void reads_what_kubernetes_sends(void **state)
{
	struct cni_args args = { 0 };
	struct error err = { 0 };

	(void)state;
	assert_ok(cni_args_parse(KUBERNETES ";IgnoreUnknown=1", &args, &err), &err);
	assert_string_equal(args.pod_namespace, "shop");
	assert_string_equal(args.pod_name, "web-0");
	assert_int_equal(args.ip.family, 0);
	assert_false(args.has_mac);
}

static void reads_addresses(void **state)
{
	struct cni_args args = { 0 };
	struct error err = { 0 };
	char ip[IP_TEXT_SIZE];
	char mac[MAC_TEXT_SIZE];

	(void)state;
	assert_ok(cni_args_parse("IP=10.1.2.3;MAC=0A-58-00-00-00-01", &args, &err), &err);
	assert_string_equal(ip_format(&args.ip, ip), "10.1.2.3");
	assert_true(args.has_mac);
	assert_string_equal(mac_format(&args.mac, mac), "0a:58:00:00:00:01");
	assert_ok(cni_args_parse("IP=fd00::5", &args, &err), &err);
	assert_int_equal(args.ip.family, AF_INET6);
	assert_false(args.has_mac);
}

static void accepts(void **state)
{
	static const char *const texts[] = {
		"",
		"IP=",
		"MAC=",
		"IP=;MAC=",
		"IgnoreUnknown=1",
		"IgnoreUnknown=true",
		"IgnoreUnknown=TRUE",
		"IgnoreUnknown=0",
		"IgnoreUnknown=False",
		"IgnoreUnknown=1;x=y",
		"x=y;IgnoreUnknown=1",
		"x=y;IgnoreUnknown=0;z=;IgnoreUnknown=1",
		"K8S_=",
		"K8S_POD_NAME=a",
		KUBERNETES,
		"=;IgnoreUnknown=true",
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct cni_args args = { .has_mac = true };

		assert_ok(cni_args_parse(texts[i], &args, &err), &err);
		assert_int_equal(args.ip.family, 0);
		assert_false(args.has_mac);
	}
}

static void refuses(void **state)
{
	static const struct {
		const char *text;
		const char *msg;
	} rows[] = {
		{ "x", "ARGS: invalid pair \"x\"" },
		{ "IP", "ARGS: invalid pair \"IP\"" },
		{ "IP=1.2.3.4;", "ARGS: invalid pair \"\"" },
		{ ";", "ARGS: invalid pair \"\"" },
		{ "IgnoreUnknown=1;;x=y", "ARGS: invalid pair \"\"" },
		{ "IgnoreUnknown=1;a=b=c", "ARGS: invalid pair \"a=b=c\"" },
		{ "IP==", "ARGS: invalid pair \"IP==\"" },
		{ "IgnoreUnknown=yes", "ARGS: error parsing value of pair \"IgnoreUnknown=yes\": "
				       "boolean unmarshal error: invalid input yes" },
		{ "IgnoreUnknown=", "boolean unmarshal error: invalid input " },
		{ "x=y", "ARGS: unknown args [\"x=y\"]" },
		{ "x=y;IgnoreUnknown=0", "ARGS: unknown args [\"x=y\"]" },
		{ "x=y;IgnoreUnknown=1;IgnoreUnknown=0", "ARGS: unknown args [\"x=y\"]" },
		{ "x=1;K8S_A=b;y=2", "ARGS: unknown args [\"x=1\" \"y=2\"]" },
		{ "ip=10.0.0.1", "ARGS: unknown args [\"ip=10.0.0.1\"]" },
		{ "mac=0a:58:00:00:00:01", "ARGS: unknown args" },
		{ "k8s_POD_NAME=a", "ARGS: unknown args" },
		{ "ignoreunknown=1", "ARGS: unknown args" },
		{ "CommonArgs=1", "ARGS: unknown args" },
		{ "=x", "ARGS: unknown args [\"=x\"]" },
		{ "IP=10.0.0.1/24", "\"IP=10.0.0.1/24\": invalid IP address" },
		{ "IP=foo", "\"IP=foo\": invalid IP address" },
		{ "IP=010.0.0.1;IgnoreUnknown=1", "invalid IP address" },
		{ "IP=fe80::1%eth0", "invalid IP address" },
		{ "MAC=zz", "\"MAC=zz\": invalid MAC address" },
		{ "MAC=0a:58:00:00:00", "invalid MAC address" },
	};
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cni_args args = { .has_mac = true };

		assert_fails(cni_args_parse(rows[i].text, &args, &err), &err, ERROR_ENV,
			     rows[i].msg);
		assert_true(args.has_mac);
	}
}

static void says_how_to_allow_unknown_keys(void **state)
{
	struct cni_args args;
	struct error err = { 0 };

	(void)state;
	assert_fails(cni_args_parse("x=y", &args, &err), &err, ERROR_ENV, "unknown args");
	assert_string_equal(err.hint, "add IgnoreUnknown=1 to CNI_ARGS");
}

static void lets_the_last_of_equal_keys_win(void **state)
{
	struct cni_args args;
	struct error err = { 0 };
	char ip[IP_TEXT_SIZE];

	(void)state;
	assert_ok(cni_args_parse("IP=10.0.0.1;IP=10.0.0.2", &args, &err), &err);
	assert_string_equal(ip_format(&args.ip, ip), "10.0.0.2");
	assert_ok(cni_args_parse("IP=10.0.0.1;IP=", &args, &err), &err);
	assert_int_equal(args.ip.family, 0);
}

static void cuts_what_is_too_long(void **state)
{
	autofree char *name = fixture_repeat("K8S_POD_NAME=", "n", 1000, ";IgnoreUnknown=1");
	autofree char *unknown = fixture_repeat("x=1", ";unknown=\033", 5000, "");
	autofree char *key = fixture_repeat("", "k", 100000, "=1");
	struct cni_args args;
	struct error err = { 0 };

	(void)state;
	assert_ok(cni_args_parse(name, &args, &err), &err);
	assert_int_equal(strlen(args.pod_name), sizeof(args.pod_name) - 1);
	assert_fails(cni_args_parse(unknown, &args, &err), &err, ERROR_ENV,
		     "\"x=1\" \"unknown=?\"");
	assert_fails(cni_args_parse(key, &args, &err), &err, ERROR_ENV, "unknown args [\"kkkk");
}

static void gleans_over_errors(void **state)
{
	struct cni_args args;

	(void)state;
	cni_args_glean(";x;a=b=c;IP=foo;unknown=1;K8S_POD_NAME=web;MAC=zz;K8S_POD_NAMESPACE=ns;",
		       &args);
	assert_string_equal(args.pod_name, "web");
	assert_string_equal(args.pod_namespace, "ns");
	assert_int_equal(args.ip.family, 0);
	assert_false(args.has_mac);
	cni_args_glean("", &args);
	assert_string_equal(args.pod_name, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_kubernetes_sends),
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(accepts),
		cmocka_unit_test(refuses),
		cmocka_unit_test(says_how_to_allow_unknown_keys),
		cmocka_unit_test(lets_the_last_of_equal_keys_win),
		cmocka_unit_test(cuts_what_is_too_long),
		cmocka_unit_test(gleans_over_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
