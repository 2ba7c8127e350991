/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c - what the plugins write to their logFile */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"

#define TRACEPARENT "TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
#define TRACE_ID "0af7651916cd43dd8448eb211c80319c"
#define SECRET "hunter2"
#define AT_ONCE 20

static struct pod *pod;

/* @more: keys of the top object behind logFile, which is "log" in the node's directory */
static void configure(const char *more, const char *ipam)
{
	char keys[1024];

	snprintf(keys, sizeof(keys),
		 "\"isDefaultGateway\": true, \"ipMasq\": true, \"logFile\": \"%s/log\"%s",
		 node.tmp.path, more);
	node_config(&node, keys, ipam);
}

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	configure("", "\"subnet\": \"10.22.0.0/24\"");
	pod = node_pod(&node, "c1");
	return 0;
}

/* The lines of one plugin in a file of the node's directory; new reference, kept to the end. */
static json_t *lines(const char *file, const char *plugin)
{
	char *text = tmp_read(&node.tmp, file);
	json_t *array = json_array();
	char *rest = text;
	char *line;

	while (text && (line = strsep(&rest, "\n")) && rest) {
		json_t *json = json_parse(line);

		if (strcmp(json_text_at(json, "plugin"), plugin) == 0)
			json_array_append(array, json);
		json_decref(json);
	}
	free(text);
	return array;
}

/* Each step has a duration, together no more than the call's. */
static void assert_adds_up(const json_t *call)
{
	json_int_t sum = 0;
	json_t *step;
	size_t i;

	json_array_foreach (json_object_get(call, "steps"), i, step) {
		json_int_t us = json_integer_value(json_object_get(step, "us"));

		assert_true(*json_text_at(step, "step"));
		assert_true(json_is_integer(json_object_get(step, "us")) && us >= 0);
		sum += us;
	}
	assert_true(json_is_integer(json_object_get(call, "us")));
	assert_true(sum <= json_integer_value(json_object_get(call, "us")));
}

/* Names of the steps of a call, each with a blank behind; borrowed until the next call. */
static const char *steps_of(const json_t *call)
{
	static char names[1024];
	json_t *step;
	size_t i;

	*names = '\0';
	json_array_foreach (json_object_get(call, "steps"), i, step)
		strcat(strcat(names, json_text_at(step, "step")), ", ");
	return names;
}

static void each_call_is_a_line_with_its_steps(void **state)
{
	static const struct {
		const char *command;
		const char *bridge;
		const char *ipam;
	} rows[] = {
		{ "ADD",
		  "open, bridge lock, look up, start hl-ipam, guard, bridge, VLAN users, pod link, "
		  "VLANs, pod settings, await hl-ipam, guard addresses, pod network, VLAN gateway, "
		  "gateway, node routes, carrier, neighbours, announcement, result, masquerade, ",
		  "lock, allocate, " },
		{ "CHECK",
		  "open, look up, start hl-ipam, await hl-ipam, bridge, pod link, VLANs, pod "
		  "network, "
		  "VLAN gateway, gateway, routes and rules, ",
		  "find, " },
		{ "DEL",
		  "open, pod link, guard, neighbours, VLAN users, start hl-ipam, await hl-ipam, ",
		  "lock, release, " },
	};
	json_t *bridge;
	json_t *ipam;

	(void)state;
	pod->args = "K8S_POD_NAMESPACE=shop;K8S_POD_NAME=cart-0";
	pod_add(pod);
	pod_check(pod);
	pod_del(pod);
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_size(bridge, "", 3);
	assert_json_size(ipam, "", 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *line = json_array_get(bridge, i);

		assert_json_text(line, "command", rows[i].command);
		assert_json_text(line, "level", "info");
		assert_json_text(line, "outcome", "ok");
		assert_json_text(line, "network", "net");
		assert_json_text(line, "container", "c1");
		assert_json_text(line, "ifname", "eth0");
		assert_json_text(line, "namespace", "shop");
		assert_json_text(line, "pod", "cart-0");
		assert_json_absent(line, "trace_id");
		assert_string_equal(steps_of(line), rows[i].bridge);
		assert_adds_up(line);
		line = json_array_get(ipam, i);
		assert_json_text(line, "command", rows[i].command);
		assert_string_equal(steps_of(line), rows[i].ipam);
		assert_adds_up(line);
	}
	json_decref(bridge);
	json_decref(ipam);
}

