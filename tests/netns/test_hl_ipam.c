/* SPDX-License-Identifier: Apache-2.0 */
/* test_hl_ipam.c - hl-ipam where it is at home: the node's links, the default directory */

#include "harness.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"

#define CONFIG                                                                              \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": \"hl-ipam\", " \
	"\"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/24\"}, \"cni.dev/valid-attachments\": []}"

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
	assert_string_equal(said, "hl-ipam: GC of network net: 1 attachments are not listed as "
				  "valid, but kept: they show life\n");
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
	assert_string_equal(said, "");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gc_keeps_an_address_whose_host_end_exists),
		TEST(gc_takes_it_back_when_the_host_end_is_gone),
		TEST(the_directory_is_that_of_host_local_by_default),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
