/* SPDX-License-Identifier: Apache-2.0 */
/* mac.c - 48 bit Ethernet addresses */

#include "cbr/base/mac.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "cbr/base/hash.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int mac_parse(const char *text, struct mac *ret)
{
	const size_t len = strlen(text);
	/* "aabb.ccdd.eeff" has a dot behind two bytes, the other forms a mark behind each. */
	const size_t group = len == 14 ? 2 : 1;
	const char mark = group == 2 ? '.' : text[len > 2 ? 2 : 0];
	struct mac mac;

	if ((len != 14 && len != 17) || (group == 1 && mark != ':' && mark != '-'))
		return -EINVAL;
	for (size_t i = 0; i < sizeof(mac.bytes); i++) {
		const char *p = text + i * 2 + i / group;
		int high = hex_digit(p[0]);
		int low = high < 0 ? -1 : hex_digit(p[1]);

		if (low < 0 || (i && i % group == 0 && p[-1] != mark))
			return -EINVAL;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*ret = mac;
	return 0;
}

char *mac_format(const struct mac *mac, char buf[static MAC_TEXT_SIZE])
{
	const uint8_t *b = mac->bytes;

	snprintf(buf, MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
		 b[5]);
	return buf;
}

bool mac_equal(const struct mac *a, const struct mac *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool mac_is_unicast(const struct mac *mac)
{
	static const struct mac zero;

	return !(mac->bytes[0] & 1) && !mac_equal(mac, &zero);
}

struct mac mac_from_ip(const struct ip_addr *addr)
{
	struct mac mac = { { 0x0a, 0x58 } };
	uint64_t hash = hash_bytes(HASH_SEED, addr->bytes, sizeof(addr->bytes));

	if (addr->family == AF_INET)
		memcpy(mac.bytes + 2, addr->bytes, 4);
	else
		for (size_t i = 2; i < sizeof(mac.bytes); i++, hash >>= 8)
			mac.bytes[i] = (uint8_t)hash;
	return mac;
}

struct mac mac_from_hash(uint64_t hash)
{
	struct mac mac;

	for (size_t i = 0; i < sizeof(mac.bytes); i++, hash >>= 8)
		mac.bytes[i] = (uint8_t)hash;
	/* Locally administered, not multicast (IEEE 802, U/L and I/G bits). */
	mac.bytes[0] = (uint8_t)((mac.bytes[0] & 0xfc) | 0x02);
	return mac;
}
