/* SPDX-License-Identifier: Apache-2.0 */
/* node.c - nodes with pods */

#include "harness.h"

#include "node.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"

#define PLAIN_KEYS "\"isDefaultGateway\": true"
#define PLAIN_IPAM "\"subnet\": \"10.22.0.0/24\""

void node_make(struct node *node)
{
	memset(node, 0, sizeof(*node));
	tmp_make(&node->tmp);
	ns_make(&node->tmp, "node", &node->netns);
	node_config(node, PLAIN_KEYS, PLAIN_IPAM);
}

void node_done(struct node *node)
{
	for (size_t i = 0; i < node->n_pods; i++) {
		json_decref(node->pods[i].result);
		ns_destroy(&node->pods[i].netns);
	}
	ns_destroy(&node->netns);
	tmp_remove(&node->tmp);
	free(node->config);
	memset(node, 0, sizeof(*node));
}

static json_t *parse_keys(const char *keys)
{
	char *text = NULL;
	json_t *object;

	assert_true(asprintf(&text, "{%s}", keys) > 0);
	object = json_parse(text);
	free(text);
	return object;
}

static json_t *make_ipam(const struct node *node, const char *keys)
{
	json_t *ipam = json_pack("{s:s}", "type", "hl-ipam");
	json_t *more = parse_keys(keys);
	char *dir = tmp_path(&node->tmp, "networks");

	json_object_set_new(ipam, "dataDir", json_string(dir));
	json_object_update(ipam, more);
	json_decref(more);
	free(dir);
	return ipam;
}

void node_config(struct node *node, const char *keys, const char *ipam)
{
	json_t *config = json_pack("{s:s, s:s, s:s, s:s}", "cniVersion", "1.1.0", "name", "net",
				   "type", "cbr-bridge", "bridge", "cni0");
	json_t *more = parse_keys(keys);

	json_object_update(config, more);
	json_decref(more);
	if (ipam)
		json_object_set_new(config, "ipam", make_ipam(node, ipam));
	free(node->config);
	node->config = json_dumps(config, 0);
	json_decref(config);
}

struct pod *node_pod(struct node *node, const char *id)
{
	struct pod *pod = &node->pods[node->n_pods];

	assert_true(node->n_pods < NODE_PODS_MAX);
	node->n_pods++;
	pod->node = node;
	pod->ifname = "eth0";
	snprintf(pod->id, sizeof(pod->id), "%s", id);
	ns_make(&node->tmp, id, &pod->netns);
	return pod;
}

size_t node_reservations(const struct node *node)
{
	char *path = tmp_path(&node->tmp, "networks/net");
	DIR *dir = opendir(path);
	struct dirent *entry;
	size_t n = 0;

	free(path);
	while (dir && (entry = readdir(dir))) {
		unsigned char bytes[16];

		if (inet_pton(AF_INET, entry->d_name, bytes) == 1 ||
		    inet_pton(AF_INET6, entry->d_name, bytes) == 1)
			n++;
	}
	if (dir)
		closedir(dir);
	return n;
}

struct run_call pod_call(const struct pod *pod, const char *command)
{
	return (struct run_call){
		.plugin = "cbr-bridge",
		.command = command,
		.container = pod->id,
		.netns = pod->netns.path,
		.ifname = pod->ifname,
		.args = pod->args,
		.config = pod->node->config,
		.ns = &pod->node->netns,
	};
}

json_t *pod_add(struct pod *pod)
{
	const struct run_call call = pod_call(pod, "ADD");

	json_decref(pod->result);
	pod->result = run_result(&call);
	assert_non_null(pod->result);
	return pod->result;
}

void pod_add_fails(struct pod *pod, int code, const char *text)
{
	const struct run_call call = pod_call(pod, "ADD");

	json_decref(run_error(&call, code, text));
}

char *pod_config(const struct pod *pod)
{
	json_t *config = json_parse(pod->node->config);
	char *text;

	if (pod->result)
		json_object_set(config, "prevResult", pod->result);
	text = json_dumps(config, 0);
	json_decref(config);
	return text;
}

void pod_del(struct pod *pod)
{
	struct run_call call = pod_call(pod, "DEL");
	char *config = pod_config(pod);

	call.config = config;
	assert_null(run_result(&call));
	free(config);
}

void pod_check(struct pod *pod)
{
	struct run_call call = pod_call(pod, "CHECK");
	char *config = pod_config(pod);

	call.config = config;
	assert_null(run_result(&call));
	free(config);
}

void pod_check_fails(struct pod *pod, int code, const char *text)
{
	struct run_call call = pod_call(pod, "CHECK");
	char *config = pod_config(pod);

	call.config = config;
	json_decref(run_error(&call, code, text));
	free(config);
}

const char *pod_address(const struct pod *pod, size_t n)
{
	static char text[64];
	char path[32];

	snprintf(path, sizeof(path), "ips.%zu.address", n);
	snprintf(text, sizeof(text), "%s", json_text_at(pod->result, path));
	text[strcspn(text, "/")] = '\0';
	return text;
}

const char *pod_host_end(const struct pod *pod)
{
	return json_text_at(pod->result, "interfaces.1.name");
}
