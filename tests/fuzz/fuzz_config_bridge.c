/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config_bridge.c - stdin of cbr-bridge: the call, every key, what GC and CHECK take out of it
 */

#include "../../plugins/cbr-bridge/config.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/config.h"
#include "fuzz.h"

static void require_sound(const struct bridge_conf *conf)
{
	struct error err;

	fuzz_require(ifname_check(conf->bridge, &err) == 0);
	fuzz_require(conf->ipam_type && conf->mtu <= INT32_MAX);
	fuzz_require(!conf->has_mac || mac_is_unicast(&conf->mac));
	for (size_t i = 0; i < conf->n_routes; i++) {
		fuzz_require_prefix(&conf->routes[i].dst);
		fuzz_require(conf->routes[i].gw.family == conf->routes[i].dst.addr.family);
	}
	for (size_t i = 0; i < conf->not_masqueraded.n; i++)
		fuzz_require_prefix(&conf->not_masqueraded.items[i]);
	for (size_t i = 0; i < conf->ranges.n; i++)
		fuzz_require_prefix(&conf->ranges.items[i]);
}

static void try_keys(const struct cni_call *call,
		     int (*load)(const struct cni_call *call, struct bridge_conf *ret,
				 struct error *err))
{
	auto_with(bridge_conf_done) struct bridge_conf conf = { 0 };
	struct error err = { 0 };
	const int rc = load(call, &conf, &err);

	fuzz_require_outcome(rc, &err);
	if (rc >= 0)
		require_sound(&conf);
}

static int load_names(const struct cni_call *call, struct bridge_conf *ret, struct error *err)
{
	(void)err;
	bridge_conf_load_names(call, ret);
	return 0;
}

static void try_protocol(const struct cni_call *call)
{
	auto_with(cni_result_done) struct cni_result prev = { 0 };
	autofree struct cni_attachment *list = NULL;
	struct error err = { 0 };
	size_t n = 0;
	int rc = cni_config_prev_result(call, &prev, &err);

	fuzz_require_outcome(rc, &err);
	rc = cni_config_valid_attachments(call, &list, &n, &err);
	fuzz_require_outcome(rc, &err);
	for (size_t i = 0; rc > 0 && i < n; i++)
		fuzz_require(*list[i].container_id && *list[i].ifname);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_with(cni_call_done) struct cni_call call = { 0 };
	struct error err = { 0 };
	const int rc = fuzz_call(data, size, &call, &err);

	fuzz_require_outcome(rc, &err);
	if (rc < 0)
		return 0;
	fuzz_require(name_is_valid(call.network) && call.version);
	try_keys(&call, bridge_conf_load);
	try_keys(&call, bridge_conf_load_status);
	try_keys(&call, load_names);
	try_protocol(&call);
	return 0;
}
