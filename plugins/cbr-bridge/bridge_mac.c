/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bridge_mac.c - the MAC of a bridge, by which its pods know their gateway
 *
 * A bridge that nobody gave a MAC has that of a port, and loses it with that port
 * (br_stp_recalculate_bridge_id()), or has none when the last one is gone. Pods would go on
 * sending to it. So one that we make is given one, and one that was there keeps what it has.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge.h"
#include "cbr/base/file.h"
#include "cbr/base/hash.h"
#include "cbr/sys/boot.h"

/* NET_ADDR_SET of linux/netdevice.h: somebody gave it. */
#define GIVEN 3

/*
 * The same whenever it is made in this boot, for pods remember it and CHECK compares it, but
 * no other node's: not even that of another namespace here.
 */
int bridge_choose_mac(const struct attach *a, struct mac *ret, struct error *err)
{
	const char *name = a->conf.bridge;
	uint64_t hash = hash_bytes(HASH_SEED, name, strlen(name));
	char boot[BOOT_ID_SIZE];
	uint64_t dev;
	uint64_t ino;
	int rc = netns_identify("/proc/thread-self/ns/net", &dev, &ino);

	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "cannot tell our own network namespace");
	hash = hash_bytes(hash, boot_id(boot), strlen(boot));
	hash = hash_bytes(hash, &ino, sizeof(ino));
	*ret = mac_from_hash(hash);
	return 0;
}

bool bridge_is_of_ours(const struct attach *a, const struct link *link)
{
	struct error ignored;
	struct mac mac;

	return a->bridge_made ||
	       (bridge_choose_mac(a, &mac, &ignored) == 0 && mac_equal(&mac, &link->mac));
}

static bool file_says(const struct link *bridge, const char *file, const char *text)
{
	char path[64];
	char value[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", bridge->name, file);
	n = file_read(AT_FDCWD, path, value, sizeof(value));
	return n > 0 && value[n - 1] == '\n' && strlen(text) == (size_t)n - 1 &&
	       memcmp(value, text, (size_t)n - 1) == 0;
}

/*
 * Netlink does not tell who chose a MAC. sysfs does, but may be that of another namespace:
 * what it says counts if it has a link of this name, number and MAC.
 */
static bool is_given(const struct link *bridge)
{
	char index[16];
	char mac[MAC_TEXT_SIZE];
	char given[16];

	snprintf(index, sizeof(index), "%d", bridge->index);
	snprintf(given, sizeof(given), "%d", GIVEN);
	return file_says(bridge, "ifindex", index) &&
	       file_says(bridge, "address", mac_format(&bridge->mac, mac)) &&
	       file_says(bridge, "addr_assign_type", given);
}

static bool has_ports(struct attach *a)
{
	autofree struct link *ports = NULL;
	struct error ignored;
	size_t n = 0;

	return link_list(&a->node, a->bridge.index, &ports, &n, &ignored) < 0 || n;
}

/*
 * To give it what it has pins it, but older kernels take no frames to one that was never a
 * port's for the bridge's own, unless it changes (br_stp_change_bridge_id()). Either way the
 * kernel forgets the link's neighbours, so it is done only where it must be.
 */
int bridge_put_mac(struct attach *a, struct nl_batch *batch, struct error *err)
{
	struct link *bridge = &a->bridge;
	struct mac other;
	int rc;

	if (!mac_is_unicast(&bridge->mac)) {
		if ((rc = bridge_choose_mac(a, &bridge->mac, err)) < 0)
			return rc;
	} else if (is_given(bridge)) {
		return 0;
	} else if (!has_ports(a)) {
		other = bridge->mac;
		other.bytes[sizeof(other.bytes) - 1] ^= 1;
		link_put_change(batch, bridge->index, &other, 0, 0, 0);
	}
	link_put_change(batch, bridge->index, &bridge->mac, 0, 0, 0);
	a->mac_put = true;
	return 0;
}
