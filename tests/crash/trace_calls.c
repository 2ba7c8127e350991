/* SPDX-License-Identifier: Apache-2.0 */
/* trace_calls.c - which system calls matter to those who come after a dead process */

#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "cbr/base/array.h"
#include "trace.h"

#define NAMED(call)               \
	{                         \
		SYS_##call, #call \
	}

/* After these all is as it was, but for the process itself, its memory and descriptors. */
static const short harmless[] = {
#ifdef SYS_access
	SYS_access,
#endif
#ifdef SYS_arch_prctl
	SYS_arch_prctl,
#endif
#ifdef SYS_dup2
	SYS_dup2,
#endif
#ifdef SYS_fstat
	SYS_fstat,
#endif
#ifdef SYS_newfstatat
	SYS_newfstatat,
#endif
#ifdef SYS_poll
	SYS_poll,
#endif
#ifdef SYS_readlink
	SYS_readlink,
#endif
#ifdef SYS_rseq
	SYS_rseq,
#endif
	SYS_bind,
	SYS_brk,
	SYS_capget,
	SYS_capset,
	SYS_clock_gettime,
	SYS_clock_nanosleep,
	SYS_close,
	SYS_dup3,
	SYS_faccessat,
	SYS_faccessat2,
	SYS_fcntl,
	SYS_fstatfs,
	SYS_futex,
	SYS_getdents64,
	SYS_getegid,
	SYS_geteuid,
	SYS_getgid,
	SYS_getpid,
	SYS_getrandom,
	SYS_getsockname,
	SYS_gettid,
	SYS_getuid,
	SYS_lseek,
	SYS_madvise,
	SYS_memfd_create,
	SYS_mmap,
	SYS_mprotect,
	SYS_munmap,
	SYS_pidfd_open,
	SYS_pipe2,
	SYS_ppoll,
	SYS_prctl,
	SYS_pread64,
	SYS_prlimit64,
	SYS_read,
	SYS_readlinkat,
	SYS_recvfrom,
	SYS_recvmsg,
	SYS_rt_sigaction,
	SYS_rt_sigprocmask,
	SYS_set_robust_list,
	SYS_set_tid_address,
	SYS_setpgid,
	SYS_setsockopt,
	SYS_socket,
	SYS_statfs,
	SYS_statx,
	SYS_umask,
	SYS_wait4,
	SYS_waitid,
};

/* For messages. */
static const struct {
	long call;
	const char *name;
} names[] = {
#ifdef SYS_mkdir
	NAMED(mkdir),
#endif
#ifdef SYS_vfork
	NAMED(vfork),
#endif
#ifdef SYS_renameat
	NAMED(renameat),
#endif
	NAMED(clone),     NAMED(clone3),    NAMED(execve),  NAMED(exit_group), NAMED(flock),
	NAMED(kill),      NAMED(linkat),    NAMED(mkdirat), NAMED(openat),     NAMED(pwrite64),
	NAMED(renameat2), NAMED(sendmsg),   NAMED(sendto),  NAMED(setns),      NAMED(syncfs),
	NAMED(unlinkat),  NAMED(utimensat), NAMED(write),
};

/* To open a file changes nothing, unless it makes one. */
static bool makes_file(const unsigned long long args[6])
{
	return args[2] & O_CREAT || (args[2] & O_TMPFILE) == O_TMPFILE;
}

bool trace_is_harmless(long call, const unsigned long long args[6])
{
	if (call == SYS_openat)
		return !makes_file(args);
	for (size_t i = 0; i < ARRAY_SIZE(harmless); i++)
		if (harmless[i] == call)
			return true;
	return false;
}

char *trace_format(const struct trace_stop *stop, char buf[static TRACE_TEXT_SIZE])
{
	const char *name = NULL;
	char number[24];

	for (size_t i = 0; i < ARRAY_SIZE(names) && !name; i++)
		if (names[i].call == stop->call)
			name = names[i].name;
	snprintf(number, sizeof(number), "call %ld", stop->call);
	snprintf(buf, TRACE_TEXT_SIZE, "%s %s, stop %u of %s", stop->after ? "after" : "before",
		 name ? name : number, stop->number, stop->process ? "the delegate" : "the plugin");
	return buf;
}
