/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result_parse.c - read a result of any version into the newest form
 *
 * Results come from other people's plugins. Every type is checked, null items are
 * refused and lists are bounded; what is refused is named with its path.
 */

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/json.h"
#include "cbr/cni/result.h"
#include "lookup.h"
#include "version_list.h"

#define MAX_ITEMS 1024
#define SHOWN_SIZE 64

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot read a result");
}

/* As cni_json_array(), and bounded. */
static int get_list(const json_t *object, const char *path, const char *key, json_t **ret,
		    struct error *err)
{
	char where[CNI_PATH_TEXT_SIZE];
	json_t *list;
	int rc = cni_json_array(object, path, key, &list, err);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) > MAX_ITEMS)
		return error_set(err, ERROR_DECODE, "%s has %zu items, more than %d",
				 cni_json_path(where, path, key), json_array_size(list), MAX_ITEMS);
	*ret = list;
	return 1;
}

/* Calls @read for each object of a list, which may be missing. */
static int read_list(const json_t *object, const char *path, const char *key,
		     int (*read)(const json_t *item, const char *path, struct cni_result *result,
				 struct error *err),
		     struct cni_result *result, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = get_list(object, path, key, &list, err);

	json_array_foreach (list, i, item) {
		char where[CNI_PATH_TEXT_SIZE];

		cni_json_item_path(where, path, key, i);
		if (!json_is_object(item))
			return cni_json_wrong_type(where, "an object", item, err);
		rc = read(item, where, result, err);
		if (rc < 0)
			return rc;
	}
	return rc < 0 ? rc : 0;
}

/* A text that is empty counts as missing and leaves *ret NULL. */
static int read_text(const json_t *object, const char *path, const char *key, char **ret,
		     struct error *err)
{
	const char *text = "";
	int rc = cni_json_string(object, path, key, &text, err);

	if (rc < 0 || !*text)
		return rc < 0 ? rc : 0;
	*ret = strdup(text);
	return *ret ? 1 : no_memory(err);
}

static int read_number(const json_t *object, const char *path, const char *key, uint32_t max,
		       uint32_t *ret, struct error *err)
{
	int64_t number = 0;
	int rc = cni_json_int(object, path, key, 0, max, &number, err);

	if (rc > 0)
		*ret = (uint32_t)number;
	return rc;
}

static int read_u32(const json_t *object, const char *path, const char *key, uint32_t *ret,
		    struct error *err)
{
	return read_number(object, path, key, UINT32_MAX, ret, err);
}

static int read_prefix(const json_t *object, const char *path, const char *key,
		       struct ip_prefix *ret, struct error *err)
{
	int rc = cni_json_prefix(object, path, key, ret, err);

	if (rc == 0)
		return error_set(err, ERROR_DECODE, "%s.%s is missing", path, key);
	return rc;
}

int cni_route_parse(const json_t *object, const char *path, struct cni_route *ret,
		    struct error *err)
{
	struct cni_route route = { 0 };
	int rc;

	if (!json_is_object(object))
		return cni_json_wrong_type(path, "an object", object, err);
	if ((rc = read_prefix(object, path, "dst", &route.dst, err)) < 0 ||
	    (rc = cni_json_ip(object, path, "gw", &route.gw, err)) < 0 ||
	    (rc = read_u32(object, path, "mtu", &route.mtu, err)) < 0 ||
	    (rc = read_u32(object, path, "advmss", &route.advmss, err)) < 0 ||
	    (rc = read_u32(object, path, "priority", &route.priority, err)) < 0)
		return rc;
	rc = read_u32(object, path, "table", &route.table, err);
	if (rc < 0)
		return rc;
	route.has_table = rc > 0;
	/* A byte in the kernel's struct rtmsg. */
	rc = read_number(object, path, "scope", UINT8_MAX, &route.scope, err);
	if (rc < 0)
		return rc;
	route.has_scope = rc > 0;
	*ret = route;
	return 0;
}

static int read_route(const json_t *item, const char *path, struct cni_result *result,
		      struct error *err)
{
	struct cni_route *route = cni_result_add_route(result);

	return route ? cni_route_parse(item, path, route, err) : no_memory(err);
}

static int read_interface_040(const json_t *item, const char *path, struct cni_result *result,
			      struct error *err)
{
	struct cni_interface *interface = cni_result_add_interface(result);
	int rc;

	if (!interface)
		return no_memory(err);
	if ((rc = read_text(item, path, "name", &interface->name, err)) < 0 ||
	    (rc = read_text(item, path, "mac", &interface->mac, err)) < 0 ||
	    (rc = read_text(item, path, "sandbox", &interface->sandbox, err)) < 0)
		return rc;
	if (!interface->name)
		interface->name = strdup("");
	return interface->name ? 0 : no_memory(err);
}

static int read_interface_100(const json_t *item, const char *path, struct cni_result *result,
			      struct error *err)
{
	struct cni_interface *interface;
	int rc = read_interface_040(item, path, result, err);

	if (rc < 0)
		return rc;
	interface = &result->interfaces[result->n_interfaces - 1];
	if ((rc = read_u32(item, path, "mtu", &interface->mtu, err)) < 0 ||
	    (rc = read_text(item, path, "socketPath", &interface->socket_path, err)) < 0)
		return rc;
	return read_text(item, path, "pciID", &interface->pci_id, err);
}

/* The "version" of 0.3 and 0.4 says what the address shows anyway. */
static int read_ip(const json_t *item, const char *path, struct cni_result *result,
		   struct error *err)
{
	struct cni_ip *ip = cni_result_add_ip(result);
	int64_t interface = -1;
	int rc;

