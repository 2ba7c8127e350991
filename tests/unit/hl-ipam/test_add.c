/* SPDX-License-Identifier: Apache-2.0 */
/* test_add.c - ADD of the built hl-ipam: stdout and files, byte for byte */

#include "harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "json.h"

#define EVERY_KEY                                                                              \
	"\"ranges\": [[{\"subnet\": \"10.1.2.0/24\", \"rangeStart\": \"10.1.2.20\", "          \
	"\"rangeEnd\": \"10.1.2.30\", \"gateway\": \"10.1.2.254\"}], [{\"subnet\": "           \
	"\"fd00::/64\"}]], \"routes\": [{\"dst\": \"0.0.0.0/0\"}, {\"dst\": \"10.9.0.7/16\", " \
	"\"gw\": \"10.1.2.9\", \"mtu\": 1400, \"advmss\": 1300, \"priority\": 10, \"table\": " \
	"0, \"scope\": 253}, {\"dst\": \"::/0\", \"gw\": \"fd00::9\"}]"

#define RESULT_020                                                                        \
	"\",\n    \"ip4\": {\n        \"ip\": \"10.1.2.20/24\",\n        \"gateway\": "   \
	"\"10.1.2.254\",\n        \"routes\": [\n            {\n                "         \
	"\"dst\": \"0.0.0.0/0\"\n            },\n            {\n                "         \
	"\"dst\": \"10.9.0.7/16\",\n                \"gw\": \"10.1.2.9\"\n            "   \
	"}\n        ]\n    },\n    \"ip6\": {\n        \"ip\": \"fd00::2/64\",\n        " \
	"\"gateway\": \"fd00::1\",\n        \"routes\": [\n            {\n"               \
	"                \"dst\": \"::/0\",\n                \"gw\": \"fd00::9\"\n"       \
	"            }\n        ]\n    },\n    \"dns\": {}\n}"

#define RESULT_040                                                                           \
	"\",\n    \"ips\": [\n        {\n            \"version\": \"4\",\n            "      \
	"\"address\": \"10.1.2.20/24\",\n            \"gateway\": \"10.1.2.254\"\n        "  \
	"},\n        {\n            \"version\": \"6\",\n            \"address\": "          \
	"\"fd00::2/64\",\n            \"gateway\": \"fd00::1\"\n        }\n    ],\n    "     \
	"\"routes\": [\n        {\n            \"dst\": \"0.0.0.0/0\"\n        },\n        " \
	"{\n            \"dst\": \"10.9.0.7/16\",\n            \"gw\": \"10.1.2.9\",\n"      \
	"            \"mtu\": 1400,\n            \"advmss\": 1300,\n            "            \
	"\"priority\": 10,\n            \"table\": 0,\n            \"scope\": 253\n        " \
	"},\n        {\n            \"dst\": \"::/0\",\n            \"gw\": \"fd00::9\"\n"   \
	"        }\n    ],\n    \"dns\": {}\n}"

#define RESULT_100                                                                            \
	"\",\n    \"ips\": [\n        {\n            \"address\": \"10.1.2.20/24\",\n"        \
	"            \"gateway\": \"10.1.2.254\"\n        },\n        {\n            "        \
	"\"address\": \"fd00::2/64\",\n            \"gateway\": \"fd00::1\"\n        }\n    " \
	"],\n    \"routes\": [\n        {\n            \"dst\": \"0.0.0.0/0\"\n        },\n"  \
	"        {\n            \"advmss\": 1300,\n            \"dst\": \"10.9.0.7/16\",\n"   \
	"            \"gw\": \"10.1.2.9\",\n            \"mtu\": 1400,\n            "         \
	"\"priority\": 10,\n            \"scope\": 253,\n            \"table\": 0\n        "  \
	"},\n        {\n            \"dst\": \"::/0\",\n            \"gw\": \"fd00::9\"\n"    \
	"        }\n    ]\n}"

