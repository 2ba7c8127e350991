/* SPDX-License-Identifier: Apache-2.0 */
/* places.c - which networks have a directory */

#include "places.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "tool.h"

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot keep the names of networks");
}

static void place_done(struct place *place)
{
	free(place->data_dir);
	free(place->network);
	free(place->source);
	ipam_conf_done(&place->conf);
}

void places_done(struct places *places)
{
	for (size_t i = 0; i < places->n; i++)
		place_done(&places->items[i]);
	free(places->items);
	*places = (struct places){ 0 };
}

struct place *place_add(struct places *places, const char *data_dir, const char *network)
{
	struct place *items = array_grow(places->items, places->n, sizeof(*items));
	struct place place = { .reuse_delay = IPAM_DEFAULT_REUSE_DELAY };

	if (!items)
		return NULL;
	places->items = items;
	place.data_dir = strdup(data_dir);
	place.network = strdup(network);
	if (!place.data_dir || !place.network) {
		place_done(&place);
		return NULL;
	}
	items[places->n] = place;
	return &items[places->n++];
}

bool place_same(const struct place *place, const char *data_dir, const char *network)
{
	return strcmp(place->data_dir, data_dir) == 0 && strcmp(place->network, network) == 0;
}

/* Hand what is known of a network over to its place. */
static void adopt(struct place *place, struct places *known)
{
	for (size_t i = 0; i < known->n; i++) {
		struct place *config = &known->items[i];

		if (!config->source || !place_same(config, place->data_dir, place->network))
			continue;
		place->source = TAKE_PTR(config->source);
		place->lasting = config->lasting;
		place->reuse_delay = config->reuse_delay;
		place->conf = config->conf;
		config->conf = (struct ipam_conf){ 0 };
	}
}

static int compare(const void *left, const void *right)
{
	const struct place *a = left;
	const struct place *b = right;
	const int order = strcmp(a->data_dir, b->data_dir);

	return order ? order : strcmp(a->network, b->network);
}

static bool is_wanted(const struct dirent *entry, const struct tool_options *options)
{
	/* A link is no network, which pool_store_open() says. */
	if (entry->d_type != DT_DIR && entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
		return false;
	if (options->network)
		return strcmp(options->network, entry->d_name) == 0;
	return name_is_valid(entry->d_name);
}

/* All networks below one data directory. A missing one has none. */
static int add_networks(const char *data_dir, const struct tool_options *options,
			struct places *known, struct places *ret, struct error *err)
{
	autodir DIR *dir = opendir(data_dir);
	const struct dirent *entry;

	if (!dir && errno == ENOENT && !options->data_dir)
		return 0;
	if (!dir)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list %s", data_dir);
	while (errno = 0, (entry = readdir(dir))) {
		struct place *place;

		if (!is_wanted(entry, options))
			continue;
		place = place_add(ret, data_dir, entry->d_name);
		if (!place)
			return no_memory(err);
		adopt(place, known);
	}
	return errno ? error_errno(err, ERROR_SYSTEM, errno, "cannot list %s", data_dir) : 0;
}

static bool is_first_of_directory(const struct places *known, size_t i)
{
	for (size_t j = 0; j < i; j++)
		if (strcmp(known->items[j].data_dir, known->items[i].data_dir) == 0)
			return false;
	return true;
}

static int add_all(const struct tool_options *options, struct places *known, struct places *ret,
		   struct error *err)
{
	int rc = 0;

	if (options->data_dir)
		return add_networks(options->data_dir, options, known, ret, err);
	if (!known->n)
		return add_networks(IPAM_DEFAULT_DATA_DIR, options, known, ret, err);
	for (size_t i = 0; i < known->n && rc >= 0; i++)
		if (is_first_of_directory(known, i))
			rc = add_networks(known->items[i].data_dir, options, known, ret, err);
	return rc;
}

int places_find(const struct tool_options *options, struct places *ret, struct error *err)
{
	auto_with(places_done) struct places known = { 0 };
	int rc = places_configured(options, &known, err);

	*ret = (struct places){ 0 };
	if (rc < 0 || (rc = add_all(options, &known, ret, err)) < 0)
		return rc;
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), compare);
	if (ret->n || !options->network)
		return 0;
	error_set(err, ERROR_CONFIG, "there is no network %s", options->network);
	return error_hint(err, "looked for its directory below %s",
			  options->data_dir ? options->data_dir :
			  known.n           ? "the dataDir of every config" :
					      IPAM_DEFAULT_DATA_DIR);
}
