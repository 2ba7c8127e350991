/* SPDX-License-Identifier: Apache-2.0 */
/* array.c - growing arrays */

#include "cbr/base/array.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void *array_grow(void *items, size_t n, size_t size)
{
	/* Full exactly when the count is zero or a power of two. */
	if ((n & (n - 1)) == 0) {
		size_t capacity = n ? n * 2 : 1;

		/* Asked of @n: when its double has overflown it is too late. */
		if (n > SIZE_MAX / 4 / size)
			return NULL;
		items = realloc(items, capacity * size);
		if (!items)
			return NULL;
	}
	memset((char *)items + n * size, 0, size);
	return items;
}
