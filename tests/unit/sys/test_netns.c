/* SPDX-License-Identifier: Apache-2.0 */
/* test_netns.c - opening, telling apart and entering network namespaces */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/sys/netns.h"
#include "tmp.h"
#include "userns.h"

#define OWN "/proc/thread-self/ns/net"
static struct tmp tmp;

/* A second namespace, which we may enter; the group's setup makes it if it can. */
static struct netns other = { .fd = -1 };
static char other_path[64];

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tmp_remove(&tmp);
	return 0;
}

static ino_t own_inode(void)
{
	struct stat st;

	return stat(OWN, &st) < 0 ? 0 : st.st_ino;
}

static int exit_status(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

#define need_other()                                             \
	do {                                                     \
		if (other.fd < 0)                                \
			skip_because("no user namespaces here"); \
	} while (0)

/* --- open ---------------------------------------------------------------------------------- */

static void opens_its_own(void **state)
{
	auto_with(netns_done) struct netns ns = NETNS_NONE;
	struct error err = { .code = 99 };
	struct stat st;

	(void)state;
	assert_int_equal(assert_ok(netns_open(OWN, &ns, &err), &err), 0);

	assert_int_equal(stat(OWN, &st), 0);
	assert_true(ns.dev == st.st_dev && ns.ino == st.st_ino);
	assert_int_equal(fcntl(ns.fd, F_GETFD), FD_CLOEXEC);
	assert_int_equal(err.code, 99);
}

static void opens_by_path_and_by_link(void **state)
{
	auto_with(netns_done) struct netns own = NETNS_NONE;
	auto_with(netns_done) struct netns direct = NETNS_NONE;
	auto_with(netns_done) struct netns linked = NETNS_NONE;
	autofree char *link = tmp_path(&tmp, "link");
	struct error err = { 0 };

	(void)state;
	assert_int_equal(symlink(OWN, link), 0);

	assert_ok(netns_open(OWN, &own, &err), &err);
	assert_ok(netns_open("/proc/self/ns/net", &direct, &err), &err);
	assert_ok(netns_open(link, &linked, &err), &err);

	assert_true(own.dev == direct.dev && own.ino == direct.ino);
	assert_true(own.dev == linked.dev && own.ino == linked.ino);
	assert_int_not_equal(own.fd, direct.fd);
}

static void done_closes_once(void **state)
{
	struct netns ns = NETNS_NONE;
	struct error err = { 0 };
	int fd;

	(void)state;
	netns_done(&ns);
	assert_int_equal(ns.fd, -1);

	assert_ok(netns_open(OWN, &ns, &err), &err);
	fd = ns.fd;
	netns_done(&ns);
	assert_int_equal(ns.fd, -1);
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	netns_done(&ns);
}

/* DEL takes -ENOENT for "the pod is gone", in what is returned and in what is passed on. */
static void a_missing_path_is_told_from_a_wrong_one(void **state)
{
	autofree char *missing = tmp_path(&tmp, "missing");
	autofree char *below = tmp_path(&tmp, "missing/net");
	autofree char *below_file = tmp_path(&tmp, "file/net");
	autofree char *link = tmp_path(&tmp, "dangling");
	const char *const paths[] = { missing, below, below_file, link, "", "/proc/0/ns/net" };

	(void)state;
	free(tmp_write(&tmp, "file", "", 0644));
	assert_int_equal(symlink("nowhere", link), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct netns ns = { .fd = 77 };
		struct error err = { 0 };
		char msg[512];
		int rc = netns_open(paths[i], &ns, &err);

		snprintf(msg, sizeof(msg), "failed to open netns \"%s\": No such file or directory",
			 paths[i]);
		assert_fails(rc, &err, ERROR_NETNS, msg);
		assert_int_equal(rc, -ENOENT);
		assert_int_equal(error_wrap(&err, "outer"), -ENOENT);
		assert_int_equal(ns.fd, 77);
	}
}

static char *make_socket(void)
{
	autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	autoclose int dir = open(tmp.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	snprintf(at.sun_path, sizeof(at.sun_path), "/proc/self/fd/%d/sock", dir);
	assert_int_equal(bind(sock, (const struct sockaddr *)&at, sizeof(at)), 0);
	return tmp_path(&tmp, "sock");
}

/* A FIFO without a writer is the case that would hang: alarm(2) ends the test then. */
static void other_kinds_of_file_are_refused(void **state)
{
	autofree char *file = tmp_write(&tmp, "file", "", 0644);
	autofree char *fifo = tmp_path(&tmp, "fifo");
	autofree char *sock = make_socket();
	const char *const paths[] = {
		file,
		fifo,
		sock,
		tmp.path,
		"/dev/null",
		"/proc/self/status",
		"/proc/self/ns",
		"/proc/sys/kernel/ostype",
		"/proc/self/ns/uts",
		"/proc/self/ns/mnt",
		"/proc/self/ns/user",
		"/proc/self/ns/pid",
	};

	(void)state;
	assert_int_equal(mkfifo(fifo, 0600), 0);
	alarm(10);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct netns ns = { .fd = 77 };
		struct error err = { 0 };
		char msg[512];
		int rc = netns_open(paths[i], &ns, &err);

		snprintf(msg, sizeof(msg),
			 "failed to open netns \"%s\": it is no network namespace", paths[i]);
		assert_fails(rc, &err, ERROR_NETNS, msg);
		assert_int_equal(rc, -EINVAL);
		assert_int_equal(ns.fd, 77);
	}
	alarm(0);
}

static void refused_files_are_closed(void **state)
{
	struct error err = { 0 };
	int before = dup(0);
	struct netns ns;
	int after;

	(void)state;
	close(before);
	assert_true(netns_open("/proc/self/status", &ns, &err) < 0);
	assert_true(netns_open("/proc/self/ns/uts", &ns, &err) < 0);

	after = dup(0);
	close(after);
	assert_int_equal(after, before);
}

static void another_one_differs(void **state)
{
	auto_with(netns_done) struct netns own = NETNS_NONE;
	auto_with(netns_done) struct netns again = NETNS_NONE;
	struct error err = { 0 };

	(void)state;
	need_other();
	assert_ok(netns_open(OWN, &own, &err), &err);
	assert_ok(netns_open(other_path, &again, &err), &err);

	assert_true(own.dev != other.dev || own.ino != other.ino);
	assert_true(again.dev == other.dev && again.ino == other.ino);
}

/* --- netns_refuse_own() ------------------------------------------------------------------- */

static void refuses_its_own_under_any_name(void **state)
{
	autofree char *link = tmp_path(&tmp, "link");
	const char *const paths[] = { OWN, "/proc/self/ns/net", link };

	(void)state;
	assert_int_equal(symlink(OWN, link), 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		struct error err = { 0 };
		struct netns ns;
		int rc;

		assert_int_equal(netns_look(paths[i], &ns), 0);
		rc = netns_refuse_own(&ns, paths[i], &err);
		/* the sentence of the reference's skel.go */
		assert_fails(rc, &err, ERROR_NETNS,
			     "plugin's netns and netns from CNI_NETNS should not be the same");
		assert_int_equal(rc, -EINVAL);
		assert_contains(err.hint, paths[i]);
	}
}

static void looks_at_namespaces_only(void **state)
{
	autofree char *missing = tmp_path(&tmp, "missing");
	autofree char *file = tmp_write(&tmp, "file", "", 0644);
	const char *const others[] = { file, tmp.path, "/proc/version" };
	struct netns ns;

	(void)state;
	assert_int_equal(netns_look("", &ns), -ENOENT);
	assert_int_equal(netns_look(missing, &ns), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_int_equal(netns_look(others[i], &ns), -EINVAL);
	/* Where links of a process lead that may not be traced, in some kernels. */
	assert_int_equal(netns_look("/proc/self/ns", &ns), -EACCES);
}

static void another_one_is_not_its_own(void **state)
{
	struct error err = { .code = 99 };
	struct netns ns;

	(void)state;
	need_other();
	assert_int_equal(netns_look(other_path, &ns), 0);
	assert_int_equal(netns_refuse_own(&ns, other_path, &err), 0);
	assert_int_equal(err.code, 99);
}

/* --- netns_call() ------------------------------------------------------------------------- */

/* What a called function is to return, and where it was called. */
struct visit {
	int rc;
	int n_calls;
	ino_t seen;
};

static int note_visit(void *arg, struct error *err)
{
	struct visit *visit = arg;

	visit->n_calls++;
	visit->seen = own_inode();
	return visit->rc < 0 ? error_errno(err, ERROR_KERNEL, -visit->rc, "inside") : visit->rc;
}

static void calls_inside_and_comes_back(void **state)
{
	struct visit visit = { .rc = 1 };
	struct error err = { .code = 99 };
	ino_t own = own_inode();

	(void)state;
	need_other();
	assert_int_equal(assert_ok(netns_call(&other, note_visit, &visit, &err), &err), 1);

	assert_int_equal(visit.n_calls, 1);
	assert_true(visit.seen == other.ino);
	assert_true(own_inode() == own && own != other.ino);
	assert_int_equal(err.code, 99);
}

static void passes_an_error_on_and_comes_back(void **state)
{
	struct visit visit = { .rc = -EBUSY };
	struct error err = { 0 };
	ino_t own = own_inode();
	int rc;

	(void)state;
	need_other();
	rc = netns_call(&other, note_visit, &visit, &err);

	assert_int_equal(rc, -EBUSY);
	assert_fails(rc, &err, ERROR_KERNEL, "inside: Device or resource busy");
	assert_true(own_inode() == own);
}

static int call_again(void *arg, struct error *err)
{
	auto_with(netns_done) struct netns inside = NETNS_NONE;
	struct visit *visits = arg;
	int rc = netns_open(OWN, &inside, err);

	if (rc < 0)
		return rc;
	rc = netns_call(&other, note_visit, &visits[0], err); /* where it is already */
	return rc < 0 ? rc : netns_call(&inside, note_visit, &visits[1], err);
}

static void calls_may_nest(void **state)
{
	struct visit visits[2] = { { 0 }, { 0 } };
	struct error err = { 0 };
	ino_t own = own_inode();

	(void)state;
	need_other();
	assert_ok(netns_call(&other, call_again, visits, &err), &err);

	assert_true(visits[0].seen == other.ino && visits[1].seen == other.ino);
	assert_true(own_inode() == own);
}

static void no_target_is_here(void **state)
{
	struct visit visit = { .rc = 1 };
	struct error err = { 0 };

	(void)state;
	assert_int_equal(assert_ok(netns_call(NULL, note_visit, &visit, &err), &err), 1);

	assert_int_equal(visit.n_calls, 1);
	assert_true(visit.seen == own_inode());
}

/* In a child: give all privilege up, by moving to a user namespace that owns nothing. */
static int drop_privilege(void)
{
	return unshare(CLONE_NEWUSER);
}

static int call_own_without_privilege(void)
{
	auto_with(netns_done) struct netns own = NETNS_NONE;
	struct visit visit = { .rc = 1 };
	struct error err = { 0 };

	if (drop_privilege() < 0)
		return 1;
	if (netns_open(OWN, &own, &err) < 0)
		return 2;
	if (setns(own.fd, CLONE_NEWNET) == 0)
		return 3; /* the test would prove nothing */
	return netns_call(&own, note_visit, &visit, &err) == 1 && visit.n_calls == 1 ? 0 : 4;
}

static void its_own_is_here_and_needs_no_privilege(void **state)
{
	pid_t pid;

	(void)state;
	need_other();
	pid = fork();
	if (pid == 0)
		_exit(call_own_without_privilege());

	assert_int_equal(exit_status(pid), 0);
}

static int call_other_without_privilege(void)
{
	struct visit visit = { 0 };
	struct error err = { 0 };

	if (drop_privilege() < 0)
		return 1;
	if (netns_call(&other, note_visit, &visit, &err) != -EPERM)
		return 2;
	if (visit.n_calls != 0 || err.code != ERROR_NETNS)
		return 3;
	return strstr(err.msg, "cannot enter") && strstr(err.hint, "CAP_SYS_ADMIN") ? 0 : 4;
}

static void a_barred_way_in_is_an_error(void **state)
{
	pid_t pid;

	(void)state;
	need_other();
	pid = fork();
	if (pid == 0)
		_exit(call_other_without_privilege());

	assert_int_equal(exit_status(pid), 0);
}

static int lose_the_way_back(void *arg, struct error *err)
{
	(void)arg;
	(void)err;
	return drop_privilege();
}

static int call_without_return(void)
{
	const struct rlimit none = { 0, 0 };
	struct error err = { 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	signal(SIGABRT, SIG_DFL);
	netns_call(&other, lose_the_way_back, NULL, &err);
	return 1;
}

static void a_barred_way_back_is_the_end(void **state)
{
	pid_t pid;

	(void)state;
	need_other();
	pid = fork();
	if (pid == 0)
		_exit(call_without_return());

	assert_int_equal(exit_status(pid), 1000 + SIGABRT);
}

/* ------------------------------------------------------------------------------------------ */

/* Two namespaces of ours: the one that we stay in, and before it the other. */
static int make_namespaces(void **state)
{
	struct error err = { 0 };

	(void)state;
	if (userns_enter() < 0) {
		print_message("no user namespace: %s\n", strerror(errno));
		return 0;
	}
	if (netns_open(OWN, &other, &err) < 0 || unshare(CLONE_NEWNET) < 0)
		return -1;
	snprintf(other_path, sizeof(other_path), "/proc/self/fd/%d", other.fd);
	return 0;
}

static int leave_namespaces(void **state)
{
	(void)state;
	netns_done(&other);
	return 0;
}

#define test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(opens_its_own),
		test(opens_by_path_and_by_link),
		test(done_closes_once),
		test(a_missing_path_is_told_from_a_wrong_one),
		test(other_kinds_of_file_are_refused),
		test(refused_files_are_closed),
		test(another_one_differs),
		test(refuses_its_own_under_any_name),
		test(looks_at_namespaces_only),
		test(another_one_is_not_its_own),
		test(calls_inside_and_comes_back),
		test(passes_an_error_on_and_comes_back),
		test(calls_may_nest),
		test(no_target_is_here),
		test(its_own_is_here_and_needs_no_privilege),
		test(a_barred_way_in_is_an_error),
		test(a_barred_way_back_is_the_end),
	};

	return cmocka_run_group_tests(tests, make_namespaces, leave_namespaces);
}
