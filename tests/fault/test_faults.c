/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults.c - each netlink request fails once, each allocation too */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "site.h"

#define KEYS                                                                    \
	"\"isDefaultGateway\": true, \"ipMasq\": true, \"hairpinMode\": true, " \
	"\"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"10.22.0.99\"}]"
#define POOL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

static int setup(void **state)
{
	struct site *site;

	site_setup(state);
	site = *state;
	if (site)
		site_config(site, KEYS, POOL);
	return 0;
}

static void first_add_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site_fail_add(site, "netlink");
	site_report(site, "first ADD of a node, requests");
}

static void later_add_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	site_fail_add(site, "netlink");
	pod_check(site->other);
	site_report(site, "ADD beside another pod, requests");
}

static void del_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	site_fail(site, "DEL", "netlink");
	pod_check(site->other);
	site_report(site, "DEL, requests");
}

static void check_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site_fail(site, "CHECK", "netlink");
	site_report(site, "CHECK, requests");
}

static void list_the_pod(struct site *site)
{
	site_config(site,
		    KEYS ", \"cni.dev/valid-attachments\": [{\"containerID\": \"pod\", "
			 "\"ifname\": \"eth0\"}]",
		    POOL);
}

static void gc_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	list_the_pod(site);
	site_fail(site, "GC", "netlink");
	print_message("# GC, requests: %zu faults\n", site->n);
	assert_true(site->n > 0);
}

static void add_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	site_fail_add(site, "memory");
	site_report(site, "ADD, allocations");
}

static void del_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site_fail(site, "DEL", "memory");
	site_report(site, "DEL, allocations");
}

static void check_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site_fail(site, "CHECK", "memory");
	site_report(site, "CHECK, allocations");
}

/* A table of neighbours that is full says the same; the node can still ask. */
static void neighbours_netlink(void **state)
{
	struct site *site = *state;
	bool made = true;

	if (!site)
		skip();
	pod_add(site->other);
	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		const struct run_call call = pod_call(site->pod, "ADD");
		struct run run = site_run(site, &call, "netlink", number, &made);

		assert_lacks(run.out, "set neighbour");
		run_done(&run);
		pod_del(site->pod);
	}
	free(run_must(NULL, "grep -q 'set neighbour 10.22.0.*No buffer space' %s/log",
		      site->node.tmp.path));
	free(run_must(NULL, "grep -q 'set neighbour fd00:22.*No buffer space' %s/log",
		      site->node.tmp.path));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, site_teardown)
		TEST(first_add_netlink), TEST(later_add_netlink), TEST(del_netlink),
		TEST(check_netlink),     TEST(gc_netlink),        TEST(add_memory),
		TEST(del_memory),        TEST(check_memory),      TEST(neighbours_netlink),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
