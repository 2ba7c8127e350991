/* SPDX-License-Identifier: Apache-2.0 */
/* kill.c - every stop, every choice of who dies, every ending */

#include "harness.h"

#include "kill.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "json.h"
#include "trace.h"
#include "witness.h"

#define N_ENDINGS 4

static const char *const victim_names[] = {
	[TRACE_ALL] = "all die",
	[TRACE_PLUGIN] = "the plugin dies",
	[TRACE_DELEGATE] = "the delegate dies",
};

/* What is going on, for whoever sees it fail. */
static char context[256];

static bool is_command(const struct kill_case *what, const char *command)
{
	return strcmp(what->command, command) == 0;
}

static struct trace call_and_kill(struct scene *scene, const struct kill_case *what,
				  const struct trace_stop *where, enum trace_victims victims)
{
	char *config;
	struct run_call call = is_command(what, "GC") ?
				       scene_gc_call(scene, &config) :
				       scene_call(scene, scene->victim, what->command, &config);
	struct trace trace = trace_call(&call, where, victims);

	free(config);
	return trace;
}

static bool has_delegate(const struct kill_case *what)
{
	return strcmp(what->plugin, "cbr-bridge") == 0;
}

static void begin(struct scene *scene, const struct kill_case *what, bool apart)
{
	scene_make(scene, what->plugin, apart);
	if (what->prepare)
		what->prepare(scene);
}

/* All that is free can be had: nothing was lost, nothing was handed out twice. */
static void assert_pool_serves(struct scene *scene)
{
	if (!scene->other->result)
		scene_add(scene, scene->other);
	scene_add(scene, scene->next);
	scene_inspect(scene);
	assert_int_equal(node_reservations(&scene->node), 2 * SCENE_ADDRESSES);
	scene_settled(scene);
}

static void end_by_retry(struct scene *scene, const struct kill_case *what)
{
	json_t *before = json_incref(scene->victim->result);

	if (is_command(what, "ADD")) {
		scene_add(scene, scene->victim);
		if (what->keeps)
			assert_true(json_equal(before, scene->victim->result));
		scene_inspect(scene);
	}
	if (is_command(what, "GC"))
		scene_gc(scene);
	else
		scene_del(scene, scene->victim);
	json_decref(before);
	scene_inspect(scene);
	scene_settled(scene);
	assert_pool_serves(scene);
}

/* The runtime gives up on the pod. */
static void end_by_del(struct scene *scene, const struct kill_case *what)
{
	(void)what;
	scene_del(scene, scene->victim);
	scene_inspect(scene);
	scene_settled(scene);
	assert_pool_serves(scene);
}

static void end_by_gc(struct scene *scene, const struct kill_case *what)
{
	if (!is_command(what, "GC"))
		scene_kill_pod(scene, scene->victim);
	scene_gc(scene);
	scene_inspect(scene);
	scene_forgot(scene, scene->victim);
	scene_settled(scene);
	assert_pool_serves(scene);
}

static void end_by_need(struct scene *scene, const struct kill_case *what)
{
	if (!is_command(what, "GC"))
		scene_kill_pod(scene, scene->victim);
	assert_pool_serves(scene);
	assert_int_equal(scene_holds(scene, scene->victim), 0);
}

static const struct {
	const char *name;
	void (*fn)(struct scene *scene, const struct kill_case *what);
} endings[N_ENDINGS] = {
	{ "called again", end_by_retry },
	{ "DEL", end_by_del },
	{ "the pod dies, then GC", end_by_gc },
	{ "the pod dies, another needs its address", end_by_need },
};

/* The caller of a plugin that went on and failed has been told: nothing may be left. */
static void assert_failure_left_nothing(struct scene *scene, const struct kill_case *what,
					const struct trace *trace)
{
	if (trace->status != 0 && trace->status != 1 && trace->status != 128 + SIGKILL)
		harness_fail(__FILE__, __LINE__, "ended with %d", trace->status);
	if (trace->status != 1 || !is_command(what, "ADD"))
		return;
	assert_contains(trace->out, "\"code\"");
	if (!what->keeps)
		scene_forgot(scene, scene->victim);
}

/* Return: was anything killed? A call may stop less often than the one that was counted. */
static bool kill_once(const struct kill_case *what, bool apart, const struct trace_stop *where,
		      enum trace_victims victims, size_t ending)
{
	struct scene scene;
	struct trace trace;
	bool killed;
	char text[TRACE_TEXT_SIZE];

	snprintf(context, sizeof(context), "%s: %s %s; %s", what->name, victim_names[victims],
		 trace_format(where, text), endings[ending].name);
	begin(&scene, what, apart);
	trace = call_and_kill(&scene, what, where, victims);
	scene_inspect(&scene);
	assert_failure_left_nothing(&scene, what, &trace);
	endings[ending].fn(&scene, what);
	killed = trace.killed;
	trace_done(&trace);
	scene_done(&scene);
	*context = '\0';
	return killed;
}

static struct trace pass_undisturbed(const struct kill_case *what, bool apart)
{
	struct scene scene;
	struct trace trace;

	begin(&scene, what, apart);
	trace = call_and_kill(&scene, what, NULL, TRACE_ALL);
	if (trace.status != 0)
		harness_fail(__FILE__, __LINE__, "undisturbed: status %d\n%s", trace.status,
			     trace.out);
	scene_done(&scene);
	return trace;
}

/* The shortest of a few: what a busy kernel is waited for with is no stop of interest. */
static struct trace count_stops(const struct kill_case *what, bool apart)
{
	struct trace shortest = pass_undisturbed(what, apart);

	for (int i = 0; i < 2; i++) {
		struct trace trace = pass_undisturbed(what, apart);

		if (trace.n < shortest.n) {
			struct trace longer = shortest;

			shortest = trace;
			trace = longer;
		}
		trace_done(&trace);
	}
	return shortest;
}

/* Threads die together. */
static bool makes_sense(bool apart, const struct trace_stop *where, enum trace_victims victims)
{
	if (victims == TRACE_DELEGATE)
		return apart && where->process > 0;
	return victims == TRACE_ALL || apart;
}

static void kill_all_ways(const struct kill_case *what, bool apart, bool thorough)
{
	struct trace calm = count_stops(what, apart);
	size_t turn = 0;
	size_t kills = 0;

	for (size_t i = 0; i < calm.n; i++)
		for (int victims = TRACE_ALL; victims <= TRACE_DELEGATE; victims++) {
			if (!makes_sense(apart, &calm.stops[i], victims))
				continue;
			for (size_t j = 0; j < (thorough ? N_ENDINGS : 1); j++)
				kills += kill_once(what, apart, &calm.stops[i], victims,
						   turn++ % N_ENDINGS);
		}
	print_message("# %s%s: %zu stops, %zu kills\n", what->name,
		      apart ? ", its delegate apart" : "", calm.n, kills);
	trace_done(&calm);
}

void kill_everywhere(const struct kill_case *what, bool thorough)
{
	kill_all_ways(what, false, thorough);
	if (has_delegate(what))
		kill_all_ways(what, true, thorough);
}

int kill_teardown(void **state)
{
	(void)state;
	if (*context)
		fprintf(stderr, "# while: %s\n", context);
	*context = '\0';
	return 0;
}
