/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shim.c - one thing goes wrong in a plugin, loaded into it by LD_PRELOAD
 *
 *   CBR_FAULT=netlink:N  the N-th request is not sent; the answer is ENOBUFS
 *   CBR_FAULT=memory:N   the N-th allocation fails
 *   CBR_FAULT=look:N     the N-th look at what is at a path (statfs) fails for want of memory
 *   CBR_FAULT=slow:N     the N-th takes longer than a slice of work, and all later ones fail
 *   CBR_FAULT=open:N     the N-th file below a directory cannot be opened, as there are too many
 *   CBR_FAULT=stall:N    the N-th renaming takes longer than a second, as on a disk that is stuck
 *   CBR_FAULT_HIT=path   this file is made when it has happened
 *
 * Of a transaction of nf_tables nothing is sent, as the kernel commits all of it or nothing.
 */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define MAX_BATCH (1 << 16)

/* glibc's name where sizes of files have 64 bits, as they have here. */
#ifdef __GLIBC__
#define NAME_64(name) name "64"
#else
#define NAME_64(name) name
#endif

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len);
ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len);

/* Where a delegate is a thread, two of them count. */
static atomic_long n_requests;
static atomic_long n_allocations;
static atomic_long n_looks;
static atomic_long n_opened;
static atomic_long n_renamings;

/* An answer that is to be found in the queue of a socket. */
static struct {
	int fd;
	bool pending;
	struct nlmsghdr request;
} forged;

/* Is it the turn of this one? */
static bool is_turn(const char *kind, atomic_long *count)
{
	const char *fault = getenv("CBR_FAULT");
	const char *hit = getenv("CBR_FAULT_HIT");
	const size_t len = strlen(kind);

	if (!fault || strncmp(fault, kind, len) != 0 || ++*count != atol(fault + len))
		return false;
	if (hit)
		close(open(hit, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	return true;
}

void *malloc(size_t size)
{
	if (!is_turn("memory:", &n_allocations))
		return __libc_malloc(size);
	errno = ENOMEM;
	return NULL;
}

void *calloc(size_t n, size_t size)
{
	if (!is_turn("memory:", &n_allocations))
		return __libc_calloc(n, size);
	errno = ENOMEM;
	return NULL;
}

void *realloc(void *old, size_t size)
{
	if (!is_turn("memory:", &n_allocations))
		return __libc_realloc(old, size);
	errno = ENOMEM;
	return NULL;
}

int statfs(const char *path, struct statfs *ret)
{
	static atomic_bool was_slow;
	const struct timespec slice = { .tv_nsec = 600 * 1000 * 1000 };
	int (*real)(const char *, struct statfs *);

	if (was_slow || is_turn("look:", &n_looks)) {
		errno = ENOMEM;
		return -1;
	}
	if (is_turn("slow:", &n_looks)) {
		was_slow = true;
		nanosleep(&slice, NULL);
	}
	*(void **)&real = dlsym(RTLD_NEXT, NAME_64("statfs"));
	return real(path, ret);
}

int openat(int dir_fd, const char *path, int flags, ...)
{
	int (*real)(int, const char *, int, ...);
	va_list args;
	mode_t mode;

	if (is_turn("open:", &n_opened)) {
		errno = ENFILE;
		return -1;
	}
	va_start(args, flags);
	mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(args, mode_t) : 0;
	va_end(args);
	*(void **)&real = dlsym(RTLD_NEXT, NAME_64("openat"));
	return real(dir_fd, path, flags, mode);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	const struct timespec stall = { .tv_sec = 1, .tv_nsec = 200 * 1000 * 1000 };
	int (*real)(int, const char *, int, const char *);
	int rc;

	*(void **)&real = dlsym(RTLD_NEXT, "renameat");
	rc = real(from_fd, from, to_fd, to);
	if (is_turn("stall:", &n_renamings))
		nanosleep(&stall, NULL);
	return rc;
}

static bool is_netlink(int fd)
{
	int domain = 0;
	socklen_t len = sizeof(domain);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 && domain == AF_NETLINK;
}

static bool is_mark(const struct nlmsghdr *msg)
{
	return msg->nlmsg_type == NFNL_MSG_BATCH_BEGIN || msg->nlmsg_type == NFNL_MSG_BATCH_END;
}

/* RTM_NEWLINK has the number of the mark that begins a transaction; its subsystem has not. */
static bool is_transaction(int fd, const struct nlmsghdr *first)
{
	int protocol = -1;
	socklen_t len = sizeof(protocol);

	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       protocol == NETLINK_NETFILTER && first->nlmsg_type == NFNL_MSG_BATCH_BEGIN;
}

static ssize_t send_for_real(int fd, const void *data, size_t len, int flags,
			     const struct sockaddr *to, socklen_t to_len)
{
	ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);

	*(void **)&real = dlsym(RTLD_NEXT, "sendto");
	return real(fd, data, len, flags, to, to_len);
}

ssize_t sendto(int fd, const void *data, size_t len, int flags, const struct sockaddr *to,
	       socklen_t to_len)
{
	static unsigned char rest[MAX_BATCH];
	const bool transaction = is_netlink(fd) && len >= sizeof(struct nlmsghdr) &&
				 is_transaction(fd, data);
	size_t rest_len = 0;

	if (!is_netlink(fd) || len > sizeof(rest))
		return send_for_real(fd, data, len, flags, to, to_len);
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= len;) {
		const struct nlmsghdr *msg = (const void *)((const char *)data + at);

		if (!(transaction && is_mark(msg)) && is_turn("netlink:", &n_requests)) {
			forged.fd = fd;
			forged.pending = true;
			forged.request = *msg;
		} else {
			memcpy(rest + rest_len, msg, msg->nlmsg_len);
			rest_len += NLMSG_ALIGN(msg->nlmsg_len);
		}
		at += NLMSG_ALIGN(msg->nlmsg_len);
	}
	if (rest_len && !(transaction && forged.pending) &&
	    send_for_real(fd, rest, rest_len, flags, to, to_len) < 0)
		return -1;
	return (ssize_t)len;
}

static ssize_t receive_for_real(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
				socklen_t *from_len)
{
	ssize_t (*real)(int, void *, size_t, int, struct sockaddr *, socklen_t *);

	*(void **)&real = dlsym(RTLD_NEXT, "recvfrom");
	return real(fd, buf, size, flags, from, from_len);
}

/* The sender of a forged answer stays as the caller set it: the kernel, zero. */
ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	struct {
		struct nlmsghdr header;
		struct nlmsgerr error;
	} answer = { 0 };

	if (!forged.pending || forged.fd != fd || size < sizeof(answer))
		return receive_for_real(fd, buf, size, flags, from, from_len);
	answer.header.nlmsg_len = sizeof(answer);
	answer.header.nlmsg_type = NLMSG_ERROR;
	answer.header.nlmsg_flags = NLM_F_CAPPED;
	answer.header.nlmsg_seq = forged.request.nlmsg_seq;
	answer.header.nlmsg_pid = forged.request.nlmsg_pid;
	answer.error.error = -ENOBUFS;
	answer.error.msg = forged.request;
	memcpy(buf, &answer, sizeof(answer));
	if (!(flags & MSG_PEEK))
		forged.pending = false;
	return sizeof(answer);
}
