/* SPDX-License-Identifier: Apache-2.0 */
/* test_guard.c - macspoofchk and ipSpoofChk: from before the link until after it */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "json.h"
#include "one_node.h"
#include "storm.h"
#include "traffic.h"
#include "witness.h"

#define DUAL "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]"
#define KEYS "\"isDefaultGateway\": true"
#define BY_MAC KEYS ", \"macspoofchk\": true"
#define BY_IP KEYS ", \"ipSpoofChk\": true"

/* For a shell: the only port. */
#define HOST_END "$(ip -o link show master cni0 | sed 's/[0-9]*: \\([^@]*\\)@.*/\\1/')"

static struct pod *a;
static struct pod *b;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, BY_IP, DUAL);
	a = node_pod(&node, "a");
	b = node_pod(&node, "b");
	return 0;
}

/* Elements of a set, or of all sets if NULL, of the guard's table. */
static size_t count_elements(const char *set)
{
	json_t *objects = witness_nft(&node.netns, "list ruleset");
	json_t *object;
	size_t n = 0;
	size_t i;

	json_array_foreach (objects, i, object) {
		const json_t *found = json_object_get(object, "set");

		if (found && strcmp(json_text_at(found, "family"), "bridge") == 0 &&
		    (!set || strcmp(json_text_at(found, "name"), set) == 0))
			n += json_array_size(json_object_get(found, "elem"));
	}
	json_decref(objects);
	return n;
}

static size_t count_rules(void)
{
	json_t *objects = witness_nft(&node.netns, "list ruleset");
	json_t *object;
	size_t n = 0;
	size_t i;

	json_array_foreach (objects, i, object)
		n += json_object_get(object, "rule") != NULL;
	json_decref(objects);
	return n;
}

/* DEL as a runtime that knows nothing any more: no namespace, no previous result. */
static void del_blindly(const struct pod *pod)
{
	struct run_call call = pod_call(pod, "DEL");

	call.netns = "";
	assert_null(run_result(&call));
}

static void without_the_keys_there_is_no_table(void **state)
{
	char *rules;

	(void)state;
	node_config(&node, KEYS ", \"macspoofchk\": false, \"ipSpoofChk\": false", DUAL);
	pod_add(a);
	pod_check(a);
	pod_del(a);
	rules = run_must(&node.netns, "nft list ruleset");
	assert_string_equal(rules, "");
	free(rules);
}

static void each_pod_has_elements_and_no_rule(void **state)
{
	char id[16];
	size_t rules;
	size_t one;

	(void)state;
	node_config(&node, BY_IP ", \"ipMasq\": true", DUAL);
	pod_add(a);
	rules = count_rules();
	one = count_elements(NULL);
	assert_true(rules > 0 && one > 0);
	for (int i = 1; i < 100; i++) {
		snprintf(id, sizeof(id), "more%d", i);
		pod_add(node_pod(&node, id));
	}
	assert_int_equal(count_rules(), rules);
	assert_int_equal(count_elements(NULL), 100 * one);
	assert_int_equal(count_elements("guarded"), 100);
	for (size_t i = 0; i < node.n_pods; i++)
		pod_del(&node.pods[i]);
	assert_int_equal(count_elements(NULL), 0);
	assert_int_equal(count_rules(), rules);
}

/* Neither wait for the other's rules: all are there, once. */
static void many_at_once_make_one_table(void **state)
{
	(void)state;
	storm_add();
	for (int i = 0; i < STORM_PODS; i++) {
		json_t *result = storm_said_of(i);

		assert_non_null(json_object_get(result, "ips"));
		json_decref(result);
	}
	assert_int_equal(count_elements("guarded"), STORM_PODS);
	pod_add(a);
	pod_del(a);
	pod_add(a);
	pod_check(a);
}

/* nft takes what it lists: a node's ruleset can be saved and loaded. */
static void the_listing_can_be_loaded(void **state)
{
	(void)state;
	pod_add(a);
	free(run_must(&node.netns,
		      "nft list ruleset > %s/rules && nft flush ruleset && "
		      "nft -f %s/rules",
		      node.tmp.path, node.tmp.path));
	pod_check(a);
	assert_reaches(&a->netns, &node.netns, "fd00:22::1", "fd00:22::2");
	pod_del(a);
	assert_int_equal(count_elements(NULL), 0);
}

