/* SPDX-License-Identifier: Apache-2.0 */
/* test_file_lock.c - a lock that is waited for until a deadline */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "tmp.h"

static struct tmp tmp;
static int dir_fd = -1;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	dir_fd = open(tmp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0;
}

static int teardown(void **state)
{
	(void)state;
	close(dir_fd);
	tmp_remove(&tmp);
	return 0;
}

static int exit_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/* @pid: who holds the lock; @go_fd: closing it lets go */
struct holder {
	pid_t pid;
	int go_fd;
};

/* In a child: take the lock, say so, keep it until told, or for @ms milliseconds. */
static int hold(int said_fd, int go_fd, int ms)
{
	struct pollfd go = { .fd = go_fd, .events = POLLIN };
	autoclose int fd = openat(dir_fd, "lock", O_RDWR | O_CLOEXEC);

	if (flock(fd, LOCK_EX | LOCK_NB) < 0 || write(said_fd, "x", 1) != 1)
		return 1;
	return poll(&go, 1, ms) < 0;
}

static struct holder start_holder(int ms)
{
	struct holder holder;
	int said[2];
	int go[2];
	char byte;

	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		close(go[1]);
		_exit(hold(said[1], go[0], ms));
	}
	close(said[1]);
	close(go[0]);
	assert_int_equal(read(said[0], &byte, 1), 1);
	close(said[0]);
	holder.go_fd = go[1];
	return holder;
}

static void end_holder(const struct holder *holder)
{
	close(holder->go_fd);
	assert_int_equal(exit_status(holder->pid), 0);
}

static int open_lock(void)
{
	int fd = openat(dir_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	return fd;
}

static void locks_what_is_free(void **state)
{
	autoclose int fd = open_lock();
	autoclose int other = open_lock();
	struct deadline past = deadline_in(-1);
	struct deadline now = deadline_in(0);

	(void)state;
	assert_int_equal(file_lock(fd, &past), 0); /* one try is always made */
	assert_int_equal(file_lock(fd, &past), 0);
	assert_int_equal(file_lock(other, &now), -ETIMEDOUT);
}

static void gives_up_at_the_deadline(void **state)
{
	autoclose int fd = open_lock();
	struct holder holder = start_holder(-1);
	int64_t began = clock_now_ns();
	struct deadline deadline = deadline_in(60);

	(void)state;
	assert_int_equal(file_lock(fd, &deadline), -ETIMEDOUT);

	assert_true(clock_now_ns() >= deadline.at_ns);
	assert_true(clock_now_ns() - began < 5000000000LL);
	end_holder(&holder);
}

static void spends_the_wait_asleep(void **state)
{
	autoclose int fd = open_lock();
	struct holder holder = start_holder(-1);
	struct deadline deadline = deadline_in(300);
	struct timespec before;
	struct timespec after;

	(void)state;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
	assert_int_equal(file_lock(fd, &deadline), -ETIMEDOUT);
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);

	assert_true((after.tv_sec - before.tv_sec) * 1000000000LL + after.tv_nsec - before.tv_nsec <
		    150000000LL);
	end_holder(&holder);
}

/* Whichever comes first, the holder's end or our first try, this holds. */
static void gets_what_is_let_go_in_time(void **state)
{
	autoclose int fd = open_lock();
	struct holder holder = start_holder(50);
	struct deadline deadline = deadline_in(30000);

	(void)state;
	assert_int_equal(file_lock(fd, &deadline), 0);

	assert_true(deadline_left_ms(&deadline) > 0);
	end_holder(&holder);
}

static void a_dead_holder_holds_nothing(void **state)
{
	autoclose int fd = open_lock();
	struct holder holder = start_holder(-1);
	struct deadline deadline = deadline_in(30000);

	(void)state;
	assert_int_equal(kill(holder.pid, SIGKILL), 0);

	assert_int_equal(file_lock(fd, &deadline), 0);

	assert_int_equal(exit_status(holder.pid), 1000 + SIGKILL);
	close(holder.go_fd);
}

static void what_cannot_be_locked_is_no_wait(void **state)
{
	struct deadline deadline = deadline_in(30000);

	(void)state;
	assert_int_equal(file_lock(-1, &deadline), -EBADF);

	assert_true(deadline_left_ms(&deadline) > 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(locks_what_is_free),          test(gives_up_at_the_deadline),
		test(spends_the_wait_asleep),      test(gets_what_is_let_go_in_time),
		test(a_dead_holder_holds_nothing), test(what_cannot_be_locked_is_no_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
