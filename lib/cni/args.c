/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.c - CNI_ARGS
 *
 * The reference plugins know only their own keys, so that MAC= breaks the one and IP=
 * the other unless IgnoreUnknown=1 is there too. We know the keys of both and of
 * Kubernetes; what those plugins accept means the same here.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/config.h"

#define PAIR_SIZE 256
#define LIST_SIZE 512

/*
 * @args: what is understood so far
 * @ignore_unknown: IgnoreUnknown, wherever it stands
 * @unknown: the unknown pairs, quoted
 */
struct parser {
	struct cni_args args;
	bool ignore_unknown;
	char unknown[LIST_SIZE];
};

/* "<pair>: <why> <value>", as the reference plugins put it. */
static int bad_value(const char *key, const char *value, const char *why, struct error *err)
{
	char shown[PAIR_SIZE];

	str_clean(shown, sizeof(shown), value);
	return error_set(err, ERROR_ENV, "ARGS: error parsing value of pair \"%s=%s\": %s %s", key,
			 shown, why, shown);
}

static int set_ip(struct parser *p, const char *value, struct error *err)
{
	p->args.ip = (struct ip_addr){ 0 };
	if (*value && ip_parse(value, &p->args.ip) < 0)
		return bad_value("IP", value, "invalid IP address", err);
	return 0;
}

static int set_mac(struct parser *p, const char *value, struct error *err)
{
	p->args.has_mac = *value && mac_parse(value, &p->args.mac) == 0;
	if (*value && !p->args.has_mac)
		return bad_value("MAC", value, "invalid MAC address", err);
	return 0;
}

static int set_ignore_unknown(struct parser *p, const char *value, struct error *err)
{
	p->ignore_unknown = strcmp(value, "1") == 0 || str_equal_fold(value, "true");
	if (p->ignore_unknown || strcmp(value, "0") == 0 || str_equal_fold(value, "false"))
		return 0;
	return bad_value("IgnoreUnknown", value, "boolean unmarshal error: invalid input", err);
}

/* Names of the pod are for people to read, so one that is too long is cut. */
static int set_namespace(struct parser *p, const char *value, struct error *err)
{
	(void)err;
	str_clean(p->args.pod_namespace, sizeof(p->args.pod_namespace), value);
	return 0;
}

static int set_name(struct parser *p, const char *value, struct error *err)
{
	(void)err;
	str_clean(p->args.pod_name, sizeof(p->args.pod_name), value);
	return 0;
}

static const struct {
	const char *key;
	int (*set)(struct parser *p, const char *value, struct error *err);
} keys[] = {
	{ "IP", set_ip },
	{ "MAC", set_mac },
	{ "IgnoreUnknown", set_ignore_unknown },
	{ "K8S_POD_NAMESPACE", set_namespace },
	{ "K8S_POD_NAME", set_name },
};

static void note_unknown(struct parser *p, const char *key, const char *value)
{
	size_t len = strlen(p->unknown);
	char pair[PAIR_SIZE];
	char shown[PAIR_SIZE];

	snprintf(pair, sizeof(pair), "%s=%s", key, value);
	snprintf(p->unknown + len, sizeof(p->unknown) - len, "%s\"%s\"", len ? " " : "",
		 str_clean(shown, sizeof(shown), pair));
}

static int take_pair(struct parser *p, char *pair, struct error *err)
{
	char *value = strchr(pair, '=');
	char shown[PAIR_SIZE];

	if (!value || strchr(value + 1, '='))
		return error_set(err, ERROR_ENV, "ARGS: invalid pair \"%s\"",
				 str_clean(shown, sizeof(shown), pair));
	*value++ = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (strcmp(keys[i].key, pair) == 0)
			return keys[i].set(p, value, err);
	if (strncmp(pair, "K8S_", 4) != 0)
		note_unknown(p, pair, value);
	return 0;
}

/* @strict: the first pair in error ends it */
static int take_pairs(struct parser *p, const char *text, bool strict, struct error *err)
{
	autofree char *copy = strdup(text);
	char *rest = copy;
	char *pair;
	int rc = 0;

	if (!copy)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot read CNI_ARGS");
	while (*text && (rc >= 0 || !strict) && (pair = strsep(&rest, ";")))
		rc = take_pair(p, pair, err);
	return rc;
}

int cni_args_parse(const char *text, struct cni_args *ret, struct error *err)
{
	struct parser p = { 0 };
	int rc = take_pairs(&p, text, true, err);

	if (rc < 0)
		return rc;
	if (*p.unknown && !p.ignore_unknown) {
		error_set(err, ERROR_ENV, "ARGS: unknown args [%s]", p.unknown);
		return error_hint(err, "add IgnoreUnknown=1 to CNI_ARGS");
	}
	*ret = p.args;
	return 0;
}

void cni_args_glean(const char *text, struct cni_args *ret)
{
	struct parser p = { 0 };
	struct error ignored;

	take_pairs(&p, text, false, &ignored);
	*ret = p.args;
}
