/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.c - environment and stdin become a call
 *
 * The order in which things are complained of is part of the protocol in practice:
 * runtimes and their tests match on the first complaint. It is
 * 1. an ill-formed container ID or interface name,
 * 2. all missing variables in one message,
 * 3. stdin that cannot be read, is no JSON, or names no network,
 * 4. an unknown command,
 * 5. a version that the command does not exist in,
 * 6. a version that we do not speak.
 */

#include "cbr/cni/call.h"
#include "cbr/base/array.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/str.h"
#include "cbr/cni/json.h"
#include "stream.h"
#include "version_list.h"

#define LIST_SIZE 256
#define SHOWN_SIZE 256
#define BIT(verb) (1U << (verb))
#define ATTACHMENT_VERBS (BIT(CNI_ADD) | BIT(CNI_CHECK) | BIT(CNI_DEL))

/* @since: first version with this verb, NULL = all have it */
static const struct {
	const char *name;
	const char *since;
} verbs[] = {
	[CNI_ADD] = { "ADD", NULL },          [CNI_CHECK] = { "CHECK", "0.4.0" },
	[CNI_DEL] = { "DEL", NULL },          [CNI_GC] = { "GC", "1.1.0" },
	[CNI_STATUS] = { "STATUS", "1.1.0" }, [CNI_VERSION] = { "VERSION", NULL },
};

static int check_container_id(const char *text, struct error *err)
{
	char shown[SHOWN_SIZE];

	if (name_is_valid(text))
		return 0;
	error_set(err, ERROR_ENV, "invalid characters in containerID");
	return error_hint(err, "%s", str_clean(shown, sizeof(shown), text));
}

/* @required: verbs that need it, and for which alone its value is checked */
static const struct {
	const char *name;
	unsigned required;
	int (*check)(const char *text, struct error *err);
	size_t offset;
} variables[] = {
	{ "CNI_CONTAINERID", ATTACHMENT_VERBS, check_container_id,
	  offsetof(struct cni_call, container_id) },
	{ "CNI_NETNS", BIT(CNI_ADD) | BIT(CNI_CHECK), NULL, offsetof(struct cni_call, netns) },
	{ "CNI_IFNAME", ATTACHMENT_VERBS, ifname_check, offsetof(struct cni_call, ifname) },
	{ "CNI_ARGS", 0, NULL, offsetof(struct cni_call, args) },
	{ "CNI_PATH", ATTACHMENT_VERBS | BIT(CNI_GC) | BIT(CNI_STATUS), NULL,
	  offsetof(struct cni_call, path) },
};

const char *cni_verb_name(enum cni_verb verb)
{
	return verbs[verb].name;
}

/* Return: the verb, or -1 for a command that does not exist. */
static int find_verb(const char *command)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, command) == 0)
			return (int)i;
	return -1;
}

/* Unset and empty are the same thing. */
static const char *environment(const char *name)
{
	const char *text = getenv(name);

	return text ? text : "";
}

static void append_name(char list[static LIST_SIZE], const char *name)
{
	size_t len = strlen(list);

	snprintf(list + len, LIST_SIZE - len, "%s%s", len ? "," : "", name);
}

static int read_environment(const char *command, int verb, struct cni_call *call, struct error *err)
{
	unsigned bit = verb < 0 ? 0 : BIT(verb);
	const char *override = environment("CNI_NETNS_OVERRIDE");
	char missing[LIST_SIZE] = "";

	if (!*command)
		append_name(missing, "CNI_COMMAND");
	for (size_t i = 0; i < ARRAY_SIZE(variables); i++) {
		const char *text = environment(variables[i].name);

		*(const char **)((char *)call + variables[i].offset) = text;
		if (!(variables[i].required & bit))
			continue;
		if (!*text) {
			append_name(missing, variables[i].name);
		} else if (variables[i].check) {
			int rc = variables[i].check(text, err);

			if (rc < 0)
				return rc;
		}
	}
	if (*missing)
		return error_set(err, ERROR_ENV, "required env variables [%s] missing", missing);
	call->netns_override = str_equal_fold(override, "TRUE") || strcmp(override, "1") == 0;
	return 0;
}

