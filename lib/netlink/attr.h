/* SPDX-License-Identifier: Apache-2.0 */
/* attr.h - read attributes by a table of what they must be */
#pragma once

#include <libmnl/libmnl.h>
#include <stddef.h>
#include <stdint.h>

/* No message that we read has attributes of interest beyond this type. */
#define ATTR_MAX 64

/*
 * @type: attribute
 * @kind: what it must hold; an attribute that does not is left out
 */
struct attr_policy {
	uint16_t type;
	enum mnl_attr_data_type kind;
};

/*
 * Attributes by type; NULL = not there, unknown, or not of its kind.
 */
struct attrs {
	const struct nlattr *at[ATTR_MAX];
};

/* attrs_of_message() - those behind a fixed header of @header bytes */
void attrs_of_message(const struct nlmsghdr *msg, size_t header, const struct attr_policy *policy,
		      size_t n, struct attrs *ret);

/* attrs_of_nest() - those within an attribute; NULL is an empty one */
void attrs_of_nest(const struct nlattr *nest, const struct attr_policy *policy, size_t n,
		   struct attrs *ret);

/* Values, or 0 where the attribute is not there. */
uint8_t attr_u8(const struct attrs *attrs, uint16_t type);
uint16_t attr_u16(const struct attrs *attrs, uint16_t type);
uint32_t attr_u32(const struct attrs *attrs, uint16_t type);

/* attr_text() - copy, cut to fit; "" where the attribute is not there */
void attr_text(const struct attrs *attrs, uint16_t type, char *ret, size_t size);
