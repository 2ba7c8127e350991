/* SPDX-License-Identifier: Apache-2.0 */
/* userns.h - namespaces in which a test may do what needs privilege, whoever runs it */
#pragma once

/*
 * userns_enter() - root of a new user, network and mount namespace
 *
 * For the rest of the process's life; it must have one thread.
 * Return: 0, or -1 with errno where that is not allowed.
 */
int userns_enter(void);
