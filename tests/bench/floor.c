/* SPDX-License-Identifier: Apache-2.0 */
/*
 * floor.c - the kernel's share of an attachment: the least that any plugin must do
 *
 *   floor BRIDGE SUBNET [SUBNET6]      e.g. floor cni0 10.9.0.0 fd00:9::
 *
 * Called as a plugin is: CNI_COMMAND is ADD or DEL; the pod is CNI_NETNS, and a number
 * after the last '-' of CNI_CONTAINERID. ADD makes what a gateway network without
 * masquerade is made of: a veth pair born in its two places, enslaved and up; the pod's
 * address in SUBNET/16 and its default route; the bridge's address; with SUBNET6 the same in
 * SUBNET6/64. DEL removes the pair. A pod of a network with masquerade takes no more: the
 * rules are there since its first one.
 *
 * Nothing is validated, undone, written down or printed, no address is chosen and nobody
 * is asked. Messages: 7 for ADD, 10 with SUBNET6, sent in 4 goes; 1 for DEL.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#define BUF_SIZE 4096

/* Requests that go to the kernel in one call; @n of them are under way. */
struct requests {
	struct mnl_socket *sock;
	unsigned int seq;
	unsigned int n;
	size_t len;
	char buf[BUF_SIZE];
};

static _Noreturn void die(const char *what, int errnum)
{
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errnum));
	exit(1);
}

static void requests_open(struct requests *r)
{
	r->sock = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!r->sock || mnl_socket_bind(r->sock, 0, MNL_SOCKET_AUTOPID) < 0)
		die("netlink socket", errno);
}

static struct nlmsghdr *put(struct requests *r, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(r->buf + r->len);

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++r->seq;
	r->n++;
	return nlh;
}

static void end(struct requests *r, const struct nlmsghdr *nlh)
{
	r->len += MNL_ALIGN(nlh->nlmsg_len);
}

/* Send all, await an answer to each. Returns the interface index if the last one has it. */
static int run(struct requests *r, const char *what)
{
	char reply[8 * BUF_SIZE];
	int index = 0;

	if (mnl_socket_sendto(r->sock, r->buf, r->len) < 0)
		die(what, errno);
	while (r->n) {
		ssize_t got = mnl_socket_recvfrom(r->sock, reply, sizeof(reply));
		const struct nlmsghdr *nlh = (const struct nlmsghdr *)reply;
		int len = (int)got;

		if (got < 0)
			die(what, errno);
		for (; mnl_nlmsg_ok(nlh, len); nlh = mnl_nlmsg_next(nlh, &len), r->n--) {
			const struct nlmsgerr *error = mnl_nlmsg_get_payload(nlh);

			if (nlh->nlmsg_type == RTM_NEWLINK)
				index = ((struct ifinfomsg *)mnl_nlmsg_get_payload(nlh))->ifi_index;
			else if (error->error && error->error != -EEXIST)
				die(what, -error->error);
		}
	}
	r->len = 0;
	return index;
}

static int link_index(struct requests *r, const char *name)
{
	struct nlmsghdr *nlh = put(r, RTM_GETLINK, 0);

	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, name);
	end(r, nlh);
	return run(r, name);
}

static void put_up(struct nlmsghdr *nlh, int index)
{
	struct ifinfomsg *ifi = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifi));

	ifi->ifi_index = index;
	ifi->ifi_flags = IFF_UP;
	ifi->ifi_change = IFF_UP;
}

static void put_veth(struct requests *r, const char *host, int bridge, int netns)
{
	struct nlmsghdr *nlh = put(r, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	struct nlattr *info;
	struct nlattr *data;
	struct nlattr *peer;

	put_up(nlh, 0);
	mnl_attr_put_strz(nlh, IFLA_IFNAME, host);
	mnl_attr_put_u32(nlh, IFLA_MASTER, (uint32_t)bridge);
	info = mnl_attr_nest_start(nlh, IFLA_LINKINFO);
	mnl_attr_put_strz(nlh, IFLA_INFO_KIND, "veth");
	data = mnl_attr_nest_start(nlh, IFLA_INFO_DATA);
	/* Up it cannot be born: veth_open() wants the other end, which is not yet there. */
	peer = mnl_attr_nest_start(nlh, VETH_INFO_PEER);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, getenv("CNI_IFNAME"));
	mnl_attr_put_u32(nlh, IFLA_NET_NS_FD, (uint32_t)netns);
	mnl_attr_nest_end(nlh, peer);
	mnl_attr_nest_end(nlh, data);
	mnl_attr_nest_end(nlh, info);
	end(r, nlh);
}

