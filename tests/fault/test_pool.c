/* SPDX-License-Identifier: Apache-2.0 */
/* test_pool.c - what hl-ipam cannot look at, or finds late, makes nobody dead */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "ns.h"
#include "run.h"
#include "site.h"
#include "tmp.h"

/* Room for five pods. Confined, the plugin could not say that it was hit. */
#define CONFIG                                                                              \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": \"hl-ipam\", " \
	"\"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/29\", \"confine\": false}, "           \
	"\"cni.dev/valid-attachments\": []}"
#define N_PODS 6

/* More than there are in any call. */
#define MAX_LOOKS 200

/* @preload, @hit: environment of the plugin; @hit_path: where the shim says that it did it */
struct place {
	struct tmp tmp;
	struct ns pods[N_PODS];
	char *config;
	char *preload;
	char *hit;
	char *hit_path;
};

static int setup(void **state)
{
	const char *shim = getenv("CBR_SHIM");
	struct place *site;

	if (!shim || access(shim, R_OK) < 0)
		return 0;
	*state = site = calloc(1, sizeof(*site));
	tmp_make(&site->tmp);
	for (size_t i = 0; i < N_PODS; i++) {
		char name[] = { (char)('a' + i), '\0' };

		ns_make(&site->tmp, name, &site->pods[i]);
	}
	site->hit_path = tmp_path(&site->tmp, "hit");
	assert_true(asprintf(&site->config, CONFIG, site->tmp.path) > 0);
	assert_true(asprintf(&site->preload, "LD_PRELOAD=%s", shim) > 0);
	assert_true(asprintf(&site->hit, "CBR_FAULT_HIT=%s", site->hit_path) > 0);
	return 0;
}

static int teardown(void **state)
{
	struct place *site = *state;

	if (!site)
		return 0;
	for (size_t i = 0; i < N_PODS; i++)
		ns_destroy(&site->pods[i]);
	tmp_remove(&site->tmp);
	free(site->config);
	free(site->preload);
	free(site->hit);
	free(site->hit_path);
	free(site);
	return 0;
}

/* A call for a pod in which one thing goes wrong, or nothing if @fault is "none" */
static struct run call_plugin(const struct place *site, const char *command, size_t pod,
			      const char *fault)
{
	autofree char *what = NULL;
	char name[] = { (char)('a' + pod), '\0' };
	const char *extra[] = { site->preload, NULL, site->hit, NULL };
	const struct run_call call = { .plugin = "hl-ipam",
				       .command = command,
				       .container = name,
				       .netns = site->pods[pod].path,
				       .ifname = "eth0",
				       .config = site->config,
				       .extra = extra };

	assert_true(asprintf(&what, "CBR_FAULT=%s", fault) > 0);
	extra[1] = what;
	unlink(site->hit_path);
	return run_plugin(&call);
}

static bool was_hit(const struct place *site)
{
	return access(site->hit_path, F_OK) == 0;
}

static void must_add(const struct place *site, size_t pod, const char *fault)
{
	struct run run = call_plugin(site, "ADD", pod, fault);

	assert_int_equal(run.status, 0);
	run_done(&run);
}

/* Without memory in the kernel, a stale handle, a bad disk: all five live, and keep what they have.
 */
static void who_cannot_be_looked_at_is_not_dead(void **state)
{
	const struct place *site = *state;
	size_t n_told = 0;

	if (!site)
		skip_because(NO_SHIM);
	for (size_t i = 0; i < N_PODS - 1; i++)
		must_add(site, i, "none");
	for (int number = 1; number < MAX_LOOKS; number++) {
		char fault[32];
		struct run run;

		snprintf(fault, sizeof(fault), "look:%d", number);
		run = call_plugin(site, "ADD", N_PODS - 1, fault);
		assert_int_equal(run.status, 1);
		assert_null(strstr(run.out, "is gone"));
		n_told += strstr(run.out, "Cannot allocate memory") != NULL;
		run_done(&run);
		assert_int_equal(tmp_count(&site->tmp, "net/.attachments"), N_PODS - 1);
		if (!was_hit(site))
			break;
	}
	assert_false(was_hit(site));
	assert_true(n_told > 0);
}

/* A change by host-local, so that all is read and compared by the next call. */
static void change(const struct place *site)
{
	free(run_must(NULL, ">%s/net/x; rm %s/net/x", site->tmp.path, site->tmp.path));
}

