/* SPDX-License-Identifier: Apache-2.0 */
/* test_del.c - DEL succeeds whenever the attachment is gone afterwards */

#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "one_node.h"
#include "traffic.h"
#include "witness.h"

#define MASQ "\"isDefaultGateway\": true, \"ipMasq\": true"
#define POOL "\"subnet\": \"10.22.0.0/24\""

static struct pod *pod;

static int setup(void **state)
{
	(void)state;
	node_make(&node);
	node_config(&node, MASQ, POOL);
	pod = node_pod(&node, "c1");
	return 0;
}

static size_t count_ports(void)
{
	json_t *ports = witness_ip(&node.netns, "link show type veth");
	size_t n = json_array_size(ports);

	json_decref(ports);
	return n;
}

static void assert_all_gone(void)
{
	assert_int_equal(count_ports(), 0);
	assert_int_equal(node_reservations(&node), 0);
}

static void assert_del_with_netns(const char *netns)
{
	struct run_call call = pod_call(pod, "DEL");

	call.netns = netns;
	assert_null(run_result(&call));
	assert_all_gone();
}

static void with_netns_and_prev_result(void **state)
{
	(void)state;
	pod_add(pod);
	pod_del(pod);
	assert_all_gone();
}

static void twice_and_before_any_add(void **state)
{
	(void)state;
	pod_del(pod);
	pod_add(pod);
	pod_del(pod);
	pod_del(pod);
	assert_all_gone();
}

/* The second DEL of a pod by containerd: CNI_NETNS empty, no prevResult. */
static void with_no_netns_the_link_goes_too(void **state)
{
	(void)state;
	pod_add(pod);
	assert_del_with_netns("");
	pod_add(pod);
	assert_del_with_netns(NULL);
	assert_null(witness_link(&pod->netns, "eth0"));
}

static void with_a_netns_path_that_is_missing(void **state)
{
	(void)state;
	pod_add(pod);
	assert_del_with_netns("/run/netns/is/gone");
}

static void with_a_netns_path_that_is_a_plain_file(void **state)
{
	char *file = tmp_write(&node.tmp, "plain", "", 0644);

	(void)state;
	pod_add(pod);
	assert_del_with_netns(file);
	free(file);
}

static void with_a_netns_path_that_is_another_namespace(void **state)
{
	(void)state;
	pod_add(pod);
	assert_del_with_netns("/proc/self/ns/mnt");
}

static void with_a_fifo_for_a_netns(void **state)
{
	char *fifo = tmp_path(&node.tmp, "fifo");

	(void)state;
	free(run_must(NULL, "mkfifo %s", fifo));
	pod_add(pod);
	assert_del_with_netns(fifo);
	free(fifo);
}

static void with_a_broken_prev_result(void **state)
{
	static const char *const broken[] = {
		"{}",
		"{\"cniVersion\": \"0.2.0\", \"ip4\": {\"ip\": \"10.22.0.2/24\"}}",
		"{\"cniVersion\": \"1.1.0\", \"ips\": [{\"address\": \"nonsense\"}]}",
		"{\"cniVersion\": \"9.9.9\"}",
	};
	char keys[256];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		node_config(&node, MASQ, POOL);
		pod_add(pod);
		snprintf(keys, sizeof(keys), MASQ ", \"prevResult\": %s", broken[i]);
		node_config(&node, keys, POOL);
		assert_del_with_netns(pod->netns.path);
	}
}

/* The config changed, and not for the better, while the pod lived. */
static void with_a_config_that_broke_meanwhile(void **state)
{
	static const char *const keys[] = {
		MASQ ", \"mtu\": \"big\"",
		MASQ ", \"hairpinMode\": true, \"promiscMode\": true",
		MASQ ", \"vlan\": 9",
		MASQ ", \"nodeRoutes\": 7",
		MASQ ", \"bridge\": \"other0\"",
	};

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		node_config(&node, MASQ, POOL);
		pod_add(pod);
		node_config(&node, keys[i], "\"subnet\": \"192.0.2.0/33\"");
		assert_del_with_netns(pod->netns.path);
	}
}

static void with_args_that_broke_meanwhile(void **state)
{
	(void)state;
	pod_add(pod);
	pod->args = "no pair;UNKNOWN=1;IP=what";
	assert_del_with_netns(pod->netns.path);
}

