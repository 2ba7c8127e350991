/* SPDX-License-Identifier: Apache-2.0 */
/* config_vlan.c - read the keys that are about VLANs; touches nothing but the config */

#include "config_vlan.h"

#include <stdio.h>

#include "cbr/cni/json.h"

/* Untagged on a trunk that names no vlan. */
#define NATIVE_OF_TRUNK 1

static int load_id(const json_t *config, struct vlan_conf *conf, struct error *err)
{
	int64_t id = 0;
	int rc = cni_json_int(config, "", "vlan", INT32_MIN, INT32_MAX, &id, err);

	if (rc < 0)
		return rc;
	if (id < 0 || id > VLAN_MAX)
		return error_set(err, ERROR_CONFIG,
				 "invalid VLAN ID %lld (must be between 0 and %d)", (long long)id,
				 VLAN_MAX);
	conf->id = (uint16_t)id;
	return 0;
}

/* Return: 1 and *ret if it is there, 0 if not, or negative */
static int load_member(const json_t *item, const char *path, const char *key, uint16_t *ret,
		       struct error *err)
{
	int64_t id = 0;
	int rc = cni_json_int(item, path, key, INT32_MIN, INT32_MAX, &id, err);

	if (rc <= 0)
		return rc;
	if (id < VLAN_MIN || id > VLAN_MAX)
		return error_set(err, ERROR_CONFIG,
				 "incorrect trunk %s parameter: %s.%s is %lld, not %d to %d", key,
				 path, key, (long long)id, VLAN_MIN, VLAN_MAX);
	*ret = (uint16_t)id;
	return 1;
}

static int load_item(const json_t *item, size_t index, struct vlan_conf *conf, struct error *err)
{
	struct vlan_range range = { 0 };
	uint16_t id = 0;
	char path[48];
	int has_min;
	int has_max;
	int has_id;

	snprintf(path, sizeof(path), "vlanTrunk[%zu]", index);
	if (!json_is_object(item))
		return error_set(err, ERROR_DECODE, "%s is no object", path);
	if ((has_min = load_member(item, path, "minID", &range.first, err)) < 0)
		return has_min;
	if ((has_max = load_member(item, path, "maxID", &range.last, err)) < 0)
		return has_max;
	if (has_min != has_max)
		return error_set(err, ERROR_CONFIG,
				 "minID and maxID should be configured simultaneously, %s is "
				 "missing: %s",
				 has_min ? "maxID" : "minID", path);
	if (range.last < range.first)
		return error_set(err, ERROR_CONFIG,
				 "minID is greater than maxID in trunk parameter: %s has %u and %u",
				 path, range.first, range.last);
	if ((has_id = load_member(item, path, "id", &id, err)) < 0)
		return has_id;
	if (has_min)
		vlan_set_add(&conf->trunk, range);
	if (has_id)
		vlan_set_add(&conf->trunk, (struct vlan_range){ id, id });
	return 0;
}

static int load_trunk(const json_t *config, struct vlan_conf *conf, struct error *err)
{
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(config, "", "vlanTrunk", &list, err);

	if (rc < 0)
		return rc;
	conf->filtering = conf->id || list;
	json_array_foreach (list, i, item) {
		rc = load_item(item, i, conf, err);
		if (rc < 0)
			return rc;
	}
	conf->has_trunk = !vlan_set_is_empty(&conf->trunk);
	return 0;
}

int vlan_conf_load(const json_t *config, struct vlan_conf *ret, struct error *err)
{
	int rc;

	*ret = (struct vlan_conf){ 0 };
	if ((rc = load_id(config, ret, err)) < 0 || (rc = load_trunk(config, ret, err)) < 0)
		return rc;
	rc = cni_json_bool(config, "", "preserveDefaultVlan", &ret->preserve_default, err);
	return rc < 0 ? rc : 0;
}

uint16_t vlan_conf_native(const struct vlan_conf *conf)
{
	return conf->id || !conf->has_trunk ? conf->id : NATIVE_OF_TRUNK;
}
