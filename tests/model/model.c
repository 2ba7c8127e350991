/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - state of the model, and the files behind it */

#include "harness.h"

#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "real.h"

/* Room for records, and little more. */
#define DISK_OPTIONS "size=256k,nr_inodes=300,mode=0755"

/* A call makes about as many stops, and an executable that makes it. */
#define STOPS 260
#define REAL_STOPS 500

#define must(ok, what) \
	((ok) ? (void)0 : harness_fail(__FILE__, __LINE__, "%s: %s", (what), strerror(errno)))

static struct pool_set make_set(const char *subnet, const char *first, const char *last)
{
	struct pool_set set = { calloc(1, sizeof(struct pool_range)), 1 };
	struct error err;

	must(set.ranges, "calloc");
	assert_int_equal(ip_prefix_parse(subnet, &set.ranges->subnet), 0);
	assert_int_equal(ip_parse(first, &set.ranges->first), 0);
	assert_int_equal(ip_parse(last, &set.ranges->last), 0);
	assert_ok(pool_set_settle(&set, &err), &err);
	return set;
}

void model_make(struct model *model, uint64_t seed, bool real)
{
	*model = (struct model){ .seed = seed, .next_netns = 1000 };
	model->random = hash_bytes(HASH_SEED, &seed, sizeof(seed)) | 1;
	tmp_make(&model->tmp);
	must(mount("tmpfs", model->tmp.path, "tmpfs", 0, DISK_OPTIONS) == 0, "mount");
	model->sets[0] = make_set("10.9.0.0/28", "10.9.0.2", "10.9.0.14");
	model->sets[1] = make_set("fd00:9::/64", "fd00:9::2", "fd00:9::e");
	for (size_t i = 0; i < MODEL_PODS; i++)
		snprintf(model->pods[i].name, sizeof(model->pods[i].name), "c%zu", i);
	/* Whoever came first made it; without, there is nothing to give back on a full disk. */
	free(tmp_write(&model->tmp, "net/lock", "", 0644));
	if (real)
		real_begin(model);
	model_boot(model);
	model_look(model, &model->before);
}

void model_done(struct model *model)
{
	for (size_t i = 0; i < MODEL_SETS; i++)
		free(model->sets[i].ranges);
	real_end(model);
	umount2(model->tmp.path, MNT_DETACH);
	tmp_remove(&model->tmp);
}

/* xorshift64* */
unsigned int model_random(struct model *model, unsigned int n)
{
	model->random ^= model->random >> 12;
	model->random ^= model->random << 25;
	model->random ^= model->random >> 27;
	return (unsigned int)(model->random * 0x2545F4914F6CDD1DULL >> 33) % n;
}

struct ip_addr model_addr(const struct model *model, size_t set, int number)
{
	struct ip_addr addr = model->sets[set].ranges->first;

	while (number-- > 0)
		ip_next(&addr);
	return addr;
}

int model_number(const struct model *model, size_t set, const struct ip_addr *addr)
{
	for (int i = 0; i < MODEL_RANGE; i++) {
		const struct ip_addr other = model_addr(model, set, i);

		if (ip_equal(&other, addr))
			return i;
	}
	return -1;
}

const char *model_path(const struct model *model, const char *name)
{
	static char path[sizeof(model->tmp.path) + 300];

	snprintf(path, sizeof(path), "%s/net/%s", model->tmp.path, name);
	return path;
}

/* With or without interface; white space around it is no part of it. */
static int find_owner(const struct model *model, char *content)
{
	char expected[32];

	if (*content && content[strlen(content) - 1] == '\n')
		content[strcspn(content, "\r")] = '\0';
	if (!*content)
		return MODEL_BLANK;
	for (int i = 0; i < MODEL_PODS; i++) {
		snprintf(expected, sizeof(expected), "%s\r\neth0", model->pods[i].name);
		if (strcmp(content, expected) == 0 || strcmp(content, model->pods[i].name) == 0)
			return i;
	}
	model_fail(model, "a file holds \"%s\"", content);
}

static int read_owner(struct model *model, size_t set, int number)
{
	const struct ip_addr addr = model_addr(model, set, number);
	char text[IP_TEXT_SIZE];
	char name[IP_TEXT_SIZE + 8];
	autofree char *content = NULL;

	snprintf(name, sizeof(name), "net/%s", ip_format(&addr, text));
	content = tmp_read(&model->tmp, name);
	return content ? find_owner(model, content) : MODEL_NOBODY;
}

/* Beside the addresses of the sets there must be none. */
static void inspect_names(struct model *model)
{
	autodir DIR *dir = opendir(model_path(model, ""));
	const struct dirent *entry;
	struct ip_addr addr;

	must(dir, "opendir");
	while ((entry = readdir(dir)))
		if (ip_parse(entry->d_name, &addr) == 0 && model_number(model, 0, &addr) < 0 &&
		    model_number(model, 1, &addr) < 0)
			model_fail(model, "%s was made", entry->d_name);
}

void model_look(struct model *model, struct model_files *ret)
{
	inspect_names(model);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++) {
			ret->owner[i][j] = read_owner(model, i, j);
			ret->promised[i][j] = false;
		}
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec != b->tv_sec ? a->tv_sec < b->tv_sec : a->tv_nsec < b->tv_nsec;
}

