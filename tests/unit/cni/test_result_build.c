/* SPDX-License-Identifier: Apache-2.0 */
/* test_result_build.c - every version into every other, to the byte */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/result.h"
#include "fixture.h"

#define N_FORMATS (CNI_FORMAT_100 + 1)

/* The same pod as plugins of each form tell of it; %s: a version of that form. */
static const char *const sources[N_FORMATS] = {
	[CNI_FORMAT_020] =
		"{\"cniVersion\": \"%s\","
		" \"ip4\": {\"ip\": \"10.1.2.3/24\", \"gateway\": \"10.1.2.1\","
		"  \"routes\": [{\"dst\": \"0.0.0.0/0\"}]},"
		" \"ip6\": {\"ip\": \"fd00::3/64\","
		"  \"routes\": [{\"dst\": \"::/0\", \"gw\": \"fd00::1\"}]},"
		" \"dns\": {\"options\": [\"o\"], \"search\": [\"s\"], \"domain\": \"d\","
		"  \"nameservers\": [\"1.1.1.1\"]}}",
	[CNI_FORMAT_040] =
		"{\"cniVersion\": \"%s\","
		" \"interfaces\": [{\"name\": \"br\"},"
		"  {\"name\": \"eth0\", \"mac\": \"02:00:00:00:00:01\", \"sandbox\": \"/n\"}],"
		" \"ips\": [{\"version\": \"4\", \"address\": \"10.1.2.3/24\","
		"  \"gateway\": \"10.1.2.1\", \"interface\": 0},"
		"  {\"version\": \"6\", \"address\": \"fd00::3/64\"},"
		"  {\"version\": \"4\", \"address\": \"10.9.9.9/32\", \"interface\": 1}],"
		" \"routes\": [{\"dst\": \"::/0\", \"gw\": \"fd00::1\"}, {\"dst\": \"0.0.0.0/0\","
		"  \"priority\": 5, \"table\": 0, \"scope\": 0}]}",
	[CNI_FORMAT_100] =
		"{\"cniVersion\": \"%s\","
		" \"interfaces\": [{\"name\": \"eth0\", \"mac\": \"02:00:00:00:00:01\","
		"  \"mtu\": 1450, \"sandbox\": \"/n\", \"socketPath\": \"/s\","
		"  \"pciID\": \"0000:00:1f.6\"}],"
		" \"ips\": [{\"address\": \"fd00::3/64\", \"gateway\": \"fd00::1\"},"
		"  {\"address\": \"10.1.2.3/24\", \"interface\": 0}],"
		" \"routes\": [{\"dst\": \"10.0.0.5/8\", \"gw\": \"10.1.2.1\", \"mtu\": 1400,"
		"  \"advmss\": 1360, \"priority\": 1, \"table\": 100, \"scope\": 253}],"
		" \"dns\": {\"domain\": \"d\"}}",
};

#define L(depth, text) "\n" depth text
#define I1 "    "
#define I2 I1 I1
#define I3 I2 I1
#define I4 I3 I1
#define VERSION L(I1, "\"cniVersion\": \"%s\"")

