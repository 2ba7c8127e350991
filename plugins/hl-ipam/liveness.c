/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liveness.c - does the host end of an attachment exist?
 *
 * Not asked with if_nametoindex(3): for a name that does not exist the kernel runs
 * modprobe first, twice (dev_load() in net/core/dev_ioctl.c), and that while we hold the
 * lock. /proc/sys/net is that of the reader's own namespace.
 */

#include "liveness.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>

#include "cbr/base/hash.h"
#include "cbr/sys/sysctl.h"

static bool exists(const char *name)
{
	char path[64];
	char value[16];

	snprintf(path, sizeof(path), "net/ipv4/conf/%s/forwarding", name);
	return sysctl_read(path, value, sizeof(value)) != -ENOENT;
}

bool liveness_has_link(const char *network, const struct pool_owner *owner)
{
	char name[IF_NAMESIZE];

	if (!*owner->ifname)
		return false;
	hash_host_link(network, owner->container_id, owner->ifname, name);
	/* Where even "all" is missing, /proc/sys says nothing of links. */
	return exists(name) || !exists("all");
}
