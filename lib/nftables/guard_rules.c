/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_rules.c - table, sets, chains and rules of the source guard
 *
 * Frames of guarded ports go through "frames", and if their addresses count through
 * "packets", which lets through what it knows and nothing else. A statement about bytes
 * that a packet does not have never holds: so the verdict behind all rules is to drop.
 */

#include "guard_rules.h"

#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/nftables/expr.h"
#include "rules.h"

/* Changes whenever rules or sets are made differently: other ones are made anew then. */
#define LAYOUT "pods send from their own addresses only (1)"

#define MAX_TERMS 6

const struct nft_table guard_table = { NFPROTO_BRIDGE, GUARD_TABLE };

/* Ahead of whatever rewrites addresses, and of connection tracking. */
static const struct nft_hook prerouting = {
	.type = "filter",
	.number = NF_BR_PRE_ROUTING,
	.priority = NF_BR_PRI_NAT_DST_BRIDGED - 10,
};

static const struct {
	const char *name;
	enum nft_key_kind kind;
} sets[GUARD_SETS] = {
	[GUARD_PORTS] = { "guarded", NFT_KEY_PORT },
	[GUARD_MACS] = { "macs", NFT_KEY_PORT_MAC },
	[GUARD_ADDRESSED] = { "addressed", NFT_KEY_PORT },
	[GUARD_IPV4] = { "ips4", NFT_KEY_PORT_IPV4 },
	[GUARD_IPV6] = { "ips6", NFT_KEY_PORT_IPV6 },
	[GUARD_TARGETS] = { "targets", NFT_KEY_PORT_ND_TARGET },
	[GUARD_OPTIONS] = { "options", NFT_KEY_PORT_ND_OPTION },
};

/* The chains, in an order in which none leads to a later one. */
enum chain { NEIGHBOURS, PACKETS, FRAMES, GUARD };

static const struct {
	const char *name;
	const struct nft_hook *hook;
	const char *comment;
} chains[GUARD_CHAINS] = {
	[NEIGHBOURS] = { "neighbours", NULL, "neighbour discovery of IPv6" },
	[PACKETS] = { "packets", NULL, "what ports with addresses carry" },
	[FRAMES] = { "frames", NULL, "what guarded ports send" },
	[GUARD] = { "guard", &prerouting, LAYOUT },
};

/* Where things are in the headers of IEEE 802.3, RFC 826, 791, 768, 8200, 4861. */
#define LINK NFT_PAYLOAD_LL_HEADER
#define NETWORK NFT_PAYLOAD_NETWORK_HEADER
#define TRANSPORT NFT_PAYLOAD_TRANSPORT_HEADER
static const struct nft_payload group = { LINK, 0, 5 }; /* of the destination */
static const struct nft_payload source = { LINK, 6, 6 };
static const struct nft_payload arp_mac = { NETWORK, 8, 6 };
static const struct nft_payload arp_sender = { NETWORK, 14, 4 };
static const struct nft_payload arp_target = { NETWORK, 24, 4 };
static const struct nft_payload ip4_source = { NETWORK, 12, 4 };
static const struct nft_payload ip4_both = { NETWORK, 12, 8 };
static const struct nft_payload udp_ports = { TRANSPORT, 0, 4 };
static const struct nft_payload ip6_source = { NETWORK, 8, 16 };
static const struct nft_payload icmp6_type = { TRANSPORT, 0, 1 };
static const struct nft_payload nd_target = { TRANSPORT, 8, 16 };
static const struct nft_payload nd_option = { TRANSPORT, 24, 1 };
static const struct nft_payload nd_option_mac = { TRANSPORT, 26, 6 };

/* One condition of a rule. */
struct term {
	enum { END, OWN, FOREIGN, IS, IS_NOT, BETWEEN, PROTOCOL, L4PROTO } kind;
	const struct nft_payload *payload;
	enum guard_set set;
	const char *data;
	uint16_t first;
	uint8_t last;
};

#define OWN(the_payload, the_set)                                       \
	{                                                               \
		.kind = OWN, .payload = (the_payload), .set = (the_set) \
	}
#define FOREIGN(the_payload, the_set)                                       \
	{                                                                   \
		.kind = FOREIGN, .payload = (the_payload), .set = (the_set) \
	}
#define IS(the_payload, bytes)                                         \
	{                                                              \
		.kind = IS, .payload = &(the_payload), .data = (bytes) \
	}
#define IS_NOT(the_payload, bytes)                                         \
	{                                                                  \
		.kind = IS_NOT, .payload = &(the_payload), .data = (bytes) \
	}
#define BETWEEN(the_payload, from, to)                                                    \
	{                                                                                 \
		.kind = BETWEEN, .payload = &(the_payload), .first = (from), .last = (to) \
	}
#define PROTOCOL(type)                            \
	{                                         \
		.kind = PROTOCOL, .first = (type) \
	}
#define L4PROTO(type)                            \
	{                                        \
		.kind = L4PROTO, .first = (type) \
	}

