/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.c - what the fuzz targets share */

#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

_Noreturn void fuzz_find(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	fuzz_require(text);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

void fuzz_require_outcome(int rc, const struct error *err)
{
	if (rc >= 0)
		return;
	fuzz_require(err->code > 0 && err->errnum > 0 && *err->msg);
	fuzz_require(memchr(err->msg, '\0', sizeof(err->msg)));
	fuzz_require(memchr(err->hint, '\0', sizeof(err->hint)));
}

static bool is_v4_mapped(const struct ip_addr *addr)
{
	return addr->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const void *)addr->bytes);
}

void fuzz_require_prefix(const struct ip_prefix *prefix)
{
	char text[IP_TEXT_SIZE];
	struct ip_prefix again;
	int rc;

	fuzz_require(ip_size(prefix->addr.family));
	fuzz_require(prefix->len <= ip_bits(prefix->addr.family));
	rc = ip_prefix_parse(ip_prefix_format(prefix, text), &again);
	/* An interface may have such an address; written down it is IPv4's, and no prefix. */
	if (is_v4_mapped(&prefix->addr)) {
		fuzz_require(rc == -EAFNOSUPPORT);
		return;
	}
	fuzz_require(rc == 0 && ip_prefix_equal(prefix, &again));
}

static void set_environment(void)
{
	setenv("CNI_COMMAND", "ADD", 1);
	setenv("CNI_CONTAINERID", "c1", 1);
	setenv("CNI_NETNS", "/run/netns/c1", 1);
	setenv("CNI_IFNAME", "eth0", 1);
	setenv("CNI_ARGS", "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web", 1);
	setenv("CNI_PATH", "/opt/cni/bin", 1);
}

int fuzz_call(const uint8_t *data, size_t size, struct cni_call *ret, struct error *err)
{
	static int fd = -1;

	if (fd < 0) {
		set_environment();
		fd = memfd_create("stdin", MFD_CLOEXEC);
	}
	fuzz_require(ftruncate(fd, 0) == 0);
	fuzz_require(pwrite(fd, data, size, 0) == (ssize_t)size);
	fuzz_require(lseek(fd, 0, SEEK_SET) == 0);
	return cni_call_read(fd, ret, err);
}

static char directory[256];

static void remove_directory(void)
{
	rmdir(directory);
}

const char *fuzz_directory(void)
{
	const char *parent = getenv("TMPDIR");

	if (*directory)
		return directory;
	snprintf(directory, sizeof(directory), "%s/fuzz.XXXXXX", parent ? parent : "/tmp");
	fuzz_require(mkdtemp(directory));
	atexit(remove_directory);
	return directory;
}

int fuzz_free_fd(void)
{
	const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	fuzz_require(fd >= 0);
	close(fd);
	return fd;
}
