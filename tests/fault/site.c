/* SPDX-License-Identifier: Apache-2.0 */
/* site.c - a node where each request and each allocation of a plugin fails once */

#include "harness.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "site.h"
#include "witness.h"

/* With warnings and worse in the log. */
static void put_config(struct site *site, const char *more)
{
	autofree char *keys = NULL;

	assert_true(asprintf(&keys, "%s, \"logFile\": \"%s\", \"logLevel\": \"warning\"%s",
			     site->trial->network->keys, site->log, more) > 0);
	node_config(&site->node, keys, site->trial->network->pool);
}

int site_setup(void **state)
{
	const struct trial *trial = *state;
	const char *shim = getenv("CBR_SHIM");
	struct site *site;

	*state = NULL;
	if (!shim || access(shim, R_OK) < 0)
		return 0;
	*state = site = calloc(1, sizeof(*site));
	if (!site)
		return -1;
	site->trial = trial;
	node_make(&site->node);
	site->other = node_pod(&site->node, "other");
	site->pod = node_pod(&site->node, "pod");
	site->hit_path = tmp_path(&site->node.tmp, "hit");
	site->log = tmp_path(&site->node.tmp, "log");
	assert_true(asprintf(&site->preload, "LD_PRELOAD=%s", shim) > 0);
	assert_true(asprintf(&site->hit, "CBR_FAULT_HIT=%s", site->hit_path) > 0);
	put_config(site, "");
	return 0;
}

int site_teardown(void **state)
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

struct site *site_of(void **state)
{
	if (!*state)
		skip_because(NO_SHIM);
	return *state;
}

struct run site_run(struct site *site, const struct run_call *like, size_t number, bool *made)
{
	struct run_call call = *like;
	char fault[64];
	const char *extra[] = { site->preload, fault, site->hit, NULL };
	struct run run;

	snprintf(fault, sizeof(fault), "CBR_FAULT=%s:%zu", site->trial->kind, number);
	unlink(site->hit_path);
	call.extra = extra;
	run = run_plugin(&call);
	*made = access(site->hit_path, F_OK) == 0;
	site->n += *made;
	site->n_survived += *made && run.status == 0;
	return run;
}

/* In which an ADD may fail; what it asks before the first, it asks as CHECK, DEL and GC do. */
#define STEP                                                                                 \
	"(announcement|bridge|carrier|gateway|guard|guard addresses|masquerade|node routes|" \
	"pod link|pod network): "

/* What an error says: the request in the words that nl_request() was given, and the cause. */
#define OF_NETLINK                                                                       \
	"^(cannot attach eth0 of container pod: " STEP "(.+: )?"                         \
	"(add|change|create|delete|finish|flush|have|let|list|look up|make|remove|set)|" \
	"delete|list|look up) .+: No buffer space available$"

/* A thread that lacks memory has an errno of its own. */
#define OF_MEMORY                                  \
	"^(.+: )?(cannot|error reading|find) .+: " \
	"(Cannot allocate memory|Resource temporarily unavailable)$"

static bool tells_what_failed(const struct trial *trial, const char *msg)
{
	const bool is_netlink = strcmp(trial->kind, "netlink") == 0;
	regex_t regex;
	bool tells;

	assert_int_equal(
		regcomp(&regex, is_netlink ? OF_NETLINK : OF_MEMORY, REG_EXTENDED | REG_NOSUB), 0);
	tells = regexec(&regex, msg, 0, NULL, 0) == 0;
	regfree(&regex);
	return tells;
}

/* One error object that says what failed, and not just that something did. */
static void assert_explains(const struct trial *trial, const struct run *run, size_t number)
{
	json_auto_t *object = NULL;

	if (run->status != 1)
		harness_fail(__FILE__, __LINE__, "%s:%zu: status %d, %s%s", trial->kind, number,
			     run->status, run->out, run->err);
	object = run_json(run);
	assert_json_text(object, "cniVersion", "1.1.0");
	assert_true(json_integer_value(json_at(object, "code")) > 0);
	if (!tells_what_failed(trial, json_text_at(object, "msg")))
		harness_fail(__FILE__, __LINE__, "%s:%zu: what failed? %s", trial->kind, number,
			     run->out);
}

static void make_bare(struct site *site)
{
	struct run run = run_shell(&site->node.netns, "%s", site->trial->network->bare);

	run_done(&run);
}

/* Rules for all pods stay once the first has made them; they guard nobody then. */
static void drop_empty_guard(struct site *site)
{
	struct run list = run_shell(&site->node.netns, "nft list table bridge cbr");

	if (list.status == 0 && !site->other->result) {
		assert_lacks(list.out, "elements");
		free(run_must(&site->node.netns, "nft delete table bridge cbr"));
	}
	run_done(&list);
}

/* ADD; after pod_add(@other) it is a later one. */
static void fail_add(struct site *site)
{
	autofree char *node_before = witness_state(&site->node.netns);
	autofree char *pod_before = witness_state(&site->pod->netns);
	const size_t held = node_reservations(&site->node);
	bool made = true;

	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		const struct run_call call = pod_call(site->pod, "ADD");
		struct run run = site_run(site, &call, number, &made);
		autofree char *node_after = NULL;
		autofree char *pod_after = NULL;

		if (run.status) {
			assert_explains(site->trial, &run, number);
			drop_empty_guard(site);
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
				make_bare(site);
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

/* Another verb, of the pod that is attached. */
static void fail_verb(struct site *site)
{
	const char *verb = site->trial->verb;
	const bool is_del = strcmp(verb, "DEL") == 0;
	bool made = true;

	pod_add(site->pod);
	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		autofree char *config = pod_config(site->pod);
		struct run_call call = pod_call(site->pod, verb);
		struct run run;

		call.config = config;
		unlink(site->log);
		run = site_run(site, &call, number, &made);
		if (run.status)
			assert_explains(site->trial, &run, number);
		else if (made && is_del && strcmp(site->trial->kind, "netlink") == 0)
			assert_told(site, number);
		run_done(&run);
		if (is_del) {
			pod_del(site->pod);
			pod_add(site->pod);
		}
		pod_check(site->pod);
	}
	assert_false(made);
	pod_del(site->pod);
}

static void run_trial(void **state)
{
	struct site *site = site_of(state);
	const struct trial *trial = site->trial;

	if (trial->beside)
		pod_add(site->other);
	else
		make_bare(site);
	if (strcmp(trial->verb, "GC") == 0)
		put_config(site, ", \"cni.dev/valid-attachments\": "
				 "[{\"containerID\": \"pod\", \"ifname\": \"eth0\"}]");
	if (strcmp(trial->verb, "ADD") == 0)
		fail_add(site);
	else
		fail_verb(site);
	if (trial->beside)
		pod_check(site->other);
	print_message("# %s: %zu faults, %zu of them without consequence\n", trial->name, site->n,
		      site->n_survived);
	assert_true(site->n > 0);
	/* A question without an answer is no "all is well". */
	if (strcmp(trial->verb, "CHECK") == 0 && strcmp(trial->kind, "netlink") == 0)
		assert_int_equal(site->n_survived, 0);
}

int site_main(const struct trial *trials, size_t n)
{
	autofree struct CMUnitTest *tests = calloc(n, sizeof(*tests));

	if (!tests)
		return 1;
	for (size_t i = 0; i < n; i++)
		tests[i] = (struct CMUnitTest){ trials[i].name, run_trial, site_setup,
						site_teardown, (void *)&trials[i] };
	return _cmocka_run_group_tests("tests", tests, n, NULL, NULL);
}
