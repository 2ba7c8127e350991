/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - does the attachment hold the addresses that ADD reported?
 *
 * Should: find a reservation that is missing or is another one than the pod uses.
 * Mustn't: make or change anything, nor wait for a lock: the attachment's own files do
 * not change now, and the others are of no interest. Nor complain of addresses that
 * other plugins of the chain added.
 */

#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "cbr/cni/log.h"
#include "cbr/pool/find.h"
#include "config.h"
#include "pool.h"
#include "verbs.h"

static int find_held(const struct cni_call *call, const struct ipam_conf *conf,
		     struct pool_found *ret, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(call->log, "find");
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	struct pool_owner owner = ipam_owner(call);
	int rc = ipam_pool_open(call, conf, IPAM_MAKE_NOTHING, &store, err);

	return rc <= 0 ? rc : pool_store_find(&store, &owner, ret, err);
}

static int not_found(const struct cni_call *call, const struct pool_found *found, struct error *err)
{
	error_set(err, ERROR_CHECK, "host-local: Failed to find address added by container %s",
		  call->container_id);
	if (found->unreadable)
		return error_hint(err, "%zu files could not be read: %s", found->unreadable,
				  found->why.msg);
	return error_hint(err, "nothing is reserved for its interface %s in network %s",
			  call->ifname, call->network);
}

static bool holds(const struct pool_found *found, const struct ip_addr *addr)
{
	for (size_t i = 0; i < found->n; i++)
		if (ip_equal(&found->items[i].addr, addr))
			return true;
	return false;
}

static bool is_ours(const struct ipam_conf *conf, const struct ip_addr *addr)
{
	for (size_t i = 0; i < conf->n_sets; i++)
		if (pool_set_find(&conf->sets[i], addr))
			return true;
	return false;
}

/*
 * An address of the result that lies in our ranges came from us, so it must be reserved
 * still; and not all that is reserved can be foreign to the result.
 */
static int compare(const struct ipam_conf *conf, const struct cni_result *prev,
		   const struct pool_found *found, struct error *err)
{
	size_t common = 0;
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; i < prev->n_ips; i++) {
		const struct ip_addr *addr = &prev->ips[i].address.addr;

		if (holds(found, addr))
			common++;
		else if (is_ours(conf, addr))
			return error_set(err, ERROR_CHECK,
					 "address %s of prevResult is not reserved for this "
					 "attachment",
					 ip_format(addr, text));
	}
	if (common)
		return 0;
	return error_set(err, ERROR_CHECK, "address %s is reserved, but is not in prevResult",
			 ip_format(&found->items[0].addr, text));
}

int ipam_check(const struct cni_call *call, struct error *err)
{
	auto_with(ipam_conf_done) struct ipam_conf conf = { 0 };
	auto_with(cni_result_done) struct cni_result prev = { 0 };
	auto_with(pool_found_done) struct pool_found found = { 0 };
	int has_prev;
	int rc;

	if ((rc = ipam_conf_load(call, &conf, err)) < 0 ||
	    (rc = has_prev = cni_config_prev_result(call, &prev, err)) < 0 ||
	    (rc = find_held(call, &conf, &found, err)) < 0)
		return rc;
	if (!found.n)
		return not_found(call, &found, err);
	return has_prev ? compare(&conf, &prev, &found, err) : 0;
}
