/* SPDX-License-Identifier: Apache-2.0 */
/* landlock.c - see no more of the file system than is needed */

#include "cbr/sys/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"

/* From ABI 2 and 3 on; older headers lack the names. */
#define ACCESS_REFER (1ULL << 13)
#define ACCESS_TRUNCATE (1ULL << 14)

#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* No devices, sockets, FIFOs or links: nobody makes those here. */
#define WRITING                                                                  \
	(READING | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | \
	 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |          \
	 LANDLOCK_ACCESS_FS_REMOVE_DIR | ACCESS_TRUNCATE)

#define ALL_OF_ABI_1 ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)

/* What this kernel can forbid; it refuses what it does not know. */
static uint64_t known_accesses(long abi)
{
	uint64_t known = ALL_OF_ABI_1;

	if (abi >= 2)
		known |= ACCESS_REFER;
	if (abi >= 3)
		known |= ACCESS_TRUNCATE;
	return known;
}

int landlock_confine(const struct landlock_dir *dirs, size_t n)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
				 LANDLOCK_CREATE_RULESET_VERSION);
	const struct landlock_ruleset_attr ruleset = { .handled_access_fs = known_accesses(abi) };
	autoclose int fd = -1;

	if (abi < 0)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -errno;
	fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, sizeof(ruleset), 0);
	if (fd < 0)
		return -errno;
	for (size_t i = 0; i < n; i++) {
		const struct landlock_path_beneath_attr rule = {
			.allowed_access = (dirs[i].writable ? WRITING : READING) &
					  ruleset.handled_access_fs,
			.parent_fd = dirs[i].fd,
		};

		if (syscall(SYS_landlock_add_rule, fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
			return -errno;
	}
	return syscall(SYS_landlock_restrict_self, fd, 0) < 0 ? -errno : 1;
}
