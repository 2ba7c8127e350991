/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c - calls of the built hl-ipam */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "harness.h"

int fixture_make(void **state)
{
	struct tmp *tmp = calloc(1, sizeof(*tmp));

	tmp_make(tmp);
	*state = tmp;
	return 0;
}

int fixture_remove(void **state)
{
	tmp_remove(*state);
	free(*state);
	return 0;
}

char *fixture_config(const struct tmp *tmp, const char *version, const char *ipam, const char *top)
{
	autofree char *head = NULL;
	char *text;

	if (version)
		assert_true(asprintf(&head, "\"cniVersion\": \"%s\",", version) > 0);
	assert_true(asprintf(&text,
			     "{%s \"name\": \"net\", \"type\": \"any\", \"ipam\": {\"type\": "
			     "\"hl-ipam\", \"dataDir\": \"%s\"%s%s}%s%s}",
			     head ? head : "", tmp->path, *ipam ? ", " : "", ipam, *top ? ", " : "",
			     top) > 0);
	return text;
}

struct run_call fixture_call(const char *command, const char *container, const char *config)
{
	return (struct run_call){ .plugin = "hl-ipam",
				  .command = command,
				  .container = container,
				  .netns = "/nothing/is/here",
				  .ifname = "eth0",
				  .config = config };
}

struct run fixture_run(const char *command, const char *container, const char *config)
{
	struct run_call call = fixture_call(command, container, config);

	return run_plugin(&call);
}

char *fixture_must(const char *command, const char *container, const char *config)
{
	struct run run = fixture_run(command, container, config);

	if (run.status != 0)
		harness_fail(__FILE__, __LINE__, "%s %s: status %d\n%s%s\n%s", command, container,
			     run.status, run.out, run.err, config);
	free(run.err);
	return run.out;
}

void fixture_fails(const char *command, const char *container, const char *config, int code,
		   const char *text)
{
	struct run_call call = fixture_call(command, container, config);

	json_decref(run_error(&call, code, text));
}

bool fixture_has(const struct tmp *tmp, const char *name, const char *content)
{
	autofree char *path = NULL;
	autofree char *found = NULL;

	assert_true(asprintf(&path, "net/%s", name) > 0);
	found = tmp_read(tmp, path);
	return found && (!content || strcmp(found, content) == 0);
}

void fixture_put(const struct tmp *tmp, const char *name, const char *content)
{
	autofree char *path = NULL;

	assert_true(asprintf(&path, "net/%s", name) > 0);
	free(tmp_write(tmp, path, content, 0600));
}
