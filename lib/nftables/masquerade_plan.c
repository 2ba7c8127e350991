/* SPDX-License-Identifier: Apache-2.0 */
/* masquerade_plan.c - names, exempt prefixes and fingerprint of a network's masquerade */

#include "masquerade_plan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/hash.h"

/* Part of the fingerprint: changes whenever the rules are made differently. */
#define LAYOUT "1"

/* A network name longer than this is cut and made unique by its hash. */
#define MAX_NETWORK_TEXT 80

static const char *const multicast[] = { "224.0.0.0/4", "ff00::/8" };

void masquerade_plan_done(struct masquerade_plan *plan)
{
	free(plan->exempt_prefixes[0]);
	free(plan->exempt_prefixes[1]);
}

static void make_names(const char *network, struct masquerade_plan *ret)
{
	char text[MAX_NETWORK_TEXT + 24];

	if (strlen(network) <= MAX_NETWORK_TEXT)
		snprintf(text, sizeof(text), "%s", network);
	else
		snprintf(text, sizeof(text), "%.*s-%016llx", MAX_NETWORK_TEXT, network,
			 (unsigned long long)hash_bytes(HASH_SEED, network, strlen(network)));
	snprintf(ret->chain, sizeof(ret->chain), "masquerade-%s", text);
	for (size_t i = 0; i < 2; i++) {
		snprintf(ret->pods[i], sizeof(ret->pods[i]), "pods%c-%s", i ? '6' : '4', text);
		snprintf(ret->exempt[i], sizeof(ret->exempt[i]), "exempt%c-%s", i ? '6' : '4',
			 text);
	}
}

static int collect_exempt(struct masquerade_plan *plan, size_t which, struct error *err)
{
	const struct masquerade *masq = plan->masq;
	struct ip_prefix *prefixes = calloc(masq->n_exempt + 1, sizeof(*prefixes));
	size_t n = 0;

	if (!prefixes)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot plan masquerade");
	ip_prefix_parse(multicast[which], &prefixes[n++]);
	for (size_t i = 0; i < masq->n_exempt; i++)
		if (masq->exempt[i].addr.family == prefixes[0].addr.family)
			prefixes[n++] = masq->exempt[i];
	plan->exempt_prefixes[which] = prefixes;
	plan->n_exempt[which] = ip_prefix_merge(prefixes, n);
	return 0;
}

/* Over bytes, not text: with hundreds of node routes the text would take longer than the look. */
static void make_fingerprint(struct masquerade_plan *plan)
{
	const char *bridge = plan->masq->bridge;
	uint64_t hash = hash_bytes(HASH_SEED, LAYOUT, sizeof(LAYOUT));

	hash = hash_bytes(hash, bridge, strlen(bridge) + 1);
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < plan->n_exempt[i]; j++) {
			const struct ip_prefix *prefix = &plan->exempt_prefixes[i][j];
			const uint8_t head[] = { (uint8_t)ip_bits(prefix->addr.family),
						 (uint8_t)prefix->len };

			hash = hash_bytes(hash, head, sizeof(head));
			hash = hash_bytes(hash, prefix->addr.bytes, sizeof(prefix->addr.bytes));
		}
	snprintf(plan->fingerprint, sizeof(plan->fingerprint), "config %016llx",
		 (unsigned long long)hash);
}

int masquerade_plan_make(const struct masquerade *masq, struct masquerade_plan *ret,
			 struct error *err)
{
	int rc = 0;

	*ret = (struct masquerade_plan){ .masq = masq };
	make_names(masq->network, ret);
	for (size_t i = 0; i < 2 && rc >= 0; i++)
		rc = collect_exempt(ret, i, err);
	if (rc >= 0)
		make_fingerprint(ret);
	return rc;
}
