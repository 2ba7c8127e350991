/* SPDX-License-Identifier: Apache-2.0 */
/* test_hl_ipam.c - hl-ipam where it is at home: the node's links, the default directory */

#include "harness.h"

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "json.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"

#define CONFIG                                                                              \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": \"hl-ipam\", " \
	"\"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/24\"}, \"cni.dev/valid-attachments\": []}"

#define DUAL                                                                                \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": \"hl-ipam\", " \
	"\"dataDir\": \"%s\", \"ranges\": [[{\"subnet\": \"10.1.2.0/24\"}], "               \
	"[{\"subnet\": \"fd00::/64\"}]]}}"

/* @node: where the plugin runs */
struct node {
	struct tmp tmp;
	struct ns node;
};

static int setup(void **state)
{
	struct node *node = calloc(1, sizeof(*node));

	tmp_make(&node->tmp);
	ns_make(&node->tmp, "node", &node->node);
	*state = node;
	return 0;
}

static int teardown(void **state)
{
	struct node *node = *state;

	ns_destroy(&node->node);
	tmp_remove(&node->tmp);
	free(node);
	return 0;
}

/* A reservation of yesterday, and GC with an empty list. Return: stderr, owned. */
static char *gc(const struct node *node)
{
	autofree char *config = NULL;
	const char *dir = node->tmp.path;
	struct run_call call = { .plugin = "hl-ipam", .command = "GC", .ns = &node->node };
	struct run run;

	free(run_must(NULL,
		      "mkdir -p %s/net; printf 'a\\r\\neth0' >%s/net/10.1.2.2; "
		      "touch -d yesterday %s/net/10.1.2.2",
		      dir, dir, dir));
	assert_true(asprintf(&config, CONFIG, dir) > 0);
	call.config = config;
	run = run_plugin(&call);
	assert_int_equal(run.status, 0);
	assert_string_equal(run.out, "");
	free(run.out);
	return run.err;
}

static void gc_keeps_an_address_whose_host_end_exists(void **state)
{
	const struct node *node = *state;
	char name[IF_NAMESIZE];
	autofree char *said = NULL;

	hash_host_link("net", "a", "eth0", name);
	free(run_must(&node->node, "ip link add %s type veth peer name peer", name));
	said = gc(node);
	assert_true(tmp_exists(&node->tmp, "net/10.1.2.2"));
	assert_string_equal(said,
			    "hl-ipam: network net: 1 attachments are not listed as valid, but "
			    "kept: they show life\n");
}

static void gc_takes_it_back_when_the_host_end_is_gone(void **state)
{
	const struct node *node = *state;
	char name[IF_NAMESIZE];
	autofree char *said = NULL;

	hash_host_link("net", "b", "eth0", name);
	free(run_must(&node->node, "ip link add %s type veth peer name peer", name));
	said = gc(node);
	assert_false(tmp_exists(&node->tmp, "net/10.1.2.2"));
	assert_string_equal(said, "hl-ipam: network net: reclaimed 1 addresses of dead pods\n");
}

static void the_directory_is_that_of_host_local_by_default(void **state)
{
	struct run_call call = { .plugin = "hl-ipam",
				 .command = "ADD",
				 .container = "a",
				 .netns = "/nothing/is/here",
				 .ifname = "eth0",
				 .config = "{\"cniVersion\": \"1.1.0\", \"name\": \"net\", "
					   "\"ipam\": {\"subnet\": \"10.1.2.0/24\", "
					   "\"dataDir\": \"\"}}" };
	autofree char *content = NULL;

	(void)state;
	/* Without tests/private it would be the host's own. */
	assert_non_null(getenv("CBR_PRIVATE"));
	json_decref(run_result(&call));
	content = run_must(NULL, "cat /var/lib/cni/networks/net/10.1.2.2");
	assert_string_equal(content, "a\r\neth0");
	call.command = "DEL";
	call.config = "{\"cniVersion\": \"1.1.0\", \"name\": \"net\"}";
	assert_null(run_result(&call));
	free(run_must(NULL, "! test -e /var/lib/cni/networks/net/10.1.2.2"));
}