static int read_stdin(int fd, struct cni_call *call, struct error *err)
{
	int rc = cni_read_all(fd, CNI_JSON_MAX_SIZE, &call->text, &call->text_len);

	if (rc == -EFBIG)
		return error_set(err, ERROR_DECODE,
				 "error unmarshall network config: JSON of more than %d bytes",
				 CNI_JSON_MAX_SIZE);
	if (rc < 0)
		return error_errno(err, ERROR_IO, -rc, "error reading from stdin");
	return 0;
}

static int read_name(struct cni_call *call, struct error *err)
{
	int rc = cni_json_string(call->config, "", "name", &call->network, err);
	char shown[SHOWN_SIZE];

	if (rc < 0)
		return error_wrap(err, "error unmarshall network config");
	if (!*call->network)
		return error_set(err, ERROR_CONFIG, "missing network name");
	if (name_is_valid(call->network))
		return 0;
	error_set(err, ERROR_CONFIG, "invalid characters found in network name");
	return error_hint(err, "%s", str_clean(shown, sizeof(shown), call->network));
}

static int read_config(struct cni_call *call, struct error *err)
{
	const char *version = "";
	struct error later;

	if (cni_json_parse(call->text, call->text_len, &call->config, err) < 0)
		return error_wrap(err, "error unmarshall network config");
	if (!json_is_object(call->config) && !json_is_null(call->config))
		return error_set(err, ERROR_DECODE,
				 "error unmarshall network config: it is no object");
	/* Every error from here on is told in the config's version, if it has one. */
	if (cni_json_string(call->config, "", "cniVersion", &version, &later) >= 0)
		call->version = cni_version_find(version);
	return read_name(call, err);
}

static int not_allowed(const char *who, enum cni_verb verb, struct error *err)
{
	return error_set(err, ERROR_VERSION, "%s version does not allow %s", who,
			 cni_verb_name(verb));
}

static int check_verb_exists(enum cni_verb verb, const char *version, struct error *err)
{
	int order;
	int rc;

	if (!verbs[verb].since)
		return 0;
	rc = cni_version_compare(version, verbs[verb].since, &order, err);
	if (rc < 0)
		return rc;
	if (order < 0)
		return not_allowed("config", verb, err);
	rc = cni_version_compare(CNI_VERSION_NEWEST, version, &order, err);
	if (rc == 0 && order < 0)
		return not_allowed("plugin", verb, err);
	return rc;
}

static int incompatible(const char *version, struct error *err)
{
	char shown[SHOWN_SIZE];
	char list[CNI_VERSION_LIST_SIZE];

	error_set(err, ERROR_VERSION, "incompatible CNI versions");
	return error_hint(err, "config is \"%s\", plugin supports [%s]",
			  str_clean(shown, sizeof(shown), version),
			  cni_version_list(list, CNI_FORMAT_020, CNI_FORMAT_100, "\"", " "));
}

static int check_version(const struct cni_call *call, struct error *err)
{
	const char *version = "";
	int rc = cni_json_string(call->config, "", "cniVersion", &version, err);

	if (rc < 0)
		return error_wrap(err, "decoding version from network config");
	rc = check_verb_exists(call->verb, version, err);
	if (rc < 0)
		return rc;
	return call->version ? 0 : incompatible(version, err);
}

int cni_call_read(int stdin_fd, struct cni_call *ret, struct error *err)
{
	const char *command = environment("CNI_COMMAND");
	int verb = find_verb(command);
	char shown[SHOWN_SIZE];
	int rc;

	*ret = (struct cni_call){ .command = command,
				  .container_id = "",
				  .netns = "",
				  .ifname = "",
				  .args = "",
				  .path = "",
				  .network = "" };
	rc = read_environment(command, verb, ret, err);
	if (rc < 0)
		return rc;
	if (verb == CNI_VERSION) {
		ret->verb = CNI_VERSION;
		ret->version = cni_version_find(CNI_VERSION_NEWEST);
		return 0;
	}
	if ((rc = read_stdin(stdin_fd, ret, err)) < 0 || (rc = read_config(ret, err)) < 0)
		return rc;
	if (verb < 0)
		return error_set(err, ERROR_ENV, "unknown CNI_COMMAND: %s",
				 str_clean(shown, sizeof(shown), command));
	ret->verb = (enum cni_verb)verb;
	return check_version(ret, err);
}

void cni_call_done(struct cni_call *call)
{
	json_decref(call->config);
	free(call->text);
	*call = (struct cni_call){ 0 };
}
