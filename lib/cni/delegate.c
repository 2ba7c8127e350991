/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate.c - find another plugin and start it
 *
 * It may be anybody's program, so it gets what the protocol gives it and nothing
 * else: our stdin as a sealed memory file, three descriptors, the variables of the
 * protocol, default signals, and a process group of its own by which it can be ended.
 */

#include "cbr/cni/delegate.h"
#include "cbr/base/array.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/log.h"
#include "collect.h"
#include "resident.h"
#include "stream.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

#define SHOWN_SIZE 512
#define COMMAND_SIZE 32
#define RUN_MS (60 * 1000)

/* A program that is just being replaced is busy for as long as its copy is written. */
#define BUSY_MS 1000
#define BUSY_PAUSE_MAX_NS (64 * 1000 * 1000)

static bool is_regular(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int not_found(const char *type, const char *dirs, struct error *err)
{
	char shown_type[SHOWN_SIZE];
	char shown[SHOWN_SIZE];

	str_clean(shown, sizeof(shown), dirs);
	for (char *c = shown; (c = strchr(c, ':'));)
		*c = ' ';
	error_set(err, ERROR_DELEGATE, "failed to find plugin \"%s\" in path [%s]",
		  str_clean(shown_type, sizeof(shown_type), type), shown);
	return error_hint(err, "install it into one of these directories (CNI_PATH)");
}

static int search(const char *type, const char *dirs, char **ret, struct error *err)
{
	autofree char *copy = strdup(dirs);
	char *rest = copy;
	char *dir;

	if (!copy)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "find plugin \"%s\"", type);
	while ((dir = strsep(&rest, ":"))) {
		autofree char *path = NULL;

		/* An empty one would mean the working directory, which is nobody's plan. */
		if (!*dir)
			continue;
		if (asprintf(&path, "%s/%s", dir, type) < 0) {
			path = NULL;
			return error_errno(err, ERROR_SYSTEM, ENOMEM, "find plugin \"%s\"", type);
		}
		if (is_regular(path)) {
			*ret = TAKE_PTR(path);
			return 0;
		}
	}
	return not_found(type, dirs, err);
}

int cni_delegate_find(const struct cni_call *call, const char *type, char **ret, struct error *err)
{
	char shown[SHOWN_SIZE];

	if (!*type)
		return error_set(err, ERROR_DELEGATE, "no plugin name provided");
	if (strchr(type, '/'))
		return error_set(err, ERROR_DELEGATE, "invalid plugin name: %s",
				 str_clean(shown, sizeof(shown), type));
	if (!*call->path)
		return error_set(err, ERROR_DELEGATE, "no paths provided");
	return search(type, call->path, ret, err);
}

static bool is_named(const char *variable, const char *name)
{
	size_t len = strlen(name);

	return strncmp(variable, name, len) == 0 && variable[len] == '=';
}

static bool may_pass(const char *variable)
{
	static const char *const names[] = { "PATH", "TRACEPARENT", "TRACESTATE", "BAGGAGE" };

	if (strncmp(variable, "CNI_", 4) == 0)
		return !is_named(variable, "CNI_COMMAND");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (is_named(variable, names[i]))
			return true;
	return false;
}

/* getenv(3) takes the first of several equal names, so the child must see that one. */
static bool is_known(char *const *list, size_t n, const char *variable)
{
	const char *end = strchr(variable, '=');
	size_t len = end ? (size_t)(end - variable) + 1 : strlen(variable) + 1;

	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i], variable, len) == 0)
			return true;
	return false;
}

/* Return: a list of borrowed texts, itself owned by the caller; NULL without memory. */
static char **make_environment(char *command)
{
	char **list;
	size_t n = 0;

	while (environ && environ[n])
		n++;
	list = calloc(n + 2, sizeof(*list));
	if (!list)
		return NULL;
	n = 0;
	list[n++] = command;
	for (char **variable = environ; variable && *variable; variable++)
		if (may_pass(*variable) && !is_known(list, n, *variable))
			list[n++] = *variable;
	return list;
}

/*
 * A memory file holds any size without a writer beside the reader, as a pipe would
 * need. vm.memfd_noexec=2 admits only files that cannot be executed; kernels before
 * 6.3 do not know the flag.
 */