	if (!ip)
		return no_memory(err);
	if ((rc = read_prefix(item, path, "address", &ip->address, err)) < 0 ||
	    (rc = cni_json_ip(item, path, "gateway", &ip->gateway, err)) < 0 ||
	    /* Plugins made with the library of 0.3.0 say -1 for "none". */
	    (rc = cni_json_int(item, path, "interface", -1, INT_MAX, &interface, err)) < 0)
		return rc;
	ip->interface = (int)interface;
	return 0;
}

static int read_strings(const json_t *object, const char *path, const char *key,
			struct cni_strings *ret, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = get_list(object, path, key, &list, err);

	json_array_foreach (list, i, item) {
		char where[CNI_PATH_TEXT_SIZE];

		if (!json_is_string(item))
			return cni_json_wrong_type(cni_json_item_path(where, path, key, i),
						   "a string", item, err);
		if (cni_strings_add(ret, json_string_value(item)) < 0)
			return no_memory(err);
	}
	return rc < 0 ? rc : 0;
}

int cni_dns_parse(const json_t *object, struct cni_dns *ret, struct error *err)
{
	auto_with(cni_dns_done) struct cni_dns dns = { 0 };
	int rc;

	if ((rc = read_strings(object, "dns", "nameservers", &dns.nameservers, err)) < 0 ||
	    (rc = read_text(object, "dns", "domain", &dns.domain, err)) < 0 ||
	    (rc = read_strings(object, "dns", "search", &dns.search, err)) < 0 ||
	    (rc = read_strings(object, "dns", "options", &dns.options, err)) < 0)
		return rc;
	*ret = dns;
	dns = (struct cni_dns){ 0 };
	return 0;
}

/* "ip4" or "ip6" of 0.1.0 and 0.2.0: one address with its routes. */
static int read_family(const json_t *json, const char *key, int family, struct cni_result *result,
		       struct error *err)
{
	json_t *object = NULL;
	struct cni_ip *ip;
	int rc = cni_json_object(json, "", key, &object, err);

	if (rc <= 0)
		return rc;
	ip = cni_result_add_ip(result);
	if (!ip)
		return no_memory(err);
	if ((rc = read_prefix(object, key, "ip", &ip->address, err)) < 0 ||
	    (rc = cni_json_ip(object, key, "gateway", &ip->gateway, err)) < 0)
		return rc;
	if (ip->address.addr.family != family)
		return error_set(err, ERROR_DECODE, "%s.ip is an address of the other family", key);
	return read_list(object, key, "routes", read_route, result, err);
}

static int read_addresses(const json_t *json, enum cni_format format, struct cni_result *result,
			  struct error *err)
{
	int rc;

	if (format == CNI_FORMAT_020) {
		rc = read_family(json, "ip4", AF_INET, result, err);
		return rc < 0 ? rc : read_family(json, "ip6", AF_INET6, result, err);
	}
	rc = read_list(json, "", "interfaces",
		       format == CNI_FORMAT_100 ? read_interface_100 : read_interface_040, result,
		       err);
	if (rc == 0)
		rc = read_list(json, "", "ips", read_ip, result, err);
	return rc < 0 ? rc : read_list(json, "", "routes", read_route, result, err);
}

static int wrong_shape(enum cni_format format, const char *text, struct error *err)
{
	char list[CNI_VERSION_LIST_SIZE];
	char shown[SHOWN_SIZE];

	return error_set(err, ERROR_DECODE,
			 "result type supports [%s] but unmarshalled CNIVersion is \"%s\"",
			 cni_version_list(list, format, format, "", " "),
			 str_clean(shown, sizeof(shown), text));
}

static int find_format(const json_t *json, const struct cni_version *assumed, bool exact,
		       enum cni_format *ret, struct error *err)
{
	const struct cni_version *version = assumed;
	const char *text = "";
	char shown[SHOWN_SIZE];
	int rc = cni_json_string(json, "", "cniVersion", &text, err);

	if (rc < 0)
		return rc;
	if (*text)
		version = cni_version_find(text);
	if (exact && (!version || version->format != assumed->format))
		return wrong_shape(assumed->format, text, err);
	if (!version)
		return error_set(err, ERROR_DECODE, "unsupported CNI result version \"%s\"",
				 str_clean(shown, sizeof(shown), text));
	*ret = version->format;
	return 0;
}

static int read_result(const json_t *json, const struct cni_version *assumed, bool exact,
		       struct cni_result *result, struct error *err)
{
	enum cni_format format = assumed->format;
	json_t *dns = NULL;
	int rc;

	if (!json_is_object(json))
		return cni_json_wrong_type("the result", "an object", json, err);
	if ((rc = find_format(json, assumed, exact, &format, err)) < 0 ||
	    (rc = read_addresses(json, format, result, err)) < 0 ||
	    (rc = cni_json_object(json, "", "dns", &dns, err)) < 0)
		return rc;
	return dns ? cni_dns_parse(dns, &result->dns, err) : 0;
}

int cni_result_parse(const json_t *json, const struct cni_version *assumed, bool exact,
		     struct cni_result *ret, struct error *err)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	int rc = read_result(json, assumed, exact, &result, err);

	if (rc < 0) {
		/* In a config a bad address is the operator's mistake; not so in a result. */
		if (err->code == ERROR_CONFIG)
			err->code = ERROR_DECODE;
		return rc;
	}
	*ret = result;
	result = (struct cni_result){ 0 };
	return 0;
}
