/* SPDX-License-Identifier: Apache-2.0 */
/* test_gc.c - GC and STATUS */

#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/sys/nslock.h"
#include "json.h"
#include "one_node.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true"
#define POOL "\"subnet\": \"10.22.0.0/24\""

static struct pod *alive;
static struct pod *dead;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	alive = node_pod(&node, "alive");
	dead = node_pod(&node, "dead");
	return 0;
}

/* GC with this list, JSON text; NULL = the key is absent */
static void collect(const char *list)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "GC", .ns = &node.netns };
	char keys[512] = KEYS;

	if (list)
		snprintf(keys, sizeof(keys), KEYS ", \"cni.dev/valid-attachments\": %s", list);
	node_config(&node, keys, POOL);
	call.config = node.config;
	assert_null(run_result(&call));
	node_config(&node, KEYS, POOL);
}

/* One pod lives; the other's namespace died and nobody said DEL. */
static void make_leak(void)
{
	pod_add(alive);
	pod_add(dead);
	ns_destroy(&dead->netns);
	ns_wait(&node.netns, 5000, "! ip link show %s", pod_host_end(dead));
	assert_int_equal(node_reservations(&node), 2);
}

static void gc_frees_what_a_dead_pod_left(void **state)
{
	(void)state;
	make_leak();
	collect("[{\"containerID\": \"alive\", \"ifname\": \"eth0\"}]");
	assert_int_equal(node_reservations(&node), 1);
	assert_true(tmp_exists(&node.tmp, "networks/net/10.22.0.2"));
	pod_check(alive);
}

static void gc_with_null_and_with_an_empty_list_mean_none_is_valid(void **state)
{
	static const char *const lists[] = { "null", "[]" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		make_leak();
		collect(lists[i]);
		/* What shows life is kept, whatever the list says. */
		assert_int_equal(node_reservations(&node), 1);
		pod_check(alive);
		node_done(&node);
		setup(state);
	}
}

static void gc_without_the_key_changes_nothing(void **state)
{
	(void)state;
	make_leak();
	collect(NULL);
	assert_int_equal(node_reservations(&node), 2);
}

/* What an ADD leaves that was killed before the pod's end was up. */
static void gc_removes_a_half_made_link(void **state)
{
	char *host;

	(void)state;
	pod_add(alive);
	pod_add(dead);
	host = strdup(pod_host_end(dead));
	free(run_must(&dead->netns, "ip link set eth0 down"));
	ns_wait(&node.netns, 5000, "ip link show %s | grep -q NO-CARRIER", host);
	collect("[{\"containerID\": \"alive\", \"ifname\": \"eth0\"}]");
	assert_null(witness_link(&node.netns, host));
	/* The address stays as long as there is a namespace that might have it. */
	assert_int_equal(node_reservations(&node), 2);
	ns_destroy(&dead->netns);
	collect("[{\"containerID\": \"alive\", \"ifname\": \"eth0\"}]");
	assert_int_equal(node_reservations(&node), 1);
	pod_check(alive);
	free(host);
}

/* And takes for garbage what is, whatever groups there are on the node. */
static void gc_removes_many_at_once(void **state)
{
	char id[16];

	(void)state;
	pod_add(alive);
	free(run_must(&node.netns,
		      "ip link add other0 type veth peer name other1; "
		      "ip link set other0 group 7; ip link set %s group 7",
		      pod_host_end(alive)));
	for (int i = 0; i < 20; i++) {
		struct pod *pod;

		snprintf(id, sizeof(id), "half%d", i);
		pod = node_pod(&node, id);
		pod_add(pod);
		free(run_must(&pod->netns, "ip link set eth0 down"));
		ns_wait(&node.netns, 5000, "ip link show %s | grep -q NO-CARRIER",
			pod_host_end(pod));
	}
	collect("[{\"containerID\": \"alive\", \"ifname\": \"eth0\"}]");
	free(run_must(&node.netns, "test $(ip -o link show master cni0 | wc -l) = 1; "
				   "ip link show other0; ip link show other1"));
	pod_check(alive);
}

/* Its bridge was deleted, or it was taken off it. */
static void gc_removes_what_is_no_port_any_more(void **state)
{
	static const char *const damages[] = {
		"ip link set $HOST nomaster",
		"ip link del cni0",
		"ip link add br1 type bridge; ip link set $HOST master br1",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		char *host;

		pod_add(alive);
		pod_add(dead);
		host = strdup(pod_host_end(dead));
		free(run_must(&dead->netns, "ip link set eth0 down"));
		ns_wait(&node.netns, 5000, "ip link show %s | grep -q NO-CARRIER", host);
		free(run_must(&node.netns, "HOST=%s; %s", host, damages[i]));
		collect("[{\"containerID\": \"dead\", \"ifname\": \"eth0\"}]");
		assert_non_null(witness_link(&node.netns, host));
		collect("[]");
		assert_null(witness_link(&node.netns, host));
		assert_non_null(witness_link(&node.netns, pod_host_end(alive)));
		free(host);
		pod_del(alive);
		pod_del(dead);
	}
}

static int lock_file_of_node(void *arg)
{
	const struct deadline deadline = deadline_in(1000);
	struct error err = { 0 };
	int fd = -1;

	(void)arg;
	return nslock_share(&deadline, &fd, &err) < 0 ? -1 : fd;
}

