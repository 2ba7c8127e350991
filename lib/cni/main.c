/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c - the frame of a plugin
 *
 * Stdout is the protocol: one document or nothing. Only this file prints there.
 */

#include "cbr/cni/main.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/cni/json.h"
#include "cbr/cni/log.h"
#include "reserve.h"
#include "resident.h"
#include "serve.h"
#include "stream.h"
#include "version_list.h"

#ifndef CBR_VERSION
#define CBR_VERSION "unknown"
#endif

#define INDENT 4

/* Used when not even an error object can be made. */
#define LAST_WORDS                                             \
	"{\n    \"cniVersion\": \"" CNI_VERSION_NEWEST "\",\n" \
	"    \"code\": 100,\n    \"msg\": \"out of memory\"\n}"

/*
 * One document on its way out.
 * @started: some of it is on stdout; no other one may follow
 */
struct output {
	bool started;
};

static int print(struct output *output, const char *text, struct error *err)
{
	size_t written;
	int rc = cni_write_all(STDOUT_FILENO, text, strlen(text), &written);

	output->started = output->started || written;
	if (rc < 0)
		return error_errno(err, ERROR_IO, -rc, "cannot write to stdout");
	return 0;
}

/* 0.x versions keep the order in which keys were put; from 1.0.0 on they are sorted. */
static size_t dump_flags(const struct cni_version *version)
{
	return JSON_INDENT(INDENT) | (version->format == CNI_FORMAT_100 ? JSON_SORT_KEYS : 0);
}

static int print_result(struct output *output, const struct cni_call *call,
			const struct cni_result *result, struct error *err)
{
	json_auto_t *json = NULL;
	autofree char *text = NULL;
	int rc = cni_result_build(result, call->version, &json, err);

	if (rc < 0)
		return rc;
	text = cni_reserve_dumps(json, dump_flags(call->version));
	if (!text)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot print the result");
	return print(output, text, err);
}

static char *make_error_object(const struct cni_call *call, const struct error *err)
{
	json_auto_t *json = json_object();
	const char *version = call->version ? call->version->text : CNI_VERSION_NEWEST;
	int code = err->code ? err->code : ERROR_SYSTEM;

	if (json_object_set_new(json, "cniVersion", json_string(version)) < 0 ||
	    json_object_set_new(json, "code", json_integer(code)) < 0 ||
	    json_object_set_new(json, "msg", cni_json_text(err->msg)) < 0)
		return NULL;
	if (*err->hint && json_object_set_new(json, "details", cni_json_text(err->hint)) < 0)
		return NULL;
	return cni_reserve_dumps(json, JSON_INDENT(INDENT));
}

static void report(struct output *output, const struct cni_call *call, const struct error *err)
{
	autofree char *text = make_error_object(call, err);
	struct error unheard;

	/* Half a result is out: a second document would make both unreadable. */
	if (output->started || print(output, text ? text : LAST_WORDS, &unheard) < 0)
		fprintf(stderr, "%s\n", err->msg);
}

static int add(const struct cni_plugin *plugin, const struct cni_call *call, struct output *output,
	       struct error *err)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	const int made = serve_verb(plugin, call, &result, err);
	int rc;

	if (made < 0)
		return made;
	rc = print_result(output, call, &result, err);
	return rc < 0 ? serve_undo(plugin, call, made, err) : rc;
}

static int print_versions(struct output *output, struct error *err)
{
	char list[CNI_VERSION_LIST_SIZE];
	char text[CNI_VERSION_LIST_SIZE + 64];

	cni_version_list(list, CNI_FORMAT_020, CNI_FORMAT_100, "\"", ",");
	snprintf(text, sizeof(text), "{\"cniVersion\":\"%s\",\"supportedVersions\":[%s]}\n",
		 CNI_VERSION_NEWEST, list);
	return print(output, text, err);
}

static int dispatch(const struct cni_plugin *plugin, const struct cni_call *call,
		    struct output *output, struct error *err)
{
	if (call->verb == CNI_VERSION)
		return print_versions(output, err);
	if (call->verb == CNI_ADD)
		return add(plugin, call, output, err);
	return serve_verb(plugin, call, NULL, err);
}

