/* SPDX-License-Identifier: Apache-2.0 */
/* array.h - arrays: their sizes, and growing ones */
#pragma once

#include <stddef.h>

/* ARRAY_SIZE() - items of an array, which must be one: a pointer makes the compiler complain */
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * array_grow() - make room for one more item
 * @items: array from an earlier call, or NULL
 * @n: items in use
 * @size: bytes of an item
 *
 * Capacity is implied by @n: the next power of two, so the caller keeps only the
 * count. Item @n of the array is zeroed for the caller to fill.
 *
 * Return: the array, perhaps moved, owned by the caller; or NULL with @items intact.
 */
void *array_grow(void *items, size_t n, size_t size);
