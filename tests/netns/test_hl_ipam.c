/* SPDX-License-Identifier: Apache-2.0 */
/* test_hl_ipam.c - hl-ipam where it is at home: the node's links, the default directory */

#include "harness.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(gc_keeps_an_address_whose_host_end_exists),
		TEST(gc_takes_it_back_when_the_host_end_is_gone),
		TEST(the_directory_is_that_of_host_local_by_default),
		TEST(no_address_is_kept_if_there_is_no_room_for_the_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