/*
 * A delegate that takes its time: meanwhile the pod's end goes up, as the kernel made it,
 * and tries to reach the gateway.
 */
static void write_eager_delegate(void)
{
	char script[2048];

	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncat > /dev/null\n[ $CNI_COMMAND = ADD ] || exit 0\n"
		 "n() { nsenter --net=\"$CNI_NETNS\" \"$@\"; }\n"
		 "until n ip link show eth0 >/dev/null 2>&1; do :; done\n"
		 "n ip link set eth0 up\nn ip addr add 10.22.0.77/24 dev eth0\n"
		 "until ip -o link show master cni0 | grep -v NO-CARRIER | "
		 "grep -q \"@if.* alias net eager .*state UP\\|state UP.*alias net eager\"; do :; "
		 "done\n"
		 "n ping -q -c 1 -W 1 10.22.0.1 >/dev/null 2>&1 && echo passed >> %s/log\n"
		 "echo tried >> %s/log\n"
		 "n ip addr del 10.22.0.77/24 dev eth0\nn ip link set eth0 down\n"
		 "echo '{\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": \"10.22.0.9/24\"}]}'\n",
		 node.tmp.path, node.tmp.path);
	free(tmp_write(&node.tmp, "bin/eager", script, 0755));
}

static void assert_eager_pod(const char *keys, const char *log)
{
	char *dir = tmp_path(&node.tmp, "bin");
	struct pod *eager = node_pod(&node, "eager");
	struct run_call call = pod_call(eager, "ADD");
	char *seen;

	node_config(&node, keys, "\"type\": \"eager\"");
	call.path = dir;
	call.config = node.config;
	eager->result = run_result(&call);
	seen = tmp_read(&node.tmp, "log");
	assert_string_equal(seen, log);
	assert_reaches(&eager->netns, &node.netns, "10.22.0.1", "10.22.0.9");
	free(seen);
	free(dir);
}

static void nothing_passes_before_the_addresses_are_known(void **state)
{
	const char *keys[] = { KEYS, BY_MAC, BY_IP };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		pod_add(a);
		write_eager_delegate();
		assert_eager_pod(keys[i], i ? "tried\n" : "passed\ntried\n");
		one_node_done(state);
		setup(state);
	}
}

/* This IPAM plugin needs the pod's link to ask from: 0.0.0.0 to everybody, with its MAC. */
static void dhcp_can_ask_before_there_is_an_address(void **state)
{
	char *dir = tmp_path(&node.tmp, "bin");
	struct run_call call = pod_call(b, "ADD");
	char script[1024];

	(void)state;
	snprintf(script, sizeof(script),
		 "#!/bin/sh\ncat > /dev/null\n[ $CNI_COMMAND = ADD ] || exit 0\n"
		 "until nft list set bridge cbr macs | grep -q veth; do :; done\n"
		 "nft list table bridge cbr > %s/seen\n"
		 "until nsenter --net=\"$CNI_NETNS\" ip -o link show eth0 > %s/link 2>/dev/null;"
		 " do :; done\n"
		 "echo '{\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": \"10.22.0.9/24\"}]}'\n",
		 node.tmp.path, node.tmp.path);
	free(tmp_write(&node.tmp, "bin/dhcp", script, 0755));
	node_config(&node, BY_IP, "\"type\": \"dhcp\"");
	call.path = dir;
	call.config = node.config;
	b->result = run_result(&call);
	free(run_must(NULL,
		      "grep -q \"$(sed 's/.*ether \\([0-9a-f:]*\\).*/\\1/' %s/link)\" %s/seen",
		      node.tmp.path, node.tmp.path));
	free(run_must(NULL, "! grep -q 10.22 %s/seen", node.tmp.path));
	assert_reaches(&b->netns, &node.netns, "10.22.0.1", "10.22.0.9");
	call.command = "DEL";
	assert_null(run_result(&call));
	assert_int_equal(count_elements(NULL), 0);
	free(dir);
}

