/* SPDX-License-Identifier: Apache-2.0 */
/* collect.h - what a child prints, and how it ends */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "cbr/base/clock.h"

/*
 * Bytes from a pipe.
 * @fd: its end, non-blocking, owned; -1 once the other end is closed
 * @data: what came, with a NUL, owned; NULL before the first byte
 * @max: bytes that are kept
 * @cut: there was more than @max, which is lost
 */
struct capture {
	int fd;
	char *data;
	size_t len;
	size_t max;
	bool cut;
};

void capture_done(struct capture *capture);

enum child_end {
	CHILD_EXITED,    /* it ended by itself */
	CHILD_TIMED_OUT, /* killed at the deadline */
	CHILD_TOO_LOUD,  /* killed for printing more than is kept of @out */
	CHILD_LOST,      /* waiting failed: errno in *ret_status */
};

/*
 * collect_child() - read both pipes until the child ends, and reap it
 * @pid: leader of its own process group, which is killed where a kill is due
 * @out: more than its maximum ends the child; @err: what is too much is dropped
 * @ret_status: status as from waitpid(2)
 *
 * The end of the child counts, not the end of the pipes: a process that it left
 * behind may hold them open for ever. What is in them by then is still read.
 */
enum child_end collect_child(pid_t pid, const struct deadline *deadline, struct capture *out,
			     struct capture *err, int *ret_status);

/* kill_child() - end the process group and reap its leader */
void kill_child(pid_t pid);
