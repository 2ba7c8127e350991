/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_cases.c - calls of the plugins and their exact answers, as data
 *
 * Each directory of cases/ is a call of every plugin that its file "plugins" names, one
 * a line; without that file, of both. In it:
 *
 *   env          the environment, a K=V a line; '#' begins a comment line
 *   args         command line, one argument a line; may be missing
 *   stdin.json   stdin; missing = empty
 *   expect.json  the call succeeds and prints this document; if empty, nothing
 *   error.json   or: the call fails (exit status 1) and prints this error object
 *   stderr       texts that stderr must contain, one a line; may be missing
 *
 * Documents are compared as JSON. A string that ends in '*' in the expected one stands
 * for every string that begins as it does. In env, stdin.json and the expected files
 * @PLUGIN@ is the plugin's name, @BIN@ the directory of the executables, @TMP@ an empty
 * directory of the case's own, and @MIB@ stands for 1 MiB of blanks.
 *
 * Executables are taken from $CBR_BIN (bin), cases from $CBR_SRC (the working directory).
 */

#include "harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "json.h"
#include "run.h"
#include "tmp.h"

#define LINES_MAX 63
#define CASES_DIR "tests/conformance/cases"

static const char *const both[] = { "cbr-bridge", "hl-ipam" };

/* @name: directory and plugin, for people */
struct plugin_case {
	char *name;
	char *dir;
	char *plugin;
};

struct case_list {
	struct plugin_case *items;
	size_t n;
};

/* Lines of a text that is cut up; without empty ones and comments. */
struct lines {
	char *text;
	char *items[LINES_MAX + 1];
	size_t n;
};

/* Return: the file whole, owned by the caller, or NULL if there is none. */
static char *read_file(const char *dir, const char *name)
{
	struct tmp at;

	assert_true(snprintf(at.path, sizeof(at.path), "%s", dir) < (int)sizeof(at.path));
	return tmp_read(&at, name);
}

/* Takes @text over. */
static struct lines split(char *text)
{
	struct lines lines = { .text = text };
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line || *line == '#')
			continue;
		assert_true(lines.n < LINES_MAX);
		lines.items[lines.n++] = line;
	}
	return lines;
}

static void lines_done(struct lines *lines)
{
	free(lines->text);
}

/* @text with every @from replaced; takes @text over. */
static char *replace(char *text, const char *from, const char *to)
{
	char *out = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&out, &len);
	const char *rest = text;
	const char *at;

	assert_non_null(stream);
	while ((at = strstr(rest, from))) {
		fwrite(rest, 1, (size_t)(at - rest), stream);
		fputs(to, stream);
		rest = at + strlen(from);
	}
	fputs(rest, stream);
	fclose(stream);
	free(text);
	return out;
}

/* Return: a file of the case with all names filled in, or NULL if there is none. */
static char *read_part(const struct plugin_case *c, const struct tmp *tmp, const char *name)
{
	static char mib[1024 * 1024 + 1];
	char *text = read_file(c->dir, name);

	if (!text)
		return NULL;
	text = replace(text, "@PLUGIN@", c->plugin);
	text = replace(text, "@BIN@", getenv("CBR_BIN"));
	memset(mib, ' ', sizeof(mib) - 1);
	text = replace(text, "@MIB@", mib);
	return replace(text, "@TMP@", tmp->path);
}

static bool matches(const json_t *expected, const json_t *got);

static bool text_matches(const char *expected, const char *got)
{
	size_t len = strlen(expected);

	if (len && expected[len - 1] == '*')
		return strncmp(expected, got, len - 1) == 0;
	return strcmp(expected, got) == 0;
}

static bool object_matches(const json_t *expected, const json_t *got)
{
	const char *key;
	json_t *value;

	if (json_object_size(expected) != json_object_size(got))
		return false;
	json_object_foreach ((json_t *)expected, key, value)
		if (!matches(value, json_object_get(got, key)))
			return false;
	return true;
}

static bool array_matches(const json_t *expected, const json_t *got)
{
	json_t *value;
	size_t i;

	if (json_array_size(expected) != json_array_size(got))
		return false;
	json_array_foreach (expected, i, value)
		if (!matches(value, json_array_get(got, i)))
			return false;
	return true;
}