/* Return: message of an ADD that failed, owned; NULL if it succeeded. */
static char *add_with_inodes(const struct node *node, int n)
{
	autofree char *dir = tmp_mkdir(&node->tmp, "small");
	autofree char *config = NULL;
	struct run_call call = { .plugin = "hl-ipam",
				 .command = "ADD",
				 .container = "a",
				 .netns = "/nothing/is/here",
				 .ifname = "eth0" };
	struct run run;
	char *said = NULL;
	json_t *error;

	free(run_must(NULL, "mount -t tmpfs -o nr_inodes=%d tmpfs %s", n, dir));
	assert_true(asprintf(&config, DUAL, dir) > 0);
	call.config = config;
	run = run_plugin(&call);
	if (run.status != 0) {
		error = run_json(&run);
		assert_json_int(error, "code", ERROR_SYSTEM);
		said = strdup(json_text_at(error, "msg"));
		json_decref(error);
		free(run_must(NULL,
			      "! find %s -name 'fd00:*' -o -name '10.*' -o -name 'a:*' | grep .",
			      dir));
	}
	run_done(&run);
	free(run_must(NULL, "umount %s", dir));
	return said;
}

static void no_address_is_kept_if_there_is_no_room_for_the_second(void **state)
{
	const struct node *node = *state;
	bool was_second = false;
	char *said;

	for (int n = 2; (said = add_with_inodes(node, n)); n++) {
		assert_in_range(n, 2, 20);
		was_second |= strstr(said, "/fd00::2") || strstr(said, "last_reserved_ip.1");
		free(said);
	}
	assert_true(was_second);
}

#define SMALL                                                                                   \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"type\": \"cbr-bridge\", "             \
	"\"ipam\": {\"type\": \"hl-ipam\", \"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/30\"}, " \
	"\"cni.dev/valid-attachments\": []}"

