/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - read cbr-bridge's keys; touches nothing but the config */

#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"
#include "cbr/cni/json.h"

#define DEFAULT_BRIDGE "cni0"
#define MAX_PREFIXES 4096

static const struct {
	const char *key;
	size_t offset;
} bool_keys[] = {
	{ "isGateway", offsetof(struct bridge_conf, is_gateway) },
	{ "isDefaultGateway", offsetof(struct bridge_conf, is_default_gateway) },
	{ "forceAddress", offsetof(struct bridge_conf, force_address) },
	{ "ipMasq", offsetof(struct bridge_conf, ip_masq) },
	{ "hairpinMode", offsetof(struct bridge_conf, hairpin_mode) },
	{ "promiscMode", offsetof(struct bridge_conf, promisc_mode) },
	{ "enabledad", offsetof(struct bridge_conf, enable_dad) },
	{ "disableContainerInterface", offsetof(struct bridge_conf, disable_container_interface) },
	{ "portIsolation", offsetof(struct bridge_conf, port_isolation) },
	{ "macspoofchk", offsetof(struct bridge_conf, mac_guard) },
	{ "ipSpoofChk", offsetof(struct bridge_conf, ip_guard) },
};

int prefix_list_add(struct prefix_list *list, const struct ip_prefix *prefix, struct error *err)
{
	struct ip_prefix *items = array_grow(list->items, list->n, sizeof(*items));

	if (!items)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep a list of prefixes");
	list->items = items;
	items[list->n++] = *prefix;
	return 0;
}

static int load_bool(const json_t *config, size_t which, struct bridge_conf *conf,
		     struct error *err)
{
	bool *value = (bool *)((char *)conf + bool_keys[which].offset);

	return cni_json_bool(config, "", bool_keys[which].key, value, err);
}

static int load_bools(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(bool_keys); i++) {
		int rc = load_bool(config, i, conf, err);

		if (rc < 0)
			return rc;
	}
	if (conf->is_default_gateway)
		conf->is_gateway = true;
	return 0;
}

static int load_bridge_name(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	const char *name = DEFAULT_BRIDGE;
	int rc = cni_json_string(config, "", "bridge", &name, err);

	if (rc < 0)
		return rc;
	rc = ifname_check(name, err);
	if (rc < 0) {
		err->code = ERROR_CONFIG;
		return error_wrap(err, "bridge \"%s\"", name);
	}
	return str_copy(conf->bridge, sizeof(conf->bridge), name);
}

static int load_mtu(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	int64_t mtu = 0;
	int rc = cni_json_int(config, "", "mtu", INT32_MIN, INT32_MAX, &mtu, err);

	if (rc < 0)
		return rc;
	/* The reference plugin takes a negative MTU for none given. */
	conf->mtu = mtu > 0 ? (uint32_t)mtu : 0;
	return 0;
}

static int load_backend(const json_t *config, struct error *err)
{
	const char *backend = NULL;
	int rc = cni_json_string(config, "", "ipMasqBackend", &backend, err);

	if (rc <= 0)
		return rc;
	if (strcmp(backend, "iptables") == 0 || strcmp(backend, "nftables") == 0)
		return 0;
	return error_set(err, ERROR_CONFIG, "unknown ipmasq backend \"%s\"", backend);
}

static int load_node_route(const json_t *item, size_t index, struct bridge_conf *conf,
			   struct error *err)
{
	struct node_route *routes;
	struct node_route route = { 0 };
	char path[48];
	int rc;

	snprintf(path, sizeof(path), "nodeRoutes[%zu]", index);
	if (!json_is_object(item))
		return error_set(err, ERROR_DECODE, "%s is no object", path);
	rc = cni_json_prefix(item, path, "dst", &route.dst, err);
	if (rc < 0)
		return rc;
	rc = cni_json_ip(item, path, "gw", &route.gw, err);
	if (rc < 0)
		return rc;
	if (!route.dst.addr.family || !route.gw.family)
		return error_set(err, ERROR_CONFIG, "%s needs \"dst\" and \"gw\"", path);
	if (route.dst.addr.family != route.gw.family)
		return error_set(err, ERROR_CONFIG, "%s: dst and gw are of different families",
				 path);
	route.dst.addr = ip_network(&route.dst);
	routes = array_grow(conf->routes, conf->n_routes, sizeof(*routes));
	if (!routes)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep nodeRoutes");
	conf->routes = routes;
	routes[conf->n_routes++] = route;
	return 0;
}

static int compare_routes(const void *left, const void *right)
{
	const struct node_route *a = left;
	const struct node_route *b = right;

	return ip_prefix_compare(&a->dst, &b->dst);
}