/* What the reference library prints, from each form into each. */
static const char *const expected[N_FORMATS][N_FORMATS] = {
	[CNI_FORMAT_020] = {
		[CNI_FORMAT_020] = "{" VERSION "," L(I1, "\"ip4\": {")
			L(I2, "\"ip\": \"10.1.2.3/24\",") L(I2, "\"gateway\": \"10.1.2.1\",")
			L(I2, "\"routes\": [") L(I3, "{") L(I4, "\"dst\": \"0.0.0.0/0\"")
			L(I3, "}") L(I2, "]") L(I1, "},") L(I1, "\"ip6\": {")
			L(I2, "\"ip\": \"fd00::3/64\",") L(I2, "\"routes\": [") L(I3, "{")
			L(I4, "\"dst\": \"::/0\",") L(I4, "\"gw\": \"fd00::1\"") L(I3, "}")
			L(I2, "]") L(I1, "},") L(I1, "\"dns\": {") L(I2, "\"nameservers\": [")
			L(I3, "\"1.1.1.1\"") L(I2, "],") L(I2, "\"domain\": \"d\",")
			L(I2, "\"search\": [") L(I3, "\"s\"") L(I2, "],")
			L(I2, "\"options\": [") L(I3, "\"o\"") L(I2, "]") L(I1, "}") "\n}",
		[CNI_FORMAT_040] = "{" VERSION "," L(I1, "\"ips\": [") L(I2, "{")
			L(I3, "\"version\": \"4\",") L(I3, "\"address\": \"10.1.2.3/24\",")
			L(I3, "\"gateway\": \"10.1.2.1\"") L(I2, "},") L(I2, "{")
			L(I3, "\"version\": \"6\",") L(I3, "\"address\": \"fd00::3/64\"")
			L(I2, "}") L(I1, "],") L(I1, "\"routes\": [") L(I2, "{")
			L(I3, "\"dst\": \"0.0.0.0/0\"") L(I2, "},") L(I2, "{")
			L(I3, "\"dst\": \"::/0\",") L(I3, "\"gw\": \"fd00::1\"") L(I2, "}")
			L(I1, "],") L(I1, "\"dns\": {") L(I2, "\"nameservers\": [")
			L(I3, "\"1.1.1.1\"") L(I2, "],") L(I2, "\"domain\": \"d\",")
			L(I2, "\"search\": [") L(I3, "\"s\"") L(I2, "],")
			L(I2, "\"options\": [") L(I3, "\"o\"") L(I2, "]") L(I1, "}") "\n}",
		[CNI_FORMAT_100] = "{" VERSION "," L(I1, "\"dns\": {")
			L(I2, "\"domain\": \"d\",") L(I2, "\"nameservers\": [")
			L(I3, "\"1.1.1.1\"") L(I2, "],") L(I2, "\"options\": [") L(I3, "\"o\"")
			L(I2, "],") L(I2, "\"search\": [") L(I3, "\"s\"") L(I2, "]")
			L(I1, "},") L(I1, "\"ips\": [") L(I2, "{")
			L(I3, "\"address\": \"10.1.2.3/24\",")
			L(I3, "\"gateway\": \"10.1.2.1\"") L(I2, "},") L(I2, "{")
			L(I3, "\"address\": \"fd00::3/64\"") L(I2, "}") L(I1, "],")
			L(I1, "\"routes\": [") L(I2, "{") L(I3, "\"dst\": \"0.0.0.0/0\"")
			L(I2, "},") L(I2, "{") L(I3, "\"dst\": \"::/0\",")
			L(I3, "\"gw\": \"fd00::1\"") L(I2, "}") L(I1, "]") "\n}",
	},
	[CNI_FORMAT_040] = {
		[CNI_FORMAT_020] = "{" VERSION "," L(I1, "\"ip4\": {")
			L(I2, "\"ip\": \"10.1.2.3/24\",") L(I2, "\"gateway\": \"10.1.2.1\",")
			L(I2, "\"routes\": [") L(I3, "{") L(I4, "\"dst\": \"0.0.0.0/0\"")
			L(I3, "}") L(I2, "]") L(I1, "},") L(I1, "\"ip6\": {")
			L(I2, "\"ip\": \"fd00::3/64\",") L(I2, "\"routes\": [") L(I3, "{")
			L(I4, "\"dst\": \"::/0\",") L(I4, "\"gw\": \"fd00::1\"") L(I3, "}")
			L(I2, "]") L(I1, "},") L(I1, "\"dns\": {}") "\n}",
		[CNI_FORMAT_040] = "{" VERSION "," L(I1, "\"interfaces\": [") L(I2, "{")
			L(I3, "\"name\": \"br\"") L(I2, "},") L(I2, "{")
			L(I3, "\"name\": \"eth0\",") L(I3, "\"mac\": \"02:00:00:00:00:01\",")
			L(I3, "\"sandbox\": \"/n\"") L(I2, "}") L(I1, "],") L(I1, "\"ips\": [")
			L(I2, "{") L(I3, "\"version\": \"4\",") L(I3, "\"interface\": 0,")
			L(I3, "\"address\": \"10.1.2.3/24\",")
			L(I3, "\"gateway\": \"10.1.2.1\"") L(I2, "},") L(I2, "{")
			L(I3, "\"version\": \"6\",") L(I3, "\"address\": \"fd00::3/64\"")
			L(I2, "},") L(I2, "{") L(I3, "\"version\": \"4\",")
			L(I3, "\"interface\": 1,") L(I3, "\"address\": \"10.9.9.9/32\"")
			L(I2, "}") L(I1, "],") L(I1, "\"routes\": [") L(I2, "{")
			L(I3, "\"dst\": \"::/0\",") L(I3, "\"gw\": \"fd00::1\"") L(I2, "},")
			L(I2, "{") L(I3, "\"dst\": \"0.0.0.0/0\",") L(I3, "\"priority\": 5,")
			L(I3, "\"table\": 0,") L(I3, "\"scope\": 0") L(I2, "}") L(I1, "],")
			L(I1, "\"dns\": {}") "\n}",
		[CNI_FORMAT_100] = "{" VERSION "," L(I1, "\"interfaces\": [") L(I2, "{")
			L(I3, "\"name\": \"br\"") L(I2, "},") L(I2, "{")
			L(I3, "\"mac\": \"02:00:00:00:00:01\",") L(I3, "\"name\": \"eth0\",")
			L(I3, "\"sandbox\": \"/n\"") L(I2, "}") L(I1, "],") L(I1, "\"ips\": [")
			L(I2, "{") L(I3, "\"address\": \"10.1.2.3/24\",")
			L(I3, "\"gateway\": \"10.1.2.1\",") L(I3, "\"interface\": 0")
			L(I2, "},") L(I2, "{") L(I3, "\"address\": \"fd00::3/64\"") L(I2, "},")
			L(I2, "{") L(I3, "\"address\": \"10.9.9.9/32\",")
			L(I3, "\"interface\": 1") L(I2, "}") L(I1, "],") L(I1, "\"routes\": [")
			L(I2, "{") L(I3, "\"dst\": \"::/0\",") L(I3, "\"gw\": \"fd00::1\"")
			L(I2, "},") L(I2, "{") L(I3, "\"dst\": \"0.0.0.0/0\",")
			L(I3, "\"priority\": 5,") L(I3, "\"scope\": 0,") L(I3, "\"table\": 0")
			L(I2, "}") L(I1, "]") "\n}",
	},
	[CNI_FORMAT_100] = {
		[CNI_FORMAT_020] = "{" VERSION "," L(I1, "\"ip4\": {")
			L(I2, "\"ip\": \"10.1.2.3/24\",") L(I2, "\"routes\": [") L(I3, "{")
			L(I4, "\"dst\": \"10.0.0.5/8\",") L(I4, "\"gw\": \"10.1.2.1\"")
			L(I3, "}") L(I2, "]") L(I1, "},") L(I1, "\"ip6\": {")
			L(I2, "\"ip\": \"fd00::3/64\",") L(I2, "\"gateway\": \"fd00::1\"")
			L(I1, "},") L(I1, "\"dns\": {") L(I2, "\"domain\": \"d\"") L(I1, "}") "\n}",
		[CNI_FORMAT_040] = "{" VERSION "," L(I1, "\"interfaces\": [") L(I2, "{")
			L(I3, "\"name\": \"eth0\",") L(I3, "\"mac\": \"02:00:00:00:00:01\",")
			L(I3, "\"sandbox\": \"/n\"") L(I2, "}") L(I1, "],") L(I1, "\"ips\": [")
			L(I2, "{") L(I3, "\"version\": \"6\",")
			L(I3, "\"address\": \"fd00::3/64\",") L(I3, "\"gateway\": \"fd00::1\"")
			L(I2, "},") L(I2, "{") L(I3, "\"version\": \"4\",")
			L(I3, "\"interface\": 0,") L(I3, "\"address\": \"10.1.2.3/24\"")
			L(I2, "}") L(I1, "],") L(I1, "\"routes\": [") L(I2, "{")
			L(I3, "\"dst\": \"10.0.0.5/8\",") L(I3, "\"gw\": \"10.1.2.1\",")
			L(I3, "\"mtu\": 1400,") L(I3, "\"advmss\": 1360,")
			L(I3, "\"priority\": 1,") L(I3, "\"table\": 100,")
			L(I3, "\"scope\": 253") L(I2, "}") L(I1, "],") L(I1, "\"dns\": {")
			L(I2, "\"domain\": \"d\"") L(I1, "}") "\n}",
		[CNI_FORMAT_100] = "{" VERSION "," L(I1, "\"dns\": {") L(I2, "\"domain\": \"d\"")
			L(I1, "},") L(I1, "\"interfaces\": [") L(I2, "{")
			L(I3, "\"mac\": \"02:00:00:00:00:01\",") L(I3, "\"mtu\": 1450,")
			L(I3, "\"name\": \"eth0\",") L(I3, "\"pciID\": \"0000:00:1f.6\",")
			L(I3, "\"sandbox\": \"/n\",") L(I3, "\"socketPath\": \"/s\"") L(I2, "}")
			L(I1, "],") L(I1, "\"ips\": [") L(I2, "{")
			L(I3, "\"address\": \"fd00::3/64\",") L(I3, "\"gateway\": \"fd00::1\"")
			L(I2, "},") L(I2, "{") L(I3, "\"address\": \"10.1.2.3/24\",")
			L(I3, "\"interface\": 0") L(I2, "}") L(I1, "],") L(I1, "\"routes\": [")
			L(I2, "{") L(I3, "\"advmss\": 1360,") L(I3, "\"dst\": \"10.0.0.5/8\",")
			L(I3, "\"gw\": \"10.1.2.1\",") L(I3, "\"mtu\": 1400,")
			L(I3, "\"priority\": 1,") L(I3, "\"scope\": 253,")
			L(I3, "\"table\": 100") L(I2, "}") L(I1, "]") "\n}",
	},
};

