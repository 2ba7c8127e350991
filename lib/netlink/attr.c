/* SPDX-License-Identifier: Apache-2.0 */
/* attr.c - read attributes by a table of what they must be */

#include "attr.h"

#include <stdio.h>
#include <string.h>

static void take(const struct nlattr *attr, const struct attr_policy *policy, size_t n,
		 struct attrs *ret)
{
	const uint16_t type = mnl_attr_get_type(attr);

	for (size_t i = 0; i < n; i++)
		if (policy[i].type == type && type < ATTR_MAX &&
		    mnl_attr_validate(attr, policy[i].kind) >= 0)
			ret->at[type] = attr;
}

void attrs_of_message(const struct nlmsghdr *msg, size_t header, const struct attr_policy *policy,
		      size_t n, struct attrs *ret)
{
	const struct nlattr *attr;

	memset(ret, 0, sizeof(*ret));
	if (mnl_nlmsg_get_payload_len(msg) < header)
		return;
	mnl_attr_for_each (attr, msg, header)
		take(attr, policy, n, ret);
}

void attrs_of_nest(const struct nlattr *nest, const struct attr_policy *policy, size_t n,
		   struct attrs *ret)
{
	const struct nlattr *attr;

	memset(ret, 0, sizeof(*ret));
	if (!nest)
		return;
	mnl_attr_for_each_nested (attr, nest)
		take(attr, policy, n, ret);
}

uint8_t attr_u8(const struct attrs *attrs, uint16_t type)
{
	return attrs->at[type] ? mnl_attr_get_u8(attrs->at[type]) : 0;
}

uint16_t attr_u16(const struct attrs *attrs, uint16_t type)
{
	return attrs->at[type] ? mnl_attr_get_u16(attrs->at[type]) : 0;
}

uint32_t attr_u32(const struct attrs *attrs, uint16_t type)
{
	return attrs->at[type] ? mnl_attr_get_u32(attrs->at[type]) : 0;
}

void attr_text(const struct attrs *attrs, uint16_t type, char *ret, size_t size)
{
	snprintf(ret, size, "%s", attrs->at[type] ? mnl_attr_get_str(attrs->at[type]) : "");
}
