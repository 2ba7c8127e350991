/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config_ipam.c - stdin of hl-ipam: ranges, routes, wanted addresses, all its other keys */

#include "../../plugins/hl-ipam/config.h"
#include "cbr/base/cleanup.h"
#include "cbr/pool/alloc.h"
#include "fuzz.h"

static void require_sound_range(const struct pool_range *range)
{
	fuzz_require_prefix(&range->subnet);
	fuzz_require(range->first.family == range->subnet.addr.family);
	fuzz_require(range->last.family == range->first.family && range->gateway.family);
	fuzz_require(ip_compare(&range->first, &range->last) <= 0);
	fuzz_require(ip_prefix_contains(&range->subnet, &range->first));
	fuzz_require(ip_prefix_contains(&range->subnet, &range->last));
}

static void require_sound(const struct ipam_conf *conf)
{
	struct error err;
	char text[64];

	fuzz_require(*conf->data_dir && conf->n_sets);
	fuzz_require(conf->reuse_delay >= 0 && conf->reuse_delay <= POOL_REST_MAX_S);
	for (size_t i = 0; i < conf->n_sets; i++) {
		fuzz_require(conf->sets[i].n);
		for (size_t j = 0; j < conf->sets[i].n; j++)
			require_sound_range(&conf->sets[i].ranges[j]);
		pool_set_format(&conf->sets[i], text, sizeof(text));
	}
	fuzz_require(pool_sets_check_apart(conf->sets, conf->n_sets, &err) == 0);
	for (size_t i = 0; i < conf->n_wanted; i++)
		fuzz_require(ip_size(conf->wanted[i].family));
	for (size_t i = 0; i < conf->n_routes; i++)
		fuzz_require_prefix(&conf->routes[i].dst);
}

static void try_keys(const struct cni_call *call,
		     int (*load)(const struct cni_call *call, struct ipam_conf *ret,
				 struct error *err))
{
	auto_with(ipam_conf_done) struct ipam_conf conf = { 0 };
	struct error err = { 0 };
	const int rc = load(call, &conf, &err);

	fuzz_require_outcome(rc, &err);
	if (rc >= 0)
		require_sound(&conf);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_with(ipam_conf_done) struct ipam_conf place = { 0 };
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };
	const int rc = fuzz_call(data, size, &call, &err);

	fuzz_require_outcome(rc, &err);
	if (rc < 0)
		return 0;
	try_keys(&call, ipam_conf_load);
	try_keys(&call, ipam_conf_load_status);
	ipam_conf_load_place(&call, &place);
	fuzz_require(*place.data_dir);
	return 0;
}
