/* SPDX-License-Identifier: Apache-2.0 */
/*
 * traffic.h - real packets between namespaces of the test
 *
 * Both ends are sockets of the test's own process, each born in its namespace.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ns;

#define TRAFFIC_ADDR_SIZE 64

/*
 * traffic_tcp() - connect, send @bytes one way and an answer back
 * @from, @to: namespaces
 * @addr: address that @from connects to; @to listens on every address
 * @ret_source: address that @to saw the connection come from, without v4-mapping
 *
 * Return: true if all arrived within two seconds times CBR_PATIENCE.
 */
bool traffic_tcp(const struct ns *from, const struct ns *to, const char *addr, size_t bytes,
		 char ret_source[static TRAFFIC_ADDR_SIZE]);

/* assert_reaches() - TCP from @from to @addr in @to arrives, and @to sees @source */
void assert_reaches(const struct ns *from, const struct ns *to, const char *addr,
		    const char *source);

/*
 * assert_answers() - the same within so many milliseconds (times CBR_PATIENCE, at most 900)
 * @what: for the message
 *
 * Tries anew a few times in these: what a kernel announces is heard a moment later, when that of
 * the listener gets to it.
 */
void assert_answers(const struct ns *from, const struct ns *to, const char *addr, int ms,
		    const char *what);

/* assert_first_answers() - the same at the first try: no packet may be lost */
void assert_first_answers(const struct ns *from, const struct ns *to, const char *addr, int ms,
			  const char *what);

/* assert_unreachable() - it does not arrive */
void assert_unreachable(const struct ns *from, const struct ns *to, const char *addr);

/*
 * assert_datagrams_pass() - UDP of @bytes from @from to @addr in @to, and as many back
 * @bytes: whole IP packet; it must not be fragmented on its way
 */
void assert_datagrams_pass(const struct ns *from, const struct ns *to, const char *addr,
			   size_t bytes);

/* assert_datagrams_arrive() - the same, whole or in fragments */
void assert_datagrams_arrive(const struct ns *from, const struct ns *to, const char *addr,
			     size_t bytes);

/* traffic_poke() - send a datagram that nobody need receive, so that @addr is looked for */
void traffic_poke(const struct ns *from, const char *addr);
