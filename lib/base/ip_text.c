/* SPDX-License-Identifier: Apache-2.0 */
/* ip_text.c - addresses and prefixes as text */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/ip.h"
#include "cbr/base/str.h"

#define IPV6_GROUPS 8

/* Return: 1 for v4-mapped IPv6 text, which is its IPv4 address; 0 otherwise; -EINVAL */
static int parse(const char *text, struct ip_addr *ret)
{
	struct in6_addr v6;

	memset(ret, 0, sizeof(*ret));
	if (!strchr(text, ':')) {
		ret->family = AF_INET;
		return inet_pton(AF_INET, text, ret->bytes) == 1 ? 0 : -EINVAL;
	}
	if (inet_pton(AF_INET6, text, &v6) != 1)
		return -EINVAL;
	if (IN6_IS_ADDR_V4MAPPED(&v6)) {
		ret->family = AF_INET;
		memcpy(ret->bytes, &v6.s6_addr[12], 4);
		return 1;
	}
	ret->family = AF_INET6;
	memcpy(ret->bytes, &v6, sizeof(v6));
	return 0;
}

int ip_parse(const char *text, struct ip_addr *ret)
{
	struct ip_addr addr;

	if (parse(text, &addr) < 0)
		return -EINVAL;
	*ret = addr;
	return 0;
}

int ip_prefix_parse(const char *text, struct ip_prefix *ret)
{
	const char *slash = strchr(text, '/');
	char addr_text[IP_TEXT_SIZE];
	struct ip_addr addr;
	uint64_t len;
	int mapped;

	if (!slash || (size_t)(slash - text) >= sizeof(addr_text))
		return -EINVAL;
	memcpy(addr_text, text, (size_t)(slash - text));
	addr_text[slash - text] = '\0';
	mapped = parse(addr_text, &addr);
	if (mapped < 0 || str_to_u64(slash + 1, mapped ? 128 : ip_bits(addr.family), &len) < 0)
		return -EINVAL;
	if (mapped)
		return -EAFNOSUPPORT;
	ret->addr = addr;
	ret->len = (unsigned)len;
	return 0;
}

/* RFC 5952 section 4.2: the longest run of two or more zero groups, the first of equals. */
static size_t find_zero_run(const uint16_t *groups, size_t *ret_len)
{
	size_t best = 0;

	*ret_len = 0;
	for (size_t i = 0; i < IPV6_GROUPS; i++) {
		size_t n = 0;

		while (i + n < IPV6_GROUPS && !groups[i + n])
			n++;
		if (n >= 2 && n > *ret_len) {
			best = i;
			*ret_len = n;
		}
	}
	return best;
}

/* Not inet_ntop(3), which writes ::102:304 as ::1.2.3.4; file names must not differ. */
static void format_ipv6(const uint8_t *bytes, char *buf)
{
	uint16_t groups[IPV6_GROUPS];
	size_t run_len;
	size_t run;
	size_t n = 0;

	for (size_t i = 0; i < IPV6_GROUPS; i++)
		groups[i] = (uint16_t)(bytes[i * 2] << 8 | bytes[i * 2 + 1]);
	run = find_zero_run(groups, &run_len);
	for (size_t i = 0; i < IPV6_GROUPS; i++) {
		if (run_len && i == run) {
			n += (size_t)sprintf(buf + n, "::");
			i += run_len - 1;
			continue;
		}
		if (n && buf[n - 1] != ':')
			buf[n++] = ':';
		n += (size_t)sprintf(buf + n, "%x", groups[i]);
	}
}

char *ip_format(const struct ip_addr *addr, char buf[static IP_TEXT_SIZE])
{
	const uint8_t *b = addr->bytes;

	buf[0] = '\0';
	if (addr->family == AF_INET)
		snprintf(buf, IP_TEXT_SIZE, "%d.%d.%d.%d", b[0], b[1], b[2], b[3]);
	else if (addr->family == AF_INET6)
		format_ipv6(b, buf);
	return buf;
}

char *ip_prefix_format(const struct ip_prefix *prefix, char buf[static IP_TEXT_SIZE])
{
	size_t len = strlen(ip_format(&prefix->addr, buf));

	if (len)
		snprintf(buf + len, IP_TEXT_SIZE - len, "/%u", prefix->len);
	return buf;
}
