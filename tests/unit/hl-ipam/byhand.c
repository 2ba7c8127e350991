/* SPDX-License-Identifier: Apache-2.0 */
/* byhand.c - calls of hl-ipam as a person makes them, and stores to look at */

#include "byhand.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "fixture.h"
#include "harness.h"

#define MAX_WORDS 32

static struct run run_words(const struct tmp *tmp, const char *more, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static struct run run_words(const struct tmp *tmp, const char *more, const char *fmt, va_list ap)
{
	autofree char *words = NULL;
	autofree char *line = NULL;
	autofree char *bin = run_bin("hl-ipam");
	const char *argv[MAX_WORDS + 1] = { bin };
	const char *env[] = { "PATH=/usr/bin:/bin", NULL };
	const struct run_what what = { .argv = argv, .env = env };
	char *rest = NULL;
	size_t n = 1;

	assert_true(vasprintf(&words, fmt, ap) >= 0);
	if (strstr(words, "--conf-dir"))
		assert_true(asprintf(&line, "%s%s", words, more) > 0);
	else
		assert_true(asprintf(&line, "%s%s --data-dir %s --conf-dir %s/.conf", words, more,
				     tmp->path, tmp->path) > 0);
	free(tmp_mkdir(tmp, ".conf"));
	for (char *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		assert_true(n < MAX_WORDS);
		argv[n++] = word;
	}
	return run_program(&what);
}

struct run byhand(const struct tmp *tmp, const char *fmt, ...)
{
	struct run run;
	va_list ap;

	va_start(ap, fmt);
	run = run_words(tmp, "", fmt, ap);
	va_end(ap);
	return run;
}

static void must_end(const struct run *run, int status, const char *what)
{
	if (run->status != status)
		harness_fail(__FILE__, __LINE__, "hl-ipam %s: status %d, expected %d\n%s%s", what,
			     run->status, status, run->out, run->err);
}

char *byhand_says(const struct tmp *tmp, int status, const char *fmt, ...)
{
	struct run run;
	va_list ap;

	va_start(ap, fmt);
	run = run_words(tmp, "", fmt, ap);
	va_end(ap);
	must_end(&run, status, fmt);
	free(run.err);
	return run.out;
}

json_t *byhand_json(const struct tmp *tmp, int status, const char *fmt, ...)
{
	struct run run;
	json_t *json;
	va_list ap;

	va_start(ap, fmt);
	run = run_words(tmp, " --json", fmt, ap);
	va_end(ap);
	must_end(&run, status, fmt);
	json = run_json(&run);
	run_done(&run);
	return json;
}

void byhand_conf(const struct tmp *tmp, const char *name, const char *fmt, ...)
{
	autofree char *path = NULL;
	autofree char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	assert_true(vasprintf(&text, fmt, ap) >= 0);
	va_end(ap);
	assert_true(asprintf(&path, ".conf/%s", name) > 0);
	free(tmp_write(tmp, path, text, 0644));
}

void byhand_conflist(const struct tmp *tmp, const char *ipam)
{
	byhand_conf(tmp, "10-net.conflist",
		    "{\"cniVersion\": \"1.0.0\", \"name\": \"net\", \"plugins\": [{\"type\": "
		    "\"any\"}, {\"type\": \"any\", \"ipam\": {\"type\": \"hl-ipam\", "
		    "\"dataDir\": \"%s/\"%s}}]}",
		    tmp->path, ipam);
}

void byhand_add(const struct tmp *tmp, const char *container, const char *ifname)
{
	const char *const extra[] = { "CNI_NETNS_OVERRIDE=1", NULL };
	autofree char *config = fixture_config(tmp, "1.0.0", "\"subnet\": \"10.1.2.0/24\"", "");
	struct run_call call = fixture_call("ADD", container, config);

	call.netns = "/proc/self/ns/net";
	call.ifname = ifname;
	call.args = "K8S_POD_NAMESPACE=default;K8S_POD_NAME=web";
	call.extra = extra;
	json_decref(run_result(&call));
}

void byhand_kill(const struct tmp *tmp, const char *container, const char *ifname)
{
	free(run_must(NULL, "sed -i 's/^identity .*/identity 1:1/' %s/net/.attachments/%s:%s",
		      tmp->path, container, ifname));
}

void byhand_reboot(const struct tmp *tmp, const char *container, const char *ifname)
{
	free(run_must(NULL, "sed -i 's/^boot .*/boot of-yesterday/' %s/net/.attachments/%s:%s",
		      tmp->path, container, ifname));
}
