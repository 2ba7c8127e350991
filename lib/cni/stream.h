/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - read and write whole documents over descriptors of any kind */
#pragma once

#include <stddef.h>

/*
 * cni_read_all() - read to the end of the file
 * @max: bytes; more is -EFBIG
 * @ret: buffer with a NUL behind its @ret_len bytes, owned by the caller
 *
 * Return: 0 or a negative errno.
 */
int cni_read_all(int fd, size_t max, char **ret, size_t *ret_len);

/*
 * cni_write_all() - write it whole
 * @ret_written: bytes that are gone; also set on failure
 *
 * Return: 0 or a negative errno.
 */
int cni_write_all(int fd, const char *data, size_t len, size_t *ret_written);