/* What looks half made may be what an ADD is making at this moment. */
static void gc_leaves_links_alone_while_an_add_is_at_work(void **state)
{
	int lock_fd;

	(void)state;
	pod_add(dead);
	free(run_must(&dead->netns, "ip link set eth0 down"));
	ns_wait(&node.netns, 5000, "ip link show %s | grep -q NO-CARRIER", pod_host_end(dead));
	lock_fd = ns_call(&node.netns, lock_file_of_node, NULL);
	assert_true(lock_fd >= 0);
	collect("[]");
	assert_non_null(witness_link(&node.netns, pod_host_end(dead)));
	close(lock_fd);
	collect("[]");
	assert_null(witness_link(&node.netns, pod_host_end(dead)));
}

/*
 * What any process in the node's network can hold, with no privilege: the namespace itself,
 * and an address in it.
 */
static void a_stranger_cannot_stall_add_and_gc(void **state)
{
	const char address[] = "\0cbr: gateway of cni0";
	const int lock_fd = open(node.netns.path, O_RDONLY | O_CLOEXEC);
	const int socket_fd = ns_socket(&node.netns, AF_UNIX, SOCK_DGRAM, 0);
	struct sockaddr_un name = { .sun_family = AF_UNIX };

	(void)state;
	memcpy(name.sun_path, address, sizeof(address) - 1);
	assert_int_equal(bind(socket_fd, (const struct sockaddr *)&name,
			      offsetof(struct sockaddr_un, sun_path) + sizeof(address) - 1),
			 0);
	assert_int_equal(flock(lock_fd, LOCK_EX), 0);
	pod_add(dead);
	free(run_must(&dead->netns, "ip link set eth0 down"));
	ns_wait(&node.netns, 5000, "ip link show %s | grep -q NO-CARRIER", pod_host_end(dead));
	assert_int_equal(flock(lock_fd, LOCK_SH), 0);
	collect("[]");
	assert_null(witness_link(&node.netns, pod_host_end(dead)));
	close(lock_fd);
	close(socket_fd);
}

static void gc_keeps_a_listed_link_that_is_down(void **state)
{
	(void)state;
	pod_add(dead);
	free(run_must(&dead->netns, "ip link set eth0 down"));
	collect("[{\"containerID\": \"dead\", \"ifname\": \"eth0\"}]");
	assert_non_null(witness_link(&node.netns, pod_host_end(dead)));
	assert_int_equal(node_reservations(&node), 1);
}

static void gc_keeps_other_networks_and_strangers(void **state)
{
	(void)state;
	free(run_must(&node.netns,
		      "ip link add cni0 type bridge && ip link set cni0 up && "
		      "ip link add vethfeedbeef000 master cni0 type veth peer name x"));
	node_config(&node, KEYS ", \"name\": \"another\"", POOL);
	pod_add(dead);
	free(run_must(&dead->netns, "ip link set eth0 down"));
	collect("[]");
	assert_non_null(witness_link(&node.netns, pod_host_end(dead)));
	assert_non_null(witness_link(&node.netns, "vethfeedbeef000"));
}

static void gc_and_status_are_for_1_1_0(void **state)
{
	static const char *const verbs[] = { "GC", "STATUS" };
	struct run_call call = { .plugin = "cbr-bridge", .ns = &node.netns };
	char text[64];

	(void)state;
	node_config(&node, KEYS ", \"cniVersion\": \"1.0.0\"", POOL);
	call.config = node.config;
	for (size_t i = 0; i < 2; i++) {
		call.command = verbs[i];
		snprintf(text, sizeof(text), "config version does not allow %s", verbs[i]);
		json_decref(run_error(&call, ERROR_VERSION, text));
	}
}

static void assert_status(const char *keys, const char *ipam, int code, const char *text)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "STATUS", .ns = &node.netns };

	node_config(&node, keys, ipam);
	call.config = node.config;
	if (code)
		json_decref(run_error(&call, code, text));
	else
		assert_null(run_result(&call));
}

static void status_is_well_before_anything_exists(void **state)
{
	(void)state;
	assert_status(KEYS, POOL, 0, NULL);
	assert_status("", NULL, 0, NULL);
	assert_null(witness_link(&node.netns, "cni0"));
	assert_false(tmp_exists(&node.tmp, "networks"));
}

static void status_says_what_stops_an_add(void **state)
{
	(void)state;
	assert_status(KEYS ", \"mtu\": \"x\"", POOL, ERROR_DECODE, "mtu");
	assert_status(KEYS, "\"subnet\": \"10.22.0.0/32\"", ERROR_CONFIG, "too small");
	assert_status(KEYS, "\"type\": \"nope\"", ERROR_DELEGATE, "nope");
	free(run_must(&node.netns, "ip link add cni0 type veth peer name x"));
	assert_status(KEYS, POOL, ERROR_NOT_READY, "not a bridge");
}

static void status_of_a_full_pool_is_well(void **state)
{
	(void)state;
	node_config(&node, KEYS, "\"subnet\": \"10.22.0.0/30\"");
	pod_add(alive);
	assert_status(KEYS, "\"subnet\": \"10.22.0.0/30\"", 0, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(gc_frees_what_a_dead_pod_left),
		TEST(gc_with_null_and_with_an_empty_list_mean_none_is_valid),
		TEST(gc_without_the_key_changes_nothing),
		TEST(gc_removes_a_half_made_link),
		TEST(gc_removes_many_at_once),
		TEST(gc_removes_what_is_no_port_any_more),
		TEST(gc_leaves_links_alone_while_an_add_is_at_work),
		TEST(a_stranger_cannot_stall_add_and_gc),
		TEST(gc_keeps_a_listed_link_that_is_down),
		TEST(gc_keeps_other_networks_and_strangers),
		TEST(gc_and_status_are_for_1_1_0),
		TEST(status_is_well_before_anything_exists),
		TEST(status_says_what_stops_an_add),
		TEST(status_of_a_full_pool_is_well),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
