/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.c - call plugins as a runtime does, and take the time
 *
 *   driver pairs COUNT NETNS             ADD and DEL of one pod, again and again
 *   driver burst PODS JOBS ROUNDS NETNS  ADD of many pods, JOBS at a time, then their DEL
 *   driver again VERB COUNT NETNS        ADD, then VERB again and again, then DEL
 *
 * Standard input names the subjects, a line each: name, command, config file or "-", and, if
 * wished, every how many rounds it takes part, and a shell command to run before its ADD;
 * separated by tabs. All take turns within each round, each time in another order, so that
 * what others do, and what each leaves for the kernel to do, meets them all.
 * CNI_PATH is the directory of the command. NETNS is the namespace of the pod; in a burst,
 * that of pod n is NETNSn; with "again", that of the pod of subject n is.
 *
 * Prints a line for a subject, separated by tabs:
 *   pairs: name, ADD median and p99, DEL median and p99, user and system time of ADD, its mean
 *          (microseconds), peak memory (KiB)
 *   burst: name, ADD and DEL per second, medians of the rounds
 *   again: name, VERB median and p99 (microseconds)
 *
 * Time is what passes between the decision to start a process and the news that it has
 * ended. A plugin that fails ends it all.
 */

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_SUBJECTS 32
#define MAX_ARGS 8
#define MAX_ENV 64
/* What a pipe holds. */
#define MAX_RESULT 65536
/* Pairs that are not counted. */
#define WARM_UP 10

/*
 * What is measured.
 * @every: takes part in each so many-th round
 * @before: shell command, or NULL
 * @times, @n: of ADD and of DEL, one for each pair or round; how many there are
 * @cpu: of all ADDs
 */
struct subject {
	char *name;
	char *argv[MAX_ARGS];
	char path[4096];
	char *config;
	int every;
	char *before;
	double *times[2];
	int n;
	double cpu;
	long peak_kib;
};

/* One process; @out: the reading end of its standard output */
struct call {
	struct subject *subject;
	const char *verb;
	pid_t pid;
	int out;
};

static struct subject subjects[MAX_SUBJECTS];
static size_t n_subjects;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "driver: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *allocate(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		die("memory");
	return p;
}

static char *read_file(const char *path)
{
	char *text = allocate(MAX_RESULT);
	FILE *file = fopen(path, "re");

	if (!file || (fread(text, 1, MAX_RESULT - 1, file) == 0 && ferror(file)))
		die(path);
	fclose(file);
	return text;
}

static int number(const char *text)
{
	const long n = strtol(text, NULL, 10);

	if (n < 1 || n > 100000) {
		errno = EINVAL;
		die(text);
	}
	return (int)n;
}

/* Cut the next field, up to @separator, off @rest. */
static char *field(char **rest, const char *separator)
{
	char *text = strsep(rest, separator);

	if (!text) {
		errno = EINVAL;
		die("a line on standard input has three fields at least");
	}
	return text;
}