static void prints_a_result_of_each_version(void **state)
{
	static const struct {
		const char *version;
		const char *printed;
		const char *rest;
	} cases[] = {
		{ NULL, "0.1.0", RESULT_020 },    { "", "0.1.0", RESULT_020 },
		{ "0.1.0", "0.1.0", RESULT_020 }, { "0.2.0", "0.2.0", RESULT_020 },
		{ "0.3.0", "0.3.0", RESULT_040 }, { "0.3.1", "0.3.1", RESULT_040 },
		{ "0.4.0", "0.4.0", RESULT_040 }, { "1.0.0", "1.0.0", RESULT_100 },
		{ "1.1.0", "1.1.0", RESULT_100 },
	};
	const struct tmp *tmp = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		autofree char *config = fixture_config(tmp, cases[i].version, EVERY_KEY, "");
		autofree char *net = tmp_path(tmp, "net");
		autofree char *expected = NULL;
		autofree char *out = fixture_must("ADD", "a", config);

		assert_true(asprintf(&expected, "{\n    \"cniVersion\": \"%s%s", cases[i].printed,
				     cases[i].rest) > 0);
		assert_string_equal(out, expected);
		free(run_must(NULL, "rm -r '%s'", net));
	}
}

static void assert_mode(const struct tmp *tmp, const char *name, mode_t mode)
{
	autofree char *path = tmp_path(tmp, name);
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	assert_int_equal(st.st_mode, mode);
}

static void leaves_the_files_that_host_local_leaves(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", EVERY_KEY, "");

	umask(022);
	free(fixture_must("ADD", "a", config));
	assert_mode(tmp, "net", S_IFDIR | 0755);
	assert_int_equal(tmp_count(tmp, "net"), 5 + FIXTURE_OURS);
	assert_true(fixture_has(tmp, "10.1.2.20", "a\r\neth0"));
	assert_true(fixture_has(tmp, "fd00::2", "a\r\neth0"));
	assert_true(fixture_has(tmp, "last_reserved_ip.0", "10.1.2.20"));
	assert_true(fixture_has(tmp, "last_reserved_ip.1", "fd00::2"));
	assert_true(fixture_has(tmp, "lock", ""));
	assert_mode(tmp, "net/10.1.2.20", S_IFREG | 0600);
	assert_mode(tmp, "net/last_reserved_ip.0", S_IFREG | 0600);
	assert_mode(tmp, "net/lock", S_IFREG | 0750);
}

/* The addresses of an ADD, "a b", owned by the caller. */
static char *addresses(const char *container, const char *args, const char *config)
{
	struct run_call call = fixture_call("ADD", container, config);
	char *text = calloc(1, 1024);
	json_t *result;
	json_t *ip;
	size_t i;

	call.args = args;
	result = run_result(&call);
	json_array_foreach (json_at(result, "ips"), i, ip)
		strcat(strcat(text, i ? " " : ""), json_text_at(ip, "address"));
	json_decref(result);
	return text;
}

static void assert_addresses(const struct tmp *tmp, const char *ipam, const char *top,
			     const char *args, const char *expected)
{
	autofree char *config = fixture_config(tmp, "1.0.0", ipam, top);
	autofree char *found = addresses("a", args, config);

	assert_string_equal(found, expected);
	free(fixture_must("DEL", "a", config));
	free(run_must(NULL, "rm -r '%s/net'", tmp->path));
}

static void sets_come_from_three_places_in_order(void **state)
{
	assert_addresses(*state,
			 "\"subnet\": \"10.1.2.0/24\", \"ranges\": [[{\"subnet\": "
			 "\"10.1.3.0/24\"}]]",
			 "\"runtimeConfig\": {\"ipRanges\": [[{\"subnet\": \"10.1.1.0/24\"}]]}",
			 NULL, "10.1.1.2/24 10.1.2.2/24 10.1.3.2/24");
}

