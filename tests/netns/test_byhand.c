/* SPDX-License-Identifier: Apache-2.0 */
/* test_byhand.c - hl-ipam list, fsck and release about pods that cbr-bridge attached */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"

#define CONFIG                                                                                 \
	"{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"type\": \"cbr-bridge\", \"ipam\": {" \
	"\"type\": \"hl-ipam\", \"ranges\": [[{\"subnet\": \"10.1.2.0/24\"}], [{\"subnet\": "  \
	"\"fd00:1::/64\"}]]}}"

/* @node: where the plugins run; @pod: whom they serve */
struct node {
	struct tmp tmp;
	struct ns node;
	struct ns pod;
};

static int setup(void **state)
{
	struct node *node = calloc(1, sizeof(*node));

	tmp_make(&node->tmp);
	ns_make(&node->tmp, "node", &node->node);
	ns_make(&node->tmp, "pod", &node->pod);
	free(tmp_write(&node->tmp, "conf/10-net.conf", CONFIG, 0644));
	*state = node;
	return 0;
}

static int teardown(void **state)
{
	struct node *node = *state;

	ns_destroy(&node->pod);
	ns_destroy(&node->node);
	tmp_remove(&node->tmp);
	free(node);
	free(run_must(NULL, "rm -rf /var/lib/cni/networks/net"));
	return 0;
}

static void attach(const struct node *node)
{
	const struct run_call call = { .plugin = "cbr-bridge",
				       .command = "ADD",
				       .container = "0123456789abcdef",
				       .netns = node->pod.path,
				       .ifname = "eth0",
				       .args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web",
				       .config = CONFIG,
				       .ns = &node->node };

	/* Without tests/private it would be the host's own directory. */
	assert_non_null(getenv("CBR_PRIVATE"));
	json_decref(run_result(&call));
}

/* "hl-ipam WORDS --json", which must end so. Return: what it printed */
static json_t *by_hand(const struct node *node, int status, const char *words)
{
	autofree char *bin = run_bin("hl-ipam");
	struct run run = run_shell(&node->node, "%s %s --json --conf-dir %s/conf", bin, words,
				   node->tmp.path);
	json_t *json;

	if (run.status != status)
		harness_fail(__FILE__, __LINE__, "%s: status %d\n%s%s", words, run.status, run.out,
			     run.err);
	json = run_json(&run);
	run_done(&run);
	return json;
}

static void the_default_directory_is_found_by_itself(void **state)
{
	const struct node *node = *state;
	json_auto_t *json = NULL;

	attach(node);
	json = by_hand(node, 0, "list");
	assert_json_size(json, "", 2);
	assert_json_text(json, "0.dataDir", "/var/lib/cni/networks");
	assert_json_text(json, "0.address", "10.1.2.2");
	assert_json_text(json, "0.pod", "default/web");
	assert_json_text(json, "0.state", "alive");
	assert_json_text(json, "0.why", "its host link exists");
	assert_json_text(json, "0.evidence.netns", node->pod.path);
	assert_json_text(json, "1.address", "fd00:1::2");
	free(run_must(&node->node, "ip link show %s", json_text_at(json, "0.evidence.hostLink")));
	free(run_must(NULL, "rm %s/conf/*", node->tmp.path));
	json_decref(by_hand(node, 0, "show fd00:1::2"));
}

/* The ways of a pod: with its link, without it, without its namespace. */
static void a_pod_is_dead_when_nothing_of_it_is_left(void **state)
{
	struct node *node = *state;
	json_auto_t *alive = NULL;
	json_auto_t *dead = NULL;

	attach(node);
	json_decref(by_hand(node, 0, "fsck"));
	free(run_must(&node->pod, "ip link del eth0"));
	alive = by_hand(node, 0, "list");
	assert_json_text(alive, "0.state", "alive");
	assert_json_text(alive, "0.why", "its network namespace exists");
	json_decref(by_hand(node, 0, "fsck --repair"));
	ns_destroy(&node->pod);
	dead = by_hand(node, 4, "fsck");
	assert_json_size(dead, "", 2);
	assert_json_text(dead, "0.kind", "leaked");
	assert_json_text(dead, "0.container", "0123456789abcdef");
	json_decref(by_hand(node, 1, "fsck --repair"));
	json_decref(by_hand(node, 0, "fsck --repair"));
	free(run_must(NULL, "! ls /var/lib/cni/networks/net/10.1.2.2"));
}

static void an_address_in_use_is_refused(void **state)
{
	const struct node *node = *state;
	autofree char *bin = run_bin("hl-ipam");
	struct run run;

	attach(node);
	run = run_shell(&node->node, "%s release fd00:1::2 --conf-dir %s/conf", bin,
			node->tmp.path);
	assert_int_equal(run.status, 4);
	assert_contains(run.err, "its host link exists (--force)");
	run_done(&run);
	json_decref(by_hand(node, 0, "release 0123456789ab --force"));
	free(run_must(NULL, "! ls /var/lib/cni/networks/net/10.1.2.2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_default_directory_is_found_by_itself),
		TEST(a_pod_is_dead_when_nothing_of_it_is_left),
		TEST(an_address_in_use_is_refused),
	};

	return cmocka_run_group_tests_name("by hand", tests, NULL, NULL);
}
