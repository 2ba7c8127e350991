/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_address.h - the gateways' addresses on a bridge that others may use, too */
#pragma once

#include "attach.h"

/*
 * gateway_address_make() - give the bridge the addresses of a->gateways that it lacks
 *
 * Addresses are compared by value. One that is in the way is a conflict; "forceAddress"
 * replaces it if nobody else can be using it: it is this network's own and so is every
 * pod on the bridge, or nothing else is on the bridge at all.
 * Return: 0, or negative (ERROR_CONFLICT names the address, and who uses it).
 */
int gateway_address_make(struct attach *a, struct error *err);

/* gateway_address_unmake() - what was replaced comes back, what was added goes if nobody came */
int gateway_address_unmake(struct attach *a, struct error *err);