static void put_link_up(struct requests *r, int index)
{
	struct nlmsghdr *nlh = put(r, RTM_NEWLINK, NLM_F_ACK);

	put_up(nlh, index);
	end(r, nlh);
}

/*
 * Address number @n of a subnet; bytes in network order.
 * @len: of the prefix
 */
struct address {
	int family;
	uint8_t bytes[16];
	size_t size;
	uint8_t len;
};

static struct address address(const char *subnet, unsigned int n)
{
	struct address a = { .family = AF_INET, .size = 4, .len = 16 };

	if (strchr(subnet, ':'))
		a = (struct address){ .family = AF_INET6, .size = 16, .len = 64 };
	if (inet_pton(a.family, subnet, a.bytes) != 1)
		die(subnet, EINVAL);
	a.bytes[a.size - 1] |= (uint8_t)n;
	a.bytes[a.size - 2] |= (uint8_t)(n >> 8);
	return a;
}

static void put_address(struct requests *r, int index, const struct address *a)
{
	struct nlmsghdr *nlh = put(r, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	struct ifaddrmsg *ifa = mnl_nlmsg_put_extra_header(nlh, sizeof(*ifa));

	ifa->ifa_family = (uint8_t)a->family;
	ifa->ifa_prefixlen = a->len;
	ifa->ifa_index = (uint32_t)index;
	ifa->ifa_flags = a->family == AF_INET6 ? IFA_F_NODAD : 0;
	mnl_attr_put(nlh, IFA_LOCAL, a->size, a->bytes);
	mnl_attr_put(nlh, IFA_ADDRESS, a->size, a->bytes);
	if (a->family == AF_INET)
		mnl_attr_put(nlh, IFA_BROADCAST, a->size,
			     (uint8_t[]){ a->bytes[0], a->bytes[1], 0xff, 0xff });
	end(r, nlh);
}

static void put_default_route(struct requests *r, int index, const struct address *gateway)
{
	struct nlmsghdr *nlh = put(r, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK);
	struct rtmsg *rtm = mnl_nlmsg_put_extra_header(nlh, sizeof(*rtm));

	rtm->rtm_family = (uint8_t)gateway->family;
	rtm->rtm_table = RT_TABLE_MAIN;
	rtm->rtm_protocol = RTPROT_BOOT;
	rtm->rtm_type = RTN_UNICAST;
	mnl_attr_put(nlh, RTA_GATEWAY, gateway->size, gateway->bytes);
	mnl_attr_put_u32(nlh, RTA_OIF, (uint32_t)index);
	end(r, nlh);
}

/* @subnets: ends with NULL */
static void add(const char *host, const char *bridge_name, char **subnets, unsigned int number)
{
	struct requests node = { 0 };
	struct requests pod = { 0 };
	int netns = open(getenv("CNI_NETNS"), O_RDONLY | O_CLOEXEC);
	int bridge;
	int eth;

	if (netns < 0)
		die("CNI_NETNS", errno);
	requests_open(&node);
	bridge = link_index(&node, bridge_name);
	put_veth(&node, host, bridge, netns);
	for (char **subnet = subnets; *subnet; subnet++) {
		const struct address gateway = address(*subnet, 1);

		put_address(&node, bridge, &gateway);
	}
	run(&node, "node");

	if (setns(netns, CLONE_NEWNET) < 0)
		die("setns", errno);
	requests_open(&pod);
	eth = link_index(&pod, getenv("CNI_IFNAME"));
	put_link_up(&pod, eth);
	for (char **subnet = subnets; *subnet; subnet++) {
		const struct address own = address(*subnet, number + 2);
		const struct address gateway = address(*subnet, 1);

		put_address(&pod, eth, &own);
		put_default_route(&pod, eth, &gateway);
	}
	run(&pod, "pod");
}

static void del(const char *host)
{
	struct requests node = { 0 };
	struct nlmsghdr *nlh;

	requests_open(&node);
	nlh = put(&node, RTM_DELLINK, NLM_F_ACK);
	mnl_nlmsg_put_extra_header(nlh, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(nlh, IFLA_IFNAME, host);
	end(&node, nlh);
	run(&node, "del");
}

int main(int argc, char **argv)
{
	const char *number = strrchr(getenv("CNI_CONTAINERID"), '-') + 1;
	char host[IF_NAMESIZE];

	if (argc < 3)
		die("usage: floor BRIDGE SUBNET [SUBNET6]", EINVAL);
	snprintf(host, sizeof(host), "floor%s", number);
	if (strcmp(getenv("CNI_COMMAND"), "ADD") == 0)
		add(host, argv[1], argv + 2, (unsigned int)strtoul(number, NULL, 10));
	else
		del(host);
	return 0;
}
