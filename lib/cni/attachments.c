/* SPDX-License-Identifier: Apache-2.0 */
/* attachments.c - the list that GC is given: who is alive */

#include <errno.h>
#include <stdlib.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "cbr/cni/json.h"
#include "lookup.h"

/* libcni writes both; only the first is in the specification. */
static const char *const keys[] = { "cni.dev/valid-attachments", "cni.dev/attachments" };

#define N_KEYS (ARRAY_SIZE(keys))

/*
 * An item that we cannot read may stand for a living pod, so it must not count as one
 * that is absent: the whole call fails then.
 */
static int read_text(const json_t *item, const char *path, const char *key, const char **ret,
		     struct error *err)
{
	int rc = cni_json_string(item, path, key, ret, err);

	if (rc < 0)
		return rc;
	if (rc == 0 || !**ret)
		return error_set(err, ERROR_DECODE, "%s.%s is missing", path, key);
	return 0;
}

static int read_item(const json_t *item, const char *key, size_t index, struct cni_attachment *ret,
		     struct error *err)
{
	char path[CNI_PATH_TEXT_SIZE];
	int rc;

	cni_json_item_path(path, "", key, index);
	if (!json_is_object(item))
		return cni_json_wrong_type(path, "an object", item, err);
	rc = read_text(item, path, "containerID", &ret->container_id, err);
	return rc < 0 ? rc : read_text(item, path, "ifname", &ret->ifname, err);
}

/* Return: 1 a list, 0 the key is absent, or negative. null leaves *ret alone. */
static int find_list(const json_t *config, const char **ret_key, json_t **ret, struct error *err)
{
	int present = 0;

	for (size_t i = 0; i < N_KEYS; i++) {
		int rc = cni_json_array(config, "", keys[i], ret, err);

		*ret_key = keys[i];
		if (rc != 0)
			return rc;
		present |= cni_json_find(config, keys[i]) != NULL;
	}
	return present;
}

int cni_config_valid_attachments(const struct cni_call *call, struct cni_attachment **ret,
				 size_t *ret_n, struct error *err)
{
	autofree struct cni_attachment *list = NULL;
	const char *key = NULL;
	json_t *array = NULL;
	json_t *item;
	size_t i;
	int rc = find_list(call->config, &key, &array, err);

	if (rc <= 0)
		return rc;
	/* One more than needed: an empty list is an array of its own, not NULL. */
	list = calloc(json_array_size(array) + 1, sizeof(*list));
	if (!list)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot read %s", key);
	json_array_foreach (array, i, item) {
		rc = read_item(item, key, i, &list[i], err);
		if (rc < 0)
			return rc;
	}
	*ret_n = json_array_size(array);
	*ret = TAKE_PTR(list);
	return 1;
}
