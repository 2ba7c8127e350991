/* SPDX-License-Identifier: Apache-2.0 */
/* run.c - run a program and keep what it said */

#include "run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/clock.h"
#include "harness.h"
#include "json.h"
#include "ns.h"

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

/* Room for an environment. */
#define ENV_MAX 64

/* In the child: become the program. */
static _Noreturn void become(const struct run_what *what, const int fds[3])
{
	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	signal(SIGPIPE, SIG_DFL);
	if (ns_enter(what->ns) < 0) {
		dprintf(2, "cannot enter %s: %s\n", what->ns->path, strerror(errno));
		_exit(126);
	}
	if (what->env)
		execvpe(what->argv[0], (char **)what->argv, (char **)what->env);
	else
		execvp(what->argv[0], (char **)what->argv);
	dprintf(2, "cannot run %s: %s\n", what->argv[0], strerror(errno));
	_exit(127);
}

/* Write what the pipe takes; close it at the end of the text or when nobody reads. */
static void feed(struct pollfd *in, const char **text)
{
	ssize_t n = write(in->fd, *text, strlen(*text));

	if (n > 0)
		*text += n;
	if ((n < 0 && errno != EAGAIN) || !**text) {
		close(in->fd);
		in->fd = -1;
	}
}

/* Feed the child until it ends. Return: wait status, -1 when it had to be killed */
static int await(pid_t pid, int in_fd, const char *input, int timeout_s)
{
	struct deadline deadline = deadline_in(timeout_s * 1000);
	struct pollfd fds[] = {
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
		{ .fd = in_fd, .events = POLLOUT },
	};
	int status = 0;
	bool late;

	must(fds[0].fd >= 0, "pidfd_open");
	do {
		late = poll(fds, 2, deadline_left_ms(&deadline)) == 0;
		if (fds[1].fd >= 0 && fds[1].revents)
			feed(&fds[1], &input);
	} while (!late && !fds[0].revents);
	if (late)
		kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	close(fds[0].fd);
	if (fds[1].fd >= 0)
		close(fds[1].fd);
	return late ? -1 : status;
}

/* Return: what was written to the memfd, NUL-terminated, owned; closes it */
static char *collect(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	must(size >= 0 && text && pread(fd, text, (size_t)size, 0) == size, "read output");
	close(fd);
	return text;
}

struct run run_program(const struct run_what *what)
{
	const int timeout_s = harness_patience(what->timeout_s ? what->timeout_s : 20);
	int out = memfd_create("stdout", MFD_CLOEXEC);
	int err = memfd_create("stderr", MFD_CLOEXEC);
	struct run run;
	int in[2];
	int status;
	pid_t pid;

	signal(SIGPIPE, SIG_IGN);
	must(out >= 0 && err >= 0 && pipe2(in, O_CLOEXEC) == 0, "pipe");
	must(fcntl(in[1], F_SETFL, O_NONBLOCK) == 0, "fcntl");
	fflush(NULL);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		become(what, (int[]){ in[0], out, err });
	close(in[0]);
	status = await(pid, in[1], what->input ? what->input : "", timeout_s);
	run = (struct run){ .out = collect(out), .err = collect(err) };
	run.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	if (status == -1)
		harness_fail(__FILE__, __LINE__, "%s: killed after %d s\n%s%s", what->argv[0],
			     timeout_s, run.out, run.err);
	if (run.status == RUN_SANITIZER_STATUS)
		harness_fail(__FILE__, __LINE__, "%s: %s", what->argv[0], run.err);
	return run;
}

static struct run shell(const struct ns *ns, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));

static struct run shell(const struct ns *ns, const char *fmt, va_list ap)
{
	const char *argv[] = { "sh", "-c", NULL, NULL };
	struct run_what what = { .argv = argv, .ns = ns };
	struct run run;
	char *command;

	must(vasprintf(&command, fmt, ap) >= 0, "vasprintf");
	argv[2] = command;
	run = run_program(&what);
	free(command);
	return run;
}

struct run run_shell(const struct ns *ns, const char *fmt, ...)
{
	struct run run;
	va_list ap;

