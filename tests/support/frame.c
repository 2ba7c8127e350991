/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - Ethernet frames made by hand */

#include "harness.h"

#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/ip.h"
#include "cbr/base/mac.h"
#include "ns.h"

#define COOKIE 6
#define PATIENCE_MS 5000

static unsigned char *extend(struct frame *frame, size_t len)
{
	unsigned char *room = frame->bytes + frame->len;

	assert_true(frame->len + len <= sizeof(frame->bytes));
	memset(room, 0, len);
	frame->len += len;
	return room;
}

static void add(struct frame *frame, const void *data, size_t len)
{
	memcpy(extend(frame, len), data, len);
}

static void add16(struct frame *frame, unsigned value)
{
	const uint16_t wire = htons((uint16_t)value);

	add(frame, &wire, sizeof(wire));
}

static void add_mac(struct frame *frame, const char *text)
{
	struct mac mac;

	assert_int_equal(mac_parse(text, &mac), 0);
	add(frame, mac.bytes, sizeof(mac.bytes));
}

/* Return: its size */
static size_t add_ip(struct frame *frame, const char *text)
{
	struct ip_addr addr;

	assert_int_equal(ip_parse(text, &addr), 0);
	add(frame, addr.bytes, ip_size(addr.family));
	return ip_size(addr.family);
}

static void add_cookie(struct frame *frame, const char *cookie)
{
	assert_int_equal(strlen(cookie), COOKIE);
	add(frame, cookie, COOKIE);
}

void frame_start(struct frame *frame, const char *from, const char *to)
{
	frame->len = 0;
	add_mac(frame, to);
	add_mac(frame, from);
}

void frame_tag(struct frame *frame, unsigned type, unsigned vlan)
{
	add16(frame, type);
	add16(frame, vlan);
}

void frame_plain(struct frame *frame, unsigned type, const char *cookie)
{
	add16(frame, type);
	add_cookie(frame, cookie);
}

/* RFC 1071, over the bytes from @from on. */
static uint16_t sum(const struct frame *frame, size_t from, uint32_t sum)
{
	for (size_t i = from; i < frame->len; i++)
		sum += (i - from) % 2 ? frame->bytes[i] : frame->bytes[i] << 8U;
	while (sum >> 16U)
		sum = (sum & 0xffff) + (sum >> 16U);
	return htons((uint16_t)~sum);
}

static void put16(struct frame *frame, size_t at, uint16_t wire)
{
	memcpy(frame->bytes + at, &wire, sizeof(wire));
}

static void begin_ip4(struct frame *frame, const char *from, const char *to, unsigned len)
{
	size_t start;

	add16(frame, ETH_P_IP);
	start = frame->len;
	add16(frame, 0x4500);
	add16(frame, 20 + len);
	add(frame, "\0\0\0\0\x40\x11\0\0", 8);
	add_ip(frame, from);
	add_ip(frame, to);
	put16(frame, start + 10, sum(frame, start, 0));
}

/* Return: where the addresses begin */
static size_t begin_ip6(struct frame *frame, const char *from, const char *to, unsigned len,
			unsigned next)
{
	const unsigned char next_and_hops[] = { (unsigned char)next, 255 };
	size_t at;

	add16(frame, ETH_P_IPV6);
	add(frame, "\x60\0\0\0", 4);
	add16(frame, len);
	add(frame, next_and_hops, 2);
	at = frame->len;
	add_ip(frame, from);
	add_ip(frame, to);
	return at;
}

void frame_udp(struct frame *frame, const char *from, const char *to, const char *cookie)
{
	const unsigned len = 8 + COOKIE;
	size_t at = 0;
	size_t udp;

	if (strchr(from, ':'))
		at = begin_ip6(frame, from, to, len, IPPROTO_UDP);
	else
		begin_ip4(frame, from, to, len);
	udp = frame->len;
	add16(frame, 68);
	add16(frame, 67);
	add16(frame, len);
	add16(frame, 0);
	add_cookie(frame, cookie);
	if (at)
		put16(frame, udp + 6, sum(frame, at, IPPROTO_UDP + len));
}

