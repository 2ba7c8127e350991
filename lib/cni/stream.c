/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c - read and write whole documents over descriptors of any kind */

#include "stream.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"

#define FIRST_SIZE 16384

/* Whoever gave us the descriptor may have made it non-blocking; that is no failure. */
static bool is_passing(int fd, short events)
{
	struct pollfd ready = { .fd = fd, .events = events };

	if (errno == EAGAIN)
		return poll(&ready, 1, -1) >= 0 || errno == EINTR;
	return errno == EINTR;
}

int cni_read_all(int fd, size_t max, char **ret, size_t *ret_len)
{
	autofree char *data = NULL;
	size_t size = 0;
	size_t len = 0;
	ssize_t got;

	do {
		if (len + 1 >= size) {
			char *grown = realloc(data, size ? size * 2 : FIRST_SIZE);

			if (!grown)
				return -ENOMEM;
			data = grown;
			size = size ? size * 2 : FIRST_SIZE;
		}
		got = read(fd, data + len, size - len - 1);
		if (got < 0 && !is_passing(fd, POLLIN))
			return -errno;
		len += got > 0 ? (size_t)got : 0;
		if (len > max)
			return -EFBIG;
	} while (got != 0);
	data[len] = '\0';
	*ret = TAKE_PTR(data);
	*ret_len = len;
	return 0;
}

int cni_write_all(int fd, const char *data, size_t len, size_t *ret_written)
{
	*ret_written = 0;
	while (*ret_written < len) {
		ssize_t put = write(fd, data + *ret_written, len - *ret_written);

		if (put < 0 && !is_passing(fd, POLLOUT))
			return -errno;
		*ret_written += put > 0 ? (size_t)put : 0;
	}
	return 0;
}