static void del_needs_nothing_to_clean_up(void **state)
{
	static const char *const damages[] = {
		"true",
		"nft flush ruleset",
		"nft flush set bridge cbr macs",
		"nft flush set bridge cbr guarded",
		"nft flush set bridge cbr ips6",
		("ip link del " HOST_END),
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damages); i++) {
		node_config(&node, BY_IP, DUAL);
		pod_add(a);
		free(run_must(&node.netns, "%s", damages[i]));
		/* Meanwhile nobody guards any more. */
		node_config(&node, KEYS, DUAL);
		del_blindly(a);
		assert_int_equal(count_elements("guarded"), 0);
		if (!strstr(damages[i], "guarded"))
			assert_int_equal(count_elements(NULL), 0);
		assert_int_equal(node_reservations(&node), 0);
	}
}

/* More addresses than the note in the element's comment has room for. */
static void del_finds_more_than_it_noted(void **state)
{
	char ipam[1024] = "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}]";

	(void)state;
	for (int i = 1; i <= 6; i++)
		snprintf(ipam + strlen(ipam), sizeof(ipam) - strlen(ipam),
			 ", [{\"subnet\": \"fd00:1234:5678:9abc:def0:%x::/96\"}]", i);
	strcat(ipam, "]");
	node_config(&node, BY_IP, ipam);
	pod_add(a);
	pod_add(b);
	assert_int_equal(count_elements("ips6"), 2 * 7);
	pod_check(a);
	pod_add(a);
	pod_check(a);
	del_blindly(a);
	assert_int_equal(count_elements("ips6"), 7);
	pod_check(b);
	pod_del(b);
	assert_int_equal(count_elements(NULL), 0);
}

static void a_failed_add_leaves_no_element(void **state)
{
	static const char *const routes =
		", \"routes\": [{\"dst\": \"192.0.2.0/24\", \"gw\": \"172.31.0.1\"}]";
	char ipam[512];

	(void)state;
	snprintf(ipam, sizeof(ipam), "%s%s", DUAL, routes);
	node_config(&node, BY_IP, ipam);
	pod_add_fails(a, ERROR_KERNEL, "192.0.2.0/24");
	assert_int_equal(count_elements(NULL), 0);
	node_config(&node, BY_IP, "\"subnet\": \"10.22.0.0/32\"");
	pod_add_fails(a, ERROR_CONFIG, "too small");
	assert_int_equal(count_elements(NULL), 0);
	/* What lives is left alone. */
	node_config(&node, BY_IP, DUAL);
	pod_add(a);
	node_config(&node,
		    BY_IP ", \"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"172.31.0.1\"}]",
		    DUAL);
	pod_add_fails(a, ERROR_KERNEL, "10.23.0.0/24");
	node_config(&node, BY_IP, DUAL);
	pod_check(a);
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", pod_address(a, 0));
}

static void a_long_container_id_is_as_good(void **state)
{
	struct run_call call = pod_call(a, "ADD");
	char id[256];
	json_t *result;

	(void)state;
	memset(id, 'c', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	call.container = id;
	result = run_result(&call);
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	assert_int_equal(count_elements("guarded"), 1);
	call.command = "DEL";
	assert_null(run_result(&call));
	assert_int_equal(count_elements(NULL), 0);
	json_decref(result);
}

static void check_names_what_is_missing_and_add_brings_it_back(void **state)
{
	static const struct {
		const char *damage;
		const char *text;
	} rows[] = {
		{ "nft flush set bridge cbr guarded", "of set guarded" },
		{ "nft flush set bridge cbr addressed", "of set addressed" },
		{ "nft flush set bridge cbr macs", " . 0a:58:0a:16:00:02 of set macs" },
		{ "nft flush set bridge cbr ips4", " . 10.22.0.2 of set ips4" },
		{ "nft flush set bridge cbr ips6", " of set ips6" },
		{ "nft flush set bridge cbr targets", " of set targets" },
		{ "nft flush set bridge cbr options", " of set options" },
		{ "nft flush chain bridge cbr guard", "rules of chain guard" },
		{ "nft flush chain bridge cbr packets", "rules of chain packets" },
		{ "ip link set " HOST_END " type bridge_slave group_fwd_mask 0",
		  "reserved groups" },
		{ "nft flush table bridge cbr", "rules of chain" },
		{ "nft flush ruleset", "chain" },
		{ "nft flush chain bridge cbr guard; nft delete chain bridge cbr guard; "
		  "nft add chain bridge cbr guard '{ type filter hook forward priority 0; }'; "
		  "nft add rule bridge cbr guard drop",
		  "hook" },
		{ "nft list table bridge cbr > $TMPDIR/r; nft delete table bridge cbr; "
		  "sed 's/only (1)/only (0)/' $TMPDIR/r | nft -f -; rm $TMPDIR/r",
		  "comment of chain guard" },
	};

	(void)state;
	pod_add(a);
	pod_check(a);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		free(run_must(&node.netns, "%s", rows[i].damage));
		pod_check_fails(a, ERROR_CHECK, rows[i].text);
		pod_add(a);
		pod_check(a);
	}
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
}

