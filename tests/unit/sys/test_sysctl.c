/* SPDX-License-Identifier: Apache-2.0 */
/* test_sysctl.c - settings below /proc/sys */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/sys/sysctl.h"
#include "userns.h"

#define FORWARDING "net/ipv4/ip_forward"

/* May we write settings? In a network namespace of our own, with /proc/sys writable. */
static bool may_write;

#define need_write()                                                      \
	do {                                                              \
		if (!may_write)                                           \
			skip_because("settings may not be written here"); \
	} while (0)

/* Not our own code: what is in the file, newline and all. */
static void witness(const char *path, char buf[static 64])
{
	char full[128];
	FILE *file;

	snprintf(full, sizeof(full), "/proc/sys/%s", path);
	file = fopen(full, "re");
	assert_non_null(file);
	assert_non_null(fgets(buf, 64, file));
	fclose(file);
}

/* --- sysctl_read() ------------------------------------------------------------------------ */

static void reads_without_the_newline(void **state)
{
	char buf[64];

	(void)state;
	memset(buf, 'x', sizeof(buf));
	assert_int_equal(sysctl_read("kernel/ostype", buf, sizeof(buf)), 5);
	assert_string_equal(buf, "Linux");
}

static void blanks_inside_stay(void **state)
{
	char buf[64];
	int n = sysctl_read("net/ipv4/ip_local_port_range", buf, sizeof(buf));

	(void)state;
	assert_int_equal(n, strlen(buf));
	assert_non_null(strchr(buf, '\t'));
	assert_true(buf[n - 1] >= '0' && buf[n - 1] <= '9');
}

static void never_cuts_a_value(void **state)
{
	char buf[8] = "old";

	(void)state;
	assert_int_equal(sysctl_read("kernel/ostype", buf, 0), -EFBIG);
	assert_int_equal(sysctl_read("kernel/ostype", buf, 1), -EFBIG);
	assert_int_equal(sysctl_read("kernel/ostype", buf, 4), -EFBIG);
	assert_int_equal(sysctl_read("kernel/ostype", buf, 7), 5);
	assert_string_equal(buf, "Linux");
}

static void says_why_it_cannot_read(void **state)
{
	char path[5000];
	char buf[8];

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';

	assert_int_equal(sysctl_read("net/ipv4/conf/nosuch0/forwarding", buf, sizeof(buf)),
			 -ENOENT);
	assert_int_equal(sysctl_read("net/ipv4", buf, sizeof(buf)), -EINVAL);
	assert_int_equal(sysctl_read(path, buf, sizeof(buf)), -ENAMETOOLONG);
}

/* --- sysctl_ensure() ---------------------------------------------------------------------- */

static void writes_what_differs_and_only_that(void **state)
{
	struct error err = { .code = 99 };
	char buf[64];

	(void)state;
	need_write();
	assert_ok(sysctl_ensure(FORWARDING, "0", &err), &err);

	assert_int_equal(sysctl_ensure(FORWARDING, "1", &err), 1);
	witness(FORWARDING, buf);
	assert_string_equal(buf, "1\n");
	assert_int_equal(sysctl_ensure(FORWARDING, "1", &err), 0);
	witness(FORWARDING, buf);
	assert_string_equal(buf, "1\n");
	assert_int_equal(sysctl_ensure(FORWARDING, "0", &err), 1);
	witness(FORWARDING, buf);
	assert_string_equal(buf, "0\n");
	assert_int_equal(err.code, 99);
}

static void a_setting_that_is_right_needs_no_privilege(void **state)
{
	struct error err = { .code = 99 };

	(void)state;
	assert_int_equal(sysctl_ensure("kernel/ostype", "Linux", &err), 0);
	assert_int_equal(err.code, 99);
}

/* kernel/ostype can be written by nobody: mode 0444, and no handler for it. */
static void names_setting_and_value_when_refused(void **state)
{
	struct error err = { 0 };
	int rc = sysctl_ensure("kernel/ostype", "Plan9", &err);

	(void)state;
	assert_fails(rc, &err, ERROR_SYSTEM, "/proc/sys/kernel/ostype to Plan9: ");
	assert_int_equal(rc, -err.errnum);
}

static void names_a_setting_that_is_missing(void **state)
{
	struct error err = { 0 };
	int rc = sysctl_ensure("net/ipv4/conf/nosuch0/forwarding", "1", &err);

	(void)state;
	assert_fails(rc, &err, ERROR_SYSTEM,
		     "cannot set /proc/sys/net/ipv4/conf/nosuch0/forwarding to 1: "
		     "No such file or directory");
	assert_int_equal(rc, -ENOENT);
}

static void passes_on_what_the_kernel_says_of_a_value(void **state)
{
	struct error err = { 0 };
	int rc;

	(void)state;
	need_write();
	rc = sysctl_ensure(FORWARDING, "maybe", &err);

	assert_fails(rc, &err, ERROR_SYSTEM, FORWARDING " to maybe: Invalid argument");
	assert_int_equal(rc, -EINVAL);
}

