/* SPDX-License-Identifier: Apache-2.0 */
/* reserve.c - memory for jansson when there is no other */

#include "reserve.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define RESERVE_SIZE (256 * 1024)

/* The one state that cannot be handed along: jansson's allocator has no argument for it. */
static _Alignas(max_align_t) unsigned char reserve[RESERVE_SIZE];
static atomic_size_t used;

static bool is_reserved(const void *p)
{
	const unsigned char *byte = p;

	return byte >= reserve && byte < reserve + RESERVE_SIZE;
}

/* What is taken from it is not given back: it is for the last words of a process. */
static void *take(size_t size)
{
	const size_t unit = sizeof(max_align_t);
	void *p = malloc(size);
	size_t start = used;

	if (p || size > RESERVE_SIZE)
		return p;
	size = (size + unit - 1) / unit * unit;
	/* A thread that serves a delegate's call may be out of memory at the same time. */
	do {
		if (size > RESERVE_SIZE - start)
			return NULL;
	} while (!atomic_compare_exchange_weak(&used, &start, start + size));
	return reserve + start;
}

static void give(void *p)
{
	if (!is_reserved(p))
		free(p);
}

void cni_reserve_begin(void)
{
	json_set_alloc_funcs(take, give);
}

char *cni_reserve_dumps(const json_t *json, size_t flags)
{
	char *text = json_dumps(json, flags);

	return is_reserved(text) ? strdup(text) : text;
}