void frame_arp(struct frame *frame, unsigned op, const char *mac, const char *sender,
	       const char *target, const char *cookie)
{
	add16(frame, ETH_P_ARP);
	add(frame, "\0\x01\x08\0\x06\x04", 6);
	add16(frame, op);
	add_mac(frame, mac);
	add_ip(frame, sender);
	extend(frame, 6);
	add_ip(frame, target);
	add_cookie(frame, cookie);
}

static void add_option(struct frame *frame, unsigned type)
{
	const unsigned char head[] = { (unsigned char)type, 1 };

	add(frame, head, sizeof(head));
}

void frame_nd(struct frame *frame, unsigned type, const char *from, const char *to,
	      const char *target, const char *first, unsigned option, const char *mac,
	      const char *cookie)
{
	const unsigned len = 24 + (first ? 8 : 0) + (option ? 8 : 0) + 8;
	const size_t at = begin_ip6(frame, from, to, len, IPPROTO_ICMPV6);
	const size_t icmp = frame->len;

	add16(frame, type << 8U);
	add16(frame, 0);
	add(frame, type == 136 ? "\x20\0\0\0" : "\0\0\0\0", 4); /* override what is known */
	add_ip(frame, target);
	if (first)
		add(frame, first, 8);
	if (option) {
		add_option(frame, option);
		add_mac(frame, mac);
	}
	add_option(frame, 253);
	add_cookie(frame, cookie);
	put16(frame, icmp + 2, sum(frame, at, IPPROTO_ICMPV6 + len));
}

void frame_ra(struct frame *frame, const char *from, const char *cookie)
{
	const unsigned len = 16 + 8;
	const size_t at = begin_ip6(frame, from, "ff02::1", len, IPPROTO_ICMPV6);
	const size_t icmp = frame->len;

	add16(frame, 134U << 8U);
	add16(frame, 0);
	/* hop limit 64, no flags, for half an hour; times of reachability not said */
	add(frame, "\x40\0\x07\x08\0\0\0\0\0\0\0\0", 12);
	add_option(frame, 253);
	add_cookie(frame, cookie);
	put16(frame, icmp + 2, sum(frame, at, IPPROTO_ICMPV6 + len));
}

static int open_link(const struct ns *ns, const char *link)
{
	int fd = ns_socket(ns, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	struct sockaddr_ll addr = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL) };
	struct ifreq request = { 0 };

	strncpy(request.ifr_name, link, sizeof(request.ifr_name) - 1);
	assert_int_equal(ioctl(fd, SIOCGIFINDEX, &request), 0);
	addr.sll_ifindex = request.ifr_ifindex;
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

void frame_send(const struct ns *ns, const struct frame *frame)
{
	autoclose int fd = open_link(ns, "eth0");

	assert_int_equal(send(fd, frame->bytes, frame->len, 0), (int)frame->len);
}

static bool is_same(const char *data, size_t len, const struct frame *frame)
{
	const unsigned char *cookie = frame->bytes + frame->len - COOKIE;

	return memmem(data, len, cookie, COOKIE);
}

bool frame_arrives(const struct ns *from, const struct ns *to, const char *link,
		   const struct frame *frame, const struct frame *marker)
{
	autoclose int fd = open_link(to, link);
	bool seen = false;

	frame_send(from, frame);
	frame_send(from, marker);
	for (;;) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };
		char data[2048];
		ssize_t n;

		if (poll(&wait, 1, PATIENCE_MS) != 1)
			harness_fail(__FILE__, __LINE__, "not even the marker arrives");
		n = recv(fd, data, sizeof(data), 0);
		assert_true(n > 0);
		seen = seen || is_same(data, (size_t)n, frame);
		if (is_same(data, (size_t)n, marker))
			return seen;
	}
}
