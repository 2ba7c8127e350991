/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.h - run a program and keep what it said
 *
 * A program that outlives its time is killed and fails the test, so does one that a
 * sanitizer stopped. Nothing here sleeps.
 */
#pragma once

#include <jansson.h>

struct ns;

/* What a sanitizer's report makes of the exit status (see sanitize.c). */
#define RUN_SANITIZER_STATUS 99

/*
 * @status: exit status, or 128 + signal
 * @out, @err: stdout and stderr, NUL-terminated, owned
 */
struct run {
	int status;
	char *out;
	char *err;
};

/*
 * A program to run. All but @argv may be NULL or 0.
 * @argv: NULL-terminated; argv[0] is found in PATH unless it has a '/'
 * @env: "K=V", …, NULL: the whole environment; NULL = ours
 * @input: stdin, "" by default; arrives through a pipe
 * @ns: namespace to run it in, NULL = ours
 * @timeout_s: seconds, 0 = 20; times CBR_PATIENCE
 */
struct run_what {
	const char *const *argv;
	const char *const *env;
	const char *input;
	const struct ns *ns;
	int timeout_s;
};

/* run_program() - run it to its end; the result is released with run_done() */
struct run run_program(const struct run_what *what);

/* run_shell() - a command of sh(1), printf-like, in @ns (NULL = ours) */
struct run run_shell(const struct ns *ns, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* run_must() - the same for a command that must succeed; Return: stdout, owned by the caller */
char *run_must(const struct ns *ns, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* run_done() - release; accepts a zeroed run */
void run_done(struct run *run);

/*
 * A call of a CNI plugin, as a runtime makes it. The plugin's environment holds what
 * is given here, PATH, and nothing else. A NULL text leaves its variable unset.
 * @plugin: name of an executable in CBR_BIN, or a path
 * @command, @container, @netns, @ifname, @args: CNI_COMMAND, CNI_CONTAINERID, …
 * @path: CNI_PATH; NULL = the directory of our executables; "" = unset
 * @config: stdin
 * @extra: more environment, "K=V", …, NULL; may be NULL
 * @ns: the node's namespace, NULL = ours
 */
struct run_call {
	const char *plugin;
	const char *command;
	const char *container;
	const char *netns;
	const char *ifname;
	const char *args;
	const char *path;
	const char *config;
	const char *const *extra;
	const struct ns *ns;
};

/* run_plugin() - make the call; the result is released with run_done() */
struct run run_plugin(const struct run_call *call);

/* run_env() - the environment of that; Return: "K=V", …, NULL; for run_env_done() */
char **run_env(const struct run_call *call);
void run_env_done(char **env);

/*
 * run_result() - make a call that must succeed
 *
 * Return: its stdout parsed, a new reference; NULL if it printed nothing.
 */
json_t *run_result(const struct run_call *call);

/*
 * run_error() - make a call that must fail: exit status 1, one error object on stdout
 * @code: its "code"
 * @text: part of its "msg"
 *
 * Return: the error object, a new reference.
 */
json_t *run_error(const struct run_call *call, int code, const char *text);

/* run_json() - the one JSON document that stdout must be; Return: a new reference */
json_t *run_json(const struct run *run);

/* run_bin() - "<CBR_BIN>/<name>"; Return: text owned by the caller */
char *run_bin(const char *name);

/* run_source() - "<CBR_SRC>/<name>", a file of this tree; Return: text owned by the caller */
char *run_source(const char *name);
