/* SPDX-License-Identifier: Apache-2.0 */
/* ranges.c - read range sets out of a config */

#include "ranges.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "cbr/base/array.h"
#include "cbr/base/str.h"
#include "cbr/cni/json.h"

#define MAX_SETS 256
#define MAX_RANGES 256
#define PATH_SIZE 64

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep range sets");
}

/* As cni_json_prefix(), but null and "" are no way to leave a subnet out. */
static int read_subnet(const json_t *object, const char *path, struct ip_prefix *ret,
		       struct error *err)
{
	const char *text = "";
	char shown[IP_TEXT_SIZE];
	int rc = cni_json_string(object, path, "subnet", &text, err);

	if (rc < 0 || (rc == 0 && !json_object_get(object, "subnet")))
		return rc;
	rc = ip_prefix_parse(text, ret);
	/* Left to the check of the range, which has the words for it. */
	if (rc == -EAFNOSUPPORT)
		*ret = (struct ip_prefix){ { .family = AF_INET }, 128 };
	else if (rc < 0)
		return error_set(err, ERROR_CONFIG, "%s.subnet: invalid CIDR address: %s", path,
				 str_clean(shown, sizeof(shown), text));
	return 1;
}

/* Return: 1 and *ret, 0 no subnet is given, or negative */
static int read_range(const json_t *object, const char *path, struct pool_range *ret,
		      struct error *err)
{
	int subnet;
	int rc;

	*ret = (struct pool_range){ 0 };
	if ((rc = subnet = read_subnet(object, path, &ret->subnet, err)) < 0 ||
	    (rc = cni_json_ip(object, path, "rangeStart", &ret->first, err)) < 0 ||
	    (rc = cni_json_ip(object, path, "rangeEnd", &ret->last, err)) < 0 ||
	    (rc = cni_json_ip(object, path, "gateway", &ret->gateway, err)) < 0)
		return rc;
	return subnet;
}

static struct pool_set *add_set(struct ipam_conf *conf)
{
	struct pool_set *sets = array_grow(conf->sets, conf->n_sets, sizeof(*sets));

	if (!sets)
		return NULL;
	conf->sets = sets;
	return &sets[conf->n_sets++];
}

static int add_range(struct pool_set *set, const struct pool_range *range, struct error *err)
{
	struct pool_range *ranges = array_grow(set->ranges, set->n, sizeof(*ranges));

	if (!ranges)
		return no_memory(err);
	set->ranges = ranges;
	ranges[set->n++] = *range;
	return 0;
}

/* The keys of one range right in "ipam" count only together with a subnet. */
static int read_single(const json_t *ipam, struct ipam_conf *conf, struct error *err)
{
	struct pool_range range;
	struct pool_set *set;
	int rc = read_range(ipam, "ipam", &range, err);

	if (rc <= 0)
		return rc;
	set = add_set(conf);
	return set ? add_range(set, &range, err) : no_memory(err);
}

static int wrong_type(const char *path, const char *wanted, struct error *err)
{
	return error_set(err, ERROR_DECODE, "%s must be %s", path, wanted);
}

static int read_set(const json_t *list, const char *path, struct pool_set *set, struct error *err)
{
	char where[PATH_SIZE + 32];
	json_t *item;
	size_t i;

	/* null is an empty set here and an empty range below, which are refused later. */
	if (!json_is_array(list) && !json_is_null(list))
		return wrong_type(path, "an array of ranges", err);
	if (json_array_size(list) > MAX_RANGES)
		return error_set(err, ERROR_CONFIG, "%s has %zu ranges, more than %d", path,
				 json_array_size(list), MAX_RANGES);
	json_array_foreach (list, i, item) {
		struct pool_range range;
		int rc;

		snprintf(where, sizeof(where), "%s[%zu]", path, i);
		if (!json_is_object(item) && !json_is_null(item))
			return wrong_type(where, "an object", err);
		rc = read_range(item, where, &range, err);
		if (rc < 0 || (rc = add_range(set, &range, err)) < 0)
			return rc;
	}
	return 0;
}

static int read_sets(const json_t *object, const char *path, const char *key,
		     struct ipam_conf *conf, struct error *err)
{
	char where[PATH_SIZE];
	json_t *list = NULL;
	json_t *item;
	size_t i;
	int rc = cni_json_array(object, path, key, &list, err);

	if (rc <= 0)
		return rc;
	if (json_array_size(list) > MAX_SETS)
		return error_set(err, ERROR_CONFIG, "%s.%s has %zu sets, more than %d", path, key,
				 json_array_size(list), MAX_SETS);
	json_array_foreach (list, i, item) {
		struct pool_set *set = add_set(conf);

		if (!set)
			return no_memory(err);
		snprintf(where, sizeof(where), "%s.%s[%zu]", path, key, i);
		rc = read_set(item, where, set, err);
		if (rc < 0)
			return rc;
	}
	return 0;
}

/* 0.1.0 and 0.2.0 have room for one address of each family. */
static int check_families(const struct ipam_conf *conf, const struct cni_version *version,
			  struct error *err)
{
	size_t n4 = 0;

	for (size_t i = 0; i < conf->n_sets; i++)
		n4 += conf->sets[i].ranges[0].first.family == AF_INET;
	if (version->format == CNI_FORMAT_020 && (n4 > 1 || conf->n_sets - n4 > 1))
		return error_set(err, ERROR_CONFIG,
				 "CNI version %s does not support more than 1 address per family",
				 version->text);
	return 0;
}

static int settle(struct ipam_conf *conf, const struct cni_version *version, struct error *err)
{
	int rc;

	if (!conf->n_sets)
		return error_set(err, ERROR_CONFIG, "no IP ranges specified");
	for (size_t i = 0; i < conf->n_sets; i++) {
		rc = pool_set_settle(&conf->sets[i], err);
		if (rc < 0)
			return error_wrap(err, "invalid range set %zu", i);
	}
	rc = check_families(conf, version, err);
	return rc < 0 ? rc : pool_sets_check_apart(conf->sets, conf->n_sets, err);
}

int ipam_ranges_load(const json_t *config, const json_t *ipam, const struct cni_version *version,
		     struct ipam_conf *ret, struct error *err)
{
	json_t *runtime = NULL;
	int rc;

	if ((rc = cni_json_object(config, "", "runtimeConfig", &runtime, err)) < 0 ||
	    (rc = read_sets(runtime, "runtimeConfig", "ipRanges", ret, err)) < 0 ||
	    (rc = read_single(ipam, ret, err)) < 0 ||
	    (rc = read_sets(ipam, "ipam", "ranges", ret, err)) < 0)
		return rc;
	return settle(ret, version, err);
}