static void a_single_range_counts_with_its_subnet_only(void **state)
{
	assert_addresses(*state,
			 "\"rangeStart\": \"10.1.2.9\", \"ranges\": [[{\"subnet\": "
			 "\"10.1.3.0/24\"}]]",
			 "", NULL, "10.1.3.2/24");
	assert_addresses(*state,
			 "\"subnet\": \"10.1.2.0/24\", \"rangeStart\": \"10.1.2.9\", \"rangeEnd\": "
			 "\"10.1.2.9\", \"gateway\": \"\"",
			 "", NULL, "10.1.2.9/24");
}

static void keys_match_in_any_case(void **state)
{
	assert_addresses(*state, "\"SUBNET\": \"10.1.2.0/24\", \"RangeStart\": \"10.1.2.9\"", "",
			 NULL, "10.1.2.9/24");
}

static void unknown_keys_and_null_are_ignored(void **state)
{
	assert_addresses(*state,
			 "\"subnet\": \"10.1.2.0/24\", \"rangeEnd\": null, \"resolvConf\": null, "
			 "\"routes\": null, \"ranges\": null, \"other\": [1]",
			 "\"args\": null, \"runtimeConfig\": {\"ips\": null}, \"more\": 7", NULL,
			 "10.1.2.2/24");
}

#define TWO_SETS "\"ranges\": [[{\"subnet\": \"10.1.2.0/24\"}], [{\"subnet\": \"fd00::/64\"}]]"

static void addresses_are_asked_for_in_four_places(void **state)
{
	assert_addresses(*state, TWO_SETS, "", "IP=10.1.2.77", "10.1.2.77/24 fd00::2/64");
	assert_addresses(*state, TWO_SETS, "", "IgnoreUnknown=1;IP=;X=1", "10.1.2.2/24 fd00::2/64");
	assert_addresses(*state, TWO_SETS, "\"args\": {\"cni\": {\"ips\": [\"fd00::77/64\"]}}",
			 NULL, "10.1.2.2/24 fd00::77/64");
	assert_addresses(*state, TWO_SETS, "\"runtimeConfig\": {\"ips\": [\"10.1.2.78\"]}", NULL,
			 "10.1.2.78/24 fd00::2/64");
	assert_addresses(*state, TWO_SETS,
			 "\"args\": {\"cni\": {\"ips\": [\"fd00::77\"]}}, \"runtimeConfig\": "
			 "{\"ips\": [\"fd00::77/64\"]}",
			 "IP=10.1.2.77", "10.1.2.77/24 fd00::77/64");
	assert_addresses(*state, TWO_SETS,
			 "\"runtimeConfig\": {\"ips\": [\"::ffff:10.1.2.77/120\"]}", NULL,
			 "10.1.2.77/24 fd00::2/64");
}

/* The first of two that fit one set is taken; the second is one too many. */
static void requests_are_taken_in_the_order_given(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", TWO_SETS,
					       "\"runtimeConfig\": {\"ips\": [\"10.1.2.78\", "
					       "\"10.1.2.79\", \"10.8.8.8\"]}");

	fixture_fails("ADD", "a", config, 7,
		      "failed to allocate all requested IPs: 10.1.2.79 10.8.8.8");
	assert_false(tmp_exists(tmp, "net"));
	assert_addresses(tmp,
			 "\"ranges\": [[{\"subnet\": \"10.1.2.0/24\", \"rangeEnd\": "
			 "\"10.1.2.100\"}], [{\"subnet\": \"10.1.2.0/24\", \"rangeStart\": "
			 "\"10.1.2.101\"}]]",
			 "\"runtimeConfig\": {\"ips\": [\"10.1.2.150\", \"10.1.2.7\"]}", NULL,
			 "10.1.2.7/24 10.1.2.150/24");
}

static void a_requested_address_may_be_the_second_of_an_attachment(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	autofree char *first = addresses("a", NULL, config);
	autofree char *second = addresses("a", "IP=10.1.2.9", config);

	assert_string_equal(first, "10.1.2.2/24");
	assert_string_equal(second, "10.1.2.9/24");
	free(fixture_must("DEL", "a", config));
	assert_int_equal(tmp_count(tmp, "net"), 2 + FIXTURE_OURS);
}

