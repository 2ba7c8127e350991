/* SPDX-License-Identifier: Apache-2.0 */
/* scene_look.c - what is on file, and what is left on the node */

#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "json.h"
#include "run.h"
#include "scene.h"
#include "witness.h"

#define DIR_NAME "networks/net"

static bool is_address(const char *name)
{
	unsigned char bytes[16];

	return inet_pton(AF_INET, name, bytes) == 1 || inet_pton(AF_INET6, name, bytes) == 1;
}

static bool is_known_name(const char *name)
{
	static const char *const names[] = {
		".", "..", "lock", ".attachments", ".resting", ".state"
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return strncmp(name, ".tmp.", strlen(".tmp.")) == 0;
}

/* Content of a file of the network, owned by the caller; NULL if there is none. */
static char *read_file(const struct scene *scene, const char *name)
{
	char path[sizeof(DIR_NAME) + NAME_MAX + 1];

	snprintf(path, sizeof(path), DIR_NAME "/%s", name);
	return tmp_read(&scene->node.tmp, path);
}

static bool is_of(const char *content, const struct pod *pod)
{
	char expected[128];

	snprintf(expected, sizeof(expected), "%s\r\n%s", pod->id, pod->ifname);
	return strcmp(content, expected) == 0;
}

static void inspect_address(const struct scene *scene, const char *name)
{
	autofree char *content = read_file(scene, name);

	for (size_t i = 0; i < scene->node.n_pods; i++)
		if (is_of(content, &scene->node.pods[i]))
			return;
	if (*content)
		harness_fail(__FILE__, __LINE__, "%s holds \"%s\"", name, content);
}

static void inspect_file(const struct scene *scene, const char *name)
{
	autofree char *content = NULL;

	if (is_address(name)) {
		inspect_address(scene, name);
	} else if (strncmp(name, "last_reserved_ip.", strlen("last_reserved_ip.")) == 0) {
		content = read_file(scene, name);
		if (!is_address(content))
			harness_fail(__FILE__, __LINE__, "%s holds \"%s\"", name, content);
	} else if (!is_known_name(name)) {
		harness_fail(__FILE__, __LINE__, "a file named %s", name);
	}
}

static bool is_on_file(const struct scene *scene, const struct pod *pod, const char *address)
{
	autofree char *content = read_file(scene, address);

	return content && is_of(content, pod);
}

void scene_inspect(const struct scene *scene)
{
	autofree char *path = tmp_path(&scene->node.tmp, DIR_NAME);
	autodir DIR *dir = opendir(path);
	const struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		inspect_file(scene, entry->d_name);
	for (size_t i = 0; i < 2 && scene->other->result; i++)
		if (!is_on_file(scene, scene->other, pod_address(scene->other, i)))
			harness_fail(__FILE__, __LINE__, "%s lost %s", scene->other->id,
				     pod_address(scene->other, i));
}

size_t scene_holds(const struct scene *scene, const struct pod *pod)
{
	autofree char *path = tmp_path(&scene->node.tmp, DIR_NAME);
	autodir DIR *dir = opendir(path);
	const struct dirent *entry;
	size_t n = 0;

	while (dir && (entry = readdir(dir)))
		n += is_address(entry->d_name) && is_on_file(scene, pod, entry->d_name);
	return n;
}

static bool has_address(const struct pod *pod, const char *address)
{
	for (size_t i = 0; i < 2 && pod->result; i++)
		if (strcmp(pod_address(pod, i), address) == 0)
			return true;
	return false;
}

void scene_lacks_neighbour(const struct scene *scene, const struct pod *gone)
{
	json_t *list = witness_ip(&scene->node.netns, "neigh show nud permanent nud reachable");
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item) {
		json_t *state = json_array_get(json_object_get(item, "state"), 0);
		const char *address = json_text_at(item, "dst");

		if (has_address(gone, address) ||
		    strcmp(json_string_value(state), "REACHABLE") != 0)
			harness_fail(__FILE__, __LINE__, "neighbour %s is left: %s", address,
				     json_string_value(state));
	}
	json_decref(list);
}

void scene_forgot(const struct scene *scene, const struct pod *pod)
{
	autofree char *state = NULL;
	char name[128];

	assert_int_equal(scene_holds(scene, pod), 0);
	snprintf(name, sizeof(name), DIR_NAME "/.attachments/%s:%s", pod->id, pod->ifname);
	if (tmp_exists(&scene->node.tmp, name))
		harness_fail(__FILE__, __LINE__, "left: %s", name);
	if (strcmp(scene->plugin, "cbr-bridge") != 0)
		return;
	state = witness_state(&scene->node.netns);
	hash_host_link("net", pod->id, pod->ifname, name);
	assert_lacks(state, name);
}

/* The pod named "dead" is known to be leaked, where there is one. */
static void assert_fsck_is_content(const struct scene *scene)
{
	autofree char *bin = run_bin("hl-ipam");
	autofree char *said = run_must(&scene->node.netns,
				       "%s fsck -q --data-dir %s/networks --network net 2>&1 | "
				       "grep -v 'leaked by container dead ' || true",
				       bin, scene->node.tmp.path);

	if (*said)
		harness_fail(__FILE__, __LINE__, "fsck: %s", said);
}

void scene_settled(const struct scene *scene)
{
	if (!tmp_exists(&scene->node.tmp, DIR_NAME))
		return;
	free(run_must(NULL, "! find %s/networks -name '.tmp.*' | grep .", scene->node.tmp.path));
	assert_fsck_is_content(scene);
}
