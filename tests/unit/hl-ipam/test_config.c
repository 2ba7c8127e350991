/* SPDX-License-Identifier: Apache-2.0 */
/* test_config.c - what hl-ipam says of configs that make no sense */

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"

#define SUBNET "\"subnet\": \"10.9.0.0/24\""

/* @ipam: NULL = no "ipam" at all */
static const struct {
	const char *version;
	const char *ipam;
	const char *top;
	int code;
	const char *msg;
} cases[] = {
	{ "1.0.0", NULL, "", 7, "IPAM config missing 'ipam' key" },
	{ "1.0.0", NULL, "\"ipam\": null", 7, "IPAM config missing 'ipam' key" },
	{ "1.0.0", NULL, "\"ipam\": 7", 6, "ipam must be an object" },
	{ "1.0.0", "", "", 7, "no IP ranges specified" },
	{ "1.0.0", "\"ranges\": []", "", 7, "no IP ranges specified" },
	{ "1.0.0", "\"ranges\": [[]]", "", 7, "invalid range set 0: empty range set" },
	{ "1.0.0", SUBNET ", \"ranges\": [null]", "", 7, "invalid range set 1: empty range set" },
	{ "1.0.0", "\"ranges\": [[{}]]", "", 7, "invalid range set 0: IP <nil> not v4 nor v6" },
	{ "1.0.0", "\"ranges\": [[null]]", "", 7, "invalid range set 0: IP <nil> not v4 nor v6" },
	{ "1.0.0", "\"ranges\": [7]", "", 6, "ipam.ranges[0] must be an array" },
	{ "1.0.0", "\"ranges\": [[7]]", "", 6, "ipam.ranges[0][0] must be an object" },
	{ "1.0.0", "\"ranges\": {}", "", 6, "ipam.ranges must be an array" },
	{ "1.0.0", "\"subnet\": \"10.9.0.0\"", "", 7, "invalid CIDR address: 10.9.0.0" },
	{ "1.0.0", "\"subnet\": \"10.9.0.0/33\"", "", 7, "invalid CIDR address: 10.9.0.0/33" },
	{ "1.0.0", "\"subnet\": \"010.9.0.0/24\"", "", 7, "invalid CIDR address: 010.9.0.0/24" },
	{ "1.0.0", "\"subnet\": \"\"", "", 7, "invalid CIDR address: " },
	{ "1.0.0", "\"subnet\": null", "", 7, "invalid CIDR address: " },
	{ "1.0.0", "\"subnet\": 10", "", 6, "ipam.subnet must be a string" },
	{ "1.0.0", "\"ranges\": [[{\"subnet\": null}]]", "", 7,
	  "ipam.ranges[0][0].subnet: invalid CIDR address: " },
	{ "1.0.0", "\"subnet\": \"10.9.0.0/31\"", "", 7,
	  "invalid range set 0: Network 10.9.0.0/31 too small to allocate from" },
	{ "1.0.0", "\"subnet\": \"10.9.0.5/24\"", "", 7,
	  "invalid range set 0: Network has host bits set. For a subnet mask of length 24 the "
	  "network address is 10.9.0.0" },
	{ "1.0.0", "\"subnet\": \"::ffff:10.9.0.0/120\"", "", 7,
	  "invalid range set 0: IPNet IP and Mask version mismatch" },
	{ "1.0.0", SUBNET ", \"rangeStart\": \"foo\"", "", 7, "invalid IP address: foo" },
	{ "1.0.0", SUBNET ", \"rangeStart\": \"10.9.1.1\"", "", 7,
	  "invalid range set 0: RangeStart 10.9.1.1 not in network 10.9.0.0/24" },
	{ "1.0.0", SUBNET ", \"rangeEnd\": \"10.9.1.1\"", "", 7,
	  "invalid range set 0: RangeEnd 10.9.1.1 not in network 10.9.0.0/24" },
	{ "1.0.0", "\"ranges\": [[{" SUBNET "}, {\"subnet\": \"fd00::/64\"}]]", "", 7,
	  "invalid range set 0: mixed address families" },
	{ "1.0.0", "\"ranges\": [[{" SUBNET "}, {" SUBNET "}]]", "", 7,
	  "invalid range set 0: subnets 10.9.0.1-10.9.0.254 and 10.9.0.1-10.9.0.254 overlap" },
	{ "1.0.0", SUBNET ", \"ranges\": [[{" SUBNET "}]]", "", 7, "range set 0 overlaps with 1" },
	{ "0.2.0", SUBNET ", \"ranges\": [[{\"subnet\": \"10.8.0.0/24\"}]]", "", 7,
	  "CNI version 0.2.0 does not support more than 1 address per family" },
	{ "0.2.0", SUBNET ", \"ranges\": [[{" SUBNET "}]]", "", 7,
	  "CNI version 0.2.0 does not support more than 1 address per family" },
	{ "0.1.0", "\"ranges\": [[{\"subnet\": \"fd00::/64\"}], [{\"subnet\": \"fd01::/64\"}]]", "",
	  7, "CNI version 0.1.0 does not support more than 1 address per family" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [null]}", 6,
	  "runtimeConfig.ips[0] must be a string, not null" },
	{ "1.0.0", SUBNET, "\"args\": {\"cni\": {\"ips\": [\"10.9.0.2\", 7]}}", 6,
	  "args.cni.ips[1] must be a string" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"foo\"]}", 7, "invalid IP address foo" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"10.9.0.2/99\"]}", 7,
	  "invalid IP address 10.9.0.2/99" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"/24\"]}", 7, "invalid IP address /24" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"\"]}", 7,
	  "cannot understand ip: IP <nil> not v4 nor v6" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"10.9.0.1\"]}", 7,
	  "failed to allocate for range 0: requested ip 10.9.0.1 is subnet's gateway" },
	{ "1.0.0", SUBNET, "\"runtimeConfig\": {\"ips\": [\"10.8.0.1\"]}", 7,
	  "failed to allocate all requested IPs: 10.8.0.1" },
	{ "1.0.0", SUBNET ", \"routes\": [null]", "", 6, "ipam.routes[0] must be an object" },
	{ "1.0.0", SUBNET ", \"routes\": [{}]", "", 6, "ipam.routes[0].dst is missing" },
	{ "1.0.0", SUBNET ", \"resolvConf\": 7", "", 6, "ipam.resolvConf must be a string" },
};

