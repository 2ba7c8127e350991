/* SPDX-License-Identifier: Apache-2.0 */
/* test_leaks.c - no address is lost: reboots, deaths that nobody told of, full disks */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define SMALL "\"subnet\": \"10.1.2.0/29\""
#define LARGE "\"subnet\": \"10.1.2.0/24\""

/* One more than SMALL has addresses. */
#define N_PODS 6
static const char *const names[N_PODS] = { "a", "b", "c", "d", "e", "f" };

/*
 * @data: the data directory, a file system of its own of 128 KiB
 * @pods: namespaces by the names above
 * @rebooted: how often
 */
struct site {
	struct tmp tmp;
	char *data;
	struct ns pods[N_PODS];
	int rebooted;
};

static int setup(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	tmp_make(&site->tmp);
	site->data = tmp_mkdir(&site->tmp, "data");
	assert_int_equal(mount("tmpfs", site->data, "tmpfs", 0, "size=128k"), 0);
	for (size_t i = 0; i < N_PODS; i++)
		ns_make(&site->tmp, names[i], &site->pods[i]);
	*state = site;
	return 0;
}

static int teardown(void **state)
{
	struct site *site = *state;

	while (site->rebooted-- > 0)
		umount2(BOOT_ID, MNT_DETACH);
	for (size_t i = 0; i < N_PODS; i++)
		ns_destroy(&site->pods[i]);
	umount2(site->data, MNT_DETACH);
	free(site->data);
	tmp_remove(&site->tmp);
	free(site);
	return 0;
}

static struct run call(const struct site *site, const char *command, size_t pod, const char *keys)
{
	autofree char *config = NULL;
	struct run_call call = {
		.plugin = "hl-ipam",
		.command = command,
		.container = names[pod],
		.netns = site->pods[pod].path,
		.ifname = "eth0",
		.args = "K8S_POD_NAMESPACE=ns;K8S_POD_NAME=web-0;K8S_POD_INFRA_CONTAINER_ID=x",
	};

	assert_true(asprintf(&config,
			     "{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"ipam\": "
			     "{\"type\": \"hl-ipam\", \"dataDir\": \"%s\", %s}}",
			     site->data, keys) > 0);
	call.config = config;
	return run_plugin(&call);
}

/* A call that must succeed. Return: what it said to people, owned by the caller */
static char *must(const struct site *site, const char *command, size_t pod, const char *keys)
{
	struct run run = call(site, command, pod, keys);

	if (run.status)
		harness_fail(__FILE__, __LINE__, "%s of %s: %s", command, names[pod], run.out);
	free(run.out);
	return run.err;
}

static void fails(const struct site *site, const char *command, size_t pod, const char *keys,
		  const char *code, const char *text)
{
	struct run run = call(site, command, pod, keys);

	assert_int_equal(run.status, 1);
	assert_contains(run.out, code);
	assert_contains(run.out, text);
	run_done(&run);
}

static bool has(const struct site *site, const char *name)
{
	autofree char *path = NULL;

	assert_true(asprintf(&path, "data/net/%s", name) > 0);
	return tmp_exists(&site->tmp, path);
}

static void reboot(struct site *site)
{
	char name[32];
	char id[64];
	char *path;

	snprintf(name, sizeof(name), "boot%d", site->rebooted);
	snprintf(id, sizeof(id), "00000000-0000-4000-8000-%012d\n", site->rebooted++);
	path = tmp_write(&site->tmp, name, id, 0444);
	assert_int_equal(mount(path, BOOT_ID, NULL, MS_BIND, NULL), 0);
	free(path);
}

static void a_reboot_frees_all_in_one_step(void **state)
{
	struct site *site = *state;
	autofree char *said = NULL;

	for (size_t i = 0; i < 4; i++)
		free(must(site, "ADD", i, SMALL));
	reboot(site);
	said = must(site, "ADD", 4, SMALL);
	assert_string_equal(said,
			    "hl-ipam: network net: reclaimed 4 addresses of an earlier boot\n");
	assert_true(has(site, "10.1.2.6")); /* the cursor was kept */
	assert_false(has(site, "10.1.2.2"));
	assert_false(has(site, "10.1.2.5"));
	free(said);
	said = must(site, "ADD", 0, SMALL);
	assert_string_equal(said, "");
}

/* Stderr of a call that succeeds goes wherever the runtime's own does, if anywhere. */
static void what_was_reclaimed_is_in_the_log(void **state)
{
	struct site *site = *state;
	autofree char *keys = NULL;
	autofree char *log = NULL;

	assert_true(asprintf(&keys, SMALL ", \"logFile\": \"%s/log\"", site->tmp.path) > 0);
	free(must(site, "ADD", 0, keys));
	reboot(site);
	free(must(site, "ADD", 1, keys));
	log = tmp_read(&site->tmp, "log");
	assert_contains(log, "\"event\":\"note\",\"msg\":\"reclaimed 1 addresses of an earlier "
			     "boot\"}\n");
}

