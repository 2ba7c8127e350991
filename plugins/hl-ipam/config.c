/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - read hl-ipam's keys; touches nothing but the config */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"
#include "cbr/cni/config.h"
#include "cbr/cni/json.h"
#include "cbr/pool/alloc.h"
#include "ranges.h"

#define MAX_WANTED 256
#define MAX_ROUTES 4096

#define DEFAULTS                                                \
	((struct ipam_conf){ .data_dir = IPAM_DEFAULT_DATA_DIR, \
			     .resolv_conf = "",                 \
			     .reclaim_after_reboot = true,      \
			     .confine = true,                   \
			     .reuse_delay = IPAM_DEFAULT_REUSE_DELAY })

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep the configuration");
}

static int too_many(const char *path, size_t n, int max, struct error *err)
{
	return error_set(err, ERROR_CONFIG, "%s has %zu items, more than %d", path, n, max);
}

static int add_wanted(struct ipam_conf *conf, const struct ip_addr *addr, struct error *err)
{
	struct ip_addr *wanted;

	for (size_t i = 0; i < conf->n_wanted; i++)
		if (ip_equal(&conf->wanted[i], addr))
			return 0;
	wanted = array_grow(conf->wanted, conf->n_wanted, sizeof(*wanted));
	if (!wanted)
		return no_memory(err);
	conf->wanted = wanted;
	wanted[conf->n_wanted++] = *addr;
	return 0;
}

/* "address" or "address/length", of which only the address counts. */
static int parse_wanted(const char *text, struct ip_addr *ret, struct error *err)
{
	char part[IP_TEXT_SIZE];
	size_t len = strcspn(text, "/");
	struct ip_prefix prefix;
	/* -EAFNOSUPPORT: well-formed, with a v4-mapped address */
	bool valid = !text[len] || ip_prefix_parse(text, &prefix) != -EINVAL;

	if (!*text)
		return error_set(err, ERROR_CONFIG, "cannot understand ip: IP <nil> not v4 nor v6");
	snprintf(part, sizeof(part), "%.*s", (int)len, text);
	if (valid && len < sizeof(part) && ip_parse(part, ret) == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, "invalid IP address %s",
			 str_clean(part, sizeof(part), text));
}

static int load_wanted_list(const json_t *object, const char *path, struct ipam_conf *conf,
			    struct error *err)
{
	char where[32];
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(object, path, "ips", &list, err);

	if (rc <= 0)
		return rc;
	snprintf(where, sizeof(where), "%s.ips", path);
	if (json_array_size(list) > MAX_WANTED)
		return too_many(where, json_array_size(list), MAX_WANTED, err);
	json_array_foreach (list, i, item) {
		struct ip_addr addr;

		if (!json_is_string(item))
			return error_set(err, ERROR_DECODE, "%s[%zu] must be a string, not %s",
					 where, i, json_is_null(item) ? "null" : "something else");
		if ((rc = parse_wanted(json_string_value(item), &addr, err)) < 0 ||
		    (rc = add_wanted(conf, &addr, err)) < 0)
			return rc;
	}
	return 0;
}

/* All sources count, one after the other. */
static int load_wanted(const json_t *config, struct ipam_conf *conf, struct error *err)
{
	json_t *args = NULL;
	json_t *cni = NULL;
	json_t *runtime = NULL;
	int rc;

	if ((rc = cni_json_object(config, "", "args", &args, err)) < 0 ||
	    (rc = cni_json_object(args, "args", "cni", &cni, err)) < 0 ||
	    (rc = load_wanted_list(cni, "args.cni", conf, err)) < 0 ||
	    (rc = cni_json_object(config, "", "runtimeConfig", &runtime, err)) < 0 ||
	    (rc = load_wanted_list(runtime, "runtimeConfig", conf, err)) < 0)
		return rc;
	return 0;
}

static int load_routes(const json_t *ipam, struct ipam_conf *conf, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(ipam, "ipam", "routes", &list, err);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) > MAX_ROUTES)
		return too_many("ipam.routes", json_array_size(list), MAX_ROUTES, err);
	conf->routes = calloc(json_array_size(list) + 1, sizeof(*conf->routes));
	if (!conf->routes)
		return no_memory(err);
	json_array_foreach (list, i, item) {
		char path[48];

		snprintf(path, sizeof(path), "ipam.routes[%zu]", i);
		rc = cni_route_parse(item, path, &conf->routes[i], err);
		if (rc < 0)
			return rc;
	}
	conf->n_routes = i;
	return 0;
}