/* The link goes even if nobody can be told about the address; the address is not lost. */
static void with_a_delegate_that_is_missing(void **state)
{
	struct run_call call = pod_call(pod, "DEL");

	(void)state;
	pod_add(pod);
	call.path = "/nowhere";
	json_decref(run_error(&call, ERROR_DELEGATE, "hl-ipam"));
	assert_int_equal(count_ports(), 0);
	assert_int_equal(node_reservations(&node), 1);
	assert_del_with_netns(pod->netns.path);
}

static void after_the_netns_died_with_its_link(void **state)
{
	(void)state;
	pod_add(pod);
	ns_destroy(&pod->netns);
	assert_del_with_netns("/run/netns/is/gone");
}

/* Made by another bridge plugin: a random host name, which only the pod's end leads to. */
static void of_an_attachment_that_another_plugin_made(void **state)
{
	(void)state;
	free(run_must(&node.netns,
		      "ip link add cni0 type bridge && ip link set cni0 up && "
		      "ip link add veth1234abcd master cni0 type veth peer name eth0 netns %s",
		      pod->netns.path));
	pod_del(pod);
	assert_all_gone();
	assert_null(witness_link(&pod->netns, "eth0"));
}

static void leaves_an_interface_that_is_no_veth(void **state)
{
	(void)state;
	free(run_must(&pod->netns, "ip link add eth0 type bridge"));
	pod_del(pod);
	assert_non_null(witness_link(&pod->netns, "eth0"));
}

static void leaves_the_neighbours_attachments(void **state)
{
	struct pod *other = node_pod(&node, "c2");

	(void)state;
	pod_add(pod);
	pod_add(other);
	pod_del(pod);
	pod_check(other);
	assert_reaches(&other->netns, &node.netns, "10.22.0.1", "10.22.0.3");
}

static void assert_entries(size_t n)
{
	json_t *entries = witness_ip(&node.netns, "neigh show dev cni0");
	size_t of_ours = 0;
	size_t i;
	json_t *entry;

	json_array_foreach (entries, i, entry)
		of_ours += json_object_get(entry, "lladdr") &&
			   strncmp(json_text_at(entry, "dst"), "fe80", 4) != 0;
	assert_int_equal(of_ours, n);
	json_decref(entries);
}

static void forgets_the_neighbour_entry(void **state)
{
	json_t *entries;

	(void)state;
	pod_add(pod);
	entries = witness_ip(&node.netns, "neigh show 10.22.0.2 dev cni0");
	assert_json_text(entries, "0.lladdr", "0a:58:0a:16:00:02");
	json_decref(entries);
	pod_del(pod);
	assert_entries(0);
}

/* As with versions before 0.4.0. */
static void forgets_the_neighbour_entries_without_prev_result(void **state)
{
	struct pod *other = node_pod(&node, "c2");
	struct run_call call;

	(void)state;
	node_config(
		&node, MASQ,
		"\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]");
	pod_add(pod);
	pod_add(other);
	assert_entries(4);
	call = pod_call(pod, "DEL");
	assert_null(run_result(&call));
	assert_entries(2);
	/* Those of another pod stay, to which the path leads by now. */
	call.netns = other->netns.path;
	assert_null(run_result(&call));
	assert_entries(2);
}

static void of_a_layer_2_network(void **state)
{
	(void)state;
	node_config(&node, "", NULL);
	pod_add(pod);
	assert_del_with_netns("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, one_node_done)
		TEST(with_netns_and_prev_result),
		TEST(twice_and_before_any_add),
		TEST(with_no_netns_the_link_goes_too),
		TEST(with_a_netns_path_that_is_missing),
		TEST(with_a_netns_path_that_is_a_plain_file),
		TEST(with_a_netns_path_that_is_another_namespace),
		TEST(with_a_fifo_for_a_netns),
		TEST(with_a_broken_prev_result),
		TEST(with_a_config_that_broke_meanwhile),
		TEST(with_args_that_broke_meanwhile),
		TEST(with_a_delegate_that_is_missing),
		TEST(after_the_netns_died_with_its_link),
		TEST(of_an_attachment_that_another_plugin_made),
		TEST(leaves_an_interface_that_is_no_veth),
		TEST(leaves_the_neighbours_attachments),
		TEST(forgets_the_neighbour_entry),
		TEST(forgets_the_neighbour_entries_without_prev_result),
		TEST(of_a_layer_2_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