/* What IPAM says of itself is less than what we see of it, and its wait is part of that. */
static void the_delegates_own_time_is_told(void **state)
{
	json_t *bridge;
	json_t *ipam;
	json_int_t run_us;

	(void)state;
	pod_add(pod);
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_text(bridge, "0.steps.10.step", "await hl-ipam");
	run_us = json_integer_value(json_at(bridge, "0.steps.10.run_us"));
	assert_true(run_us >= json_integer_value(json_at(bridge, "0.steps.10.us")));
	assert_true(run_us > json_integer_value(json_at(ipam, "0.us")));
	assert_true(run_us <= json_integer_value(json_at(bridge, "0.us")));
	json_decref(bridge);
	json_decref(ipam);
}

static void both_tell_the_trace(void **state)
{
	static const char *const traced[] = { TRACEPARENT, NULL };
	static const char *const malformed[] = { "TRACEPARENT=00-0AF7", NULL };
	struct run_call call = pod_call(pod, "ADD");
	json_t *bridge;
	json_t *ipam;

	(void)state;
	call.extra = traced;
	json_decref(run_result(&call));
	call.extra = malformed;
	json_decref(run_result(&call));
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_text(bridge, "0.trace_id", TRACE_ID);
	assert_json_text(bridge, "0.span_id", "b7ad6b7169203331");
	assert_json_text(ipam, "0.trace_id", TRACE_ID);
	assert_json_size(bridge, "", 2);
	assert_json_absent(bridge, "1.trace_id");
	json_decref(bridge);
	json_decref(ipam);
}

static void a_failed_add_says_what_and_undoes(void **state)
{
	json_t *bridge;
	json_t *ipam;

	(void)state;
	configure(", \"logLevel\": \"error\"",
		  "\"subnet\": \"10.22.0.0/24\", \"routes\": [{\"dst\": \"10.9.0.0/16\", "
		  "\"gw\": \"192.0.2.1\"}]");
	pod_add_fails(pod, ERROR_KERNEL, "pod network");
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_size(bridge, "", 1);
	assert_json_text(bridge, "0.level", "error");
	assert_json_text(bridge, "0.outcome", "error");
	assert_json_int(bridge, "0.code", ERROR_KERNEL);
	assert_contains(json_text_at(bridge, "0.msg"), "pod network: ");
	assert_string_equal(
		steps_of(json_array_get(bridge, 0)),
		"open, bridge lock, look up, start hl-ipam, guard, bridge, VLAN users, pod link, "
		"VLANs, pod settings, await hl-ipam, guard addresses, pod network, undo pod link, "
		"undo bridge, "
		"start hl-ipam, await hl-ipam, ");
	assert_adds_up(json_array_get(bridge, 0));
	/* The delegate did all that it was asked. */
	assert_json_size(ipam, "", 0);
	/* And an ADD that works is not of interest. */
	configure(", \"logLevel\": \"error\"", "\"subnet\": \"10.22.0.0/24\"");
	pod_add(pod);
	json_decref(bridge);
	bridge = lines("log", "cbr-bridge");
	assert_json_size(bridge, "", 1);
	json_decref(bridge);
	json_decref(ipam);
}

