/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.h - nodes with pods: what most tests of the plugins begin with
 *
 * A node is a network namespace with a pool of its own; a pod is another namespace and
 * an attachment of it. All functions end the running test as failed when they cannot do
 * their work.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "ns.h"
#include "run.h"
#include "tmp.h"

#define NODE_PODS_MAX 128

/*
 * @node: where it lives
 * @netns: its namespace
 * @id: container ID
 * @ifname: "eth0"
 * @args: CNI_ARGS, NULL = none
 * @result: of its ADD, or NULL
 */
struct pod {
	struct node *node;
	struct ns netns;
	char id[64];
	const char *ifname;
	const char *args;
	json_t *result;
};

/*
 * @tmp: directory; pools are below its "networks"
 * @netns: the node's namespace
 * @config: stdin of every call, from node_config()
 * @pods, @n_pods: those made
 */
struct node {
	struct tmp tmp;
	struct ns netns;
	char *config;
	struct pod pods[NODE_PODS_MAX];
	size_t n_pods;
};

/* node_make() - a node with nothing on it, and the config of a plain network */
void node_make(struct node *node);

/* node_done() - destroy it with its pods */
void node_done(struct node *node);

/*
 * node_config() - set the config: cniVersion 1.1.0, name "net", type cbr-bridge, bridge cni0
 * @keys: more keys of the top object, as JSON text without braces; "" for none; a key
 *        that is given replaces the default one
 * @ipam: keys of the "ipam" object likewise, type and dataDir are added; NULL = no ipam
 */
void node_config(struct node *node, const char *keys, const char *ipam);

/* node_pod() - a new pod with this container ID; valid until node_done() */
struct pod *node_pod(struct node *node, const char *id);

/* node_reservations() - how many addresses network "net" holds */
size_t node_reservations(const struct node *node);

/* pod_config() - the config as a runtime sends it after ADD, with prevResult; owned by caller */
char *pod_config(const struct pod *pod);

/* pod_call() - the call of a verb for this pod; @config is the node's, borrowed */
struct run_call pod_call(const struct pod *pod, const char *command);

/* pod_add() - attach; keeps the result. Return: borrowed result */
json_t *pod_add(struct pod *pod);

/* pod_del(), pod_check() - as a runtime would, with prevResult; must succeed */
void pod_del(struct pod *pod);
void pod_check(struct pod *pod);

/* pod_add_fails(), pod_check_fails() - must fail with this code and text */
void pod_add_fails(struct pod *pod, int code, const char *text);
void pod_check_fails(struct pod *pod, int code, const char *text);

/* pod_address() - its n-th address without the length; borrowed until the next call */
const char *pod_address(const struct pod *pod, size_t n);

/* pod_host_end() - name of the host end in its result */
const char *pod_host_end(const struct pod *pod);