static char *make_config(const struct tmp *tmp, size_t i)
{
	char *text;

	if (cases[i].ipam)
		return fixture_config(tmp, cases[i].version, cases[i].ipam, cases[i].top);
	assert_true(asprintf(&text, "{\"cniVersion\": \"%s\", \"name\": \"net\"%s%s}",
			     cases[i].version, *cases[i].top ? ", " : "", cases[i].top) > 0);
	return text;
}

/* Only a request for a gateway gets as far as the store. */
static void add_says_what_is_wrong_and_reserves_nothing(void **state)
{
	const struct tmp *tmp = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *config = make_config(tmp, i);

		fixture_fails("ADD", "a", config, cases[i].code, cases[i].msg);
		if (tmp_exists(tmp, "net"))
			assert_string_equal(strstr(cases[i].msg, "subnet's gateway"),
					    "subnet's gateway");
		free(run_must(NULL, "rm -rf '%s/net'", tmp->path));
	}
}

static void del_needs_nothing_of_it(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *good = fixture_config(tmp, "1.0.0", SUBNET, "");

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *config = make_config(tmp, i);
		struct run_call call = fixture_call("DEL", "a", config);

		if (!cases[i].ipam)
			continue;
		free(fixture_must("ADD", "a", good));
		call.args = "no;pairs";
		assert_null(run_result(&call));
		assert_int_equal(tmp_count(tmp, "net"), 2 + FIXTURE_OURS);
	}
}

static void lists_are_bounded(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *sets = calloc(1, 8192);
	autofree char *config = NULL;

	strcpy(sets, SUBNET ", \"ranges\": [");
	for (int i = 0; i < 257; i++)
		strcat(sets, i ? ",[{}]" : "[{}]");
	strcat(sets, "]");
	config = fixture_config(tmp, "1.0.0", sets, "");
	fixture_fails("ADD", "a", config, 7, "ipam.ranges has 257 sets, more than 256");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(add_says_what_is_wrong_and_reserves_nothing),
		FIXTURE(del_needs_nothing_of_it),
		FIXTURE(lists_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