/* An IPAM plugin that gives an address with a route that cannot be, and takes nothing back. */
static void what_cannot_be_undone_is_a_warning(void **state)
{
	static const char script[] =
		"#!/bin/sh\n"
		"[ $CNI_COMMAND = ADD ] && exec echo '{\"cniVersion\": \"1.1.0\", \"ips\": "
		"[{\"address\": \"10.22.0.2/24\"}], \"routes\": [{\"dst\": \"10.9.0.0/16\", "
		"\"gw\": \"192.0.2.1\"}]}'\n"
		"echo '{\"code\": 99, \"msg\": \"I keep it\"}'; exit 1\n";
	struct run_call call;
	json_t *all;

	(void)state;
	free(tmp_write(&node.tmp, "fake", script, 0755));
	configure(", \"logLevel\": \"warning\"", "\"type\": \"fake\"");
	call = pod_call(pod, "ADD");
	call.path = node.tmp.path;
	json_decref(run_error(&call, ERROR_KERNEL, "pod network"));
	all = lines("log", "cbr-bridge");
	assert_json_size(all, "", 2);
	assert_json_text(all, "0.level", "warning");
	assert_json_int(all, "0.code", 99);
	assert_json_text(all, "0.msg", "cannot undo what the delegate did: I keep it");
	assert_json_text(all, "1.event", "call");
	assert_json_int(all, "1.code", ERROR_KERNEL);
	json_decref(all);
}

static void debug_tells_each_step_as_it_ends(void **state)
{
	json_t *all;
	json_t *line;
	size_t i;
	char seen[1024] = "";

	(void)state;
	configure(", \"logLevel\": \"debug\"", "\"subnet\": \"10.22.0.0/24\"");
	pod_add(pod);
	all = lines("log", "cbr-bridge");
	json_array_foreach (all, i, line) {
		const char *event = json_text_at(line, "event");

		strcat(strcat(seen, strcmp(event, "step") ? event : json_text_at(line, "step")),
		       ", ");
		assert_json_text(line, "container", "c1");
		assert_json_text(line, "level", strcmp(event, "call") ? "debug" : "info");
	}
	assert_string_equal(
		seen,
		"begin, open, bridge lock, look up, start hl-ipam, guard, bridge, VLAN users, "
		"pod link, VLANs, pod settings, await hl-ipam, guard addresses, pod network, "
		"VLAN gateway, gateway, node routes, carrier, neighbours, announcement, result, "
		"masquerade, "
		"call, ");
	json_decref(all);
}

static void the_ipam_section_may_have_a_log_of_its_own(void **state)
{
	char ipam[512];
	json_t *own;
	json_t *top;

	(void)state;
	snprintf(ipam, sizeof(ipam),
		 "\"subnet\": \"10.22.0.0/24\", \"logFile\": \"%s/own\", \"logLevel\": \"debug\"",
		 node.tmp.path);
	configure("", ipam);
	pod_add(pod);
	own = lines("own", "hl-ipam");
	assert_json_size(own, "", 4);
	json_decref(own);
	top = lines("log", "hl-ipam");
	assert_json_size(top, "", 0);
	json_decref(top);
	top = lines("log", "cbr-bridge");
	assert_json_size(top, "", 1);
	json_decref(top);
}

static void lines_of_many_at_once_are_whole(void **state)
{
	const char *dir = node.tmp.path;
	char *bin = run_bin("");
	char *config;
	char *out;
	char id[16];
	json_t *bridge;
	json_t *ipam;

	(void)state;
	for (int i = 0; i < AT_ONCE; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		node_pod(&node, id);
	}
	config = tmp_write(&node.tmp, "config", node.config, 0644);
	out = run_must(&node.netns,
		       "i=0; while [ $i -lt %d ]; do "
		       "( CNI_COMMAND=ADD CNI_CONTAINERID=p$i CNI_IFNAME=eth0 CNI_NETNS=%s/p$i "
		       "CNI_PATH=%s %s/cbr-bridge < %s/config > %s/out.$i || echo FAIL $i ) & "
		       "i=$((i+1)); done; wait",
		       AT_ONCE, dir, bin, bin, dir, dir);
	assert_string_equal(out, "");
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_size(bridge, "", AT_ONCE);
	assert_json_size(ipam, "", AT_ONCE);
	for (int i = 0; i < AT_ONCE; i++) {
		snprintf(id, sizeof(id), "p%d", i);
		assert_non_null(json_find(bridge, "container", id));
		assert_non_null(json_find(ipam, "container", id));
	}
	json_decref(bridge);
	json_decref(ipam);
	free(out);
	free(config);
	free(bin);
}

