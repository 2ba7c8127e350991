/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_signals.c - told to end in the middle of a call
 *
 * SIGTERM has its default effect: the plugin dies where it is, as it does by the SIGKILL that
 * runtimes send when their patience ends, and as tests/crash tries at each system call. Here
 * it is held at the places where it may wait for others.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "one_node.h"
#include "run.h"
#include "witness.h"

#define NETNS "/run/cbr/netns-$(stat -Lc %i /proc/self/ns/net)"

/*
 * Where it is held.
 * @lock: file whose lock it waits for
 * @until: what is done by then, a command in the node
 */
static const struct place {
	const char *verb;
	const char *lock;
	const char *until;
} places[] = {
	{ "ADD", NETNS, "! ip link show cni0" },
	{ "ADD", "$PWD/networks/net/lock", "ip link show master cni0 up | grep -q veth" },
	{ "ADD", NETNS ".gateway-of-cni0", "[ -e networks/net/10* ]" },
	{ "DEL", "$PWD/networks/net/lock", "! ip link show master cni0 | grep -q veth" },
};

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	pod = node_pod(&node, "pod");
	node_config(&node, "\"isGateway\": true, \"ipMasq\": true", "\"subnet\": \"10.22.0.0/24\"");
	return 0;
}

/*
 * That it has the lock's file is looked for without a process: its deadline runs meanwhile.
 *
 * Return: exit status of the call
 */
static int call_and_signal(const struct place *place, const char *signal)
{
	autofree char *config = tmp_write(&node.tmp, "config", node.config, 0644);
	autofree char *script = NULL;
	autofree char *said = NULL;

	assert_true(asprintf(&script,
			     "cd %s; mkdir -pm 700 /run/cbr; mkdir -p networks/net; lock=%s; "
			     "exec 9>>$lock; flock 9; export CNI_COMMAND=%s CNI_CONTAINERID=pod "
			     "CNI_IFNAME=eth0 CNI_NETNS=%s CNI_PATH=\"$CBR_BIN\"; "
			     "\"$CBR_BIN\"/cbr-bridge <%s >out 9>&- & pid=$!; "
			     "has() { for fd in /proc/$pid/fd/*; do "
			     "[ $fd -ef $lock ] && return; done; return 1; }; "
			     "until [ /proc/$pid/exe -ef \"$CBR_BIN\"/cbr-bridge ] && "
			     "has && { %s; } >&2; do [ -e /proc/$pid/exe ] || exit 3; done; "
			     "kill -%s $pid; [ %s = TERM ] || flock -u 9; wait $pid; echo $?",
			     node.tmp.path, place->lock, place->verb, pod->netns.path, config,
			     place->until, signal, signal) > 0);
	said = run_must(&node.netns, "%s", script);
	return atoi(said);
}

static void assert_nothing_is_left(const char *pod_before)
{
	autofree char *after = witness_state(&pod->netns);

	assert_string_equal(after, pod_before);
	assert_int_equal(node_reservations(&node), 0);
	free(run_must(&node.netns, "! ip link show cni0 || ! ip link show master cni0 | grep .; "
				   "! ip neigh show nud reachable | grep 10.22"));
}

static void begin(const struct place *place)
{
	if (strcmp(place->verb, "DEL") == 0)
		pod_add(pod);
}

static void end(const char *pod_before)
{
	pod_del(pod);
	assert_nothing_is_left(pod_before);
	free(run_must(&node.netns, "! ip link show cni0 || ip link del cni0"));
}

static void what_it_was_doing_is_finished_or_taken_down_by_the_next(void **state)
{
	autofree char *before = witness_state(&pod->netns);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		begin(&places[i]);
		assert_int_equal(call_and_signal(&places[i], "TERM"), 128 + 15);
		pod_add(pod);
		pod_check(pod);
		end(before);
		begin(&places[i]);
		assert_int_equal(call_and_signal(&places[i], "TERM"), 128 + 15);
		end(before);
	}
}

/* Whoever reads its output may go away at any time; that shows when there is something to say. */
static void a_broken_pipe_ends_nothing(void **state)
{
	autofree char *before = witness_state(&pod->netns);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		begin(&places[i]);
		assert_int_equal(call_and_signal(&places[i], "PIPE"), 0);
		if (strcmp(places[i].verb, "ADD") == 0)
			assert_int_equal(node_reservations(&node), 1);
		end(before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(what_it_was_doing_is_finished_or_taken_down_by_the_next),
		TEST(a_broken_pipe_ends_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
