/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_delegate.c - what a delegate printed, and how it ended
 *
 * The first byte says how it ended, the rest is its stdout up to a line "%%", then its
 * stderr. No process is started: the functions of lib/cni/collect.h are this file's.
 */

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "../../lib/cni/collect.h"
#include "cbr/base/cleanup.h"
#include "cbr/cni/delegate.h"
#include "fuzz.h"

static struct {
	const uint8_t *data;
	size_t size;
} said;

static void fill(struct capture *capture, const uint8_t *data, size_t size)
{
	capture->len = size < capture->max ? size : capture->max;
	capture->cut = size > capture->max;
	if (capture->len)
		capture->data = fuzz_text(data, capture->len);
}

void capture_done(struct capture *capture)
{
	free(capture->data);
}

void kill_child(pid_t pid)
{
	(void)pid;
}

enum child_end collect_child(pid_t pid, const struct deadline *deadline, struct capture *out,
			     struct capture *err, int *ret_status)
{
	static const int states[] = { 0, 0, 0, 0, W_EXITCODE(1, 0), W_EXITCODE(255, 0), SIGKILL };
	const int how = pid - 1;
	const uint8_t *mark = memmem(said.data, said.size, "\n%%\n", 4);
	const size_t len = mark ? (size_t)(mark - said.data) : said.size;

	(void)deadline;
	fill(out, said.data, len);
	if (mark)
		fill(err, mark + 4, said.size - len - 4);
	*ret_status = states[how % 8 % 7];
	return how % 8 == 7 ? (enum child_end)(how / 8 % 4) : CHILD_EXITED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	const struct deadline deadline = deadline_in(1000);
	struct cni_delegate delegate = CNI_DELEGATE_NONE;
	struct error err = { 0 };
	size_t n;
	const struct cni_version *versions = cni_versions(&n);
	int rc;

	if (!size)
		return 0;
	said.data = data + 1;
	said.size = size - 1;
	delegate.pid = 1 + *data;
	delegate.verb = *data & 64 ? CNI_DEL : CNI_ADD;
	delegate.assumed = &versions[*data / 32 % n];
	strcpy(delegate.type, "hl-ipam");
	rc = cni_delegate_wait(&delegate, &deadline, *data & 64 ? NULL : &result, &err);
	fuzz_require(rc <= 0 && !delegate.pid);
	/* A delegate's own error is passed on as it is, be it without words. */
	if (rc < 0)
		fuzz_require(err.code > 0 && err.errnum > 0);
	for (size_t i = 0; rc == 0 && i < result.n_ips; i++)
		fuzz_require_prefix(&result.ips[i].address);
	return 0;
}
