/* SPDX-License-Identifier: Apache-2.0 */
/* attach.c - open what a verb works with, and let go of it */

#include "attach.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/hash.h"
#include "cbr/cni/log.h"
#include "cbr/sys/caps.h"

static int open_node(struct attach *a, struct error *err)
{
	int rc = caps_require(CAP_NET_ADMIN, "change the node's network", err);

	if (rc < 0)
		return rc;
	hash_host_link(a->call->network, a->call->container_id, a->call->ifname, a->host_name);
	return nl_socket_open(NETLINK_ROUTE, NULL, &a->node, err);
}

/*
 * Opened once; from then on it is used by its descriptor, whatever becomes of the path. So
 * what was seen there at first is looked at again.
 */
static int open_pod(struct attach *a, struct error *err)
{
	int rc = netns_open(a->call->netns, &a->netns, err);

	if (rc < 0 || a->call->netns_override)
		return rc;
	return netns_refuse_own(&a->netns, a->call->netns, err);
}

int attach_open(struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "open");
	int rc = open_pod(a, err);

	if (rc < 0)
		return rc;
	if ((rc = open_node(a, err)) < 0 ||
	    (rc = caps_require(CAP_SYS_ADMIN, "enter the pod's network namespace", err)) < 0)
		return rc;
	return nl_socket_open(NETLINK_ROUTE, &a->netns, &a->pod, err);
}

int attach_open_leftovers(struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "open");
	int rc = open_node(a, err);

	if (rc < 0 || !*a->call->netns)
		return rc;
	/*
	 * A path that names nothing, or a plain file that an unmounted namespace left, or that
	 * leads to the node (/proc/PID/ns/net of a process that has a number used before), has
	 * no link of the pod in it. The host end is found by name all the same. That we were
	 * kept from looking says nothing: what another plugin made is found from the pod alone.
	 */
	rc = open_pod(a, err);
	if (rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM)
		return rc;
	if (rc < 0) {
		netns_done(&a->netns);
		return 0;
	}
	return nl_socket_open(NETLINK_ROUTE, &a->netns, &a->pod, err);
}

int attach_open_nft(struct attach *a, struct error *err)
{
	int rc = a->nft.mnl ? 0 : nl_socket_open(NETLINK_NETFILTER, NULL, &a->nft, err);

	if (rc != -EPROTONOSUPPORT)
		return rc;
	err->code = ERROR_KERNEL;
	error_wrap(err, "nf_tables");
	return error_hint(err, "the kernel has no CONFIG_NETFILTER_NETLINK: ipMasq needs it with "
			       "CONFIG_NF_TABLES, CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT and "
			       "CONFIG_NFT_MASQ, macspoofchk and ipSpoofChk with CONFIG_NF_TABLES "
			       "and CONFIG_NF_TABLES_BRIDGE");
}

int attach_look(struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "look up");
	auto_with(nl_batch_done) struct nl_batch node = { 0 };
	auto_with(nl_batch_done) struct nl_batch pod = { 0 };
	int rc;

	nl_batch_begin(&node, &a->node);
	link_put_get(&node, a->conf.bridge, &a->bridge);
	link_put_get(&node, a->host_name, &a->host);
	if (*a->conf.vlan_gateway)
		link_put_get(&node, a->conf.vlan_gateway, &a->vlan_gateway);
	rc = nl_batch_run(&node, err);
	if (rc < 0)
		return rc;
	nl_batch_begin(&pod, &a->pod);
	link_put_get(&pod, a->call->ifname, &a->container);
	return nl_batch_run(&pod, err);
}

bool attach_is_layer3(const struct attach *a)
{
	return *a->conf.ipam_type;
}

bool attach_is_inherited(const struct attach *a)
{
	return strcmp(a->host.name, a->host_name) != 0;
}

const struct link *attach_gateway(const struct attach *a)
{
	return *a->conf.vlan_gateway ? &a->vlan_gateway : &a->bridge;
}

const char *attach_gateway_name(const struct attach *a)
{
	return *a->conf.vlan_gateway ? a->conf.vlan_gateway : a->conf.bridge;
}

void attach_done(struct attach *a)
{
	cni_delegate_done(&a->ipam);
	cni_result_done(&a->result);
	nl_socket_done(&a->nft);
	nl_socket_done(&a->pod);
	nl_socket_done(&a->node);
	netns_done(&a->netns);
	if (a->lock_fd >= 0)
		close(a->lock_fd);
	free(a->gateways);
	free(a->gateways_added);
	free(a->replaced);
	free(a->routes_added);
	bridge_conf_done(&a->conf);
}
