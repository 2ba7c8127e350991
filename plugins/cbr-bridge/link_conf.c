/* SPDX-License-Identifier: Apache-2.0 */
/* link_conf.c - settings of one interface */

#include "link_conf.h"

#include <errno.h>
#include <sys/socket.h>

#include "cbr/sys/sysctl.h"

int link_conf_put(int family, const char *link, const char *key, const char *value,
		  struct error *err)
{
	const int rc = sysctl_put_link(family, link, key, value, err);

	return rc == -ENOENT ? 0 : rc;
}

int link_conf_refuse_advertisements(const char *link, struct error *err)
{
	struct error ignored;
	int rc = link_conf_put(AF_INET6, link, "accept_ra", "0", err);

	if (rc < 0)
		return error_hint(err,
				  "where /proc/sys is read-only, interfaces must begin so: by "
				  "net.ipv6.conf.default.accept_ra 0 in their namespace, which "
				  "net.core.devconf_inherit_init_net 1 takes from the node");
	/* For whoever lets them be heard later; until then it says nothing. */
	link_conf_put(AF_INET6, link, "autoconf", "0", &ignored);
	return rc;
}
