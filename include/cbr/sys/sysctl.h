/* SPDX-License-Identifier: Apache-2.0 */
/* sysctl.h - settings below /proc/sys, of the namespace that we are in */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/error.h"

/*
 * sysctl_read() - read a setting
 * @path: below /proc/sys, with '/' between the parts, so that an interface name may
 *        hold dots
 * @buf: receives the value without its newline; @size has room for that, and for a NUL
 *
 * Return: bytes of the value, or a negative errno (-EFBIG if it does not fit).
 */
int sysctl_read(const char *path, char *buf, size_t size);

/*
 * sysctl_ensure() - see that a setting has this value
 *
 * Written only if it differs, so a read-only /proc/sys is no error when all is well.
 * Return: 1 changed, 0 was so, or a negative errno with ERROR_SYSTEM.
 */
int sysctl_ensure(const char *path, const char *value, struct error *err);

/*
 * sysctl_ensure_link() - the same for net.ipv4 or net.ipv6.conf.<link>.<key>
 * sysctl_put_link() - the same where it differs in all likelihood, as on a new interface:
 *	written at once, read only if that fails
 * @family: AF_INET or AF_INET6
 * @link: name of a link; "all", "default"
 */
int sysctl_ensure_link(int family, const char *link, const char *key, const char *value,
		       struct error *err);
int sysctl_put_link(int family, const char *link, const char *key, const char *value,
		    struct error *err);

/* sysctl_is_writable_link() - could we write it? */
bool sysctl_is_writable_link(int family, const char *link, const char *key);