static enum pool_life life(const struct pool_record *record, void *arg)
{
	const struct model *model = arg;
	const struct pool_evidence *evidence = &record->evidence;

	if (*evidence->boot && strcmp(evidence->boot, model->boot) != 0)
		return POOL_DEAD;
	for (size_t i = 0; i < MODEL_PODS && evidence->netns_ino; i++)
		if (model->pods[i].netns == evidence->netns_ino)
			return POOL_ALIVE;
	if (evidence->netns_ino || is_before(&evidence->time, &model->boot_time))
		return POOL_DEAD;
	return POOL_UNKNOWN;
}

struct pool_world model_world(struct model *model)
{
	return (struct pool_world){ .boot = model->boot, .life = life, .arg = model };
}

/* Files are stamped by the clock's last tick, and boots are not as far apart as ticks here. */
static void age_files(const struct model *model)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };
	char text[IP_TEXT_SIZE];

	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec -= 3600;
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++) {
			const struct ip_addr addr = model_addr(model, i, j);

			utimensat(AT_FDCWD, model_path(model, ip_format(&addr, text)), times, 0);
		}
}

void model_boot(struct model *model)
{
	snprintf(model->boot, sizeof(model->boot), "boot-%u", ++model->n_boots);
	clock_gettime(CLOCK_REALTIME, &model->boot_time);
	model->boot_time.tv_sec--;
	age_files(model);
	if (model->real)
		real_boot(model);
	for (int i = 0; i < MODEL_PODS; i++) {
		model_bury(model, i);
		model->pods[i].served_netns = 0;
		/* A file that nobody knows is as old as it says: the clock goes on here. */
		model->pods[i].certain |= !model->real;
	}
	memset(model->before.promised, 0, sizeof(model->before.promised));
}

void model_revive(struct model *model, int pod)
{
	if (model->pods[pod].netns)
		return;
	model->pods[pod].netns = model->real ? real_revive(model, pod) : model->next_netns++;
}

void model_bury(struct model *model, int pod)
{
	if (model->real)
		real_bury(model, pod);
	model->pods[pod].netns = 0;
}

/* Return: how many files could be made */
static unsigned int use_up_files(const struct model *model)
{
	char path[sizeof(model->tmp.path) + 32];
	unsigned int n = 0;
	int fd;

	for (;; n++) {
		snprintf(path, sizeof(path), "%s/ballast.%u", model->tmp.path, n);
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0)
			break;
		close(fd);
	}
	must(errno == ENOSPC, path);
	return n;
}

static void free_files(struct model *model)
{
	char path[sizeof(model->tmp.path) + 32];

	while (model->n_ballast > 0) {
		snprintf(path, sizeof(path), "%s/ballast.%u", model->tmp.path, --model->n_ballast);
		must(unlink(path) == 0, path);
	}
}

void model_fill(struct model *model, bool full)
{
	static const char block[4096];
	char path[sizeof(model->tmp.path) + 8];
	autoclose int fd = -1;

	snprintf(path, sizeof(path), "%s/ballast", model->tmp.path);
	model->full = full;
	if (!full) {
		free_files(model);
		must(unlink(path) == 0 || errno == ENOENT, path);
		return;
	}
	if (model_random(model, 2)) {
		model->n_ballast = use_up_files(model);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0, path);
	while (write(fd, block, sizeof(block)) > 0)
		;
	must(errno == ENOSPC, "write");
}

void model_kill(struct model *model, void (*fn)(struct model *model, void *arg), void *arg)
{
	unsigned int stops = model_random(model, model->real ? REAL_STOPS : STOPS);
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		model->is_child = true;
		fn(model, arg);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status), "waitpid");
	must(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)PTRACE_O_EXITKILL) == 0, "ptrace");
	while (WIFSTOPPED(status) && stops-- > 0) {
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		must(waitpid(pid, &status, 0) == pid, "waitpid");
	}
	if (WIFSTOPPED(status)) {
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
	}
	/* A plugin may fail in order. */
	if (WIFEXITED(status) ? WEXITSTATUS(status) > model->real : WTERMSIG(status) != SIGKILL)
		model_fail(model, "the child ended with %#x", (unsigned int)status);
}

static void print_files(const struct model *model, const struct model_files *files)
{
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++) {
			const int owner = files->owner[i][j];
			const struct model_pod *pod = owner >= 0 ? &model->pods[owner] : NULL;

			if (owner == MODEL_NOBODY)
				fprintf(stderr, " -");
			else if (owner == MODEL_BLANK)
				fprintf(stderr, " blank");
			else
				fprintf(stderr, " %s%s%s%s", pod->name, pod->netns ? "" : "+",
					pod->certain ? "" : "?", files->promised[i][j] ? "!" : "");
		}
	fprintf(stderr, "\n");
}

void model_fail(const struct model *model, const char *fmt, ...)
{
	char msg[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	/* +: its pod is dead; ?: nothing shows that; !: it was told */
	fprintf(stderr, "before:");
	print_files(model, &model->before);
	fprintf(stderr, "after: ");
	print_files(model, &model->after);
	harness_fail(__FILE__, __LINE__, "CBR_SEED=%llu, step %u, %s: %s",
		     (unsigned long long)model->seed, model->n, model->what, msg);
}
