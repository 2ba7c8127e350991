/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_netlink.c - answers as no kernel gives them
 *
 * The first byte says who reads, then come datagrams, each behind its length in two
 * bytes. They wait in a pair of sockets that stands for the kernel's: requests go in and
 * are thrown away, answers come out. The port is 0, sequence numbers begin with 1.
 */

#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/netlink/addr.h"
#include "cbr/netlink/link.h"
#include "cbr/netlink/route.h"
#include "cbr/netlink/vlan.h"
#include "cbr/nftables/guard.h"
#include "cbr/nftables/masquerade.h"
#include "cbr/nftables/object.h"
#include "fuzz.h"

#define KIND (SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC)

static int read_link(struct nl_socket *sock, struct error *err)
{
	struct link link;
	const int rc = link_get(sock, "cni0", &link, err);

	fuzz_require(memchr(link.name, '\0', sizeof(link.name)));
	fuzz_require(memchr(link.kind, '\0', sizeof(link.kind)));
	fuzz_require(memchr(link.alias, '\0', sizeof(link.alias)));
	return rc;
}

static int list_links(struct nl_socket *sock, struct error *err)
{
	autofree struct link *links = NULL;
	size_t n = 0;

	return link_list(sock, 0, &links, &n, err);
}

static int list_addresses(struct nl_socket *sock, struct error *err)
{
	autofree struct addr *addrs = NULL;
	size_t n = 0;
	const int rc = addr_list(sock, 1, AF_UNSPEC, &addrs, &n, err);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		fuzz_require_prefix(&addrs[i].prefix);
	return rc;
}

static int look_up_routes(struct nl_socket *sock, struct error *err)
{
	auto_with(nl_batch_done) struct nl_batch batch;
	const struct ip_addr addr = { AF_INET, { 10, 9, 0, 1 } };
	struct route routes[2];
	int rc;

	nl_batch_begin(&batch, sock);
	route_put_lookup(&batch, &addr, &routes[0]);
	route_put_lookup(&batch, &addr, &routes[1]);
	rc = nl_batch_run(&batch, err);
	for (size_t i = 0; i < 2; i++)
		if (routes[i].dst.addr.family)
			fuzz_require_prefix(&routes[i].dst);
	return rc;
}

static int list_routes(struct nl_socket *sock, struct error *err)
{
	autofree struct route *routes = NULL;
	size_t n = 0;
	const int rc = route_list(sock, AF_INET, 0, 0, &routes, &n, err);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		fuzz_require_prefix(&routes[i].dst);
	return rc;
}

static int list_prefixes(struct nl_socket *sock, struct error *err)
{
	const struct nft_table table = { NFPROTO_INET, MASQUERADE_TABLE };
	autofree struct ip_prefix *prefixes = NULL;
	size_t n = 0;
	const int rc = nft_list_prefixes(sock, &table, "pods", &prefixes, &n, err);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		fuzz_require_prefix(&prefixes[i]);
	return rc;
}

static int masquerade(struct nl_socket *sock, struct error *err)
{
	const struct ip_prefix pods[] = { { { AF_INET, { 10, 9 } }, 24 } };
	const struct masquerade masq = {
		.network = "net", .bridge = "cni0", .pods = pods, .n_pods = 1
	};
	const int rc = masquerade_check(sock, &masq, err);

	fuzz_require_outcome(rc, err);
	return masquerade_make(sock, &masq, err);
}

static int get_generation(struct nl_socket *sock, struct error *err)
{
	uint32_t generation;

	return nft_get_generation(sock, &generation, err);
}

static int list_vlans(struct nl_socket *sock, struct error *err)
{
	autofree struct vlan_entry *entries = NULL;
	size_t n = 0;
	const int rc = vlan_list(sock, 0, &entries, &n, err);

	for (size_t i = 0; rc >= 0 && i < n; i++)
		fuzz_require(entries[i].range.first >= VLAN_MIN &&
			     entries[i].range.first <= entries[i].range.last &&
			     entries[i].range.last <= VLAN_MAX);
	return rc;
}

static int check_guard(struct nl_socket *sock, struct error *err)
{
	const struct mac mac = { { 0x02, 0, 0, 0, 0, 1 } };
	const struct ip_addr addr = { AF_INET, { 10, 22, 0, 2 } };
	const struct guard guard = {
		.port = "veth64ba857b127", .mac = &mac, .by_address = true, .addrs = &addr, .n = 1
	};

	return guard_check(sock, &guard, err);
}

static bool keep_none(const char *port, void *arg)
{
	(void)arg;
	fuzz_require(strlen(port) < IF_NAMESIZE);
	return false;
}

static int sweep_guards(struct nl_socket *sock, struct error *err)
{
	return guard_sweep(sock, keep_none, NULL, err);
}

static int remove_guard(struct nl_socket *sock, struct error *err)
{
	return guard_remove(sock, "veth64ba857b127", err);
}

static int (*const readers[])(struct nl_socket *sock, struct error *err) = {
	read_link,     list_links,     list_addresses, look_up_routes, list_routes,  masquerade,
	list_prefixes, get_generation, list_vlans,     check_guard,    sweep_guards, remove_guard,
};

static void answer(int fd, const uint8_t *data, size_t size)
{
	while (size > 2) {
		size_t len = (size_t)data[0] << 8 | data[1];

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		/* A datagram without content is the end of the other socket: not in netlink. */
		if (len && send(fd, data, len, MSG_DONTWAIT) < 0)
			return;
		data += len;
		size -= len;
	}
}

static void drain(int fd)
{
	char buf[4096];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ends[2] = { -1, -1 };
	struct nl_socket sock = { 0 };
	struct error err = { 0 };
	int free_fd;

	if (!size)
		return 0;
	fuzz_require(ends[0] >= 0 || socketpair(AF_UNIX, KIND, 0, ends) == 0);
	free_fd = fuzz_free_fd();
	/* A copy, which is closed with the socket. */
	sock.mnl = mnl_socket_fdopen(fcntl(ends[0], F_DUPFD_CLOEXEC, 0));
	fuzz_require(sock.mnl);
	answer(ends[1], data + 1, size - 1);
	fuzz_require_outcome(readers[*data % (ARRAY_SIZE(readers))](&sock, &err), &err);
	nl_socket_done(&sock);
	drain(ends[0]);
	drain(ends[1]);
	fuzz_require(fuzz_free_fd() == free_fd);
	return 0;
}