/* Of as many rules as there should be, one that says something else. */
static void check_sees_a_rule_that_was_edited(void **state)
{
	static const struct {
		const char *chain;
		const char *rule;
		const char *instead;
		const char *said;
	} rows[] = {
		{ "guard", "goto frames", "iifname != @guarded goto frames", "guard as we make" },
		{ "guard", "goto frames", "iifname @guarded accept", "rules of chain frames" },
		{ "frames", "!= @macs", "iifname . ether saddr @macs drop", "frames as we make" },
		{ "frames", "!= @macs", "iifname . ether saddr != @macs accept", "frames as we" },
		{ "packets", "ip saddr @ips4", "meta protocol ip accept", "packets as we make" },
		{ "packets", "drop", "accept", "packets as we make" },
		{ "neighbours", "drop", "meta mark 7 drop", "neighbours as we make" },
	};

	(void)state;
	pod_add(a);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pod_check(a);
		free(run_must(&node.netns,
			      "N=$(nft -a list chain bridge cbr %s | grep -F '%s' | tail -n 1 | "
			      "sed 's/.*handle //') && "
			      "nft \"replace rule bridge cbr %s handle $N %s\"",
			      rows[i].chain, rows[i].rule, rows[i].chain, rows[i].instead));
		pod_check_fails(a, ERROR_CHECK, rows[i].said);
		/* As CHECK says: what is flushed comes back with the next ADD. */
		free(run_must(&node.netns, "nft flush chain bridge cbr %s", rows[i].chain));
		pod_add(a);
	}
}

/* A chain of somebody else's in our table concerns nobody. */
static void check_does_not_mind_other_chains_of_the_table(void **state)
{
	(void)state;
	pod_add(a);
	free(run_must(&node.netns, "nft add chain bridge cbr mine && "
				   "nft add rule bridge cbr mine counter"));
	pod_check(a);
}

/* The next pod's ADD makes rules and sets anew; other pods' elements take their own ADD. */
static void a_flushed_ruleset_does_not_stop_the_next_pod(void **state)
{
	(void)state;
	pod_add(a);
	free(run_must(&node.netns, "nft flush ruleset"));
	pod_add(b);
	pod_check(b);
	pod_check_fails(a, ERROR_CHECK, "of set guarded");
	assert_reaches(&a->netns, &b->netns, "10.22.0.3", "10.22.0.2");
	pod_add(a);
	pod_check(a);
}

static void an_add_again_follows_the_config(void **state)
{
	(void)state;
	node_config(&node, KEYS, DUAL);
	pod_add(a);
	node_config(&node, BY_MAC, DUAL);
	pod_check_fails(a, ERROR_CHECK, "chain");
	pod_add(a);
	pod_check(a);
	assert_int_equal(count_elements(NULL), 2);
	node_config(&node, BY_IP, DUAL);
	pod_add(a);
	pod_check(a);
	assert_int_equal(count_elements("ips6"), 2);
	node_config(&node, BY_MAC, DUAL);
	pod_add(a);
	assert_int_equal(count_elements(NULL), 2);
	node_config(&node, KEYS, DUAL);
	pod_add(a);
	assert_int_equal(count_elements(NULL), 0);
	free(run_must(&node.netns, "! ip -d link show %s | grep -q 'group_fwd_mask 0xfffd'",
		      pod_host_end(a)));
}