static bool matches(const json_t *expected, const json_t *got)
{
	if (!got || json_typeof(expected) != json_typeof(got))
		return false;
	switch (json_typeof(expected)) {
	case JSON_OBJECT:
		return object_matches(expected, got);
	case JSON_ARRAY:
		return array_matches(expected, got);
	case JSON_STRING:
		return text_matches(json_string_value(expected), json_string_value(got));
	default:
		return json_equal(expected, got);
	}
}

static struct run call_plugin(const struct plugin_case *c, const struct tmp *tmp)
{
	autofree char *input = read_part(c, tmp, "stdin.json");
	autofree char *file = run_bin(c->plugin);
	auto_with(lines_done) struct lines env = split(read_part(c, tmp, "env"));
	auto_with(lines_done) struct lines args = split(read_part(c, tmp, "args"));
	const char *argv[LINES_MAX + 2] = { file };
	const struct run_what what = { .argv = argv,
				       .env = (const char *const *)env.items,
				       .input = input };

	memcpy(argv + 1, args.items, args.n * sizeof(argv[0]));
	return run_program(&what);
}

static void check_output(const struct run *run, const char *expected)
{
	json_t *wanted;
	json_t *got;

	if (!*expected) {
		assert_string_equal(run->out, "");
		return;
	}
	wanted = json_parse(expected);
	got = run_json(run);
	if (!matches(wanted, got))
		harness_fail(__FILE__, __LINE__, "expected:\n%s\ngot:\n%s\n%s", expected, run->out,
			     run->err);
	json_decref(wanted);
	json_decref(got);
}

static void runs_case(void **state)
{
	const struct plugin_case *c = *state;
	struct tmp tmp;
	struct run run;
	char *success;
	char *failure;
	struct lines said;

	tmp_make(&tmp);
	success = read_part(c, &tmp, "expect.json");
	failure = read_part(c, &tmp, "error.json");
	if (!success == !failure)
		harness_fail(__FILE__, __LINE__, "%s must hold expect.json or error.json", c->dir);
	run = call_plugin(c, &tmp);
	check_output(&run, success ? success : failure);
	assert_int_equal(run.status, success ? 0 : 1);
	said = split(read_part(c, &tmp, "stderr"));
	for (size_t i = 0; i < said.n; i++)
		assert_contains(run.err, said.items[i]);
	lines_done(&said);
	free(success);
	free(failure);
	run_done(&run);
	tmp_remove(&tmp);
}

static void add_case(struct case_list *list, const char *dir, const char *plugin)
{
	struct plugin_case *items = array_grow(list->items, list->n, sizeof(*items));
	const char *base = strrchr(dir, '/') + 1;

	if (!items || asprintf(&items[list->n].name, "%s (%s)", base, plugin) < 0)
		abort();
	items[list->n].dir = strdup(dir);
	items[list->n].plugin = strdup(plugin);
	list->items = items;
	list->n++;
}

static void add_directory(struct case_list *list, const char *dir)
{
	auto_with(lines_done) struct lines plugins = split(read_file(dir, "plugins"));

	for (size_t i = 0; i < plugins.n; i++)
		add_case(list, dir, plugins.items[i]);
	for (size_t i = 0; !plugins.n && i < ARRAY_SIZE(both); i++)
		add_case(list, dir, both[i]);
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static struct case_list find_cases(void)
{
	autofree char *top = run_source(CASES_DIR);
	struct case_list list = { 0 };
	struct dirent **entries = NULL;
	int n = scandir(top, &entries, is_case, alphasort);

	for (int i = 0; i < n; i++) {
		autofree char *dir = NULL;

		if (asprintf(&dir, "%s/%s", top, entries[i]->d_name) < 0)
			abort();
		add_directory(&list, dir);
		free(entries[i]);
	}
	free(entries);
	return list;
}

int main(void)
{
	struct CMUnitTest *tests;
	struct case_list list;
	int failed;

	setenv("CBR_BIN", "bin", 0);
	setenv("CBR_SRC", ".", 0);
	list = find_cases();
	tests = calloc(list.n + 1, sizeof(*tests));
	if (!tests)
		abort();
	for (size_t i = 0; i < list.n; i++)
		tests[i] = (struct CMUnitTest){ .name = list.items[i].name,
						.test_func = runs_case,
						.initial_state = &list.items[i] };
	failed = _cmocka_run_group_tests("cases", tests, list.n, NULL, NULL);
	for (size_t i = 0; i < list.n; i++) {
		free(list.items[i].name);
		free(list.items[i].dir);
		free(list.items[i].plugin);
	}
	free(list.items);
	free(tests);
	return failed;
}
