/* SPDX-License-Identifier: Apache-2.0 */
/* socket.c - a netlink socket that lives in a chosen network namespace */

#include "cbr/netlink/socket.h"
#include "cbr/base/array.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <sys/socket.h>

struct opening {
	int bus;
	struct mnl_socket *mnl;
};

static int open_here(void *arg, struct error *err)
{
	struct opening *opening = arg;

	opening->mnl = mnl_socket_open2(opening->bus, SOCK_CLOEXEC);
	if (!opening->mnl)
		return error_errno(err, ERROR_SYSTEM, errno, "cannot open a netlink socket");
	return 0;
}

/* What an old kernel does not know makes its messages poorer, nothing else. */
static void set_options(struct mnl_socket *mnl)
{
	static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
	int on = 1;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		mnl_socket_setsockopt(mnl, options[i], &on, sizeof(on));
}

int nl_socket_open(int bus, const struct netns *netns, struct nl_socket *ret, struct error *err)
{
	struct opening opening = { .bus = bus };
	int rc = netns_call(netns, open_here, &opening, err);

	if (rc < 0)
		return rc;
	if (mnl_socket_bind(opening.mnl, 0, MNL_SOCKET_AUTOPID) < 0) {
		rc = error_errno(err, ERROR_SYSTEM, errno, "cannot bind a netlink socket");
		mnl_socket_close(opening.mnl);
		return rc;
	}
	set_options(opening.mnl);
	*ret = (struct nl_socket){ .mnl = opening.mnl,
				   .portid = mnl_socket_get_portid(opening.mnl) };
	return 0;
}

void nl_socket_done(struct nl_socket *sock)
{
	if (sock->mnl)
		mnl_socket_close(sock->mnl);
	*sock = (struct nl_socket){ 0 };
}
