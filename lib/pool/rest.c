/* SPDX-License-Identifier: Apache-2.0 */
/* rest.c - addresses that were given back a moment ago */

#include "rest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"

#define FILE_MODE 0600

/* Whichever; .254 is in each /24, and what ends so is in any larger one. */
#define ANY_BYTE 0xfe

/* Without a limit a large pool would keep millions. */
#define KEEP_MS (1000LL * POOL_REST_MAX_S)

static int64_t age_ms(const struct pool_store *store, const char *name)
{
	struct stat st;
	int64_t age;

	if (store->rest_fd < 0 || fstatat(store->rest_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return INT64_MAX;
	age = clock_age_ms(&st.st_mtim);
	/* Files are stamped with the clock's last tick, so a moment back is none. */
	return age < -1000 ? INT64_MAX : age;
}

/*
 * Each address that is given back may be one more, so now and then some must go. The cursor comes
 * by one in 256 again and again, and to count would take a file.
 */
static bool is_time_to_tidy(const struct ip_addr *addr)
{
	const uint8_t last_byte = addr->bytes[ip_size(addr->family) - 1];

	return last_byte == ANY_BYTE;
}

void pool_rest_begin(struct pool_store *store, const struct ip_addr *addr,
		     const struct pool_owner *owner)
{
	char content[POOL_OWNER_SIZE];
	char name[IP_TEXT_SIZE];
	int len;

	if (store->rest_fd < 0)
		return;
	/* Unlike in an address file, or host-local would find its text. */
	len = snprintf(content, sizeof(content), "was %s %s\n", owner->container_id, owner->ifname);
	if (len < 0 || (size_t)len >= sizeof(content))
		return;
	ip_format(addr, name);
	unlinkat(store->rest_fd, name, 0);
	file_create(store->rest_fd, name, content, (size_t)len, FILE_MODE);
	if (is_time_to_tidy(addr))
		pool_rest_tidy(store, KEEP_MS);
}

void pool_rest_end(struct pool_store *store, const struct ip_addr *addr)
{
	char name[IP_TEXT_SIZE];

	if (store->rest_fd >= 0)
		unlinkat(store->rest_fd, ip_format(addr, name), 0);
}

int64_t pool_rest_age_ms(const struct pool_store *store, const struct ip_addr *addr)
{
	char name[IP_TEXT_SIZE];

	return age_ms(store, ip_format(addr, name));
}

void pool_rest_tidy(struct pool_store *store, int64_t limit_ms)
{
	autodir DIR *dir = file_open_dir(store->rest_fd);
	const struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.' && age_ms(store, entry->d_name) > limit_ms)
			unlinkat(store->rest_fd, entry->d_name, 0);
}
