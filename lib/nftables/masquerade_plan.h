/* SPDX-License-Identifier: Apache-2.0 */
/* masquerade_plan.h - what a network's masquerade should be, before anything is looked at */
#pragma once

#include "cbr/nftables/masquerade.h"
#include "cbr/nftables/object.h"

/*
 * What a network's masquerade should be. Sets come by family: IPv4 first, then IPv6.
 * @masq: what was asked for
 * @chain, @pods, @exempt: names, sets by family
 * @exempt_prefixes, @n_exempt: merged, multicast among them, by family; never empty
 * @fingerprint: comment of the exempt elements: of all that rules and exempt sets are made from
 */
struct masquerade_plan {
	const struct masquerade *masq;
	char chain[NFT_NAME_SIZE];
	char pods[2][NFT_NAME_SIZE];
	char exempt[2][NFT_NAME_SIZE];
	struct ip_prefix *exempt_prefixes[2];
	size_t n_exempt[2];
	char fingerprint[NFT_COMMENT_SIZE];
};

/* masquerade_plan_make() - the whole plan, to be released with masquerade_plan_done() */
int masquerade_plan_make(const struct masquerade *masq, struct masquerade_plan *ret,
			 struct error *err);

/* masquerade_plan_done() - release; accepts a zeroed one */
void masquerade_plan_done(struct masquerade_plan *plan);