static void interface_names_may_hold_dots(void **state)
{
	autoclose int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq rename = { .ifr_name = "lo", .ifr_newname = "eth0.7" };
	struct ifreq back = { .ifr_name = "eth0.7", .ifr_newname = "lo" };
	struct error err = { 0 };
	char buf[64];

	(void)state;
	need_write();
	assert_int_equal(ioctl(sock, SIOCSIFNAME, &rename), 0);

	assert_int_equal(sysctl_ensure("net/ipv4/conf/eth0.7/arp_notify", "1", &err), 1);

	witness("net/ipv4/conf/eth0.7/arp_notify", buf);
	assert_string_equal(buf, "1\n");
	assert_int_equal(sysctl_read("net/ipv4/conf/eth0.7/arp_notify", buf, sizeof(buf)), 1);
	assert_string_equal(buf, "1");
	assert_int_equal(ioctl(sock, SIOCSIFNAME, &back), 0);
}

/* --- sysctl_ensure_link(), sysctl_put_link() ---------------------------------------------- */

static void settings_of_a_link_are_those_of_its_family(void **state)
{
	struct error err = { .code = 99 };
	char buf[64];

	(void)state;
	need_write();
	assert_int_equal(sysctl_ensure_link(AF_INET, "lo", "rp_filter", "2", &err), 1);
	assert_int_equal(sysctl_ensure_link(AF_INET, "lo", "rp_filter", "2", &err), 0);
	witness("net/ipv4/conf/lo/rp_filter", buf);
	assert_string_equal(buf, "2\n");
	assert_int_equal(sysctl_put_link(AF_INET, "lo", "rp_filter", "0", &err), 1);
	witness("net/ipv4/conf/lo/rp_filter", buf);
	assert_string_equal(buf, "0\n");
	assert_int_equal(err.code, 99);
}

static void names_the_setting_of_a_link_that_is_missing(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_int_equal(sysctl_ensure_link(AF_INET6, "nosuch0", "accept_ra", "0", &err), -ENOENT);
	assert_fails(-ENOENT, &err, ERROR_SYSTEM,
		     "cannot set /proc/sys/net/ipv6/conf/nosuch0/accept_ra to 0: ");
	assert_int_equal(sysctl_put_link(AF_INET, "nosuch0", "forwarding", "1", &err), -ENOENT);
	assert_fails(-ENOENT, &err, ERROR_SYSTEM, "net/ipv4/conf/nosuch0/forwarding to 1: ");
}

/* As in a container: /proc/sys mounted read-only. Return: 0, or -1 if we may not. */
static int make_read_only(void)
{
	const unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV |
				    MS_NOEXEC | MS_RELATIME;

	if (mount("/proc/sys", "/proc/sys", NULL, MS_BIND | MS_REC, NULL) < 0)
		return -1;
	return mount(NULL, "/proc/sys", NULL, flags, NULL);
}

static void read_only_is_no_error_when_all_is_well(void **state)
{
	struct error err = { 0 };
	int rc;

	(void)state;
	need_write();
	assert_ok(sysctl_ensure(FORWARDING, "1", &err), &err);
	if (make_read_only() < 0)
		skip_because("cannot mount /proc/sys read-only: %s", strerror(errno));

	err.code = 99;
	assert_int_equal(sysctl_ensure(FORWARDING, "1", &err), 0);
	assert_int_equal(err.code, 99);
	rc = sysctl_ensure(FORWARDING, "0", &err);
	assert_fails(rc, &err, ERROR_SYSTEM, FORWARDING " to 0: Read-only file system");
	assert_int_equal(rc, -EROFS);
	umount2("/proc/sys", MNT_DETACH);
}

/* ------------------------------------------------------------------------------------------ */

static int enter(void **state)
{
	int fd;

	(void)state;
	if (userns_enter() < 0) {
		print_message("no user namespace: %s\n", strerror(errno));
		return 0;
	}
	fd = open("/proc/sys/" FORWARDING, O_WRONLY | O_CLOEXEC);
	may_write = fd >= 0;
	if (fd >= 0)
		close(fd);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_without_the_newline),
		cmocka_unit_test(blanks_inside_stay),
		cmocka_unit_test(never_cuts_a_value),
		cmocka_unit_test(says_why_it_cannot_read),
		cmocka_unit_test(writes_what_differs_and_only_that),
		cmocka_unit_test(a_setting_that_is_right_needs_no_privilege),
		cmocka_unit_test(names_setting_and_value_when_refused),
		cmocka_unit_test(names_a_setting_that_is_missing),
		cmocka_unit_test(passes_on_what_the_kernel_says_of_a_value),
		cmocka_unit_test(interface_names_may_hold_dots),
		cmocka_unit_test(settings_of_a_link_are_those_of_its_family),
		cmocka_unit_test(names_the_setting_of_a_link_that_is_missing),
		cmocka_unit_test(read_only_is_no_error_when_all_is_well),
	};

	return cmocka_run_group_tests(tests, enter, NULL);
}
