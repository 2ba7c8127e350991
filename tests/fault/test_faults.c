/* SPDX-License-Identifier: Apache-2.0 */
/* test_faults.c - each netlink request fails once, each allocation too */

#include "harness.h"

#include "cbr/base/array.h"
#include "site.h"

static const struct network network = {
	.keys = "\"isDefaultGateway\": true, \"ipMasq\": true, \"hairpinMode\": true, "
		"\"nodeRoutes\": [{\"dst\": \"10.23.0.0/24\", \"gw\": \"10.22.0.99\"}]",
	.pool = "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]",
	.bare = "ip link del cni0; nft delete table inet cbr",
};

static const struct trial trials[] = {
	{ "first_add_netlink", &network, "ADD", "netlink", .beside = false },
	{ "later_add_netlink", &network, "ADD", "netlink", .beside = true },
	{ "del_netlink", &network, "DEL", "netlink", .beside = true },
	{ "check_netlink", &network, "CHECK", "netlink", .beside = false },
	{ "gc_netlink", &network, "GC", "netlink", .beside = false },
	{ "add_memory", &network, "ADD", "memory", .beside = true },
	{ "del_memory", &network, "DEL", "memory", .beside = false },
	{ "check_memory", &network, "CHECK", "memory", .beside = false },
};

int main(void)
{
	return site_main(trials, ARRAY_SIZE(trials));
}
