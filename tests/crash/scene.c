/* SPDX-License-Identifier: Apache-2.0 */
/* scene.c - a node, its pods and calls */

#include "harness.h"

#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "apart.h"
#include "cbr/base/hash.h"
#include "json.h"
#include "traffic.h"
#include "witness.h"

#define KEYS "\"isDefaultGateway\": true, \"ipMasq\": true"
#define POOL                                                                               \
	"\"ranges\": [[{\"subnet\": \"10.22.0.0/24\", \"rangeStart\": \"10.22.0.10\", "    \
	"\"rangeEnd\": \"10.22.0.11\"}], [{\"subnet\": \"fd00:22::/64\", \"rangeStart\": " \
	"\"fd00:22::10\", \"rangeEnd\": \"fd00:22::11\"}]]"

void scene_make(struct scene *scene, const char *plugin, bool apart)
{
	scene->plugin = plugin;
	node_make(&scene->node);
	/* A way out whose MTU the bridge must have, whoever dies making it. */
	free(run_must(&scene->node.netns,
		      "ip link add up0 mtu 1400 type veth peer name up1 && ip link set up1 up && "
		      "ip link set up0 up && ip addr add 172.30.0.2/24 dev up0 && "
		      "ip route add default via 172.30.0.1"));
	scene->path = apart ? apart_make(&scene->node.tmp) : NULL;
	node_config(&scene->node, KEYS, POOL);
	scene->other = node_pod(&scene->node, "other");
	scene->victim = node_pod(&scene->node, "victim");
	scene->next = node_pod(&scene->node, "next");
}

void scene_done(struct scene *scene)
{
	free(scene->path);
	node_done(&scene->node);
}

struct run_call scene_call(const struct scene *scene, const struct pod *pod, const char *command,
			   char **config)
{
	struct run_call call = pod_call(pod, command);

	*config = strcmp(command, "ADD") == 0 ? strdup(scene->node.config) : pod_config(pod);
	call.config = *config;
	call.plugin = scene->plugin;
	call.path = scene->path;
	return call;
}

struct run_call scene_gc_call(const struct scene *scene, char **config)
{
	json_t *json = json_parse(scene->node.config);
	const struct run_call call = { .plugin = scene->plugin,
				       .command = "GC",
				       .path = scene->path,
				       .ns = &scene->node.netns };
	struct run_call ret = call;

	json_object_set_new(json, "cni.dev/valid-attachments",
			    json_pack("[{s:s, s:s}]", "containerID", scene->other->id, "ifname",
				      scene->other->ifname));
	*config = json_dumps(json, 0);
	json_decref(json);
	ret.config = *config;
	return ret;
}

/* Return: what the plugin printed, NULL if nothing */
static json_t *make_call(const struct scene *scene, struct pod *pod, const char *command)
{
	char *config;
	const struct run_call call = scene_call(scene, pod, command, &config);
	json_t *json = run_result(&call);

	free(config);
	return json;
}

static void assert_gateways_answer(const struct scene *scene, const struct pod *pod)
{
	char source[TRAFFIC_ADDR_SIZE];
	json_t *ip;
	size_t i;

	json_array_foreach (json_object_get(pod->result, "ips"), i, ip) {
		const char *gateway = json_text_at(ip, "gateway");

		if (!traffic_tcp(&pod->netns, &scene->node.netns, gateway, 1, source))
			harness_fail(__FILE__, __LINE__, "%s does not reach its gateway %s",
				     pod->id, gateway);
	}
}

static void assert_bridge_is_whole(const struct scene *scene, const struct pod *pod)
{
	assert_json_int(pod->result, "interfaces.0.mtu", 1400);
	assert_json_int(pod->result, "interfaces.2.mtu", 1400);
	free(run_must(&scene->node.netns,
		      "ip link show cni0 | grep -q 'UP.* mtu 1400 .* group default' && "
		      "cd /proc/sys/net && cat ipv6/conf/cni0/accept_ra ipv6/conf/cni0/autoconf "
		      "ipv4/conf/cni0/rp_filter | tr -d '\\n' | grep -qx 002"));
}

void scene_add(struct scene *scene, struct pod *pod)
{
	json_decref(pod->result);
	pod->result = make_call(scene, pod, "ADD");
	assert_json_size(pod->result, "ips", 2);
	assert_null(make_call(scene, pod, "CHECK"));
	assert_int_equal(scene_holds(scene, pod), 2);
	if (strcmp(scene->plugin, "cbr-bridge") != 0)
		return;
	assert_bridge_is_whole(scene, pod);
	assert_gateways_answer(scene, pod);
}

void scene_del(struct scene *scene, struct pod *pod)
{
	assert_null(make_call(scene, pod, "DEL"));
	scene_forgot(scene, pod);
	if (strcmp(scene->plugin, "cbr-bridge") == 0)
		scene_lacks_neighbour(scene, pod);
	json_decref(pod->result);
	pod->result = NULL;
}

void scene_gc(struct scene *scene)
{
	char *config;
	const struct run_call call = scene_gc_call(scene, &config);

	assert_null(run_result(&call));
	free(config);
}

void scene_kill_pod(struct scene *scene, struct pod *pod)
{
	char name[IF_NAMESIZE];

	ns_destroy(&pod->netns);
	hash_host_link("net", pod->id, pod->ifname, name);
	ns_wait(&scene->node.netns, 10000, "! test -e /proc/sys/net/ipv4/conf/%s", name);
}
