/* SPDX-License-Identifier: Apache-2.0 */
/* trace.c - a call under ptrace(2) */

#include "trace.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "harness.h"
#include "ns.h"

#define PROCESSES_MAX 8

/* What a stop for a system call is told by (PTRACE_O_TRACESYSGOOD). */
#define CALL_STOP (SIGTRAP | 0x80)

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

/*
 * A process of the call.
 * @counts: its stops count: it is the plugin or comes from it
 * @gone: it has ended, or was killed
 * @n: stops so far
 * @call, @harmless: the system call in which it is
 */
struct process {
	pid_t pid;
	bool counts;
	bool gone;
	unsigned int n;
	long call;
	bool harmless;
};

/* A trace_call() in work. */
struct tracer {
	const struct trace_stop *where;
	enum trace_victims victims;
	struct process processes[PROCESSES_MAX];
	size_t n;
	struct trace *trace;
};

static _Noreturn void become(const struct run_call *call, const char *file, char **env,
			     const int fds[3])
{
	const char *argv[] = { file, NULL };

	for (int i = 0; i < 3; i++)
		if (dup2(fds[i], i) < 0)
			_exit(126);
	if (ns_enter(call->ns) < 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
		_exit(126);
	raise(SIGSTOP);
	execve(file, (char **)argv, env);
	_exit(127);
}

static pid_t start(const struct run_call *call, int out_fd)
{
	char *file = run_bin(call->plugin);
	char **env = run_env(call);
	int fds[] = { memfd_create("stdin", MFD_CLOEXEC), out_fd,
		      memfd_create("stderr", MFD_CLOEXEC) };
	pid_t pid;

	must(fds[0] >= 0 && fds[2] >= 0, "memfd_create");
	must(pwrite(fds[0], call->config, strlen(call->config), 0) >= 0, "write");
	/* Whoever outlives its parent comes to us, so that its end is seen. */
	must(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0, "prctl");
	fflush(NULL);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0)
		become(call, file, env, fds);
	close(fds[0]);
	close(fds[2]);
	run_env_done(env);
	free(file);
	return pid;
}

static struct process *find(struct tracer *tracer, pid_t pid)
{
	for (size_t i = 0; i < tracer->n; i++)
		if (tracer->processes[i].pid == pid)
			return &tracer->processes[i];
	if (tracer->n == PROCESSES_MAX)
		harness_fail(__FILE__, __LINE__, "more than %d processes", PROCESSES_MAX);
	tracer->processes[tracer->n] = (struct process){ .pid = pid, .counts = tracer->n > 0 };
	return &tracer->processes[tracer->n++];
}

static void kill_victims(struct tracer *tracer)
{
	for (size_t i = 0; i < tracer->n; i++) {
		struct process *process = &tracer->processes[i];

		if (process->gone || (tracer->victims == TRACE_PLUGIN && i > 0) ||
		    (tracer->victims == TRACE_DELEGATE && i == 0))
			continue;
		must(kill(process->pid, SIGKILL) == 0, "kill");
		process->gone = true;
	}
	tracer->trace->killed = true;
}

static void note(struct tracer *tracer, struct process *process, bool after)
{
	struct trace *trace = tracer->trace;
	const struct trace_stop *where = tracer->where;
	const unsigned int number = (unsigned int)(process - tracer->processes);
	struct trace_stop *stops = array_grow(trace->stops, trace->n, sizeof(*stops));

	must(stops, "stops");
	trace->stops = stops;
	stops[trace->n++] = (struct trace_stop){ number, ++process->n, process->call, after };
	if (where && !trace->killed && where->process == number && where->number == process->n)
		kill_victims(tracer);
}

static void pass_call(struct tracer *tracer, struct process *process)
{
	struct __ptrace_syscall_info info;
	unsigned long long args[6];

	if (ptrace(PTRACE_GET_SYSCALL_INFO, process->pid, (void *)sizeof(info), &info) < 0)
		return; /* killed this moment */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
		for (size_t i = 0; i < 6; i++)
			args[i] = info.entry.args[i];
		process->call = (long)info.entry.nr;
		process->harmless = trace_is_harmless(process->call, args);
	}
	if (process->counts && !process->harmless)
		note(tracer, process, info.op == PTRACE_SYSCALL_INFO_EXIT);
}

/* Return: the signal that the process is to have when it goes on */
static int pass(struct tracer *tracer, struct process *process, int status)
{
	const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			     PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
	const int signal = WSTOPSIG(status);

	if (signal == CALL_STOP) {
		pass_call(tracer, process);
		return 0;
	}
	if (signal == SIGSTOP) { /* each process begins with it */
		if (process == tracer->processes)
			must(ptrace(PTRACE_SETOPTIONS, process->pid, NULL, (void *)options) == 0,
			     "ptrace");
		return 0;
	}
	if (status >> 16 == PTRACE_EVENT_EXEC && !process->counts) {
		process->counts = true;
		process->harmless = true; /* the exec itself was ours */
	}
	return signal == SIGTRAP ? 0 : signal;
}

static void end(struct tracer *tracer, struct process *process, int status)
{
	process->gone = true;
	if (process == tracer->processes)
		tracer->trace->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
							      WEXITSTATUS(status);
}

static void follow(struct tracer *tracer)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, __WALL)) > 0) {
		struct process *process = find(tracer, pid);
		int signal;

		if (!WIFSTOPPED(status)) {
			end(tracer, process, status);
			continue;
		}
		signal = pass(tracer, process, status);
		ptrace(PTRACE_SYSCALL, pid, NULL, (void *)(long)signal);
	}
	must(errno == ECHILD, "waitpid");
}

static char *read_all(int fd)
{
	const off_t size = lseek(fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)size + 1);

	must(text && pread(fd, text, (size_t)size, 0) == size, "read output");
	return text;
}

struct trace trace_call(const struct run_call *call, const struct trace_stop *where,
			enum trace_victims victims)
{
	struct trace trace = { 0 };
	struct tracer tracer = { .where = where, .victims = victims, .trace = &trace };
	int out_fd = memfd_create("stdout", MFD_CLOEXEC);

	must(out_fd >= 0, "memfd_create");
	find(&tracer, start(call, out_fd));
	follow(&tracer);
	trace.out = read_all(out_fd);
	close(out_fd);
	return trace;
}

void trace_done(struct trace *trace)
{
	free(trace->stops);
	free(trace->out);
	*trace = (struct trace){ 0 };
}
