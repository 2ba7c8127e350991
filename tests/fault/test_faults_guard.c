/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults_guard.c - the same, of pods with source guards, and an address that makes room */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "site.h"

#define KEYS                                                                                   \
	"\"isGateway\": true, \"macspoofchk\": true, \"ipSpoofChk\": true, \"forceAddress\": " \
	"true, "                                                                               \
	"\"portIsolation\": true, \"mtu\": 1400"
#define POOL "\"subnet\": \"10.22.0.0/24\""

/* Somebody else's address, which is to make room; and nothing of ours. */
#define FOREIGN_ADDRESS                                                     \
	"ip link del cni0; nft delete table bridge cbr; "                   \
	"ip link add cni0 address 02:00:00:00:00:01 mtu 1500 type bridge; " \
	"ip link set cni0 up; ip addr add 10.99.0.1/24 brd + dev cni0"

static int setup(void **state)
{
	struct site *site;

	site_setup(state);
	site = *state;
	if (site)
		site_config(site, KEYS, POOL);
	return 0;
}

static void add_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site->bare = FOREIGN_ADDRESS;
	site_make_bare(site);
	site_fail_add(site, "netlink");
	site_report(site, "first guarded ADD, requests");
}

static void del_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	site_fail(site, "DEL", "netlink");
	pod_check(site->other);
	site_report(site, "guarded DEL, requests");
}

static void check_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	site_fail(site, "CHECK", "netlink");
	site_report(site, "guarded CHECK, requests");
}

static void add_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	site_fail_add(site, "memory");
	site_report(site, "guarded ADD, allocations");
}

static void list_the_pod(struct site *site)
{
	site_config(site,
		    KEYS ", \"cni.dev/valid-attachments\": [{\"containerID\": \"pod\", "
			 "\"ifname\": \"eth0\"}]",
		    POOL);
}

static void gc_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	list_the_pod(site);
	site_fail(site, "GC", "memory");
	site_report(site, "GC, allocations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, site_teardown)
		TEST(add_netlink), TEST(del_netlink), TEST(check_netlink),
		TEST(add_memory),  TEST(gc_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