/* Below /proc of another process, say: then it lives as far as anybody knows. */
static void a_namespace_that_may_not_be_looked_at_is_no_sign_of_death(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");

	free(fixture_must("ADD", "a", config));
	free(run_must(NULL,
		      "cd %s && sed -i 's|^netns.*|netns %s/hidden/ns|; s|^identity.*|identity "
		      "1:1|' net/.attachments/a:eth0 && mkdir -m 0 hidden",
		      tmp->path, tmp->path));
	free(fixture_must("ADD", "a", config));
	free(run_must(NULL, "chmod 700 %s/hidden", tmp->path));
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
	assert_false(fixture_has(tmp, "10.1.2.3", NULL));
}

static void a_failing_add_leaves_the_living_alone(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	struct run_call call = fixture_call("ADD", "a", config);

	free(fixture_must("ADD", "a", config));
	free(fixture_must("ADD", "b", config));
	call.args = "IP=10.1.2.3";
	json_decref(run_error(&call, 103,
			      "failed to allocate for range 0: requested IP address 10.1.2.3 is "
			      "not available in range set 10.1.2.1-10.1.2.254"));
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
	assert_true(fixture_has(tmp, "10.1.2.3", "b\r\neth0"));
}

static void asking_again_gets_the_same(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	autofree char *first = fixture_must("ADD", "a", config);
	autofree char *second = NULL;
	autofree char *third = NULL;

	free(fixture_must("ADD", "b", config));
	second = fixture_must("ADD", "a", config);
	assert_string_equal(first, second);
	assert_true(fixture_has(tmp, "10.1.2.2", "a\r\neth0"));
	assert_true(fixture_has(tmp, "last_reserved_ip.0", "10.1.2.3"));
	third = fixture_must("ADD", "c", config);
	assert_contains(third, "10.1.2.4/24");
}

static void a_full_pool_is_told_as_try_again_later(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/30\"", "");
	struct run_call call = fixture_call("ADD", "a", config);
	struct run run;

	call.args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web";
	json_decref(run_result(&call));
	run = fixture_run("ADD", "b", config);
	assert_int_equal(run.status, 1);
	assert_contains(run.out,
			"{\n    \"cniVersion\": \"1.0.0\",\n    \"code\": 11,\n    \"msg\": "
			"\"failed to allocate for range 0: no IP addresses available in range "
			"set: 10.1.2.1-10.1.2.2\",\n    \"details\": \"1 addresses, 1 reserved, "
			"0 resting; 1 looked at lately, none of them of a dead pod; oldest: "
			"default/web container a eth0 since ");
	assert_string_equal(run.err, "");
	run_done(&run);
}

/* host-local, with all of root's privileges, would work there. */
static void a_directory_of_another_user_is_named(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	autofree char *dir = tmp_mkdir(tmp, "net");
	struct run_call call = fixture_call("ADD", "a", config);
	json_auto_t *error = NULL;

	if (chown(dir, 12345, 12345) < 0)
		skip_because("no user 12345 to give a directory to");
	error = run_error(&call, 100, "Permission denied");
	assert_contains(json_text_at(error, "details"), "belongs to user 12345");
}

#define RESOLV                                                                           \
	"; comment\n#nameserver 9.9.9.9\n\n  nameserver\t1.1.1.1 ignored\r\nnameserver " \
	"8.8.8.8\nnameserver\ndomain a.b\ndomain c.d x\nsearch x y\nsearch z\noptions "  \
	"ndots:5 rotate\nsortlist 1.2.3.4\nNAMESERVER 7.7.7.7"

