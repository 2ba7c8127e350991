/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard_race.c - the rules of the source guard are loaded anew while they are checked */

#include "harness.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/clock.h"
#include "cbr/nftables/guard.h"
#include "cbr/nftables/object.h"
#include "cbr/sys/netns.h"
#include "one_node.h"

#define N_LOADERS 2
/* At least so many checks, and while they go on, so many transactions. */
#define N_CHECKS 1000
#define N_LOADS 10

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

/*
 * Again and again, each time in one transaction, what is there already: a process group, which
 * ends by itself when the node and its file are gone.
 */
static pid_t load_again_and_again(void)
{
	const pid_t pid = fork();

	assert_true(pid >= 0);
	setpgid(pid, pid); /* in both, so that it is one for whoever looks first */
	if (pid != 0)
		return pid;
	if (chdir(node.tmp.path) < 0 || ns_enter(&node.netns) < 0)
		_exit(126);
	execlp("sh", "sh", "-c", "while nft -f rules; do :; done", NULL);
	_exit(127);
}

/* How often the rules of the node were changed. */
static uint32_t generation(void)
{
	uint32_t n = 0;

	assert_ok(nft_get_generation(&nft, &n, &err), &err);
	return n;
}

static void a_transaction_half_way_is_no_lack(void **state)
{
	pid_t loaders[N_LOADERS];
	const struct deadline deadline = deadline_in(harness_patience(20000));
	uint32_t first;
	uint32_t loads;
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
	first = generation();
	do {
		for (int i = 0; i < N_CHECKS; i++)
			failed += guard_check(&nft, &guard, &err) < 0;
		loads = generation() - first;
	} while (loads < N_LOADS && deadline_left_ms(&deadline) > 0);
	for (size_t i = 0; i < N_LOADERS; i++) {
		kill(-loaders[i], SIGKILL);
		waitpid(loaders[i], NULL, 0);
	}
	if (failed)
		print_error("%s\n", err.msg);
	assert_int_equal(failed, 0);
	assert_true(loads >= N_LOADS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_transaction_half_way_is_no_lack, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
