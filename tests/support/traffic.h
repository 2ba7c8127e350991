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

/* assert_unreachable() - it does not arrive */
void assert_unreachable(const struct ns *from, const struct ns *to, const char *addr);
