/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - keys of the protocol itself, the same for every plugin */

#include "cbr/cni/config.h"
#include "cbr/base/array.h"

#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/json.h"
#include "lookup.h"

#define SHOWN_SIZE 64

/* Where a MAC can be asked for in the config, strongest first. */
static const struct {
	const char *outer;
	const char *inner;
	const char *path;
} mac_places[] = {
	{ "runtimeConfig", NULL, "runtimeConfig" },
	{ "args", "cni", "args.cni" },
};

static int find_mac(const json_t *config, const char **ret, const char **ret_path,
		    struct error *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(mac_places); i++) {
		json_t *object = NULL;
		int rc = cni_json_object(config, "", mac_places[i].outer, &object, err);

		if (rc > 0 && mac_places[i].inner)
			rc = cni_json_object(object, mac_places[i].outer, mac_places[i].inner,
					     &object, err);
		if (rc > 0)
			rc = cni_json_string(object, mac_places[i].path, "mac", ret, err);
		if (rc < 0)
			return rc;
		if (rc > 0 && **ret) {
			*ret_path = mac_places[i].path;
			return 1;
		}
	}
	return 0;
}

int cni_config_mac(const struct cni_call *call, const struct cni_args *args, struct mac *ret,
		   struct error *err)
{
	const char *path = "";
	const char *text = "";
	char shown[SHOWN_SIZE];
	struct mac mac;
	int rc = find_mac(call->config, &text, &path, err);

	if (rc < 0)
		return rc;
	if (rc > 0 && mac_parse(text, &mac) < 0)
		return error_set(err, ERROR_CONFIG, "%s.mac: address %s: invalid MAC address", path,
				 str_clean(shown, sizeof(shown), text));
	if (rc == 0) {
		if (!args->has_mac)
			return 0;
		mac = args->mac;
	}
	if (!mac_is_unicast(&mac)) {
		error_set(err, ERROR_CONFIG, "MAC address %s is not unicast",
			  mac_format(&mac, shown));
		return error_hint(err, "an interface can bear unicast addresses only: the second "
				       "hex digit must be even, and not all digits 0");
	}
	*ret = mac;
	return 1;
}

int cni_config_prev_result(const struct cni_call *call, struct cni_result *ret, struct error *err)
{
	json_t *json = NULL;
	int rc = cni_json_object(call->config, "", "prevResult", &json, err);

	if (rc <= 0)
		return rc;
	rc = cni_result_parse(json, call->version, true, ret, err);
	return rc < 0 ? error_wrap(err, "could not parse prevResult") : 1;
}

static int check_capabilities(const json_t *config, struct error *err)
{
	json_t *capabilities = NULL;
	char path[CNI_PATH_TEXT_SIZE];
	const char *name;
	json_t *value;
	int rc = cni_json_object(config, "", "capabilities", &capabilities, err);

	if (rc <= 0)
		return rc;
	json_object_foreach (capabilities, name, value)
		if (!json_is_boolean(value) && !json_is_null(value))
			return cni_json_wrong_type(cni_json_path(path, "capabilities", name),
						   "true or false", value, err);
	return 0;
}

static int check_dns(const json_t *config, struct error *err)
{
	auto_with(cni_dns_done) struct cni_dns dns = { 0 };
	json_t *json = NULL;
	int rc = cni_json_object(config, "", "dns", &json, err);

	return rc <= 0 ? rc : cni_dns_parse(json, &dns, err);
}

static int check_ipam(const json_t *config, struct error *err)
{
	const char *type;
	json_t *ipam = NULL;
	int rc = cni_json_object(config, "", "ipam", &ipam, err);

	return rc <= 0 ? rc : cni_json_string(ipam, "ipam", "type", &type, err);
}

int cni_config_check_types(const struct cni_call *call, struct error *err)
{
	const json_t *config = call->config;
	const char *type;
	json_t *value;
	int rc;

	if ((rc = cni_json_string(config, "", "type", &type, err)) < 0 ||
	    (rc = check_capabilities(config, err)) < 0 || (rc = check_ipam(config, err)) < 0 ||
	    (rc = check_dns(config, err)) < 0 ||
	    (rc = cni_json_object(config, "", "prevResult", &value, err)) < 0 ||
	    (rc = cni_json_array(config, "", "cni.dev/valid-attachments", &value, err)) < 0)
		return rc;
	return 0;
}
