/* SPDX-License-Identifier: Apache-2.0 */
/* real.c - histories made by executables */

#include "harness.h"

#include "real.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "json.h"
#include "run.h"

#define BOOT_ID "/proc/sys/kernel/random/boot_id"

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

void real_begin(struct model *model)
{
	autofree char *path = NULL;

	model->real = true;
	tmp_make(&model->node);
	path = tmp_write(&model->node, "boot_id", "", 0644);
	must(mount(path, BOOT_ID, NULL, MS_BIND, NULL) == 0, BOOT_ID);
}

void real_end(struct model *model)
{
	if (!model->real)
		return;
	for (int i = 0; i < MODEL_PODS; i++)
		real_bury(model, i);
	umount2(BOOT_ID, MNT_DETACH);
	tmp_remove(&model->node);
}

void real_boot(struct model *model)
{
	char text[sizeof(model->boot) + 1];

	snprintf(text, sizeof(text), "%s\n", model->boot);
	free(tmp_write(&model->node, "boot_id", text, 0644));
}

uint64_t real_revive(struct model *model, int pod)
{
	struct stat st;

	ns_make(&model->node, model->pods[pod].name, &model->netns[pod]);
	must(stat(model->netns[pod].path, &st) == 0, "stat");
	return st.st_ino;
}

void real_bury(struct model *model, int pod)
{
	ns_destroy(&model->netns[pod]);
	model->netns[pod] = (struct ns){ 0 };
}

static json_t *make_sets(const struct model *model, size_t n)
{
	json_t *sets = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct pool_range *range = model->sets[i].ranges;
		char subnet[IP_TEXT_SIZE];
		char first[IP_TEXT_SIZE];
		char last[IP_TEXT_SIZE];

		snprintf(subnet, sizeof(subnet), "%s", i == 0 ? "10.9.0.0/28" : "fd00:9::/64");
		json_array_append_new(sets, json_pack("[{s:s, s:s, s:s}]", "subnet", subnet,
						      "rangeStart", ip_format(&range->first, first),
						      "rangeEnd", ip_format(&range->last, last)));
	}
	return sets;
}

static json_t *make_wanted(const struct model *model, size_t n, const int *wanted)
{
	json_t *ips = json_array();
	char text[IP_TEXT_SIZE];

	for (size_t i = 0; wanted && i < n; i++) {
		struct ip_addr addr;

		if (wanted[i] < 0)
			continue;
		addr = model_addr(model, i, wanted[i]);
		json_array_append_new(ips, json_string(ip_format(&addr, text)));
	}
	return json_pack("{s:o}", "ips", ips);
}

static json_t *make_list(const struct model *model, const bool *listed)
{
	json_t *list = json_array();

	for (int i = 0; i < MODEL_PODS; i++)
		if (listed[i])
			json_array_append_new(list,
					      json_pack("{s:s, s:s}", "containerID",
							model->pods[i].name, "ifname", "eth0"));
	return list;
}

char *real_config(const struct model *model, size_t n, const int *wanted, int rest_s,
		  const bool *listed)
{
	json_t *json = json_pack("{s:s, s:s, s:s, s:o, s:{s:s, s:s, s:i, s:o}}", "cniVersion",
				 listed ? "1.1.0" : "1.0.0", "name", "net", "type", "none",
				 "runtimeConfig", make_wanted(model, n, wanted), "ipam", "type",
				 "hl-ipam", "dataDir", model->tmp.path, "reuseDelay", rest_s,
				 "ranges", make_sets(model, n));
	char *text;

	if (listed)
		json_object_set_new(json, "cni.dev/valid-attachments", make_list(model, listed));
	text = json_dumps(json, 0);
	json_decref(json);
	return text;
}

/* The child of model_kill(): to be traced through all of the call. */
static _Noreturn void become(const struct run_call *call)
{
	autofree char *file = run_bin(call->plugin);
	const char *argv[] = { file, NULL };
	const int in = memfd_create("stdin", 0);
	const int out = open("/dev/null", O_WRONLY);
	char **env = run_env(call);

	if (pwrite(in, call->config, strlen(call->config), 0) > 0 && dup2(in, 0) >= 0 &&
	    dup2(out, 1) >= 0 && dup2(out, 2) >= 0)
		execve(file, (char **)argv, env);
	_exit(127);
}

static void parse_error(const struct run *run, struct error *err)
{
	json_t *json = json_loads(run->out, 0, NULL);
	const char *msg = json_string_value(json_object_get(json, "msg"));
	const char *details = json_string_value(json_object_get(json, "details"));

	*err = (struct error){ 0 };
	err->code = (enum error_code)json_integer_value(json_object_get(json, "code"));
	snprintf(err->msg, sizeof(err->msg), "%s", msg ? msg : run->out);
	snprintf(err->hint, sizeof(err->hint), "%s", details ? details : run->err);
	json_decref(json);
}

int real_call(struct model *model, const char *plugin, const char *command, int pod,
	      const char *config, json_t **ret, struct error *err)
{
	struct run_call call = { .plugin = plugin, .command = command, .config = config };
	struct run run;
	int rc = 0;

	if (pod >= 0) {
		call.container = model->pods[pod].name;
		call.ifname = "eth0";
		call.netns = *model->netns[pod].path ? model->netns[pod].path : NULL;
	}
	if (model->is_child)
		become(&call);
	run = run_plugin(&call);
	if (run.status > 1)
		model_fail(model, "%s ended with %d: %s", plugin, run.status, run.err);
	if (run.status == 1) {
		parse_error(&run, err);
		rc = -1;
	} else if (ret) {
		*ret = *run.out ? json_parse(run.out) : NULL;
	}
	run_done(&run);
	return rc;
}

struct ip_prefix real_lease(const json_t *result, size_t index)
{
	const json_t *ip = json_array_get(json_object_get(result, "ips"), index);
	struct ip_prefix ret;

	assert_int_equal(ip_prefix_parse(json_text_at(ip, "address"), &ret), 0);
	return ret;
}

const char *real_host_local(void)
{
	static char path[512];
	const char *dirs[] = { getenv("REFERENCE_BIN"), "/usr/lib/cni", "/usr/libexec/cni" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		if (!dirs[i])
			continue;
		snprintf(path, sizeof(path), "%.480s/host-local", dirs[i]);
		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}