static void a_resolv_conf_becomes_dns(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *file = tmp_write(tmp, "resolv", RESOLV, 0644);
	autofree char *link = tmp_path(tmp, "link");
	autofree char *ipam = NULL;
	autofree char *config = NULL;
	autofree char *out = NULL;

	assert_int_equal(symlink(file, link), 0);
	assert_true(asprintf(&ipam, "\"subnet\": \"10.1.2.0/24\", \"resolvConf\": \"%s\"", link) >
		    0);
	config = fixture_config(tmp, "0.4.0", ipam, "");
	out = fixture_must("ADD", "a", config);
	assert_string_equal(out, "{\n    \"cniVersion\": \"0.4.0\",\n    \"ips\": [\n        {\n"
				 "            \"version\": \"4\",\n            \"address\": "
				 "\"10.1.2.2/24\",\n            \"gateway\": \"10.1.2.1\"\n"
				 "        }\n    ],\n    \"dns\": {\n        \"nameservers\": [\n"
				 "            \"1.1.1.1\",\n            \"8.8.8.8\"\n        ],\n"
				 "        \"domain\": \"c.d\",\n        \"search\": [\n"
				 "            \"x\",\n            \"y\",\n            \"z\"\n"
				 "        ],\n        \"options\": [\n            \"ndots:5\",\n"
				 "            \"rotate\"\n        ]\n    }\n}");
}

/* @content: of the file; NULL = there is none */
static void assert_resolv_fails(const struct tmp *tmp, const char *content, const char *text)
{
	autofree char *path = tmp_path(tmp, "resolv");
	autofree char *ipam = NULL;
	autofree char *config = NULL;

	if (content)
		free(tmp_write(tmp, "resolv", content, 0644));
	assert_true(asprintf(&ipam, "\"subnet\": \"10.1.2.0/24\", \"resolvConf\": \"%s\"", path) >
		    0);
	config = fixture_config(tmp, "1.0.0", ipam, "");
	fixture_fails("ADD", "a", config, 7, text);
	free(fixture_must("DEL", "a", config));
	assert_false(tmp_exists(tmp, "net"));
}

static void a_resolv_conf_that_cannot_be_used_costs_no_address(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *missing = NULL;
	autofree char *big = calloc(1, 70000);

	assert_true(asprintf(&missing, "open %s/resolv: no such file or directory", tmp->path) > 0);
	assert_resolv_fails(tmp, NULL, missing);
	memset(big, '#', 65536);
	assert_resolv_fails(tmp, big, "more than 65535 bytes");
	assert_resolv_fails(tmp, "search \xff\xfe", "is no text");
	free(run_must(NULL, "rm '%s/resolv'; mkfifo '%s/resolv'", tmp->path, tmp->path));
	assert_resolv_fails(tmp, NULL, "open ");
}

static void nothing_is_reserved_if_nobody_hears_of_it(void **state)
{
	const struct tmp *tmp = *state;
	autofree char *bin = run_bin("hl-ipam");
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	autofree char *file = tmp_write(tmp, "config", config, 0644);
	struct run run = run_shell(NULL,
				   "CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/x CNI_IFNAME=eth0 "
				   "CNI_PATH=/x '%s' <'%s' >/dev/full",
				   bin, file);

	assert_int_equal(run.status, 1);
	assert_false(fixture_has(tmp, "10.1.2.2", NULL));
	run_done(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FIXTURE(prints_a_result_of_each_version),
		FIXTURE(leaves_the_files_that_host_local_leaves),
		FIXTURE(sets_come_from_three_places_in_order),
		FIXTURE(a_single_range_counts_with_its_subnet_only),
		FIXTURE(keys_match_in_any_case),
		FIXTURE(unknown_keys_and_null_are_ignored),
		FIXTURE(addresses_are_asked_for_in_four_places),
		FIXTURE(requests_are_taken_in_the_order_given),
		FIXTURE(a_requested_address_may_be_the_second_of_an_attachment),
		FIXTURE(asking_again_gets_the_same),
		FIXTURE(a_namespace_that_may_not_be_looked_at_is_no_sign_of_death),
		FIXTURE(a_failing_add_leaves_the_living_alone),
		FIXTURE(a_full_pool_is_told_as_try_again_later),
		FIXTURE(a_directory_of_another_user_is_named),
		FIXTURE(a_resolv_conf_becomes_dns),
		FIXTURE(a_resolv_conf_that_cannot_be_used_costs_no_address),
		FIXTURE(nothing_is_reserved_if_nobody_hears_of_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
