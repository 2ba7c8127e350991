/* SPDX-License-Identifier: Apache-2.0 */
/* vlangw.h - what making and removing the gateway interface of a VLAN share */
#pragma once

#include "attach.h"

/* vlangw_mark() - what an interface that is ours to remove says of itself, as its alias */
void vlangw_mark(const struct attach *a, unsigned int vlan, char ret[static LINK_ALIAS_SIZE]);

/*
 * vlangw_fits() - does it lead into the VLAN?
 *
 * Return: 1 if it is an 802.1Q link of this VLAN on the bridge, or one end of a pair whose
 * other end is a port there, or of a pair of ours whose other end is no port of any, since its
 * bridge was deleted; 0 if not; or negative.
 */
int vlangw_fits(struct attach *a, const struct link *link, unsigned int vlan, struct error *err);

/* vlangw_take_turn() - alone until *ret_fd is closed; see nslock_own() */
int vlangw_take_turn(int *ret_fd, struct error *err);
