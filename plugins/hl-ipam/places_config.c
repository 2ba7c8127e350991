/* SPDX-License-Identifier: Apache-2.0 */
/* places_config.c - networks that are configured, as a runtime would find them */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/base/str.h"
#include "cbr/cni/json.h"
#include "cbr/pool/alloc.h"
#include "places.h"
#include "ranges.h"
#include "tool.h"

/* A file in work. */
struct reading {
	const struct tool_options *options;
	const char *path;
	struct places *places;
};

static void pass_over(const struct reading *reading, const struct error *err)
{
	tool_note(reading->options, "%s is passed over: %s", reading->path, err->msg);
}

static void read_policy(const json_t *ipam, struct place *place)
{
	struct error ignored;
	bool reclaim = true;
	int64_t delay = place->reuse_delay;

	cni_json_bool(ipam, "ipam", "reclaimAfterReboot", &reclaim, &ignored);
	cni_json_int(ipam, "ipam", "reuseDelay", 0, POOL_REST_MAX_S, &delay, &ignored);
	/* Of two configs for one network the more cautious word counts. */
	place->lasting |= !reclaim;
	place->reuse_delay = (int)delay;
}

static void read_ranges(const struct reading *reading, const json_t *plugin, const json_t *ipam,
			struct place *place)
{
	const struct cni_version *version = cni_version_find(CNI_VERSION_NEWEST);
	struct ipam_conf conf = { 0 };
	struct error err;

	if (ipam_ranges_load(plugin, ipam, version, &conf, &err) >= 0) {
		place->conf = conf;
		return;
	}
	/* Without any of its own it gets them from the runtime. */
	if (conf.n_sets)
		tool_note(reading->options, "%s: the ranges cannot be used: %s", reading->path,
			  err.msg);
	ipam_conf_done(&conf);
}

/* The path without slashes at its end, so that one directory has one name. */
static char *tidy_path(const char *path)
{
	char *copy = strdup(path);
	size_t len = copy ? strlen(copy) : 0;

	while (len > 1 && copy[len - 1] == '/')
		copy[--len] = '\0';
	return copy;
}

static void keep(const struct reading *reading, const char *network, const json_t *plugin,
		 const json_t *ipam)
{
	struct places *places = reading->places;
	const char *text = IPAM_DEFAULT_DATA_DIR;
	autofree char *data_dir = NULL;
	struct place *place = NULL;
	struct error err;

	if (cni_json_string(ipam, "ipam", "dataDir", &text, &err) < 0) {
		pass_over(reading, &err);
		return;
	}
	data_dir = tidy_path(*text ? text : IPAM_DEFAULT_DATA_DIR);
	for (size_t i = 0; i < places->n && data_dir; i++)
		if (place_same(&places->items[i], data_dir, network))
			place = &places->items[i];
	if (!place && data_dir && (place = place_add(places, data_dir, network)))
		place->source = strdup(reading->path);
	if (!place)
		return;
	read_policy(ipam, place);
	if (!place->conf.n_sets)
		read_ranges(reading, plugin, ipam, place);
}

static void read_plugin(const struct reading *reading, const char *network, const json_t *plugin)
{
	struct error ignored;
	const char *type = "";
	json_t *ipam = NULL;

	if (!json_is_object(plugin) || cni_json_object(plugin, "", "ipam", &ipam, &ignored) <= 0 ||
	    cni_json_string(ipam, "ipam", "type", &type, &ignored) <= 0)
		return;
	if (strcmp(type, "hl-ipam") == 0 || strcmp(type, "host-local") == 0)
		keep(reading, network, plugin, ipam);
}

/* A list of plugins, a single one, or a plugin with networks of its own within. */
static void read_network(const struct reading *reading, const json_t *config)
{
	struct error err;
	const char *name = "";
	json_t *list = NULL;
	json_t *item;
	size_t i;

	if (!json_is_object(config)) {
		error_set(&err, ERROR_DECODE, "it is no object");
		pass_over(reading, &err);
		return;
	}
	if (cni_json_array(config, "", "delegates", &list, &err) > 0)
		json_array_foreach (list, i, item)
			read_network(reading, item);
	if (cni_json_string(config, "", "name", &name, &err) < 0 || !name_is_valid(name))
		return;
	if (cni_json_array(config, "", "plugins", &list, &err) <= 0) {
		read_plugin(reading, name, config);
		return;
	}
	json_array_foreach (list, i, item)
		read_plugin(reading, name, item);
}

/* Links are followed: it is the operator's file, and runtimes do. */
static int load(const char *path, json_t **ret, struct error *err)
{
	autofree char *real = realpath(path, NULL);
	autofree char *text = malloc(CNI_JSON_MAX_SIZE + 1);
	ssize_t len;

	if (!text)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot be read");
	len = real ? file_read(AT_FDCWD, real, text, CNI_JSON_MAX_SIZE + 1) : -errno;
	if (len < 0)
		return error_errno(err, ERROR_SYSTEM, (int)-len, "cannot be read");
	return cni_json_parse(text, (size_t)len, ret, err);
}

static void read_file(const struct tool_options *options, const char *name, struct places *places)
{
	autofree char *path = NULL;
	json_auto_t *config = NULL;
	struct error err;

	if (asprintf(&path, "%s/%s", options->conf_dir, name) < 0)
		return;
	const struct reading reading = { options, path, places };

	if (load(path, &config, &err) < 0)
		pass_over(&reading, &err);
	else
		read_network(&reading, config);
}

static int is_config(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end && *entry->d_name != '.' &&
	       (strcmp(end, ".conflist") == 0 || strcmp(end, ".conf") == 0 ||
		strcmp(end, ".json") == 0);
}

int places_configured(const struct tool_options *options, struct places *ret, struct error *err)
{
	struct dirent **names = NULL;
	int n = scandir(options->conf_dir, &names, is_config, alphasort);

	*ret = (struct places){ 0 };
	if (n < 0 && (options->conf_dir_given || errno != ENOENT))
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list %s", options->conf_dir);
	for (int i = 0; i < n; i++) {
		read_file(options, names[i]->d_name, ret);
		free(names[i]);
	}
	free(names);
	return 0;
}