static int open_memory_file(void)
{
	int fd = memfd_create("cni-config", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("cni-config", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

static int make_input(const struct cni_call *call, int *ret_fd, struct error *err)
{
	const int seals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
	autoclose int fd = open_memory_file();
	size_t written;
	int rc;

	if (fd < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "memfd_create");
	rc = cni_write_all(fd, call->text, call->text_len, &written);
	if (rc < 0)
		return error_errno(err, ERROR_SYSTEM, -rc, "write the configuration");
	if (lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, seals) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "seal the configuration");
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/* We read without blocking; the child's end blocks, as it may expect. */
static int make_output(int *ret_ours, int *ret_theirs, struct error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "pipe2");
	*ret_ours = ends[0];
	*ret_theirs = ends[1];
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return error_errno(err, ERROR_SYSTEM, errno, "fcntl O_NONBLOCK");
	return 0;
}

/* Return: 0 or a positive errno, as posix_spawn(3). */
static int spawn_patiently(const char *path, const posix_spawn_file_actions_t *actions,
			   const posix_spawnattr_t *attributes, char **env, pid_t *ret_pid)
{
	const struct deadline patience = deadline_in(BUSY_MS);
	struct timespec pause = { .tv_nsec = 1000 * 1000 };
	char *argv[] = { (char *)path, NULL };
	int rc;

	while ((rc = posix_spawn(ret_pid, path, actions, attributes, argv, env)) == ETXTBSY &&
	       deadline_left_ms(&patience) > 0) {
		nanosleep(&pause, NULL);
		if (pause.tv_nsec < BUSY_PAUSE_MAX_NS)
			pause.tv_nsec *= 2;
	}
	return rc;
}

/* cni_main() saw to it that 0, 1 and 2 are taken, so @files are none of them. */
static int spawn_with_files(const char *path, const int files[static 3], char **env, pid_t *ret_pid)
{
	const short flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
	auto_with(posix_spawn_file_actions_destroy) posix_spawn_file_actions_t actions;
	auto_with(posix_spawnattr_destroy) posix_spawnattr_t attributes;
	sigset_t defaults;
	sigset_t none;
	int rc = 0;

	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	for (int fd = 0; rc == 0 && fd < 3; fd++)
		rc = posix_spawn_file_actions_adddup2(&actions, files[fd], fd);
	if (rc == 0)
		rc = posix_spawnattr_setflags(&attributes, flags);
	if (rc == 0)
		rc = posix_spawnattr_setpgroup(&attributes, 0);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(&attributes, &defaults);
	if (rc == 0)
		rc = posix_spawnattr_setsigmask(&attributes, &none);
	return rc ? rc : spawn_patiently(path, &actions, &attributes, env, ret_pid);
}

/*
 * What a runtime left open is none of a delegate's business; ours close by themselves. By the
 * list of them, since kernels before 5.11 cannot be told to mark a range (close_range(2)).
 */
static int keep_descriptors(struct error *err)
{
	autodir DIR *list = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t fd;

	if (!list)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot list open descriptors");
	while ((entry = readdir(list)))
		if (str_to_u64(entry->d_name, INT32_MAX, &fd) == 0 && fd > STDERR_FILENO)
			fcntl((int)fd, F_SETFD, FD_CLOEXEC);
	return 0;
}

static int spawn(const struct cni_call *call, const char *path, struct cni_delegate *delegate,
		 struct error *err)
{
	autoclose int in = -1;
	autoclose int out = -1;
	autoclose int log = -1;
	autofree char **env = NULL;
	char command[COMMAND_SIZE];
	int rc;

	if ((rc = keep_descriptors(err)) < 0 || (rc = make_input(call, &in, err)) < 0 ||
	    (rc = make_output(&delegate->out_fd, &out, err)) < 0 ||
	    (rc = make_output(&delegate->err_fd, &log, err)) < 0)
		return rc;
	snprintf(command, sizeof(command), "CNI_COMMAND=%s", cni_verb_name(delegate->verb));
	env = make_environment(command);
	if (!env)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "make an environment");
	rc = spawn_with_files(path, (int[]){ in, out, log }, env, &delegate->pid);
	if (rc) {
		delegate->pid = 0;
		return error_errno(err, ERROR_DELEGATE, rc, "execute %s", path);
	}
	return 0;
}

int cni_delegate_start(const struct cni_call *call, const char *type, enum cni_verb verb,
		       struct cni_delegate *ret, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(call->log, "start %s", type);
	auto_with(cni_delegate_done) struct cni_delegate delegate = CNI_DELEGATE_NONE;
	autofree char *path = NULL;
	int rc = cni_delegate_find(call, type, &path, err);

	if (!path)
		return rc;
	str_clean(delegate.type, sizeof(delegate.type), type);
	delegate.verb = verb;
	delegate.assumed = call->version;
	delegate.log = call->log;
	delegate.start_ns = step.start_ns;
	if (resident_is_at(call, type, path))
		rc = resident_start(call, verb, &delegate.resident, err);
	else
		rc = spawn(call, path, &delegate, err);
	if (rc < 0)
		return error_wrap(err, "cannot run plugin \"%s\"", delegate.type);
	*ret = delegate;
	delegate = CNI_DELEGATE_NONE;
	return 0;
}

void cni_delegate_done(struct cni_delegate *delegate)
{
	struct error ignored;

	resident_end(delegate->resident, NULL, NULL, &ignored);
	if (delegate->pid > 0)
		kill_child(delegate->pid);
	cleanup_close(&delegate->out_fd);
	cleanup_close(&delegate->err_fd);
	*delegate = CNI_DELEGATE_NONE;
}

int cni_delegate_run(const struct cni_call *call, const char *type, enum cni_verb verb,
		     struct cni_result *ret, struct error *err)
{
	auto_with(cni_delegate_done) struct cni_delegate delegate = CNI_DELEGATE_NONE;
	const struct deadline deadline = deadline_in(RUN_MS);
	int rc = cni_delegate_start(call, type, verb, &delegate, err);

	return rc < 0 ? rc : cni_delegate_wait(&delegate, &deadline, ret, err);
}
