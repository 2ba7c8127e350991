/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_faults.c - each netlink request fails once, each allocation too
 *
 * Whatever fails: there is one error object that says what, nothing is left of an ADD, and
 * the next call works. The fault is made by a shim in the plugin, see shim/shim.c.
 */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "node.h"
#include "witness.h"

/* More than any call makes; a count that gets there does not end. */
#define MAX_FAULTS 4000

#define KEYS                                                                    \
	"\"isDefaultGateway\": true, \"ipMasq\": true, \"hairpinMode\": true, " \
	"\"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"10.22.0.99\"}]"
#define POOL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"

/*
 * @preload, @fault, @hit: environment of the plugin
 * @hit_path: where the shim says that it did it
 * @log: logFile of the plugins, with warnings and worse
 * @n: faults made
 * @n_survived: of these, how many the call did not mind
 */
struct site {
	struct node node;
	struct pod *other;
	struct pod *pod;
	char *preload;
	char *hit;
	char *hit_path;
	char *log;
	size_t n;
	size_t n_survived;
};

static int setup(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	const char *shim = getenv("CBR_SHIM");
	char *keys;

	*state = site;
	if (!shim || access(shim, R_OK) < 0) {
		free(site);
		*state = NULL;
		return 0;
	}
	node_make(&site->node);
	site->log = tmp_path(&site->node.tmp, "log");
	assert_true(asprintf(&keys, KEYS ", \"logFile\": \"%s\", \"logLevel\": \"warning\"",
			     site->log) > 0);
	node_config(&site->node, keys, POOL);
	free(keys);
	site->other = node_pod(&site->node, "other");
	site->pod = node_pod(&site->node, "pod");
	site->hit_path = tmp_path(&site->node.tmp, "hit");
	assert_true(asprintf(&site->preload, "LD_PRELOAD=%s", shim) > 0);
	assert_true(asprintf(&site->hit, "CBR_FAULT_HIT=%s", site->hit_path) > 0);
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	if (!site)
		return 0;
	node_done(&site->node);
	free(site->preload);
	free(site->hit);
	free(site->hit_path);
	free(site->log);
	free(site);
	return 0;
}

/* @made: did the fault happen? */
static struct run run_with(struct site *site, const struct run_call *like, const char *kind,
			   size_t number, bool *made)
{
	struct run_call call = *like;
	char fault[64];
	const char *extra[] = { site->preload, fault, site->hit, NULL };
	struct run run;

	snprintf(fault, sizeof(fault), "CBR_FAULT=%s:%zu", kind, number);
	unlink(site->hit_path);
	call.extra = extra;
	run = run_plugin(&call);
	*made = access(site->hit_path, F_OK) == 0;
	site->n += *made;
	site->n_survived += *made && run.status == 0;
	return run;
}

/* One error object that says what failed, and not just that something did. */
static void assert_explains(const struct run *run, const char *kind, size_t number)
{
	json_auto_t *object = NULL;

	if (run->status != 1)
		harness_fail(__FILE__, __LINE__, "%s:%zu: status %d, %s%s", kind, number,
			     run->status, run->out, run->err);
	object = run_json(run);
	assert_json_text(object, "cniVersion", json_text_at(object, "cniVersion"));
	assert_true(json_integer_value(json_at(object, "code")) > 0);
	assert_true(strlen(json_text_at(object, "msg")) > 8);
}

static void each_fault_of_add(struct site *site, const char *kind)
{
	autofree char *node_before = witness_state(&site->node.netns);
	autofree char *pod_before = witness_state(&site->pod->netns);
	const size_t held = node_reservations(&site->node);
	bool made = true;

	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		const struct run_call call = pod_call(site->pod, "ADD");
		struct run run = run_with(site, &call, kind, number, &made);
		autofree char *node_after = NULL;
		autofree char *pod_after = NULL;

		if (run.status) {
			assert_explains(&run, kind, number);
			node_after = witness_state(&site->node.netns);
			pod_after = witness_state(&site->pod->netns);
			assert_string_equal(node_after, node_before);
			assert_string_equal(pod_after, pod_before);
			assert_int_equal(node_reservations(&site->node), held);
		} else {
			json_decref(site->pod->result);
			site->pod->result = run_json(&run);
			pod_check(site->pod);
			pod_del(site->pod);
			/* What is the node's and stays would make the next ADD a later one. */
			if (!site->other->result)
				free(run_must(&site->node.netns,
					      "ip link del cni0; nft delete table inet cbr"));
		}
		run_done(&run);
	}
	assert_false(made);
	pod_add(site->pod);
	pod_check(site->pod);
	pod_del(site->pod);
}

/* What DEL could not do, and went on without, is in the log. */
static void assert_told(const struct site *site, size_t number)
{
	autofree char *log = tmp_read(&site->node.tmp, "log");

	if (!log || !strstr(log, "\"level\":\"warning\""))
		harness_fail(__FILE__, __LINE__, "request %zu failed, nobody was told", number);
}

static void each_fault_of(struct site *site, const char *verb, const char *kind)
{
	bool made = true;

	pod_add(site->pod);
	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		autofree char *config = pod_config(site->pod);
		struct run_call call = pod_call(site->pod, verb);
		struct run run;

		call.config = config;
		unlink(site->log);
		run = run_with(site, &call, kind, number, &made);
		if (run.status)
			assert_explains(&run, kind, number);
		else if (made && strcmp(verb, "DEL") == 0 && strcmp(kind, "netlink") == 0)
			assert_told(site, number);
		run_done(&run);
		if (strcmp(verb, "DEL") == 0) {
			pod_del(site->pod);
			pod_add(site->pod);
		}
		pod_check(site->pod);
	}
	assert_false(made);
	pod_del(site->pod);
}

static void report(const struct site *site, const char *what)
{
	print_message("# %s: %zu faults, %zu of them without consequence\n", what, site->n,
		      site->n_survived);
	assert_true(site->n > 3);
}

static void first_add_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	each_fault_of_add(site, "netlink");
	report(site, "first ADD of a node, requests");
}

static void later_add_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	each_fault_of_add(site, "netlink");
	pod_check(site->other);
	report(site, "ADD beside another pod, requests");
}

static void del_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	each_fault_of(site, "DEL", "netlink");
	pod_check(site->other);
	report(site, "DEL, requests");
}

static void check_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	each_fault_of(site, "CHECK", "netlink");
	report(site, "CHECK, requests");
}

static void gc_netlink(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	node_config(&site->node,
		    KEYS ", \"cni.dev/valid-attachments\": [{\"containerID\": \"pod\", "
			 "\"ifname\": \"eth0\"}]",
		    POOL);
	each_fault_of(site, "GC", "netlink");
	print_message("# GC, requests: %zu faults\n", site->n);
	assert_true(site->n > 0);
}

static void add_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	pod_add(site->other);
	each_fault_of_add(site, "memory");
	report(site, "ADD, allocations");
}

static void del_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	each_fault_of(site, "DEL", "memory");
	report(site, "DEL, allocations");
}

static void check_memory(void **state)
{
	struct site *site = *state;

	if (!site)
		skip();
	each_fault_of(site, "CHECK", "memory");
	report(site, "CHECK, allocations");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(first_add_netlink), TEST(later_add_netlink), TEST(del_netlink),
		TEST(check_netlink),     TEST(gc_netlink),        TEST(add_memory),
		TEST(del_memory),        TEST(check_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
