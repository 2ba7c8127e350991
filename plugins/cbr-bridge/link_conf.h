/* SPDX-License-Identifier: Apache-2.0 */
/* link_conf.h - settings of one interface, below /proc/sys/net of the namespace that we are in */
#pragma once

#include "cbr/base/error.h"

/*
 * link_conf_put() - see that a setting of a new interface has this value
 * @family: AF_INET or AF_INET6
 *
 * Return: >= 0, also where the kernel has no such family; or a negative errno.
 */
int link_conf_put(int family, const char *link, const char *key, const char *value,
		  struct error *err);

/*
 * link_conf_refuse_advertisements() - no route and no address comes from a router advertisement
 *
 * By one a pod could take over the traffic of another, or of the node.
 */
int link_conf_refuse_advertisements(const char *link, struct error *err);
