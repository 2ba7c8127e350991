/* SPDX-License-Identifier: Apache-2.0 */
/* traffic.c - real packets between namespaces of the test */

#include "harness.h"

#include "traffic.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "ns.h"

#define PATIENCE_MS 2000

/* What arrives does so in a small part of that; more would only be waited for in vain. */
#define IN_VAIN_MS 300

/* What the kernel asks again for, it asks for after a second: less than that is at once. */
#define AT_ONCE_MAX_MS 900

/* How often that is tried within its time. */
#define TRIES 4

static bool kernel_has_ipv6(void)
{
	autoclose int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	return fd >= 0;
}

/* On all addresses of both families, where there are both; ports are at the same place in each. */
static int listen_in(const struct ns *ns, int type, in_port_t *ret_port)
{
	const int family = kernel_has_ipv6() ? AF_INET6 : AF_INET;
	struct sockaddr_in6 any = { .sin6_family = (sa_family_t)family };
	socklen_t len = sizeof(any);
	int fd = ns_socket(ns, family, type, 0);
	int off = 0;

	setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(type == SOCK_STREAM ? listen(fd, 1) : 0, 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&any, &len), 0);
	*ret_port = any.sin6_port;
	return fd;
}

/* A socket of @type that is connected, or is about to be; -1 = there is no way. */
static int connect_from(const struct ns *ns, const char *addr, int type, in_port_t port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = port };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = port };
	const bool is_v4 = inet_pton(AF_INET, addr, &v4.sin_addr) == 1;
	int fd;

	if (!is_v4)
		assert_int_equal(inet_pton(AF_INET6, addr, &v6.sin6_addr), 1);
	fd = ns_socket(ns, is_v4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK, 0);
	if (connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    is_v4 ? sizeof(v4) : sizeof(v6)) < 0 &&
	    errno != EINPROGRESS) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool wait_for(int fd, short events, int ms)
{
	struct pollfd wait = { .fd = fd, .events = events };

	return poll(&wait, 1, ms) == 1 && !(wait.revents & POLLERR);
}

static void name_peer(int fd, char ret[static TRAFFIC_ADDR_SIZE])
{
	struct sockaddr_in6 peer = { 0 };
	socklen_t len = sizeof(peer);

	assert_int_equal(getpeername(fd, (struct sockaddr *)&peer, &len), 0);
	if (peer.sin6_family == AF_INET)
		inet_ntop(AF_INET, &((struct sockaddr_in *)&peer)->sin_addr, ret,
			  TRAFFIC_ADDR_SIZE);
	else if (IN6_IS_ADDR_V4MAPPED(&peer.sin6_addr))
		inet_ntop(AF_INET, &peer.sin6_addr.s6_addr[12], ret, TRAFFIC_ADDR_SIZE);
	else
		inet_ntop(AF_INET6, &peer.sin6_addr, ret, TRAFFIC_ADDR_SIZE);
}