/* Each file cannot be opened once. The records of all pods but the last stay as they are. */
static void fail_opening(const struct place *site, const char *command)
{
	static const char *const read_all = "cat %s/net/.attachments/[a-d]:eth0";
	autofree char *before = run_must(NULL, read_all, site->tmp.path);
	bool hit = true;

	for (int number = 1; hit && number < MAX_LOOKS; number++) {
		autofree char *after = NULL;
		char fault[32];
		struct run run;

		snprintf(fault, sizeof(fault), "open:%d", number);
		change(site);
		run = call_plugin(site, command, N_PODS - 1, fault);
		run_done(&run);
		hit = was_hit(site);
		after = run_must(NULL, read_all, site->tmp.path);
		if (strcmp(after, before) != 0)
			harness_fail(__FILE__, __LINE__, "%s %s: records were\n%sand are\n%s",
				     command, fault, before, after);
		run = call_plugin(site, "DEL", N_PODS - 1, "none");
		assert_int_equal(run.status, 0);
		run_done(&run);
	}
	assert_false(hit);
}

/*
 * Evidence that cannot be read now is not replaced by none, by which the living would go. To GC
 * a runtime tells that none of its pods is left.
 */
static void who_is_not_read_for_a_moment_is_not_forgotten(void **state)
{
	const struct place *site = *state;

	if (!site)
		skip_because(NO_SHIM);
	for (size_t i = 0; i < N_PODS - 2; i++)
		must_add(site, i, "none");
	fail_opening(site, "GC");
	fail_opening(site, "ADD");
	fail_opening(site, "DEL");
}

/* A DEL that succeeds leaves nothing, one that does not says so and can be repeated. */
static void who_is_not_read_for_a_moment_is_released(void **state)
{
	const struct place *site = *state;

	if (!site)
		skip_because(NO_SHIM);
	for (int number = 1; number < MAX_LOOKS; number++) {
		char fault[32];
		struct run run;

		must_add(site, 0, "none");
		snprintf(fault, sizeof(fault), "open:%d", number);
		run = call_plugin(site, "DEL", 0, fault);
		if (run.status != 0) {
			const bool hit = was_hit(site);

			run_done(&run);
			assert_true(hit);
			run = call_plugin(site, "DEL", 0, "none");
			assert_int_equal(run.status, 0);
			run_done(&run);
			continue;
		}
		run_done(&run);
		free(run_must(NULL, "! ls -d %s/net/10.* %s/net/.attachments/*", site->tmp.path,
			      site->tmp.path));
		if (!was_hit(site))
			return;
	}
	assert_false(was_hit(site));
}

/* The record would be older than the address, and that of somebody else. */
static void a_disk_that_is_stuck_costs_no_evidence(void **state)
{
	const struct place *site = *state;
	autofree char *before = NULL;
	autofree char *after = NULL;

	if (!site)
		skip_because(NO_SHIM);
	must_add(site, 0, "stall:1");
	assert_true(was_hit(site));
	before = tmp_read(&site->tmp, "net/.attachments/a:eth0");
	/* host-local beside us: all is read and compared. */
	free(tmp_write(&site->tmp, "net/10.1.2.6", "x\r\neth0", 0600));
	must_add(site, 1, "none");
	after = tmp_read(&site->tmp, "net/.attachments/a:eth0");
	assert_string_equal(after, before);
}

/* Of each one that is asked for, so that there is no room for one more. */
#define MANY 300
#define FULL                                                                   \
	"{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"ipam\": {\"type\": " \
	"\"hl-ipam\", \"dataDir\": \"%s\", \"subnet\": \"10.1.2.0/23\", "      \
	"\"rangeStart\": \"10.1.2.2\", \"rangeEnd\": \"10.1.3.45\", \"confine\": false}}"

/* To look at many goes on after others could work. What then fails ends it, not its time. */
static void a_search_ends_with_the_pod(void **state)
{
	struct place *site = *state;
	autofree char *path = NULL;
	struct run run;

	if (!site)
		skip_because(NO_SHIM);
	free(site->config);
	assert_true(asprintf(&site->config, FULL, site->tmp.path) > 0);
	path = tmp_write(&site->tmp, "config", site->config, 0600);
	free(run_must(NULL,
		      "export CNI_COMMAND=ADD CNI_IFNAME=eth0 CNI_NETNS=%s CNI_PATH=/none; "
		      "for i in $(seq %d); do CNI_CONTAINERID=x$i \"$CBR_BIN\"/hl-ipam <%s || "
		      "exit; done",
		      site->pods[0].path, MANY, path));
	/* Behind those who are looked at in any case, 256, and its own. */
	run = call_plugin(site, "ADD", 1, "slow:270");
	assert_true(was_hit(site));
	assert_int_equal(run.status, 1);
	assert_contains(run.out, "cannot look at network namespace");
	run_done(&run);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(who_cannot_be_looked_at_is_not_dead),
		TEST(who_is_not_read_for_a_moment_is_not_forgotten),
		TEST(who_is_not_read_for_a_moment_is_released),
		TEST(a_search_ends_with_the_pod),
		TEST(a_disk_that_is_stuck_costs_no_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