#define ICMP6 PROTOCOL(ETH_P_IPV6), L4PROTO(IPPROTO_ICMPV6)
#define NONE "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" /* 0.0.0.0 or :: */

/* Types of ICMPv6 and of options within: RFC 2710, 3810, 4861. */
#define MLD_REPORT "\x83"
#define MLD2_REPORT "\x8f"
#define ND_FIRST 133
#define ND_LAST 137
#define SOLICITATION "\x87"
#define ADVERTISEMENT "\x88"
#define OPTION_SOURCE "\x01"
#define OPTION_TARGET "\x02"

/*
 * @verdict: NF_ACCEPT, NF_DROP, or NFT_GOTO @chain_to
 * @terms: which must all hold
 */
static const struct rule {
	enum chain chain;
	const char *comment;
	struct term terms[MAX_TERMS];
	int verdict;
	enum chain chain_to;
} rules[] = {
	{ GUARD, "", { OWN(NULL, GUARD_PORTS) }, NFT_GOTO, FRAMES },

	/* The bridge learns from some of these before anyone could look at their source. */
	{ FRAMES, "from bridge to bridge", { IS(group, "\x01\x80\xc2\0\0") }, NF_DROP, 0 },
	{ FRAMES, "", { FOREIGN(&source, GUARD_MACS) }, NF_DROP, 0 },
	{ FRAMES, "", { OWN(NULL, GUARD_ADDRESSED) }, NFT_GOTO, PACKETS },

	{ PACKETS, "", { PROTOCOL(ETH_P_IP), OWN(&ip4_source, GUARD_IPV4) }, NF_ACCEPT, 0 },
	{ PACKETS,
	  "DHCP: who has no address asks for one",
	  { PROTOCOL(ETH_P_IP), IS(ip4_both, "\0\0\0\0\xff\xff\xff\xff"), L4PROTO(IPPROTO_UDP),
	    IS(udp_ports, "\0\x44\0\x43") },
	  NF_ACCEPT,
	  0 },
	{ PACKETS,
	  "",
	  { PROTOCOL(ETH_P_ARP), OWN(&arp_mac, GUARD_MACS), OWN(&arp_sender, GUARD_IPV4) },
	  NF_ACCEPT,
	  0 },
	{ PACKETS,
	  "is the address taken?",
	  { PROTOCOL(ETH_P_ARP), OWN(&arp_mac, GUARD_MACS), IS(arp_sender, NONE),
	    OWN(&arp_target, GUARD_IPV4) },
	  NF_ACCEPT,
	  0 },
	{ PACKETS, "", { ICMP6, BETWEEN(icmp6_type, ND_FIRST, ND_LAST) }, NFT_GOTO, NEIGHBOURS },
	{ PACKETS, "", { PROTOCOL(ETH_P_IPV6), OWN(&ip6_source, GUARD_IPV6) }, NF_ACCEPT, 0 },
	{ PACKETS,
	  "multicast, before there is an address",
	  { ICMP6, IS(ip6_source, NONE), IS(icmp6_type, MLD_REPORT) },
	  NF_ACCEPT,
	  0 },
	{ PACKETS,
	  "multicast, before there is an address",
	  { ICMP6, IS(ip6_source, NONE), IS(icmp6_type, MLD2_REPORT) },
	  NF_ACCEPT,
	  0 },
	{ PACKETS, "", {}, NF_DROP, 0 },

	/*
	 * All of these are ICMPv6. That nft is not told so again keeps it from seeing fields
	 * that some versions of it know and others do not.
	 */
	{ NEIGHBOURS,
	  "solicitation: is the address taken?",
	  { PROTOCOL(ETH_P_IPV6), IS(ip6_source, NONE), IS(icmp6_type, SOLICITATION),
	    OWN(&nd_target, GUARD_TARGETS) },
	  NF_ACCEPT,
	  0 },
	{ NEIGHBOURS, "", { PROTOCOL(ETH_P_IPV6), FOREIGN(&ip6_source, GUARD_IPV6) }, NF_DROP, 0 },
	/* The first option of its kind is the one that counts: it must not hide behind another. */
	{ NEIGHBOURS,
	  "solicitation: option",
	  { IS(icmp6_type, SOLICITATION), IS_NOT(nd_option, OPTION_SOURCE) },
	  NF_DROP,
	  0 },
	{ NEIGHBOURS,
	  "advertisement: option",
	  { IS(icmp6_type, ADVERTISEMENT), IS_NOT(nd_option, OPTION_TARGET) },
	  NF_DROP,
	  0 },
	{ NEIGHBOURS, "MAC address", { FOREIGN(&nd_option_mac, GUARD_OPTIONS) }, NF_DROP, 0 },
	{ NEIGHBOURS, "solicitation", { IS(icmp6_type, SOLICITATION) }, NF_ACCEPT, 0 },
	{ NEIGHBOURS,
	  "advertisement",
	  { IS(icmp6_type, ADVERTISEMENT), OWN(&nd_target, GUARD_TARGETS) },
	  NF_ACCEPT,
	  0 },
	/* Who routes to nobody advertises and redirects nothing. */
	{ NEIGHBOURS, "", {}, NF_DROP, 0 },
};

