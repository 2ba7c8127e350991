/* SPDX-License-Identifier: Apache-2.0 */
/* apart.h - a delegate that is executed, though it is ours */
#pragma once

#include "tmp.h"

/*
 * apart_make() - a directory with an hl-ipam of another build, but for its mark the same
 * @tmp: where it is made
 *
 * With it as CNI_PATH, cbr-bridge executes its delegate, which it else contains.
 * Return: path owned by the caller.
 */
char *apart_make(const struct tmp *tmp);