static void unless_reservations_are_to_outlive_it(void **state)
{
	struct site *site = *state;
	autofree char *said = NULL;

	free(must(site, "ADD", 0, SMALL ", \"reclaimAfterReboot\": false"));
	reboot(site);
	said = must(site, "ADD", 1, SMALL ", \"reclaimAfterReboot\": false");
	assert_string_equal(said, "");
	assert_true(has(site, "10.1.2.2"));
	free(must(site, "DEL", 0, SMALL ", \"reclaimAfterReboot\": false"));
	assert_false(has(site, "10.1.2.2"));
}

/* Runtimes lose DELs; where nobody ever calls GC, this is what remains. */
static void a_full_pool_takes_back_what_the_dead_hold(void **state)
{
	struct site *site = *state;
	autofree char *said = NULL;

	for (size_t i = 0; i < 5; i++)
		free(must(site, "ADD", i, SMALL));
	ns_destroy(&site->pods[2]);
	said = must(site, "ADD", 5, SMALL);
	assert_string_equal(said, "hl-ipam: network net: reclaimed 1 addresses of dead pods\n");
	assert_true(has(site, "10.1.2.4"));
}

static void a_full_pool_of_the_living_says_who_they_are(void **state)
{
	struct site *site = *state;

	for (size_t i = 0; i < 5; i++)
		free(must(site, "ADD", i, SMALL));
	fails(site, "ADD", 5, SMALL, "\"code\": 11",
	      "5 addresses, 5 reserved, 0 resting; 5 looked at lately, none of them of a dead pod; "
	      "oldest: ns/web-0 container a eth0 since 20");
}

static void the_same_container_in_a_new_namespace_is_another_life(void **state)
{
	struct site *site = *state;
	struct ns again = { "" };

	free(must(site, "ADD", 0, LARGE));
	free(must(site, "ADD", 0, LARGE));
	assert_true(has(site, "10.1.2.2"));
	ns_make(&site->tmp, "again", &again);
	ns_destroy(&site->pods[0]);
	site->pods[0] = again;
	free(must(site, "ADD", 0, LARGE));
	assert_false(has(site, "10.1.2.2"));
	assert_true(has(site, "10.1.2.3"));
}

static void fill_disk(const struct site *site)
{
	free(run_must(NULL, "cat /dev/zero >%s/filler 2>/dev/null || :", site->data));
}

static void a_full_disk_is_told_and_costs_nothing(void **state)
{
	struct site *site = *state;

	free(must(site, "ADD", 0, LARGE));
	fill_disk(site);
	fails(site, "ADD", 1, LARGE, "\"code\": 100", "No space left on device");
	assert_false(has(site, "10.1.2.3"));
	free(must(site, "CHECK", 0, LARGE));
	free(must(site, "DEL", 1, LARGE));
	free(must(site, "DEL", 0, LARGE));
	assert_false(has(site, "10.1.2.2"));
	free(run_must(NULL, "rm %s/filler", site->data));
	free(must(site, "ADD", 1, LARGE));
	assert_true(has(site, "10.1.2.3"));
}

static void a_disk_that_cannot_be_written_is_told_and_loses_nothing(void **state)
{
	struct site *site = *state;

	free(must(site, "ADD", 0, LARGE));
	assert_int_equal(mount(NULL, site->data, NULL, MS_REMOUNT | MS_RDONLY, "size=128k"), 0);
	fails(site, "ADD", 1, LARGE, "\"code\": 100", "Read-only file system");
	fails(site, "DEL", 0, LARGE, "\"code\": 100", "Read-only file system");
	free(must(site, "DEL", 1, LARGE));
	free(must(site, "CHECK", 0, LARGE));
	assert_int_equal(mount(NULL, site->data, NULL, MS_REMOUNT, "size=128k"), 0);
	assert_true(has(site, "10.1.2.2"));
	free(must(site, "DEL", 0, LARGE));
	assert_false(has(site, "10.1.2.2"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(a_reboot_frees_all_in_one_step),
		TEST(what_was_reclaimed_is_in_the_log),
		TEST(unless_reservations_are_to_outlive_it),
		TEST(a_full_pool_takes_back_what_the_dead_hold),
		TEST(a_full_pool_of_the_living_says_who_they_are),
		TEST(the_same_container_in_a_new_namespace_is_another_life),
		TEST(a_full_disk_is_told_and_costs_nothing),
		TEST(a_disk_that_cannot_be_written_is_told_and_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