/* Their order has no meaning: each is looked up and added by itself. */
static int sort_node_routes(struct bridge_conf *conf, struct error *err)
{
	struct node_route *routes = conf->routes;
	char text[IP_TEXT_SIZE];

	if (conf->n_routes)
		qsort(routes, conf->n_routes, sizeof(*routes), compare_routes);
	for (size_t i = 1; i < conf->n_routes; i++)
		if (compare_routes(&routes[i - 1], &routes[i]) == 0)
			return error_set(err, ERROR_CONFIG, "nodeRoutes has %s twice",
					 ip_prefix_format(&routes[i].dst, text));
	return 0;
}

static int load_node_routes(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(config, "", "nodeRoutes", &list, err);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) > MAX_PREFIXES)
		return error_set(err, ERROR_CONFIG, "nodeRoutes has %zu items, more than %d",
				 json_array_size(list), MAX_PREFIXES);
	json_array_foreach (list, i, item) {
		rc = load_node_route(item, i, conf, err);
		if (rc < 0)
			return rc;
	}
	return sort_node_routes(conf, err);
}

static int load_not_masqueraded(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(config, "", "nonMasqueradeCIDRs", &list, err);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) > MAX_PREFIXES)
		return error_set(err, ERROR_CONFIG,
				 "nonMasqueradeCIDRs has %zu items, more than %d",
				 json_array_size(list), MAX_PREFIXES);
	json_array_foreach (list, i, item) {
		struct ip_prefix prefix;

		if (!json_is_string(item))
			return error_set(err, ERROR_DECODE, "nonMasqueradeCIDRs[%zu] is no string",
					 i);
		if (ip_prefix_parse(json_string_value(item), &prefix) < 0)
			return error_set(err, ERROR_CONFIG,
					 "nonMasqueradeCIDRs[%zu]: invalid CIDR address: %s", i,
					 json_string_value(item));
		rc = prefix_list_add(&conf->not_masqueraded, &prefix, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* An "ipam" section is the delegate's: what we cannot read there, it will complain of. */
static int add_subnet(const json_t *range, struct bridge_conf *conf, struct error *err)
{
	struct error ignored;
	struct ip_prefix subnet = { 0 };

	if (!json_is_object(range) ||
	    cni_json_prefix(range, "", "subnet", &subnet, &ignored) <= 0 || !subnet.addr.family)
		return 0;
	return prefix_list_add(&conf->ranges, &subnet, err);
}

static int add_range_sets(const json_t *sets, struct bridge_conf *conf, struct error *err)
{
	json_t *set;
	json_t *range;
	size_t i;
	size_t j;

	json_array_foreach (sets, i, set) {
		json_array_foreach (set, j, range) {
			int rc = conf->ranges.n < MAX_PREFIXES ? add_subnet(range, conf, err) : 0;

			if (rc < 0)
				return rc;
		}
	}
	return 0;
}

static int load_ipam(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	json_t *runtime = cni_json_get(config, "runtimeConfig");
	json_t *ipam = NULL;
	int rc = cni_json_object(config, "", "ipam", &ipam, err);

	if (rc <= 0)
		return rc;
	rc = cni_json_string(ipam, "ipam", "type", &conf->ipam_type, err);
	if (rc < 0)
		return rc;
	rc = add_subnet(ipam, conf, err);
	if (rc < 0)
		return rc;
	rc = add_range_sets(cni_json_get(ipam, "ranges"), conf, err);
	if (rc < 0 || !runtime)
		return rc;
	return add_range_sets(cni_json_get(runtime, "ipRanges"), conf, err);
}

/* Config "dns" replaces IPAM's as a whole if it says anything, be it an empty list. */
static int load_dns(const json_t *config, struct bridge_conf *conf, struct error *err)
{
	static const char *const lists[] = { "nameservers", "search", "options" };
	json_t *dns = NULL;
	int rc = cni_json_object(config, "", "dns", &dns, err);

	if (rc <= 0)
		return rc;
	rc = cni_dns_parse(dns, &conf->dns, err);
	if (rc < 0)
		return rc;
	conf->has_dns = conf->dns.domain && *conf->dns.domain;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		conf->has_dns = conf->has_dns || cni_json_get(dns, lists[i]);
	return 0;
}

/* The interface is made for a gateway that has an address: not on layer 2. */
static int name_vlan_gateway(struct bridge_conf *conf, struct error *err)
{
	char name[IF_NAMESIZE + sizeof(".4094")];

	if (!conf->vlan.id || !conf->is_gateway || !*conf->ipam_type)
		return 0;
	snprintf(name, sizeof(name), "%s.%u", conf->bridge, conf->vlan.id);
	if (str_copy(conf->vlan_gateway, sizeof(conf->vlan_gateway), name) >= 0)
		return 0;
	error_set(err, ERROR_CONFIG,
		  "gateway interface \"%s\" of vlan %u: name is longer than %d bytes", name,
		  conf->vlan.id, IF_NAMESIZE - 1);
	return error_hint(err, "choose a shorter name with the key \"bridge\"");
}

bool bridge_conf_wants_ipv6(const struct bridge_conf *conf)
{
	for (size_t i = 0; i < conf->ranges.n; i++)
		if (conf->ranges.items[i].addr.family == AF_INET6)
			return true;
	return false;
}

static int check_together(const struct cni_call *call, const struct bridge_conf *conf,
			  struct error *err)
{
	bool layer3 = *conf->ipam_type;

	if (layer3 && conf->disable_container_interface)
		return error_set(err, ERROR_CONFIG,
				 "cannot use IPAM when DisableContainerInterface flag is set");
	if (conf->hairpin_mode && conf->promisc_mode)
		return error_set(err, ERROR_CONFIG,
				 "cannot set hairpin mode and promiscuous mode "
				 "at the same time");
	if (!layer3 && conf->ip_guard) {
		error_set(err, ERROR_CONFIG, "ipSpoofChk needs an ipam section");
		return error_hint(err, "without one nobody knows which addresses are the pod's; "
				       "\"macspoofchk\" does without");
	}
	if (conf->mtu && conf->mtu < IPV6_MTU && bridge_conf_wants_ipv6(conf)) {
		error_set(err, ERROR_CONFIG, "mtu %u is too little for IPv6", conf->mtu);
		return error_hint(err, "IPv6 needs %u", IPV6_MTU);
	}
	if (!layer3 && call->version->format == CNI_FORMAT_020) {
		error_set(err, ERROR_CONFIG,
			  "cniVersion %s cannot express an attachment without addresses",
			  call->version->text);
		return error_hint(err, "use cniVersion 0.3.0 or newer, or give an ipam section");
	}
	return 0;
}

int bridge_conf_load_status(const struct cni_call *call, struct bridge_conf *ret, struct error *err)
{
	const json_t *config = call->config;
	int rc;

	*ret = (struct bridge_conf){ .ipam_type = "" };
	if ((rc = cni_config_check_types(call, err)) < 0 ||
	    (rc = load_bools(config, ret, err)) < 0 ||
	    (rc = load_bridge_name(config, ret, err)) < 0 ||
	    (rc = load_mtu(config, ret, err)) < 0 || (rc = load_backend(config, err)) < 0 ||
	    (rc = vlan_conf_load(config, &ret->vlan, err)) < 0 ||
	    (rc = load_node_routes(config, ret, err)) < 0 ||
	    (rc = load_not_masqueraded(config, ret, err)) < 0 ||
	    (rc = load_ipam(config, ret, err)) < 0 || (rc = load_dns(config, ret, err)) < 0 ||
	    (rc = name_vlan_gateway(ret, err)) < 0)
		return rc;
	return check_together(call, ret, err);
}

int bridge_conf_load(const struct cni_call *call, struct bridge_conf *ret, struct error *err)
{
	int rc = bridge_conf_load_status(call, ret, err);

	if (rc < 0)
		return rc;
	rc = cni_args_parse(call->args, &ret->args, err);
	if (rc < 0)
		return rc;
	rc = cni_config_mac(call, &ret->args, &ret->mac, err);
	if (rc < 0)
		return rc;
	ret->has_mac = rc > 0;
	return 0;
}

void bridge_conf_load_names(const struct cni_call *call, struct bridge_conf *ret)
{
	const json_t *config = call->config;
	struct error ignored;

	*ret = (struct bridge_conf){ .ipam_type = "" };
	if (load_bridge_name(config, ret, &ignored) < 0)
		strcpy(ret->bridge, DEFAULT_BRIDGE);
	for (size_t i = 0; i < ARRAY_SIZE(bool_keys); i++)
		load_bool(config, i, ret, &ignored);
	ret->is_gateway = ret->is_gateway || ret->is_default_gateway;
	load_ipam(config, ret, &ignored);
	vlan_conf_load(config, &ret->vlan, &ignored);
	name_vlan_gateway(ret, &ignored);
}

void bridge_conf_done(struct bridge_conf *conf)
{
	cni_dns_done(&conf->dns);
	free(conf->routes);
	free(conf->not_masqueraded.items);
	free(conf->ranges.items);
	*conf = (struct bridge_conf){ .ipam_type = "" };
}
