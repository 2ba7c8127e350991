/* SPDX-License-Identifier: Apache-2.0 */
/* test_names.c - what people can call the host end of a pod */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define CONTAINER "0123456789abcdef0123456789abcdef"
#define CONTAINER_NAME "0123456789ab.eth0"

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	pod = node_pod(&node, CONTAINER);
	return 0;
}

/* `ip link show @name` finds the host end of @owner; NULL: it finds nothing. */
static void assert_named(const struct pod *owner, const char *name)
{
	struct run run = run_shell(&node.netns, "ip -o link show %s", name);
	char expected[64];

	assert_int_equal(run.status == 0, owner != NULL);
	if (owner) {
		snprintf(expected, sizeof(expected), ": %s@", pod_host_end(owner));
		assert_contains(run.out, expected);
	}
	run_done(&run);
}

static size_t count_names(const struct pod *owner)
{
	json_t *link = witness_link(&node.netns, pod_host_end(owner));
	size_t n = json_array_size(json_object_get(link, "altnames"));

	json_decref(link);
	return n;
}

static void attach(const char *args, const char *ifname)
{
	pod->args = args;
	pod->ifname = ifname;
	pod_add(pod);
}

static void is_the_pods_and_the_containers(void **state)
{
	(void)state;
	attach("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web", "eth0");
	assert_named(pod, "web.default.eth0");
	assert_named(pod, CONTAINER_NAME);
	assert_int_equal(count_names(pod), 2);
	pod_check(pod);
	pod_del(pod);
	assert_named(NULL, "web.default.eth0");
	assert_named(NULL, CONTAINER_NAME);
}

static void is_the_containers_alone_without_a_pod(void **state)
{
	(void)state;
	attach(NULL, "eth0");
	assert_named(pod, CONTAINER_NAME);
	assert_int_equal(count_names(pod), 1);
}

static void ends_with_the_interface(void **state)
{
	(void)state;
	attach("K8S_POD_NAMESPACE=kube-system;K8S_POD_NAME=dns-5d78c9869d-abcde", "net1");
	assert_named(pod, "dns-5d78c9869d-abcde.kube-system.net1");
}

/* One that others might give to an interface of theirs, or that nobody could type. */
static void is_never_what_an_interface_could_be_called(void **state)
{
	static const char *const args[] = {
		"K8S_POD_NAMESPACE=1;K8S_POD_NAME=bond0",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=",
		"K8S_POD_NAMESPACE=;K8S_POD_NAME=a-rather-long-name",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=a/rather/long/name",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=a rather long name",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=a:rather:long:name",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=-a-rather-long-name",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=a-rather-long-\n",
		"K8S_POD_NAMESPACE=default;K8S_POD_NAME=a-rather-long-\xc3\xa9",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(args); i++) {
		attach(args[i], "eth0");
		assert_named(pod, CONTAINER_NAME);
		assert_int_equal(count_names(pod), 1);
		pod_del(pod);
	}
}

static void is_as_long_as_the_kernel_takes(void **state)
{
	char args[512];
	char name[256];

	(void)state;
	/* 127 bytes with "." and ".ns.eth0" */
	for (size_t len = 119; len <= 120; len++) {
		memset(name, 'n', len);
		snprintf(name + len, sizeof(name) - len, ".ns.eth0");
		snprintf(args, sizeof(args), "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=%.*s", (int)len,
			 name);
		attach(args, "eth0");
		assert_named(pod, CONTAINER_NAME);
		assert_named(len == 119 ? pod : NULL, name);
		pod_del(pod);
	}
}

static void is_none_if_there_is_none(void **state)
{
	struct pod *tiny = node_pod(&node, "c1");

	(void)state;
	pod_add(tiny);
	assert_int_equal(count_names(tiny), 0);
	pod_check(tiny);
	/* An interface whose name cannot be part of one. */
	attach(NULL, "et#0");
	assert_int_equal(count_names(pod), 0);
	pod_check(pod);
}

/* A pod that was made anew while its old sandbox is still there. */
static void that_is_taken_stays_where_it_is(void **state)
{
	struct pod *next = node_pod(&node, "fedcba9876543210");

	(void)state;
	attach("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web", "eth0");
	next->args = pod->args;
	pod_add(next);
	assert_named(pod, "web.default.eth0");
	assert_named(next, "fedcba987654.eth0");
	assert_int_equal(count_names(next), 1);
	pod_check(next);
	pod_del(pod);
	pod_del(next);
}

static void comes_with_the_next_add(void **state)
{
	(void)state;
	attach("K8S_POD_NAMESPACE=default;K8S_POD_NAME=web", "eth0");
	free(run_must(
		&node.netns,
		"ip link property del dev %s altname web.default.eth0 altname " CONTAINER_NAME,
		pod_host_end(pod)));
	assert_named(NULL, "web.default.eth0");
	assert_named(NULL, CONTAINER_NAME);
	/* Nothing depends on it. */
	pod_check(pod);
	pod_add(pod);
	assert_named(pod, "web.default.eth0");
	assert_named(pod, CONTAINER_NAME);
	pod_add(pod);
	assert_int_equal(count_names(pod), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(is_the_pods_and_the_containers),
		TEST(is_the_containers_alone_without_a_pod),
		TEST(ends_with_the_interface),
		TEST(is_never_what_an_interface_could_be_called),
		TEST(is_as_long_as_the_kernel_takes),
		TEST(is_none_if_there_is_none),
		TEST(that_is_taken_stays_where_it_is),
		TEST(comes_with_the_next_add),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
