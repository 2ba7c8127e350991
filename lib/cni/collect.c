/* SPDX-License-Identifier: Apache-2.0 */
/* collect.c - what a child prints, and how it ends */

#include "collect.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"

#define CHUNK 16384

/* Without a pidfd (before Linux 5.3, or under a seccomp filter) the end is polled for. */
#define POLL_MS 5

/* How long one that was killed may take to go. */
#define KILL_MS 1000

void capture_done(struct capture *capture)
{
	cleanup_close(&capture->fd);
	free(capture->data);
	*capture = (struct capture){ .fd = -1 };
}

static void keep(struct capture *capture, const char *data, size_t len)
{
	size_t room = capture->max - capture->len;
	char *grown;

	if (len > room) {
		capture->cut = true;
		len = room;
	}
	grown = len ? realloc(capture->data, capture->len + len + 1) : NULL;
	if (!grown) {
		/* Without memory the text ends here, and must not pass for whole. */
		capture->cut = capture->cut || len;
		return;
	}
	memcpy(grown + capture->len, data, len);
	capture->data = grown;
	capture->len += len;
	grown[capture->len] = '\0';
}

/* Return: bytes that came, 0 when there is nothing (more). */
static size_t read_some(struct capture *capture)
{
	char chunk[CHUNK] __attribute__((uninitialized));
	ssize_t got;

	if (capture->fd < 0)
		return 0;
	got = read(capture->fd, chunk, sizeof(chunk));
	if (got > 0) {
		keep(capture, chunk, (size_t)got);
		return (size_t)got;
	}
	if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
		close(capture->fd);
		capture->fd = -1;
	}
	return 0;
}

/* Reads what is there now; what a survivor goes on printing is not waited for. */
static void drain(struct capture *capture)
{
	int pending = 0;

	if (capture->fd < 0 || ioctl(capture->fd, FIONREAD, &pending) < 0)
		return;
	while (pending > 0) {
		size_t got = read_some(capture);

		if (!got)
			return;
		pending -= (int)got;
	}
}

static int reap(pid_t pid, int flags, int *ret_status)
{
	pid_t got;

	do
		got = waitpid(pid, ret_status, flags);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	return got == pid ? 0 : -EAGAIN;
}

/* One in uninterruptible sleep does not die: it is left to init, or we would hang too. */
static int kill_and_reap(pid_t pid, int *ret_status)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	const struct deadline patience = deadline_in(KILL_MS);
	int rc;

	/* The group for what it started, the child itself in case it left its group. */
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
	while ((rc = reap(pid, WNOHANG, ret_status)) == -EAGAIN && deadline_left_ms(&patience))
		nanosleep(&pause, NULL);
	return rc;
}

void kill_child(pid_t pid)
{
	int status;

	kill_and_reap(pid, &status);
}

static bool has_ended(pid_t pid)
{
	siginfo_t info = { 0 };

	/* An error counts as the end: reap() then says what is wrong. */
	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid;
}

/* Return: CHILD_EXITED when there is nothing to kill. */
static enum child_end watch(pid_t pid, int pid_fd, const struct deadline *deadline,
			    struct capture *out, struct capture *err)
{
	while (!has_ended(pid)) {
		struct pollfd fds[] = {
			{ .fd = out->fd, .events = POLLIN },
			{ .fd = err->fd, .events = POLLIN },
			{ .fd = pid_fd, .events = POLLIN },
		};
		int left = deadline_left_ms(deadline);

		if (left == 0)
			return CHILD_TIMED_OUT;
		if (out->cut)
			return CHILD_TOO_LOUD;
		if (pid_fd < 0 && left > POLL_MS)
			left = POLL_MS;
		poll(fds, ARRAY_SIZE(fds), left);
		read_some(out);
		read_some(err);
	}
	drain(out);
	drain(err);
	return out->cut ? CHILD_TOO_LOUD : CHILD_EXITED;
}

enum child_end collect_child(pid_t pid, const struct deadline *deadline, struct capture *out,
			     struct capture *err, int *ret_status)
{
	autoclose int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	enum child_end end = watch(pid, pid_fd, deadline, out, err);
	int rc;

	if (end != CHILD_EXITED) {
		kill_and_reap(pid, ret_status);
		return end;
	}
	rc = reap(pid, 0, ret_status);
	if (rc == 0)
		return CHILD_EXITED;
	*ret_status = -rc;
	return CHILD_LOST;
}