/* @fmt with its one %s; not by printf(3), which wants a constant. */
static char *with_version(const char *fmt, const char *version)
{
	const char *at = strstr(fmt, "%s");
	char *text;

	assert_true(asprintf(&text, "%.*s%s%s", (int)(at - fmt), fmt, version, at + 2) > 0);
	return text;
}

static void converts_every_version_into_every_other(void **state)
{
	size_t n;
	const struct cni_version *versions = cni_versions(&n);

	(void)state;
	for (size_t from = 0; from < n; from++) {
		autofree char *source = with_version(sources[versions[from].format],
						     versions[from].text);

		for (size_t to = 0; to < n; to++) {
			autofree char *wanted = with_version(
				expected[versions[from].format][versions[to].format],
				versions[to].text);
			struct error err = { 0 };
			autofree char *text = fixture_convert(source, "1.1.0", versions[to].text,
							      &err);

			assert_non_null(text);
			assert_string_equal(text, wanted);
		}
	}
}

static void converts(void **state)
{
	static const struct {
		const char *from;
		const char *to;
		const char *result;
		const char *wanted;
	} rows[] = {
		/* Nothing at all. */
		{ "1.1.0", "1.1.0", "{}", "{\n    \"cniVersion\": \"1.1.0\"\n}" },
		{ "1.1.0", "0.4.0", "{}", "{\n    \"cniVersion\": \"0.4.0\",\n    \"dns\": {}\n}" },
		/* An interface has a name, be it empty. */
		{ "1.0.0", "1.0.0", "{\"interfaces\": [{\"mtu\": 0}]}",
		  "{\n    \"cniVersion\": \"1.0.0\",\n    \"interfaces\": [\n        {\n"
		  "            \"name\": \"\"\n        }\n    ]\n}" },
		/* Routes of a family without address have no place in the old form. */
		{ "1.0.0", "0.2.0",
		  "{\"ips\": [{\"address\": \"10.0.0.1/8\"}], \"routes\": [{\"dst\": \"::/0\"}]}",
		  "{\n    \"cniVersion\": \"0.2.0\",\n    \"ip4\": {\n"
		  "        \"ip\": \"10.0.0.1/8\"\n    },\n    \"dns\": {}\n}" },
		/* A wrong "version" does not count, the address does. */
		{ "0.4.0", "0.2.0",
		  "{\"ips\": [{\"version\": \"6\", \"address\": \"10.0.0.1/8\"}]}",
		  "{\n    \"cniVersion\": \"0.2.0\",\n    \"ip4\": {\n"
		  "        \"ip\": \"10.0.0.1/8\"\n    },\n    \"dns\": {}\n}" },
		/* The default version is told. */
		{ "", "", "{\"ip4\": {\"ip\": \"10.0.0.1/8\"}}",
		  "{\n    \"cniVersion\": \"0.1.0\",\n    \"ip4\": {\n"
		  "        \"ip\": \"10.0.0.1/8\"\n    },\n    \"dns\": {}\n}" },
		/* Text beyond ASCII and characters that JSON escapes. */
		{ "1.0.0", "1.0.0", "{\"dns\": {\"domain\": \"\\u00fc/\\\"\\n\\u007f<\"}}",
		  "{\n    \"cniVersion\": \"1.0.0\",\n    \"dns\": {\n"
		  "        \"domain\": \"\u00fc/\\\"\\n\x7f<\"\n    }\n}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct error err = { 0 };
		autofree char *text = fixture_convert(rows[i].result, rows[i].from, rows[i].to,
						      &err);

		assert_non_null(text);
		assert_string_equal(text, rows[i].wanted);
	}
}

static void cannot_convert_a_result_without_addresses(void **state)
{
	static const char *const results[] = {
		"{}",
		"{\"interfaces\": [{\"name\": \"eth0\"}]}",
		"{\"routes\": [{\"dst\": \"0.0.0.0/0\"}], \"dns\": {\"domain\": \"d\"}}",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct error err = { 0 };

		assert_null(fixture_convert(results[i], "1.0.0", "0.2.0", &err));
		assert_int_equal(err.code, ERROR_CONFIG);
		assert_string_equal(err.msg, "cannot convert: no valid IP addresses");
	}
}

static void names_what_cannot_be_written(void **state)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	const struct cni_version *version = cni_version_find("1.1.0");
	struct error err = { 0 };
	json_t *json = NULL;

	(void)state;
	cni_result_add_interface(&result)->sandbox = strdup("/run/\xff");
	assert_fails(cni_result_build(&result, version, &json, &err), &err, ERROR_CONFIG,
		     "cannot write \"sandbox\" of the result");
	cni_result_done(&result);
	cni_result_add_ip(&result);
	assert_fails(cni_result_build(&result, version, &json, &err), &err, ERROR_CONFIG,
		     "cannot write \"address\" of the result");
	cni_result_done(&result);
	cni_result_add_route(&result);
	assert_fails(cni_result_build(&result, version, &json, &err), &err, ERROR_CONFIG,
		     "cannot write \"dst\" of the result");
	assert_null(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_every_version_into_every_other),
		cmocka_unit_test(converts),
		cmocka_unit_test(cannot_convert_a_result_without_addresses),
		cmocka_unit_test(names_what_cannot_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