static int load_paths(const json_t *ipam, struct ipam_conf *conf, struct error *err)
{
	int rc;

	if ((rc = cni_json_string(ipam, "ipam", "dataDir", &conf->data_dir, err)) < 0 ||
	    (rc = cni_json_string(ipam, "ipam", "resolvConf", &conf->resolv_conf, err)) < 0)
		return rc;
	if (!*conf->data_dir)
		conf->data_dir = IPAM_DEFAULT_DATA_DIR;
	return 0;
}

static int load_policy(const json_t *ipam, struct ipam_conf *conf, struct error *err)
{
	int64_t delay = conf->reuse_delay;
	int rc;

	if ((rc = cni_json_bool(ipam, "ipam", "reclaimAfterReboot", &conf->reclaim_after_reboot,
				err)) < 0 ||
	    (rc = cni_json_bool(ipam, "ipam", "confine", &conf->confine, err)) < 0 ||
	    (rc = cni_json_bool(ipam, "ipam", "statusOnExhaustion", &conf->status_on_exhaustion,
				err)) < 0 ||
	    (rc = cni_json_int(ipam, "ipam", "reuseDelay", 0, POOL_REST_MAX_S, &delay, err)) < 0)
		return rc;
	conf->reuse_delay = (int)delay;
	return 0;
}

/* @conf: may hold wanted addresses already */
static int load(const struct cni_call *call, struct ipam_conf *conf, struct error *err)
{
	json_t *ipam = NULL;
	int rc;

	if ((rc = cni_config_check_types(call, err)) < 0 ||
	    (rc = cni_json_object(call->config, "", "ipam", &ipam, err)) < 0)
		return rc;
	if (!ipam)
		return error_set(err, ERROR_CONFIG, "IPAM config missing 'ipam' key");
	if ((rc = load_paths(ipam, conf, err)) < 0 || (rc = load_policy(ipam, conf, err)) < 0 ||
	    (rc = load_wanted(call->config, conf, err)) < 0 ||
	    (rc = load_routes(ipam, conf, err)) < 0)
		return rc;
	return ipam_ranges_load(call->config, ipam, call->version, conf, err);
}

int ipam_conf_load(const struct cni_call *call, struct ipam_conf *ret, struct error *err)
{
	struct cni_args args;
	int rc = cni_args_parse(call->args, &args, err);

	*ret = DEFAULTS;
	if (rc >= 0 && *args.pod_name)
		snprintf(ret->pod, sizeof(ret->pod), "%s/%s", args.pod_namespace, args.pod_name);
	if (rc >= 0 && args.ip.family)
		rc = add_wanted(ret, &args.ip, err);
	return rc < 0 ? rc : load(call, ret, err);
}

int ipam_conf_load_status(const struct cni_call *call, struct ipam_conf *ret, struct error *err)
{
	*ret = DEFAULTS;
	return load(call, ret, err);
}

void ipam_conf_done(struct ipam_conf *conf)
{
	for (size_t i = 0; i < conf->n_sets; i++)
		free(conf->sets[i].ranges);
	free(conf->sets);
	free(conf->wanted);
	free(conf->routes);
	*conf = (struct ipam_conf){ 0 };
}

void ipam_conf_load_place(const struct cni_call *call, struct ipam_conf *ret)
{
	struct error ignored;
	json_t *ipam = NULL;

	*ret = DEFAULTS;
	if (cni_json_object(call->config, "", "ipam", &ipam, &ignored) <= 0)
		return;
	cni_json_string(ipam, "ipam", "dataDir", &ret->data_dir, &ignored);
	cni_json_bool(ipam, "ipam", "reclaimAfterReboot", &ret->reclaim_after_reboot, &ignored);
	cni_json_bool(ipam, "ipam", "confine", &ret->confine, &ignored);
	if (!*ret->data_dir)
		ret->data_dir = IPAM_DEFAULT_DATA_DIR;
}