/* A process with all capabilities in a namespace of its own, of which nothing else knows. */
static pid_t begin_pod(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) == 0 && write(ready[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_true(pid > 0);
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return pid;
}

static void end_pod(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* As tools without a daemon name a pod's namespace. Without privileges it is out of sight. */
static void a_namespace_of_a_process_is_evidence(void **state)
{
	static const char *const plugins[] = { "hl-ipam", "cbr-bridge" };
	const struct node *node = *state;
	autofree char *config = NULL;
	char netns[64];

	assert_true(asprintf(&config, SMALL, node->tmp.path) > 0);
	for (size_t i = 0; i < ARRAY_SIZE(plugins); i++) {
		const pid_t pid = begin_pod();
		struct run_call call = { .plugin = plugins[i],
					 .command = "ADD",
					 .container = "a",
					 .netns = netns,
					 .ifname = "eth0",
					 .config = config,
					 .ns = &node->node };

		snprintf(netns, sizeof(netns), "/proc/%d/ns/net", (int)pid);
		json_decref(run_result(&call));
		call.plugin = "hl-ipam";
		call.command = "GC";
		assert_null(run_result(&call));
		assert_true(tmp_exists(&node->tmp, "net/10.1.2.2"));
		end_pod(pid);
		ns_wait(&node->node, 5000, "! ip -o link show type veth | grep .");
		call.command = "ADD";
		call.container = "b";
		call.netns = "/nothing/is/here";
		json_decref(run_result(&call));
		call.command = "DEL";
		assert_null(run_result(&call));
	}
}

/* A runtime with mounts of its own, as of some distributions: there is the pod, not here. */
static void what_was_seen_from_elsewhere_is_not_dead_for_that(void **state)
{
	const struct node *node = *state;
	const char *dir = node->tmp.path;
	autofree char *config = NULL;
	autofree char *path = NULL;
	autofree char *list = NULL;
	struct run_call call = { .plugin = "hl-ipam", .command = "GC", .ns = &node->node };
	const pid_t pid = begin_pod();

	assert_true(asprintf(&config, SMALL, dir) > 0);
	path = tmp_write(&node->tmp, "config", config, 0600);
	free(run_must(&node->node,
		      "unshare -m sh -ec '>%s/pod; mount --bind /proc/%d/ns/net %s/pod; "
		      "CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_IFNAME=eth0 CNI_NETNS=%s/pod "
		      "CNI_PATH=/none \"$CBR_BIN\"/hl-ipam <%s'",
		      dir, (int)pid, dir, dir, path));
	free(run_must(&node->node, "\"$CBR_BIN\"/hl-ipam fsck --repair --data-dir %s", dir));
	call.config = config;
	assert_null(run_result(&call));
	assert_true(tmp_exists(&node->tmp, "net/10.1.2.2"));
	list = run_must(&node->node, "\"$CBR_BIN\"/hl-ipam list --data-dir %s", dir);
	assert_contains(list, "unknown");
	assert_contains(list, "at the path of its network namespace is something else");
	end_pod(pid);
}

/* udev stamps devices anew; and after the clock was set, or a machine paused, uptime misleads. */
static void a_device_that_is_newer_makes_nothing_older(void **state)
{
	const struct node *node = *state;
	const char *dir = node->tmp.path;
	autofree char *list = NULL;

	free(run_must(NULL,
		      ">%s/new; mount --bind %s/new /dev/null; mkdir %s/net; "
		      "printf 'a\r\neth0' >%s/net/10.1.2.2; touch -r /proc %s/net/10.1.2.2",
		      dir, dir, dir, dir, dir));
	list = run_must(NULL, "\"$CBR_BIN\"/hl-ipam list --data-dir %s", dir);
	free(run_must(NULL, "umount /dev/null"));
	assert_contains(list, "unknown");
}

/* A disk with a fault, as the kernel mounts it anew. */
static void what_cannot_be_written_stops_those_only_who_hold_something(void **state)
{
	const struct node *node = *state;
	const char *dir = node->tmp.path;
	autofree char *config = NULL;
	struct run_call call = { .plugin = "hl-ipam",
				 .command = "DEL",
				 .container = "b",
				 .netns = "",
				 .ifname = "eth0" };

	assert_true(asprintf(&config, SMALL, dir) > 0);
	call.config = config;
	free(run_must(NULL,
		      "mkdir %s/net; printf 'a\r\neth0' >%s/net/10.1.2.2; "
		      "mount --bind %s/net %s/net; mount -o remount,bind,ro %s/net",
		      dir, dir, dir, dir, dir));
	assert_null(run_result(&call));
	call.container = "a";
	json_decref(run_error(&call, 100, "Read-only file system"));
	call.command = "ADD";
	call.netns = "/nothing/is/here";
	json_decref(run_error(&call, 100, "Read-only file system"));
	free(run_must(NULL, "umount %s/net", dir));
	call.command = "DEL";
	assert_null(run_result(&call));
	assert_false(tmp_exists(&node->tmp, "net/10.1.2.2"));
}

/* What the caller of an ADD that outlived it does not know, it gives back nowhere. */
static void nothing_is_reserved_for_a_namespace_that_went_meanwhile(void **state)
{
	/* More than a pipe takes: when it is written, the plugin reads. */
	static const char blanks[1024];
	const struct node *node = *state;
	autofree char *bin = run_bin("hl-ipam");
	autofree char *command = NULL;
	autofree char *said = NULL;
	struct ns pod;
	FILE *input;

	ns_make(&node->tmp, "pod", &pod);
	assert_true(asprintf(&command,
			     "CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_IFNAME=eth0 CNI_NETNS=%s "
			     "CNI_PATH=/none %s >%s/said",
			     pod.path, bin, node->tmp.path) > 0);
	input = popen(command, "we");
	assert_non_null(input);
	setvbuf(input, NULL, _IONBF, 0);
	for (int i = 0; i < 65; i++)
		assert_int_equal(fprintf(input, "%1024s", blanks), 1024);
	ns_destroy(&pod);
	assert_true(fprintf(input, SMALL, node->tmp.path) > 0);
	assert_int_equal(WEXITSTATUS(pclose(input)), 1);
	said = tmp_read(&node->tmp, "said");
	assert_contains(said, "\"code\": 8");
	assert_contains(said, "is gone");
	assert_false(tmp_exists(&node->tmp, "net/10.1.2.2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gc_keeps_an_address_whose_host_end_exists),
		TEST(gc_takes_it_back_when_the_host_end_is_gone),
		TEST(the_directory_is_that_of_host_local_by_default),
		TEST(no_address_is_kept_if_there_is_no_room_for_the_second),
		TEST(a_namespace_of_a_process_is_evidence),
		TEST(what_was_seen_from_elsewhere_is_not_dead_for_that),
		TEST(a_device_that_is_newer_makes_nothing_older),
		TEST(what_cannot_be_written_stops_those_only_who_hold_something),
		TEST(nothing_is_reserved_for_a_namespace_that_went_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