	va_start(ap, fmt);
	run = shell(ns, fmt, ap);
	va_end(ap);
	return run;
}

char *run_must(const struct ns *ns, const char *fmt, ...)
{
	struct run run;
	va_list ap;

	va_start(ap, fmt);
	run = shell(ns, fmt, ap);
	va_end(ap);
	if (run.status != 0)
		harness_fail(__FILE__, __LINE__, "status %d from: %s\n%s%s", run.status, fmt,
			     run.out, run.err);
	free(run.err);
	return run.out;
}

void run_done(struct run *run)
{
	free(run->out);
	free(run->err);
	*run = (struct run){ 0 };
}

static char *below(const char *variable, const char *name)
{
	const char *dir = getenv(variable);
	char *path;

	if (!dir)
		harness_fail(__FILE__, __LINE__, "%s is not set: use make check", variable);
	must(asprintf(&path, "%s/%s", dir, name) > 0, "asprintf");
	return path;
}

char *run_bin(const char *name)
{
	return below("CBR_BIN", name);
}

char *run_source(const char *name)
{
	return below("CBR_SRC", name);
}

/* Add "name=value" to an environment unless there is no value. */
static void put(const char **env, size_t *n, const char *name, const char *value)
{
	char *pair;

	if (!value)
		return;
	must(asprintf(&pair, "%s=%s", name, value) > 0, "asprintf");
	env[(*n)++] = pair;
}

char **run_env(const struct run_call *call)
{
	const char *path = call->path ? call->path : getenv("CBR_BIN");
	const char **env = calloc(ENV_MAX, sizeof(*env));
	size_t n = 0;

	must(env, "calloc");
	put(env, &n, "PATH", getenv("PATH"));
	put(env, &n, "CNI_COMMAND", call->command);
	put(env, &n, "CNI_CONTAINERID", call->container);
	put(env, &n, "CNI_NETNS", call->netns);
	put(env, &n, "CNI_IFNAME", call->ifname);
	put(env, &n, "CNI_ARGS", call->args);
	put(env, &n, "CNI_PATH", path && *path ? path : NULL);
	for (size_t i = 0; call->extra && call->extra[i] && n < ENV_MAX - 1; i++)
		must(env[n++] = strdup(call->extra[i]), "strdup");
	return (char **)env;
}

void run_env_done(char **env)
{
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	free(env);
}

struct run run_plugin(const struct run_call *call)
{
	char *file = strchr(call->plugin, '/') ? strdup(call->plugin) : run_bin(call->plugin);
	const char *argv[] = { file, NULL };
	char **env = run_env(call);
	const struct run_what what = {
		.argv = argv, .env = (const char *const *)env, .input = call->config, .ns = call->ns
	};
	struct run run = run_program(&what);

	run_env_done(env);
	free(file);
	return run;
}

json_t *run_json(const struct run *run)
{
	json_error_t error;
	json_t *json = json_loads(run->out, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		harness_fail(__FILE__, __LINE__, "status %d, stdout is no JSON document: %s\n%s%s",
			     run->status, error.text, run->out, run->err);
	return json;
}

json_t *run_result(const struct run_call *call)
{
	struct run run = run_plugin(call);
	json_t *json;

	if (run.status != 0)
		harness_fail(__FILE__, __LINE__, "%s %s: status %d\n%s%s", call->plugin,
			     call->command, run.status, run.out, run.err);
	json = *run.out ? run_json(&run) : NULL;
	run_done(&run);
	return json;
}

json_t *run_error(const struct run_call *call, int code, const char *text)
{
	struct run run = run_plugin(call);
	json_t *json;

	if (run.status != 1)
		harness_fail(__FILE__, __LINE__, "%s %s: status %d, expected error %d\n%s%s",
			     call->plugin, call->command ? call->command : "", run.status, code,
			     run.out, run.err);
	json = run_json(&run);
	assert_json_int(json, "code", code);
	assert_contains(json_text_at(json, "msg"), text);
	run_done(&run);
	return json;
}
