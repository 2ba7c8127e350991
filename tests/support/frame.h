/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame.h - Ethernet frames made by hand, as a pod that lies would send them
 *
 * Each carries a cookie of six letters by which it is known again. All functions end the
 * running test as failed when they cannot do their work.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ns;

/* @bytes, @len: from the destination on, without checksum */
struct frame {
	unsigned char bytes[256];
	size_t len;
};

/* frame_start() - an empty frame from MAC address to MAC address */
void frame_start(struct frame *frame, const char *from, const char *to);

/* frame_tag() - add a VLAN tag; @type: 0x8100 or 0x88a8 */
void frame_tag(struct frame *frame, unsigned type, unsigned vlan);

/* frame_plain() - end with @type and the cookie alone */
void frame_plain(struct frame *frame, unsigned type, const char *cookie);

/* frame_udp() - end with UDP from port 68 to port 67; addresses of either family */
void frame_udp(struct frame *frame, const char *from, const char *to, const char *cookie);

/* frame_arp() - end with ARP; @op: 1 request, 2 reply; @mac, @sender: what it tells */
void frame_arp(struct frame *frame, unsigned op, const char *mac, const char *sender,
	       const char *target, const char *cookie);

/*
 * frame_nd() - end with a message of IPv6 neighbour discovery
 * @type: of ICMPv6, 133 to 137
 * @first: bytes of an option that is put before, or NULL
 * @option: 1 or 2, of the option with @mac; 0 = none
 */
void frame_nd(struct frame *frame, unsigned type, const char *from, const char *to,
	      const char *target, const char *first, unsigned option, const char *mac,
	      const char *cookie);

/* frame_ra() - end with a router advertisement to all nodes: @from is a default router */
void frame_ra(struct frame *frame, const char *from, const char *cookie);

/* frame_send() - out of eth0 of a namespace */
void frame_send(const struct ns *ns, const struct frame *frame);

/*
 * frame_arrives() - is a frame that goes out of eth0 of @from seen on @link of @to?
 * @marker: one that does arrive; it is sent behind, so that nothing need be waited for
 */
bool frame_arrives(const struct ns *from, const struct ns *to, const char *link,
		   const struct frame *frame, const struct frame *marker);
