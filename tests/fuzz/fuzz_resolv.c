/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_resolv.c - a resolv.conf; what is taken from it must fit into a result */

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "../../plugins/hl-ipam/resolv.h"
#include "cbr/base/cleanup.h"
#include "fuzz.h"

static void write_file(const char *path, const uint8_t *data, size_t size)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	const int free_fd = fuzz_free_fd();
	json_auto_t *json = NULL;
	struct error err = { 0 };
	char path[512];
	int rc;

	snprintf(path, sizeof(path), "%s/resolv.conf", fuzz_directory());
	write_file(path, data, size);
	rc = resolv_read(path, &result.dns, &err);
	unlink(path);
	fuzz_require_outcome(rc, &err);
	fuzz_require(fuzz_free_fd() == free_fd);
	if (rc < 0)
		return 0;
	fuzz_require(cni_result_build(&result, cni_version_find("1.1.0"), &json, &err) == 0);
	return 0;
}