/* Push @bytes from one end to the other, both being ours. */
static bool pass(int from, int to, size_t bytes, int ms)
{
	char buf[16384] = { 0 };
	size_t sent = 0;
	size_t got = 0;

	while (got < bytes) {
		ssize_t n = 0;

		if (sent < bytes) {
			size_t part = bytes - sent < sizeof(buf) ? bytes - sent : sizeof(buf);

			n = send(from, buf, part, MSG_DONTWAIT | MSG_NOSIGNAL);
			if (n < 0 && errno != EAGAIN)
				return false;
			sent += n > 0 ? (size_t)n : 0;
		}
		if (!wait_for(to, POLLIN, ms))
			return false;
		n = recv(to, buf, sizeof(buf), MSG_DONTWAIT);
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	return true;
}

/* @ms: how long each packet may take */
static bool connect_and_pass(const struct ns *from, const struct ns *to, const char *addr,
			     size_t bytes, int ms, char ret_source[static TRAFFIC_ADDR_SIZE])
{
	in_port_t port;
	autoclose int server = listen_in(to, SOCK_STREAM, &port);
	autoclose int client = connect_from(from, addr, SOCK_STREAM, port);
	autoclose int peer = -1;

	if (client < 0 || !wait_for(server, POLLIN, ms))
		return false;
	peer = accept4(server, NULL, NULL, SOCK_CLOEXEC);
	assert_true(peer >= 0);
	name_peer(peer, ret_source);
	return wait_for(client, POLLOUT, ms) && pass(client, peer, bytes, ms) &&
	       pass(peer, client, 1, ms);
}

bool traffic_tcp(const struct ns *from, const struct ns *to, const char *addr, size_t bytes,
		 char ret_source[static TRAFFIC_ADDR_SIZE])
{
	return connect_and_pass(from, to, addr, bytes, harness_patience(PATIENCE_MS), ret_source);
}

void assert_reaches(const struct ns *from, const struct ns *to, const char *addr,
		    const char *source)
{
	char seen[TRAFFIC_ADDR_SIZE] = "nobody";

	if (!traffic_tcp(from, to, addr, 300 * 1000, seen))
		harness_fail(__FILE__, __LINE__, "%s does not reach %s", source, addr);
	assert_string_equal(seen, source);
}

static void answers_within(const struct ns *from, const struct ns *to, const char *addr, int ms,
			   int tries, const char *what)
{
	const int64_t begin = clock_now_ns();
	const int patient = harness_patience(ms);
	const int limit = patient > AT_ONCE_MAX_MS ? AT_ONCE_MAX_MS : patient;
	char seen[TRAFFIC_ADDR_SIZE];
	bool arrived = false;
	int took_ms;

	for (int i = 0; i < tries && !arrived; i++)
		arrived = connect_and_pass(from, to, addr, 1, limit / tries, seen);
	took_ms = (int)((clock_now_ns() - begin) / (1000 * 1000));
	if (!arrived || took_ms > limit)
		harness_fail(__FILE__, __LINE__, "%s: %s %s within %d ms, but %d", what, addr,
			     arrived ? "does not answer" : "is not reached", limit, took_ms);
}

void assert_answers(const struct ns *from, const struct ns *to, const char *addr, int ms,
		    const char *what)
{
	answers_within(from, to, addr, ms, TRIES, what);
}

void assert_first_answers(const struct ns *from, const struct ns *to, const char *addr, int ms,
			  const char *what)
{
	answers_within(from, to, addr, ms, 1, what);
}

void assert_unreachable(const struct ns *from, const struct ns *to, const char *addr)
{
	char seen[TRAFFIC_ADDR_SIZE];

	assert_false(connect_and_pass(from, to, addr, 1, harness_patience(IN_VAIN_MS), seen));
}

static void forbid_fragments(int fd)
{
	const int v4 = IP_PMTUDISC_DO;
	const int v6 = IPV6_PMTUDISC_DO;

	setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &v4, sizeof(v4));
	setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &v6, sizeof(v6));
}

/* One datagram each way; @whole: what they are sent with says that they must stay so. */
static void exchange(const struct ns *from, const struct ns *to, const char *addr, size_t bytes,
		     bool whole)
{
	const size_t headers = strchr(addr, ':') ? 48 : 28; /* IP without options, and UDP */
	struct sockaddr_in6 peer;
	socklen_t len = sizeof(peer);
	in_port_t port;
	autoclose int server = listen_in(to, SOCK_DGRAM, &port);
	autoclose int client = connect_from(from, addr, SOCK_DGRAM, port);
	char buf[65536] = { 0 };
	const ssize_t payload = (ssize_t)(bytes - headers);

	if (whole) {
		forbid_fragments(server);
		forbid_fragments(client);
	}
	if (send(client, buf, (size_t)payload, 0) != payload ||
	    !wait_for(server, POLLIN, harness_patience(PATIENCE_MS)))
		harness_fail(__FILE__, __LINE__, "%zu bytes do not reach %s: %s", bytes, addr,
			     strerror(errno));
	assert_int_equal(recvfrom(server, buf, sizeof(buf), 0, (struct sockaddr *)&peer, &len),
			 payload);
	if (sendto(server, buf, (size_t)payload, 0, (struct sockaddr *)&peer, len) != payload ||
	    !wait_for(client, POLLIN, harness_patience(PATIENCE_MS)))
		harness_fail(__FILE__, __LINE__, "%zu bytes do not come back from %s: %s", bytes,
			     addr, strerror(errno));
	assert_int_equal(recv(client, buf, sizeof(buf), 0), payload);
}

void assert_datagrams_pass(const struct ns *from, const struct ns *to, const char *addr,
			   size_t bytes)
{
	exchange(from, to, addr, bytes, true);
}

void assert_datagrams_arrive(const struct ns *from, const struct ns *to, const char *addr,
			     size_t bytes)
{
	exchange(from, to, addr, bytes, false);
}

void traffic_poke(const struct ns *from, const char *addr)
{
	autoclose int fd = connect_from(from, addr, SOCK_DGRAM, htons(9));

	assert_int_equal(send(fd, "", 1, 0), 1);
}
