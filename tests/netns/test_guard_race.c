/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard_race.c - the rules of the source guard are loaded anew while they are checked */

#include "harness.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/nftables/guard.h"
#include "cbr/sys/netns.h"
#include "one_node.h"

#define N_LOADERS 2
#define N_CHECKS 1000

static struct nl_socket nft;
static struct error err;

static const struct mac mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct guard guard = { .port = "veth0", .mac = &mac };

static int setup(void **state)
{
	struct netns netns = NETNS_NONE;

	one_node_make(state);
	assert_ok(netns_open(node.netns.path, &netns, &err), &err);
	assert_ok(nl_socket_open(NETLINK_NETFILTER, &netns, &nft, &err), &err);
	netns_done(&netns);
	return 0;
}

static int teardown(void **state)
{
	nl_socket_done(&nft);
	return one_node_done(state);
}

/* Again and again, each time in one transaction, what is there already. */
static pid_t load_again_and_again(void)
{
	const pid_t pid = fork();

	if (pid != 0)
		return pid;
	for (;;)
		free(run_must(&node.netns, "nft -f %s/rules", node.tmp.path));
}

static void a_transaction_half_way_is_no_lack(void **state)
{
	pid_t loaders[N_LOADERS];
	int failed = 0;

	(void)state;
	assert_ok(guard_make(&nft, &guard, &err), &err);
	free(run_must(&node.netns,
		      "{ for chain in guard frames packets neighbours; do "
		      "echo flush chain bridge cbr $chain; done; nft list table bridge cbr; } "
		      ">%s/rules",
		      node.tmp.path));
	for (size_t i = 0; i < N_LOADERS; i++)
		loaders[i] = load_again_and_again();
	for (int i = 0; i < N_CHECKS; i++)
		failed += guard_check(&nft, &guard, &err) < 0;
	for (size_t i = 0; i < N_LOADERS; i++) {
		kill(loaders[i], SIGKILL);
		waitpid(loaders[i], NULL, 0);
	}
	if (failed)
		print_error("%s\n", err.msg);
	assert_int_equal(failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_transaction_half_way_is_no_lack, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