static void read_subjects(size_t n_times)
{
	char *line = NULL;
	size_t size = 0;

	while (n_subjects < MAX_SUBJECTS && getline(&line, &size, stdin) > 0) {
		struct subject *s = &subjects[n_subjects++];
		char *rest = line;
		char *command;
		char *config;
		char *every;

		line[strcspn(line, "\n")] = '\0';
		s->name = field(&rest, "\t");
		command = field(&rest, "\t");
		config = field(&rest, "\t");
		every = strsep(&rest, "\t");
		s->every = every && *every ? number(every) : 1;
		s->before = rest && *rest ? rest : NULL;
		for (size_t i = 0; i < MAX_ARGS - 1 && command; i++)
			s->argv[i] = strsep(&command, " ");
		snprintf(s->path, sizeof(s->path), "CNI_PATH=%s", dirname(strdup(s->argv[0])));
		s->config = strcmp(config, "-") == 0 ? "" : read_file(config);
		s->times[0] = allocate(n_times * sizeof(double));
		s->times[1] = allocate(n_times * sizeof(double));
		line = NULL;
	}
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/*
 * posix_spawn() is how a runtime would do it. But the process then counts our own memory
 * as its peak; after fork() only what it copies of that, which is less than any program.
 */
static pid_t start(const struct subject *s, char **env, int in, int out, bool lean)
{
	posix_spawn_file_actions_t actions;
	pid_t pid = lean ? fork() : 0;

	if (lean && pid == 0) {
		dup2(in, STDIN_FILENO);
		dup2(out, STDOUT_FILENO);
		execve(s->argv[0], s->argv, env);
		_exit(127);
	}
	if (lean)
		return pid;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	errno = posix_spawn(&pid, s->argv[0], &actions, NULL, s->argv, env);
	posix_spawn_file_actions_destroy(&actions);
	return errno ? -1 : pid;
}

/* The config on standard input; for DEL the result of ADD, if there is one, within it. */
static void feed(int fd, const struct subject *s, const char *result)
{
	int len = (int)strlen(s->config);

	if (*result) {
		while (s->config[--len] != '}')
			;
		dprintf(fd, "%.*s, \"prevResult\": %s}", len, s->config, result);
	} else if (len) {
		dprintf(fd, "%s", s->config);
	}
}

/* The environment of a call, in @buf; the rest of ours, PATH for one, comes along. */
static void environment(struct subject *s, const char *verb, int pod, const char *netns,
			char buf[3][256], char *env[MAX_ENV])
{
	size_t n = 0;

	snprintf(buf[0], 256, "CNI_COMMAND=%s", verb);
	snprintf(buf[1], 256, "CNI_CONTAINERID=bench-%d", pod);
	snprintf(buf[2], 256, "CNI_NETNS=%s", netns);
	for (; n < 3; n++)
		env[n] = buf[n];
	env[n++] = "CNI_IFNAME=eth0";
	env[n++] = s->path;
	for (char **ours = environ; *ours && n < MAX_ENV - 1; ours++)
		env[n++] = *ours;
	env[n] = NULL;
}

/* Start a call for pod number @pod. */
static struct call call_start(struct subject *s, const char *verb, int pod, const char *netns,
			      const char *result, bool lean)
{
	struct call call = { .subject = s, .verb = verb };
	char buf[3][256];
	char *env[MAX_ENV];
	int in[2];
	int out[2];

	environment(s, verb, pod, netns, buf, env);
	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		die("pipe");
	feed(in[1], s, result);
	close(in[1]);
	call.pid = start(s, env, in[0], out[1], lean);
	if (call.pid < 0)
		die(s->argv[0]);
	close(in[0]);
	close(out[1]);
	call.out = out[0];
	return call;
}

/* What there is to do once the process has ended; @ret_result: MAX_RESULT bytes */
static void call_end(const struct call *call, int status, char *ret_result)
{
	size_t len = 0;
	ssize_t got;

	while ((got = read(call->out, ret_result + len, MAX_RESULT - 1 - len)) > 0)
		len += (size_t)got;
	ret_result[len] = '\0';
	close(call->out);
	if (status) {
		fprintf(stderr, "driver: %s of %s failed: %s\n", call->verb, call->subject->name,
			ret_result);
		exit(1);
	}
}

static double microseconds(struct timeval t)
{
	return (double)t.tv_sec * 1e6 + (double)t.tv_usec;
}

/* One call from beginning to end. Returns its duration; @ret_cpu: user and system time */
static double call_run(struct subject *s, const char *verb, int pod, const char *netns,
		       char *result, bool lean, double *ret_cpu)
{
	double began = now();
	struct call call = call_start(s, verb, pod, netns, result, lean);
	struct rusage usage;
	double took;
	int status;

	if (wait4(call.pid, &status, 0, &usage) < 0)
		die("wait4");
	took = now() - began;
	call_end(&call, status, result);
	*ret_cpu = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
	if (lean && usage.ru_maxrss > s->peak_kib)
		s->peak_kib = usage.ru_maxrss;
	return took;
}

/* All subjects, in a new order; the same orders in every run. */
static void shuffle(struct subject *ret_order[MAX_SUBJECTS])
{
	static unsigned int seed = 1;

	for (size_t i = 0; i < n_subjects; i++) {
		size_t other = (size_t)rand_r(&seed) % (i + 1);

		ret_order[i] = ret_order[other];
		ret_order[other] = &subjects[i];
	}
}

static void one_pair(struct subject *s, int pod, const char *netns, char *result, bool counted,
		     bool lean)
{
	double cpu;
	double ignored;
	double add;
	double del;

	if (s->before && system(s->before) != 0)
		die(s->before);
	result[0] = '\0';
	add = call_run(s, "ADD", pod, netns, result, lean, &cpu);
	del = call_run(s, "DEL", pod, netns, result, lean, &ignored);
	if (!counted)
		return;
	s->times[0][s->n] = add;
	s->times[1][s->n++] = del;
	s->cpu += cpu;
}

/* A last round, which is not counted, is for the peak memory. */
static void pairs(int count, const char *netns)
{
	char *result = allocate(MAX_RESULT);
	const int total = WARM_UP + count + 1;

	for (int i = 0; i < total; i++) {
		const bool lean = i == total - 1;
		struct subject *order[MAX_SUBJECTS];

		shuffle(order);
		for (size_t n = 0; n < n_subjects; n++)
			if (i % order[n]->every == 0 || lean)
				one_pair(order[n], i, netns, result, i >= WARM_UP && !lean, lean);
	}
	free(result);
}

/* @result: of its ADD, which begins it; round @i of @last, which is its DEL */
static void one_again(struct subject *s, const char *verb, int i, int last, const char *netns,
		      char *result)
{
	const int pod = (int)(s - subjects);
	char *given = allocate(MAX_RESULT);
	char path[256];
	double ignored;
	double took;

	snprintf(path, sizeof(path), "%s%d", netns, pod);
	if (i == 0 || i == last) {
		call_run(s, i ? "DEL" : "ADD", pod, path, result, false, &ignored);
	} else {
		if (strcmp(verb, "STATUS") != 0)
			strcpy(given, result);
		took = call_run(s, verb, pod, path, given, false, &ignored);
		if (i > WARM_UP)
			s->times[0][s->n++] = took;
	}
	free(given);
}

static void again(const char *verb, int count, const char *netns)
{
	const int last = WARM_UP + count + 1;
	char *results = allocate(n_subjects * MAX_RESULT);

	for (int i = 0; i <= last; i++) {
		struct subject *order[MAX_SUBJECTS];

		shuffle(order);
		for (size_t n = 0; n < n_subjects; n++)
			one_again(order[n], verb, i, last, netns,
				  results + (size_t)(order[n] - subjects) * MAX_RESULT);
	}
	free(results);
}

/* All pods by one verb, @jobs at a time. Returns how long it took. */
static double wave(struct subject *s, const char *verb, int pods, int jobs, const char *netns,
		   char **results)
{
	struct call *calls = allocate((size_t)pods * sizeof(*calls));
	double began = now();
	int started = 0;

	for (int ended = 0; ended < pods; ended++) {
		int status;
		pid_t pid;
		int i;

		for (; started < pods && started - ended < jobs; started++) {
			char path[256];

			snprintf(path, sizeof(path), "%s%d", netns, started);
			calls[started] = call_start(s, verb, started, path, results[started],
						    false);
		}
		pid = wait(&status);
		for (i = 0; i < started && calls[i].pid != pid; i++)
			;
		if (i == started)
			die("wait");
		call_end(&calls[i], status, results[i]);
	}
	free(calls);
	return now() - began;
}

static void burst(int pods, int jobs, int rounds, const char *netns)
{
	char **results = allocate((size_t)pods * sizeof(*results));

	for (int i = 0; i < pods; i++)
		results[i] = allocate(MAX_RESULT);
	for (int round = 0; round < rounds; round++) {
		struct subject *order[MAX_SUBJECTS];

		shuffle(order);
		for (size_t n = 0; n < n_subjects; n++) {
			struct subject *s = order[n];

			for (int i = 0; i < pods; i++)
				results[i][0] = '\0';
			for (int verb = 0; verb < 2; verb++)
				s->times[verb][round] = wave(s, verb ? "DEL" : "ADD", pods, jobs,
							     netns, results);
			s->n++;
		}
	}
	for (int i = 0; i < pods; i++)
		free(results[i]);
	free(results);
}

static int compare(const void *left, const void *right)
{
	const double a = *(const double *)left;
	const double b = *(const double *)right;

	return (a > b) - (a < b);
}

static double percentile(double *times, int n, int percent)
{
	qsort(times, (size_t)n, sizeof(*times), compare);
	return times[(n - 1) * percent / 100];
}

static void report(struct subject *s, const char *mode, int pods)
{
	const double add = percentile(s->times[0], s->n, 50);

	if (strcmp(mode, "burst") == 0)
		printf("%s\t%.1f\t%.1f\n", s->name, 1e6 * pods / add,
		       1e6 * pods / percentile(s->times[1], s->n, 50));
	else if (strcmp(mode, "again") == 0)
		printf("%s\t%.1f\t%.1f\n", s->name, add, percentile(s->times[0], s->n, 99));
	else
		printf("%s\t%.1f\t%.1f\t%.1f\t%.1f\t%.1f\t%ld\n", s->name, add,
		       percentile(s->times[0], s->n, 99), percentile(s->times[1], s->n, 50),
		       percentile(s->times[1], s->n, 99), s->cpu / s->n, s->peak_kib);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	int pods = 0;
	int n;

	if (argc == 4 && strcmp(mode, "pairs") == 0) {
		n = number(argv[2]);
		read_subjects((size_t)n);
		pairs(n, argv[3]);
	} else if (argc == 6 && strcmp(mode, "burst") == 0) {
		pods = number(argv[2]);
		n = number(argv[4]);
		read_subjects((size_t)n);
		burst(pods, number(argv[3]), n, argv[5]);
	} else if (argc == 5 && strcmp(mode, "again") == 0) {
		n = number(argv[3]);
		read_subjects((size_t)n);
		again(argv[2], n, argv[4]);
	} else {
		fputs("usage: driver pairs COUNT NETNS | burst PODS JOBS ROUNDS NETNS |"
		      " again VERB COUNT NETNS\n",
		      stderr);
		return 2;
	}
	for (size_t i = 0; i < n_subjects; i++)
		report(&subjects[i], mode, pods);
	return 0;
}
