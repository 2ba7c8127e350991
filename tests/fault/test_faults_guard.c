/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults_guard.c - the same, of pods with source guards, and an address that makes room */

#include "harness.h"

#include "cbr/base/array.h"
#include "site.h"

static const struct network network = {
	.keys = "\"isGateway\": true, \"macspoofchk\": true, \"ipSpoofChk\": true, "
		"\"forceAddress\": true, \"portIsolation\": true, \"mtu\": 1400",
	.pool = "\"subnet\": \"10.22.0.0/24\"",
	/* Somebody else's address, which is to make room; and nothing of ours. */
	.bare = "ip link del cni0; nft delete table bridge cbr; "
		"ip link add cni0 address 02:00:00:00:00:01 mtu 1500 type bridge; "
		"ip link set cni0 up; ip addr add 10.99.0.1/24 brd + dev cni0",
};

static const struct trial trials[] = {
	{ "first_add_netlink", &network, "ADD", "netlink", .beside = false },
	{ "del_netlink", &network, "DEL", "netlink", .beside = true },
	{ "check_netlink", &network, "CHECK", "netlink", .beside = false },
	{ "add_memory", &network, "ADD", "memory", .beside = true },
	{ "gc_memory", &network, "GC", "memory", .beside = false },
};

int main(void)
{
	return site_main(trials, ARRAY_SIZE(trials));
}
