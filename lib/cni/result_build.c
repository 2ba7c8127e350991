/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result_build.c - write a result in the shape of a version
 *
 * Keys are put in the order in which versions before 1.0.0 print them; newer ones are
 * printed sorted, so for them the order here means nothing.
 */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/cni/result.h"

/*
 * A document in work. Puts are sticky: the first that fails is noted, and reported
 * once at the end.
 * @format: shape that is asked for
 * @failed: key of the first value that could not be put, or NULL
 */
struct builder {
	enum cni_format format;
	const char *failed;
};

/* Takes @value over; jansson accepts NULL for either and then answers -1. */
static void put(struct builder *b, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) < 0 && !b->failed)
		b->failed = key;
}

static void append(struct builder *b, json_t *array, const char *key, json_t *value)
{
	if (json_array_append_new(array, value) < 0 && !b->failed)
		b->failed = key;
}

static void put_text(struct builder *b, json_t *object, const char *key, const char *text)
{
	if (text && *text)
		put(b, object, key, json_string(text));
}

static void put_ip(struct builder *b, json_t *object, const char *key, const struct ip_addr *addr)
{
	char text[IP_TEXT_SIZE];

	if (addr->family)
		put(b, object, key, json_string(ip_format(addr, text)));
}

/* Never left out: without it the object around it says nothing. */
static void put_prefix(struct builder *b, json_t *object, const char *key,
		       const struct ip_prefix *prefix)
{
	char text[IP_TEXT_SIZE];

	put(b, object, key,
	    prefix->addr.family ? json_string(ip_prefix_format(prefix, text)) : NULL);
}

static void put_number(struct builder *b, json_t *object, const char *key, bool given, int64_t n)
{
	if (given)
		put(b, object, key, json_integer(n));
}

static void put_strings(struct builder *b, json_t *object, const char *key,
			const struct cni_strings *strings)
{
	json_t *array;

	if (!strings->n)
		return;
	array = json_array();
	for (size_t i = 0; i < strings->n; i++)
		append(b, array, key, json_string(strings->items[i]));
	put(b, object, key, array);
}

static void put_dns(struct builder *b, json_t *top, const struct cni_dns *dns)
{
	json_t *object = json_object();

	put_strings(b, object, "nameservers", &dns->nameservers);
	put_text(b, object, "domain", dns->domain);
	put_strings(b, object, "search", &dns->search);
	put_strings(b, object, "options", &dns->options);
	/* The reference library leaves an empty one out from 1.0.0 on only. */
	if (b->format == CNI_FORMAT_100 && object && json_object_size(object) == 0)
		json_decref(object);
	else
		put(b, top, "dns", object);
}

static json_t *build_interface(struct builder *b, const struct cni_interface *interface)
{
	json_t *object = json_object();

	put(b, object, "name", json_string(interface->name ? interface->name : ""));
	put_text(b, object, "mac", interface->mac);
	if (b->format == CNI_FORMAT_100)
		put_number(b, object, "mtu", interface->mtu, interface->mtu);
	put_text(b, object, "sandbox", interface->sandbox);
	if (b->format == CNI_FORMAT_100) {
		put_text(b, object, "socketPath", interface->socket_path);
		put_text(b, object, "pciID", interface->pci_id);
	}
	return object;
}

static json_t *build_ip(struct builder *b, const struct cni_ip *ip)
{
	json_t *object = json_object();

	if (b->format == CNI_FORMAT_040)
		put_text(b, object, "version", ip->address.addr.family == AF_INET6 ? "6" : "4");
	put_number(b, object, "interface", ip->interface >= 0, ip->interface);
	put_prefix(b, object, "address", &ip->address);
	put_ip(b, object, "gateway", &ip->gateway);
	return object;
}

static json_t *build_route(struct builder *b, const struct cni_route *route)
{
	json_t *object = json_object();

	put_prefix(b, object, "dst", &route->dst);
	put_ip(b, object, "gw", &route->gw);
	if (b->format == CNI_FORMAT_020)
		return object;
	/* Not in the text of 0.3 and 0.4, but printed by the reference library. */
	put_number(b, object, "mtu", route->mtu, route->mtu);
	put_number(b, object, "advmss", route->advmss, route->advmss);
	put_number(b, object, "priority", route->priority, route->priority);
	put_number(b, object, "table", route->has_table, route->table);
	put_number(b, object, "scope", route->has_scope, route->scope);
	return object;
}

/* Takes @array over; an empty one is left out. */
static void put_list(struct builder *b, json_t *object, const char *key, json_t *array)
{
	if (array && json_array_size(array) == 0)
		json_decref(array);
	else
		put(b, object, key, array);
}

static void put_lists(struct builder *b, json_t *top, const struct cni_result *result)
{
	json_t *interfaces = json_array();
	json_t *ips = json_array();
	json_t *routes = json_array();

	for (size_t i = 0; i < result->n_interfaces; i++)
		append(b, interfaces, "interfaces", build_interface(b, &result->interfaces[i]));
	for (size_t i = 0; i < result->n_ips; i++)
		append(b, ips, "ips", build_ip(b, &result->ips[i]));
	for (size_t i = 0; i < result->n_routes; i++)
		append(b, routes, "routes", build_route(b, &result->routes[i]));
	put_list(b, top, "interfaces", interfaces);
	put_list(b, top, "ips", ips);
	put_list(b, top, "routes", routes);
}

static const struct cni_ip *first_of_family(const struct cni_result *result, int family)
{
	for (size_t i = 0; i < result->n_ips; i++)
		if (result->ips[i].address.addr.family == family)
			return &result->ips[i];
	return NULL;
}

/* "ip4" or "ip6": the first address of the family and its routes. */
static void put_family(struct builder *b, json_t *top, const char *key, int family,
		       const struct cni_result *result)
{
	const struct cni_ip *ip = first_of_family(result, family);
	json_t *object;
	json_t *routes;

	if (!ip)
		return;
	object = json_object();
	routes = json_array();
	put_prefix(b, object, "ip", &ip->address);
	put_ip(b, object, "gateway", &ip->gateway);
	for (size_t i = 0; i < result->n_routes; i++)
		if (result->routes[i].dst.addr.family == family)
			append(b, routes, "routes", build_route(b, &result->routes[i]));
	put_list(b, object, "routes", routes);
	put(b, top, key, object);
}

int cni_result_build(const struct cni_result *result, const struct cni_version *version,
		     json_t **ret, struct error *err)
{
	struct builder b = { .format = version->format };
	json_auto_t *top = json_object();

	put_text(&b, top, "cniVersion", version->text);
	if (version->format == CNI_FORMAT_020) {
		put_family(&b, top, "ip4", AF_INET, result);
		put_family(&b, top, "ip6", AF_INET6, result);
		if (!b.failed && json_object_size(top) == 1)
			return error_set(err, ERROR_CONFIG,
					 "cannot convert: no valid IP addresses");
	} else {
		put_lists(&b, top, result);
	}
	put_dns(&b, top, &result->dns);
	if (b.failed)
		return error_set(err, ERROR_CONFIG,
				 "cannot write \"%s\" of the result as JSON: no address, or no "
				 "UTF-8 text, or no memory",
				 b.failed);
	*ret = json_incref(top);
	return 0;
}