static void a_log_that_cannot_be_written_costs_no_pod(void **state)
{
	static const struct {
		const char *file;
		const char *said;
	} rows[] = {
		{ "/nowhere/log", "goes on without a log: cannot open logFile /nowhere/log: No" },
		{ "/", "goes on without a log: cannot open logFile /: Is a directory" },
		{ "/dev/null", "goes on without a log: logFile /dev/null is no regular file" },
		{ "/proc/sys/net/ipv4/conf/lo/tag", "cannot write to logFile: Invalid argument" },
	};
	char keys[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct run_call call;
		struct run run;

		snprintf(keys, sizeof(keys), "\"logFile\": \"%s\"", rows[i].file);
		node_config(&node, keys, "\"subnet\": \"10.22.0.0/24\"");
		call = pod_call(pod, "ADD");
		run = run_plugin(&call);
		assert_int_equal(run.status, 0);
		assert_contains(run.err, "cbr-bridge: ");
		assert_contains(run.err, "hl-ipam: ");
		assert_contains(run.err, rows[i].said);
		run_done(&run);
		pod_del(pod);
	}
	assert_int_equal(node_reservations(&node), 0);
}

static void a_symbolic_link_is_not_followed(void **state)
{
	char *target = tmp_write(&node.tmp, "target", "precious\n", 0644);
	char *link = tmp_path(&node.tmp, "log");
	char *seen;

	(void)state;
	assert_int_equal(symlink(target, link), 0);
	pod_add(pod);
	pod_del(pod);
	seen = tmp_read(&node.tmp, "target");
	assert_string_equal(seen, "precious\n");
	free(seen);
	free(link);
	free(target);
}

static void names_stay_on_their_line(void **state)
{
	json_t *bridge;
	json_t *ipam;

	(void)state;
	pod->args = "K8S_POD_NAMESPACE=a\"},{\nb\x1b[31m;K8S_POD_NAME=\x7f\\\xff\xe2\x80\xa8";
	pod_add(pod);
	bridge = lines("log", "cbr-bridge");
	ipam = lines("log", "hl-ipam");
	assert_json_size(bridge, "", 1);
	assert_json_size(ipam, "", 1);
	assert_json_text(bridge, "0.namespace", "a\"},{?b?[31m");
	assert_json_text(bridge, "0.pod", "?\\??");
	json_decref(bridge);
	json_decref(ipam);
}

static void secrets_are_not_logged(void **state)
{
	static const char *const extra[] = { "BAGGAGE=token=" SECRET, "CNI_TOKEN=" SECRET,
					     "PASSWORD=" SECRET, NULL };
	struct run_call call = pod_call(pod, "ADD");
	char *text;

	(void)state;
	configure(", \"logLevel\": \"debug\", \"token\": \"" SECRET "\"",
		  "\"subnet\": \"10.22.0.0/24\", \"password\": \"" SECRET "\"");
	call.config = node.config;
	call.extra = extra;
	call.args = "IgnoreUnknown=1;TOKEN=" SECRET;
	json_decref(run_result(&call));
	text = tmp_read(&node.tmp, "log");
	assert_contains(text, "\"outcome\":\"ok\"");
	assert_lacks(text, SECRET);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(each_call_is_a_line_with_its_steps),
		TEST(the_delegates_own_time_is_told),
		TEST(both_tell_the_trace),
		TEST(a_failed_add_says_what_and_undoes),
		TEST(what_cannot_be_undone_is_a_warning),
		TEST(debug_tells_each_step_as_it_ends),
		TEST(the_ipam_section_may_have_a_log_of_its_own),
		TEST(lines_of_many_at_once_are_whole),
		TEST(a_log_that_cannot_be_written_costs_no_pod),
		TEST(a_symbolic_link_is_not_followed),
		TEST(names_stay_on_their_line),
		TEST(secrets_are_not_logged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
