/* SPDX-License-Identifier: Apache-2.0 */
/*
 * masquerade.h - what leaves the pods' network takes the node's address
 *
 * One inet table "cbr" for all networks; in it, for each network, one base chain at
 * postrouting (priority srcnat) with one rule a family and four interval sets:
 *
 *   iifname <bridge> ip saddr @pods4 ip daddr != @pods4 ip daddr != @exempt4
 *           masquerade fully-random
 *
 * "pods" holds the network's own prefixes and grows; "exempt" is what the config
 * says (node routes, nonMasqueradeCIDRs) and multicast, and is replaced when the
 * config changes. A pod's coming and going changes nothing here.
 * Requires nf_tables with inet NAT (Linux 5.2) and chain comments (5.9).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/netlink/socket.h"

#define MASQUERADE_TABLE "cbr"

/*
 * @network: name of the network; names chain and sets
 * @bridge: interface that pods' packets come in by
 * @pods, @n_pods: the network's own prefixes (host bits ignored)
 * @exempt, @n_exempt: destinations that see the pod's own address
 */
struct masquerade {
	const char *network;
	const char *bridge;
	const struct ip_prefix *pods;
	size_t n_pods;
	const struct ip_prefix *exempt;
	size_t n_exempt;
};

/*
 * masquerade_make() - see that the rules are there
 * @nft: NETLINK_NETFILTER socket in the node's namespace
 *
 * When they are, this costs one round trip of look-ups and no transaction. When
 * anything is missing or differs, one transaction puts it right.
 *
 * Return: 1 changed, 0 was so, or a negative errno (-EOPNOTSUPP with a hint naming
 * the kernel option where nf_tables or NAT is missing).
 */
int masquerade_make(struct nl_socket *nft, const struct masquerade *masq, struct error *err);

/*
 * masquerade_check() - are the rules there and as they should be?
 *
 * Return: 0, or negative with ERROR_CHECK naming what is missing.
 */
int masquerade_check(struct nl_socket *nft, const struct masquerade *masq, struct error *err);
