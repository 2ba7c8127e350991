/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podlink_remove.c - the pod link goes: by the name that only it has, else from the pod's side
 *
 * Should: find also what another bridge plugin made before we took the network over; its
 * host end has a random name.
 * Mustn't: take what is another attachment's. CNI_IFNAME may be another network's, after an
 * ADD that was refused for that; and CNI_NETNS may lead to another pod by now.
 */

#include <string.h>

#include "parts.h"
#include "podlink_name.h"

/* Did ADD report a host end of this name? */
static bool is_reported(const struct cni_result *result, const char *name)
{
	for (size_t i = 0; i < result->n_interfaces; i++) {
		const struct cni_interface *entry = &result->interfaces[i];

		if (!(entry->sandbox && *entry->sandbox) && strcmp(entry->name, name) == 0)
			return true;
	}
	return false;
}

/* The two ends of one pair; an index alone says nothing across namespaces. */
static bool is_pair(const struct attach *a, int pod_netns)
{
	return strcmp(a->container.kind, "veth") == 0 && strcmp(a->host.kind, "veth") == 0 &&
	       a->container.peer == a->host.index && a->host.peer == a->container.index &&
	       a->host.peer_netns == pod_netns;
}

/*
 * It has the name that only this attachment has; or else a mark says whose it is. What has
 * none may be of another bridge plugin: ADD's result names its host end; where nobody kept
 * that, it is a port of the network's bridge.
 */
static bool is_of_this_attachment(const struct attach *a)
{
	if (strcmp(a->host.name, a->host_name) == 0)
		return true;
	if (podlink_is_marked(&a->host))
		return podlink_is_renamed(a);
	if (a->result.n_interfaces)
		return is_reported(&a->result, a->host.name);
	return a->bridge.index && a->host.master == a->bridge.index;
}

int podlink_find(struct attach *a, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	int pod_netns;
	int rc = link_get(&a->pod, a->call->ifname, &a->container, err);

	if (rc <= 0 || !a->container.peer)
		return rc < 0 ? rc : 0;
	nl_batch_begin(&batch, &a->node);
	link_put_get(&batch, a->conf.bridge, &a->bridge);
	link_put_get_index(&batch, a->container.peer, &a->host);
	rc = nl_batch_run(&batch, err);
	if (rc >= 0)
		rc = nsid_get(&a->node, &a->netns, &pod_netns, err);
	return rc < 0 ? rc : is_pair(a, pod_netns) && is_of_this_attachment(a);
}

/* Return: 1 deleted, 0 there is none of this name */
static int cut(struct attach *a, const char *name, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	size_t deleted;
	int rc;

	nl_batch_begin(&batch, &a->node);
	deleted = link_put_delete(&batch, name);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : nl_batch_result(&batch, deleted) == 0;
}

int podlink_remove(struct attach *a, struct error *err)
{
	int rc = cut(a, a->host_name, err);

	if (rc != 0 || a->netns.fd < 0)
		return rc;
	rc = podlink_find(a, err);
	return rc > 0 ? cut(a, a->host.name, err) : rc;
}
