/* SPDX-License-Identifier: Apache-2.0 */
/* test_landlock.c - what stays in reach, and what does not */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"
#include "cbr/sys/caps.h"
#include "cbr/sys/landlock.h"
#include "tmp.h"

/* Exit status where the kernel has none. */
#define NO_LANDLOCK 77

/* Runs in a child, since nothing takes it back. Return: what went wrong, 0 = nothing. */
static int work_confined(const char *inside, const char *outside)
{
	const int dir_fd = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const int outside_fd = open(outside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct landlock_dir dir = { dir_fd, true };
	struct error err;
	char buf[16];
	int rc;

	if (caps_drop_for_good(&err) < 0 || dir_fd < 0 || outside_fd < 0)
		return 1;
	rc = landlock_confine(&dir, 1);
	if (rc != 1)
		return rc == 0 ? NO_LANDLOCK : 2;
	if (file_create(dir_fd, "a", "a", 1, 0600) < 0 ||
	    file_replace(dir_fd, "b", "b", 1, 0600) < 0 ||
	    file_read(dir_fd, "a", buf, sizeof(buf)) != 1)
		return 3;
	if (mkdirat(dir_fd, "d", 0700) < 0 || unlinkat(dir_fd, "a", 0) < 0)
		return 4;
	if (file_create(outside_fd, "a", "a", 1, 0600) != -EACCES)
		return 5;
	if (file_read(outside_fd, "there", buf, sizeof(buf)) != -EACCES)
		return 6;
	if (unlinkat(outside_fd, "there", 0) == 0 || errno != EACCES)
		return 7;
	if (symlinkat("/", dir_fd, "link") == 0 || mkfifoat(dir_fd, "fifo", 0600) == 0)
		return 8;
	return 0;
}

static void nothing_but_the_directory_is_in_reach(void **state)
{
	struct tmp tmp;
	int status;
	pid_t pid;

	(void)state;
	tmp_make(&tmp);
	{
		autofree char *inside = tmp_mkdir(&tmp, "inside");
		autofree char *outside = tmp_mkdir(&tmp, "outside");

		free(tmp_write(&tmp, "outside/there", "x", 0644));
		pid = fork();
		if (pid == 0)
			_exit(work_confined(inside, outside));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	tmp_remove(&tmp);
	if (status == NO_LANDLOCK << 8)
		skip_because("needs CONFIG_SECURITY_LANDLOCK");
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_but_the_directory_is_in_reach),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
