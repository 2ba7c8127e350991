/* SPDX-License-Identifier: Apache-2.0 */
/* podlink_name.c - by what a host end is known: to us by its alias, to people by an altname */

#include "podlink_name.h"

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/hash.h"
#include "cbr/base/str.h"
#include "parts.h"

void podlink_alias(const struct attach *a, char ret[static LINK_ALIAS_SIZE])
{
	const struct cni_args *args = &a->conf.args;
	char text[LINK_ALIAS_SIZE * 3];

	snprintf(text, sizeof(text), "%s %s %s %s%s%s", a->call->network, a->call->container_id,
		 a->call->ifname, args->pod_namespace, *args->pod_name ? "/" : "", args->pod_name);
	str_clean(ret, LINK_ALIAS_SIZE, text);
}

static bool split_alias(const struct link *link, char copy[static LINK_ALIAS_SIZE],
			const char **ret_network, const char **ret_container,
			const char **ret_ifname)
{
	char *rest = copy;

	memcpy(copy, link->alias, LINK_ALIAS_SIZE);
	*ret_network = strsep(&rest, " ");
	*ret_container = strsep(&rest, " ");
	*ret_ifname = strsep(&rest, " ");
	return *ret_container && *ret_ifname;
}

bool podlink_alias_parse(const struct link *link, char copy[static LINK_ALIAS_SIZE],
			 const char **ret_network, const char **ret_container,
			 const char **ret_ifname)
{
	char name[IF_NAMESIZE];

	if (!split_alias(link, copy, ret_network, ret_container, ret_ifname))
		return false;
	hash_host_link(*ret_network, *ret_container, *ret_ifname, name);
	return strcmp(name, link->name) == 0;
}

bool podlink_is_of(const struct link *link, const char *network)
{
	char copy[LINK_ALIAS_SIZE];
	const char *found;
	const char *container;
	const char *ifname;

	return podlink_alias_parse(link, copy, &found, &container, &ifname) &&
	       (!network || strcmp(found, network) == 0);
}

bool podlink_is_marked(const struct link *link)
{
	return *link->alias || hash_is_host_link(link->name);
}

/* That of another bridge plugin, which we took over, has no alias of ours. */
bool podlink_is_renamed(const struct attach *a)
{
	const struct cni_call *call = a->call;
	char copy[LINK_ALIAS_SIZE];
	const char *network;
	const char *container;
	const char *ifname;

	return strcmp(a->host.name, a->host_name) != 0 &&
	       split_alias(&a->host, copy, &network, &container, &ifname) &&
	       strcmp(network, call->network) == 0 && strcmp(container, call->container_id) == 0 &&
	       strcmp(ifname, call->ifname) == 0;
}

/* Pods' names are their authors' choice. */
static bool is_good_altname(const char *name)
{
	const size_t len = strlen(name);

	return len >= IF_NAMESIZE && len < LINK_ALTNAME_SIZE && name_is_valid(name);
}

static void put_altname(const struct attach *a, const char *name, struct nl_batch *batch)
{
	if (is_good_altname(name))
		link_put_altname(batch, a->host_name, name);
}

/*
 * What people can type for the host end: "<pod>.<namespace>.<ifname>", and the first digits
 * of the container ID instead of the pod. Each is longer than an interface's name can be:
 * neither we nor anybody on the node will ever find it in the place of one.
 */
void podlink_put_altnames(const struct attach *a, struct nl_batch *batch)
{
	const struct cni_args *args = &a->conf.args;
	const char *ifname = a->call->ifname;
	char text[sizeof(args->pod_name) + sizeof(args->pod_namespace) + IF_NAMESIZE];

	if (*args->pod_name && *args->pod_namespace) {
		snprintf(text, sizeof(text), "%s.%s.%s", args->pod_name, args->pod_namespace,
			 ifname);
		put_altname(a, text, batch);
	}
	snprintf(text, sizeof(text), "%.12s.%s", a->call->container_id, ifname);
	put_altname(a, text, batch);
}
