/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_clock.c - the node's clock is set while pods live
 *
 * Nobody's clock is set here. All that was written down of times is moved instead, as if
 * another clock had been in force until now.
 */

#include "harness.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "json.h"
#include "one_node.h"
#include "traffic.h"

#define KEYS "\"isDefaultGateway\": true, \"ipMasq\": true"
#define POOL "\"subnet\": \"10.22.0.0/29\"" /* 10.22.0.2 to 10.22.0.6 */
#define NOBODY_LISTED KEYS ", \"cni.dev/valid-attachments\": []"

#define HOUR 3600LL
#define YEAR (365 * 24 * HOUR)

/* As files of these kinds have it. */
#define STATE_SIZE 256
#define RECORD_SIZE 8192

static struct pod *living;
static struct pod *dead;
static long long moved_s;

static int setup(void **state)
{
	struct pod *gone;

	(void)state;
	node_make(&node);
	node_config(&node, KEYS, POOL);
	living = node_pod(&node, "living");
	dead = node_pod(&node, "dead");
	gone = node_pod(&node, "gone");
	pod_add(living);
	pod_add(dead);
	pod_add(gone);
	pod_del(gone);
	ns_destroy(&dead->netns);
	ns_wait(&node.netns, 5000, "! ip link show %s", pod_host_end(dead));
	return 0;
}

static void write_file(const char *path, const char *text, size_t size)
{
	FILE *file = fopen(path, "r+");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* "… reserved SECONDS.… …" */
static void move_record(const char *path)
{
	autofree char *text = run_must(NULL, "cat %s", path);
	char *time = strstr(text, "\nreserved ");
	char moved[RECORD_SIZE];
	char *rest;
	long long at;
	int len;

	assert_non_null(time);
	time += strlen("\nreserved ");
	at = strtoll(time, &rest, 10);
	len = snprintf(moved, sizeof(moved), "%.*s%lld%s", (int)(time - text), text, at + moved_s,
		       rest);
	assert_int_equal(truncate(path, 0), 0);
	write_file(path, moved, (size_t)len);
}

/* "BOOT LAYOUT SECONDS …" */
static void move_state(const char *path)
{
	autofree char *text = run_must(NULL, "cat %s", path);
	char moved[STATE_SIZE + 64];
	char boot[64];
	int layout;
	long long at;
	int end;

	assert_int_equal(sscanf(text, "%63s %d %lld%n", boot, &layout, &at, &end), 3);
	memset(moved, '\n', sizeof(moved));
	moved[snprintf(moved, sizeof(moved), "%s %d %lld%.*s", boot, layout, at + moved_s,
		       (int)strcspn(text + end, "\n"), text + end)] = '\n';
	write_file(path, moved, STATE_SIZE);
}

/* Children come before their directory, so its own time stays as it is set. */
static int move(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	struct timespec times[] = { st->st_atim, st->st_mtim };

	(void)ftw;
	if (kind == FTW_F && strstr(path, "/.attachments/"))
		move_record(path);
	if (kind == FTW_F && strstr(path, "/.state"))
		move_state(path);
	times[1].tv_sec += moved_s;
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	return 0;
}

static void move_times(long long seconds)
{
	autofree char *dir = tmp_path(&node.tmp, "networks/net");

	moved_s = seconds;
	assert_int_equal(nftw(dir, move, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void gc(void)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "GC", .ns = &node.netns };

	node_config(&node, NOBODY_LISTED, POOL);
	call.config = node.config;
	assert_null(run_result(&call));
	node_config(&node, KEYS, POOL);
}

static void status(void)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "STATUS", .ns = &node.netns };

	call.config = node.config;
	assert_null(run_result(&call));
}

static void assert_store_is_clean(void)
{
	autofree char *bin = run_bin("hl-ipam");

	free(run_must(&node.netns, "%s fsck -q --data-dir %s/networks --network net", bin,
		      node.tmp.path));
}

static void the_living_keep_what_they_have(void)
{
	assert_string_equal(pod_address(living, 0), "10.22.0.2");
	pod_check(living);
	pod_add(living);
	assert_string_equal(pod_address(living, 0), "10.22.0.2");
	assert_reaches(&node.netns, &living->netns, "10.22.0.2", "10.22.0.1");
}

/* All that is not the living one's serves others at once, also what rests and what is dead's. */
static void fill_the_pool(void)
{
	char seen[8] = "2";

	for (int i = 0; i < 4; i++) {
		char id[16];
		struct pod *pod;

		snprintf(id, sizeof(id), "new%d", i);
		pod = node_pod(&node, id);
		pod_add(pod);
		assert_null(strchr(seen, pod_address(pod, 0)[strlen("10.22.0.")]));
		strncat(seen, pod_address(pod, 0) + strlen("10.22.0."), 1);
	}
	pod_add_fails(node_pod(&node, "late"), ERROR_AGAIN, "no IP addresses available");
}

static void empty_the_pool(void)
{
	for (size_t i = 0; i < node.n_pods; i++)
		if (node.pods[i].result)
			pod_del(&node.pods[i]);
	assert_int_equal(node_reservations(&node), 0);
	assert_store_is_clean();
}

static const long long moves[] = {
	-40 * YEAR, -YEAR, -2 * HOUR, -5, 5, 2 * HOUR, YEAR, 200 * YEAR,
};

static void set(void **state, void (*then)(void))
{
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		move_times(moves[i]);
		status();
		then();
		the_living_keep_what_they_have();
		one_node_done(state);
		setup(state);
	}
}

static void gc_takes_the_dead_only(void)
{
	gc();
	assert_int_equal(node_reservations(&node), 1);
	assert_store_is_clean();
}

static void after_it_was_set_gc_takes_the_dead_only(void **state)
{
	set(state, gc_takes_the_dead_only);
}

static void after_it_was_set_the_pool_serves_all_there_are(void **state)
{
	set(state, fill_the_pool);
}

static void after_it_was_set_del_leaves_nothing(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(moves); i++) {
		move_times(moves[i]);
		empty_the_pool();
		one_node_done(state);
		setup(state);
	}
}

/* Back and forth, with each verb under another clock. */
static void it_is_set_between_any_two_calls(void **state)
{
	(void)state;
	move_times(YEAR);
	the_living_keep_what_they_have();
	move_times(-2 * YEAR);
	gc_takes_the_dead_only();
	move_times(3 * YEAR);
	fill_the_pool();
	move_times(-HOUR);
	the_living_keep_what_they_have();
	gc();
	assert_int_equal(node_reservations(&node), 5);
	move_times(-4 * YEAR);
	empty_the_pool();
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(after_it_was_set_gc_takes_the_dead_only),
		TEST(after_it_was_set_the_pool_serves_all_there_are),
		TEST(after_it_was_set_del_leaves_nothing),
		TEST(it_is_set_between_any_two_calls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