#define N_RULES (ARRAY_SIZE(rules))

const char *guard_set_name(enum guard_set set)
{
	return sets[set].name;
}

static void put_term(struct nl_batch *batch, const struct term *term)
{
	switch (term->kind) {
	case END:
		break;
	case OWN:
	case FOREIGN:
		nft_put_port_lookup(batch, term->payload, sets[term->set].name,
				    term->kind == FOREIGN);
		break;
	case IS:
	case IS_NOT:
		nft_put_compare(batch, term->payload, term->data, term->kind == IS_NOT);
		break;
	case BETWEEN:
		nft_put_between(batch, term->payload, (uint8_t)term->first, term->last);
		break;
	case PROTOCOL:
		nft_put_protocol(batch, term->first);
		break;
	case L4PROTO:
		nft_put_l4proto(batch, (uint8_t)term->first);
		break;
	}
}

static void put_rule(struct nl_batch *batch, const struct rule *rule)
{
	const size_t mark = nft_put_rule_begin(batch, &guard_table, chains[rule->chain].name);

	for (size_t i = 0; i < MAX_TERMS; i++)
		put_term(batch, &rule->terms[i]);
	nft_put_verdict(batch, rule->verdict,
			rule->verdict == NFT_GOTO ? chains[rule->chain_to].name : NULL);
	nft_put_rule_end(batch, mark, rule->comment);
}

static void put_rules(struct nl_batch *batch)
{
	for (size_t i = 0; i < N_RULES; i++)
		put_rule(batch, &rules[i]);
}

/* A chain that is there keeps type, hook and comment for life. */
static bool is_other(const struct nft_chain *found, size_t chain)
{
	return found->there &&
	       (!found->as_made || strcmp(found->comment, chains[chain].comment) != 0);
}

/* Once no rule leads to them any more. */
static void put_delete_others(struct nl_batch *batch,
			      const struct nft_chain found[static GUARD_CHAINS])
{
	bool any = false;

	for (size_t i = 0; i < GUARD_CHAINS; i++)
		any = any || is_other(&found[i], i);
	for (size_t i = 0; i < GUARD_CHAINS && any; i++)
		if (found[i].there)
			nft_put_flush_chain(batch, &guard_table, chains[i].name);
	for (size_t i = 0; i < GUARD_CHAINS; i++)
		if (is_other(&found[i], i))
			nft_put_delete_chain(batch, &guard_table, chains[i].name);
}

void guard_rules_put(struct nl_batch *batch, const struct nft_chain found[static GUARD_CHAINS])
{
	put_delete_others(batch, found);
	nft_put_table(batch, &guard_table, "source guard of pods");
	for (size_t i = 0; i < GUARD_SETS; i++)
		nft_put_key_set(batch, &guard_table, sets[i].name, sets[i].kind);
	for (size_t i = 0; i < GUARD_CHAINS; i++)
		nft_put_chain(batch, &guard_table, chains[i].name, chains[i].hook,
			      chains[i].comment);
	for (size_t i = 0; i < GUARD_CHAINS; i++)
		nft_put_flush_chain(batch, &guard_table, chains[i].name);
	put_rules(batch);
}

void guard_rules_put_get(struct nl_batch *batch, struct nft_chain ret[static GUARD_CHAINS])
{
	for (size_t i = 0; i < GUARD_CHAINS; i++)
		nft_put_get_chain(batch, &guard_table, chains[i].name, chains[i].hook, &ret[i]);
}

static unsigned count_uses(enum chain chain)
{
	unsigned n = 0;

	for (size_t i = 0; i < N_RULES; i++) {
		n += rules[i].chain == chain;
		n += rules[i].verdict == NFT_GOTO && rules[i].chain_to == chain;
	}
	return n;
}

const char *guard_rules_missing(const struct nft_chain found[static GUARD_CHAINS], char *buf,
				size_t size)
{
	/* One that lacks rules takes uses from those that these lead to: it is named. */
	for (size_t i = GUARD_CHAINS; i-- > 0;) {
		const char *what = NULL;

		if (!found[i].there)
			what = "chain";
		else if (is_other(&found[i], i))
			what = "type, hook, priority or comment of chain";
		else if (found[i].uses != count_uses((enum chain)i))
			what = "rules of chain";
		if (!what)
			continue;
		snprintf(buf, size, "%s %s", what, chains[i].name);
		return buf;
	}
	return NULL;
}

int guard_rules_compare(struct nl_socket *nft, char *ret, size_t size, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	const struct nft_wanted_rules wanted = { &guard_table, NULL, &batch, true };

	nl_batch_begin(&batch, nft);
	put_rules(&batch);
	return nft_compare_rules(nft, &wanted, ret, size, err);
}
