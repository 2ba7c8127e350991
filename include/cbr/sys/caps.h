/* SPDX-License-Identifier: Apache-2.0 */
/* caps.h - capabilities: keep what is needed, name what is missing */
#pragma once

#include <stddef.h>

#include "cbr/base/error.h"

/*
 * caps_limit() - give up all capabilities but some
 * @kept: CAP_* of linux/capability.h; those that we do not have are passed over
 *
 * Should: leave a program that we start as it would be without us. Root gets its
 * capabilities anew when it executes something (capabilities(7), "Capabilities and
 * execution of programs by root"); for others they are only made ineffective here.
 * Mustn't: be undone by anything in this process, for root.
 *
 * Return: 0, or negative with ERROR_SYSTEM.
 */
int caps_limit(const int *kept, size_t n, struct error *err);

/*
 * caps_drop_for_good() - give up all capabilities, and the hope of others: no_new_privs
 *
 * Return: 0, or negative with ERROR_SYSTEM.
 */
int caps_drop_for_good(struct error *err);

/*
 * caps_require() - do we have it?
 * @what_for: for the message: "to <what_for>"
 *
 * Return: 0, or -EPERM with ERROR_SYSTEM naming the capability.
 */
int caps_require(int capability, const char *what_for, struct error *err);