/* @dev, @ino: where CNI_NETNS leads to, if it is known */
static int serve(const struct cni_plugin *plugin, uint64_t dev, uint64_t ino)
{
	const int64_t start_ns = clock_now_ns();
	auto_with(cni_call_done) struct cni_call call = { 0 };
	auto_with(cni_log_done) struct cni_log log = CNI_LOG_NONE;
	struct output output = { 0 };
	struct error later = { 0 };
	struct error err = { 0 };
	int rc = cni_call_read(STDIN_FILENO, &call, &err);

	call.plugin = plugin;
	call.netns_dev = dev;
	call.netns_ino = ino;
	if (rc >= 0)
		rc = serve_open_log(plugin, &call, start_ns, &log, &err);
	else
		serve_open_log(plugin, &call, start_ns, &log, &later);
	if (rc >= 0)
		rc = dispatch(plugin, &call, &output, &err);
	if (rc < 0)
		report(&output, &call, &err);
	serve_end_log(plugin, &log, rc < 0 ? &err : NULL);
	/* What a thread still uses is not released, nor are its locks waited for as exit(3) may. */
	if (resident_is_left())
		_exit(rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	return rc < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/*
 * The runtime may have left anything behind. A closed standard descriptor would be
 * reused by the next socket, and the result written into it: it is taken, in a mode
 * in which its use still fails. An ignored SIGCHLD would lose a delegate's status.
 */
static void settle(void)
{
	size_t seed;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			(void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
	umask(022);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
#ifdef M_ARENA_MAX
	/* A thread that lives for less than a millisecond needs no heap of its own. */
	mallopt(M_ARENA_MAX, 1);
#endif
	cni_reserve_begin();
	/* One call; jansson itself would open a file for it. */
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) == sizeof(seed))
		json_object_seed(seed);
}

static void introduce(const struct cni_plugin *plugin)
{
	char list[CNI_VERSION_LIST_SIZE];

	fprintf(stderr, "CNI %s plugin %s\nCNI protocol versions supported: %s\n", plugin->name,
		CBR_VERSION, cni_version_list(list, CNI_FORMAT_020, CNI_FORMAT_100, "", ", "));
}

static void tell_version(const struct cni_plugin *plugin)
{
	printf("%s %s", plugin->name, CBR_VERSION);
	if (plugin->build_id)
		printf(" (build %.12s)", plugin->build_id);
	printf("\n");
}

static void help(const struct cni_plugin *plugin)
{
	printf("%s %s - %s\n\n"
	       "A CNI plugin: container runtimes run it, with the network configuration as\n"
	       "JSON on stdin. The result, or an error object, is JSON on stdout.\n\n"
	       "Usage: %s [--version | --help]\n\n"
	       "Environment:\n"
	       "  CNI_COMMAND      ADD, DEL, CHECK, GC, STATUS or VERSION\n"
	       "  CNI_CONTAINERID  ID of the container\n"
	       "  CNI_NETNS        path of its network namespace\n"
	       "  CNI_IFNAME       name of the interface in it\n"
	       "  CNI_ARGS         KEY=VALUE pairs, separated by \";\"\n"
	       "  CNI_PATH         directories of plugins, separated by \":\"\n\n"
	       "The configuration and all error codes are described in %s(8).\n",
	       plugin->name, CBR_VERSION, plugin->about, plugin->name, plugin->name);
}

int cni_main(const struct cni_plugin *plugin, int argc, char **argv)
{
	const char *command = getenv("CNI_COMMAND");
	const char *netns = getenv("CNI_NETNS");
	uint64_t dev = 0;
	uint64_t ino = 0;

	if (plugin->look_netns && netns)
		plugin->look_netns(netns, &dev, &ino);
	if (plugin->prepare)
		plugin->prepare();
	if (argc > 1 && strcmp(argv[1], "--version") == 0) {
		tell_version(plugin);
		return EXIT_SUCCESS;
	}
	if (argc > 1 && strcmp(argv[1], "--help") == 0) {
		help(plugin);
		return EXIT_SUCCESS;
	}
	if ((!command || !*command) && argc > 1) {
		fprintf(stderr, "%s: unknown argument %s\nTry: %s --help\n", plugin->name, argv[1],
			plugin->name);
		return EXIT_FAILURE;
	}
	if (!command || !*command) {
		introduce(plugin);
		return EXIT_SUCCESS;
	}
	settle();
	return serve(plugin, dev, ino);
}