static void a_mac_of_the_runtimes_choice_is_the_one(void **state)
{
	(void)state;
	node_config(&node, BY_IP ", \"runtimeConfig\": {\"mac\": \"02:aa:bb:cc:dd:ee\"}", DUAL);
	pod_add(a);
	pod_check(a);
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", "10.22.0.2");
	free(run_must(&node.netns, "nft list set bridge cbr macs | grep -q 02:aa:bb:cc:dd:ee"));
	pod_del(a);
	assert_int_equal(count_elements(NULL), 0);
}

static void a_layer_2_pod_is_guarded_by_its_mac(void **state)
{
	(void)state;
	node_config(&node, "\"macspoofchk\": true", NULL);
	pod_add(a);
	pod_add(b);
	free(run_must(&a->netns, "ip addr add 10.1.1.1/24 dev eth0"));
	free(run_must(&b->netns, "ip addr add 10.1.1.2/24 dev eth0"));
	assert_reaches(&a->netns, &b->netns, "10.1.1.2", "10.1.1.1");
	pod_check(a);
	free(run_must(&a->netns, "ip link set eth0 address 02:00:00:00:00:99"));
	assert_unreachable(&a->netns, &b->netns, "10.1.1.2");
	/* ADD again gives it back the one that is its own. */
	pod_add(a);
	assert_reaches(&a->netns, &b->netns, "10.1.1.2", "10.1.1.1");
	del_blindly(a);
	del_blindly(b);
	assert_int_equal(count_elements(NULL), 0);
}

static void gc_forgets_ports_whose_links_are_gone(void **state)
{
	struct run_call call = { .plugin = "cbr-bridge", .command = "GC", .ns = &node.netns };

	(void)state;
	pod_add(a);
	pod_add(b);
	ns_destroy(&b->netns);
	ns_wait(&node.netns, 5000, "! ip link show %s", pod_host_end(b));
	free(run_must(&node.netns, "nft add element bridge cbr ips4 '{ \"vethnone\" . 1.2.3.4 }'"));
	node_config(&node,
		    KEYS ", \"cni.dev/valid-attachments\": [{\"containerID\": \"a\", "
			 "\"ifname\": \"eth0\"}]",
		    DUAL);
	call.config = node.config;
	assert_null(run_result(&call));
	node_config(&node, BY_IP, DUAL);
	pod_check(a);
	assert_int_equal(count_elements("guarded"), 1);
	assert_int_equal(count_elements("ips4"), 1);
	assert_reaches(&a->netns, &node.netns, "10.22.0.1", pod_address(a, 0));
}

static void ip_spoof_chk_needs_ipam(void **state)
{
	(void)state;
	node_config(&node, "\"ipSpoofChk\": true", NULL);
	pod_add_fails(a, ERROR_CONFIG, "ipSpoofChk needs an ipam section");
}

/* What else is in the bridge family is not ours. */
static void foreign_tables_are_left_alone(void **state)
{
	char *rules;

	(void)state;
	free(run_must(&node.netns,
		      "nft add table bridge nat '{ chain PREROUTING { type filter hook "
		      "prerouting priority -300; counter; }; }'"));
	pod_add(a);
	pod_del(a);
	rules = run_must(&node.netns, "nft list table bridge nat");
	assert_contains(rules, "counter packets");
	free(rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(without_the_keys_there_is_no_table),
		TEST(each_pod_has_elements_and_no_rule),
		TEST(many_at_once_make_one_table),
		TEST(the_listing_can_be_loaded),
		TEST(nothing_passes_before_the_addresses_are_known),
		TEST(dhcp_can_ask_before_there_is_an_address),
		TEST(del_needs_nothing_to_clean_up),
		TEST(del_finds_more_than_it_noted),
		TEST(a_failed_add_leaves_no_element),
		TEST(a_long_container_id_is_as_good),
		TEST(check_names_what_is_missing_and_add_brings_it_back),
		TEST(check_sees_a_rule_that_was_edited),
		TEST(check_does_not_mind_other_chains_of_the_table),
		TEST(a_flushed_ruleset_does_not_stop_the_next_pod),
		TEST(an_add_again_follows_the_config),
		TEST(a_mac_of_the_runtimes_choice_is_the_one),
		TEST(a_layer_2_pod_is_guarded_by_its_mac),
		TEST(gc_forgets_ports_whose_links_are_gone),
		TEST(ip_spoof_chk_needs_ipam),
		TEST(foreign_tables_are_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
