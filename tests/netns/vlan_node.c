/* SPDX-License-Identifier: Apache-2.0 */
/* vlan_node.c - a node whose pods are in VLANs */

#include "harness.h"

#include "vlan_node.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "traffic.h"
#include "witness.h"

#define ONE_POOL "\"subnet\": \"10.22.0.0/24\""

bool kernel_filters(void)
{
	struct run run = run_shell(&node.netns, "ip link add probe0 type bridge vlan_filtering 1 "
						"&& ip link del probe0");
	const bool ok = run.status == 0;

	run_done(&run);
	return ok;
}

void use_keys(const char *keys)
{
	node_config(&node, keys, ONE_POOL);
}

void use_network(int vlan, const char *more)
{
	char keys[512];
	char ipam[256];

	snprintf(keys, sizeof(keys),
		 "\"name\": \"net%d\", \"vlan\": %d, \"isDefaultGateway\": true%s", vlan, vlan,
		 more);
	snprintf(ipam, sizeof(ipam),
		 "\"ranges\": [[{\"subnet\": \"10.%d.0.0/24\"}], "
		 "[{\"subnet\": \"fd00:%d::/64\"}]]",
		 vlan, vlan);
	node_config(&node, keys, ipam);
}

struct pod *add(const char *id)
{
	struct pod *pod = node_pod(&node, id);

	pod_add(pod);
	pod_check(pod);
	return pod;
}

struct pod *add_in(int vlan, const char *id)
{
	use_network(vlan, "");
	return add(id);
}

void del_in(int vlan, struct pod *pod)
{
	use_network(vlan, "");
	pod_del(pod);
}

bool link_exists(const char *name)
{
	json_t *link = witness_link(&node.netns, name);
	const bool there = link;

	json_decref(link);
	return there;
}

void assert_vlans(const char *link, const char *expected)
{
	char *text = run_must(&node.netns,
			      "bridge -j -compressvlans vlan show dev %s | jq -c '[.[].vlans[] | "
			      "[.vlan, .vlanEnd // .vlan, (.flags // [] | join(\"+\"))]]'",
			      link);

	text[strcspn(text, "\n")] = '\0';
	assert_string_equal(text, expected);
	free(text);
}

void assert_talk(const struct pod *from, const struct pod *to)
{
	char source[64];

	snprintf(source, sizeof(source), "%s", pod_address(from, 0));
	assert_reaches(&from->netns, &to->netns, pod_address(to, 0), source);
}

void assert_apart(const struct pod *from, const struct pod *to)
{
	assert_unreachable(&from->netns, &to->netns, pod_address(to, 0));
}

void assert_add_changes_nothing(struct pod *pod, int code, const char *text)
{
	char *before = witness_state(&node.netns);
	char *after;

	pod_add_fails(pod, code, text);
	after = witness_state(&node.netns);
	assert_string_equal(before, after);
	free(before);
	free(after);
}
