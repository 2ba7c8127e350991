/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence.c - by what a living attachment can be told from a dead one
 *
 * 1. Nothing outlives a reboot.
 * 2. A host end of the name that cbr-bridge gives is a sign of life, and so is the network
 *    namespace, if it is at its path still and is the same.
 * 3. Without either it is dead, if it had a namespace on record, and we may look there, and
 *    look from where that was written down. Of one without, nothing is known, unless its file
 *    is from before the boot.
 * 4. Nothing outlives a node that is a container (kind, k3d), though its kernel runs on: what
 *    was made in another network namespace of a node, before PID 1 of ours began, is as of an
 *    earlier boot. Either alone is not enough: a plugin in a container of its own has a young
 *    PID 1 while pods live, and pods of another node may live beside us. So two nodes of one
 *    kernel must not share a data directory: the younger one takes what the other one has.
 *    By hand this does not count, for whoever looks may do so from a container of his own.
 *
 * The host end is not asked for with if_nametoindex(3): for a name that does not exist the
 * kernel runs modprobe first, twice (dev_load() in net/core/dev_ioctl.c), and that while
 * we hold the lock. /proc/sys/net is that of the reader's own namespace.
 */

#include "evidence.h"

#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/hash.h"
#include "cbr/sys/netns.h"
#include "cbr/sys/sysctl.h"
#include "sight.h"

#define LINKS "net/ipv4/conf"
#define ALL_LINKS "all"

#define OWN_MOUNT_NS "/proc/thread-self/ns/mnt"
#define OWN_NETNS "/proc/thread-self/ns/net"

/* What a record says of its attachment. */
enum verdict {
	EARLIER_BOOT,
	EARLIER_BOOT_BUT_LASTING,
	EARLIER_NODE,
	HAS_LINK,
	HAS_NETNS,
	LOST_NETNS,
	HIDDEN_NETNS,
	COVERED_NETNS,
	SEEN_FROM_ELSEWHERE,
	OLDER_THAN_BOOT,
	NOTHING_KNOWN,
};

static bool link_exists(const char *name)
{
	char path[64];
	char value[16];

	snprintf(path, sizeof(path), LINKS "/%s/forwarding", name);
	return sysctl_read(path, value, sizeof(value)) != -ENOENT;
}

static int compare_links(const void *left, const void *right)
{
	return strcmp(left, right);
}

static bool has_link(const struct surroundings *here, const struct pool_owner *owner)
{
	char name[IF_NAMESIZE];

	if (!*owner->ifname)
		return false;
	hash_host_link(here->network, owner->container_id, owner->ifname, name);
	if (here->links)
		return bsearch(name, here->links, here->n_links, sizeof(*here->links),
			       compare_links);
	/* Where even "all" is missing, /proc/sys says nothing of links. */
	return link_exists(name) || !link_exists(ALL_LINKS);
}

/* That of another process below /proc is only for those who may trace that. */
static bool is_hidden(int rc)
{
	return rc == -EACCES || rc == -EPERM;
}

/* Of a namespace of ours; 0 = cannot be known. */
static uint64_t inode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static bool is_at_its_place(const struct pool_evidence *evidence)
{
	uint64_t dev;
	uint64_t ino;

	return sight_place(evidence->netns, &dev, &ino) == 0 && dev == evidence->place_dev &&
	       ino == evidence->place_ino;
}

/*
 * Links are those of a network namespace, paths lead from a place: that there is nothing means
 * only that it is not here. Records of earlier versions tell of the mount namespace, or nothing.
 */
static bool is_from_elsewhere(const struct pool_evidence *evidence)
{
	if (evidence->host_ns && evidence->host_ns != inode_of(OWN_NETNS))
		return true;
	if (evidence->mount_ns)
		return evidence->mount_ns != inode_of(OWN_MOUNT_NS);
	return evidence->host_ns && !is_at_its_place(evidence);
}

static enum verdict look_at_netns(const struct pool_evidence *evidence)
{
	struct netns ns;
	const int rc = sight_look(evidence->netns, &ns);

	if (rc > 0 && ns.dev == evidence->netns_dev && ns.ino == evidence->netns_ino)
		return HAS_NETNS;
	if (rc < 0 && rc != -EINVAL)
		return HIDDEN_NETNS;
	if (is_from_elsewhere(evidence))
		return SEEN_FROM_ELSEWHERE;
	return rc < 0 ? COVERED_NETNS : LOST_NETNS;
}

/* By the clock that nobody sets; on record only where we reserved it ourselves. */
static bool is_of_this_boot(const struct pool_evidence *evidence, const struct surroundings *here)
{
	return evidence->since_boot_ns && *here->boot && strcmp(evidence->boot, here->boot) == 0;
}

static bool is_of_earlier_node(const struct pool_evidence *evidence, struct surroundings *here)
{
	if (!here->on_node || !is_of_this_boot(evidence, here) || !evidence->host_ns ||
	    evidence->host_ns == inode_of(OWN_NETNS))
		return false;
	if (!here->init_start_ns)
		here->init_start_ns = boot_init_start_ns();
	return here->init_start_ns > evidence->since_boot_ns;
}

static enum verdict judge_by_time(const struct pool_evidence *evidence,
				  const struct surroundings *here)
{
	struct timespec boot_time;

	if (here->lasting || is_of_this_boot(evidence, here))
		return NOTHING_KNOWN;
	boot_time = boot_wall_time();
	return clock_is_before(&evidence->time, &boot_time) ? OLDER_THAN_BOOT : NOTHING_KNOWN;
}

static enum verdict judge(const struct pool_record *record, struct surroundings *here)
{
	const struct pool_evidence *evidence = &record->evidence;
	enum verdict verdict;

	if (*evidence->boot && *here->boot && strcmp(evidence->boot, here->boot) != 0)
		return here->lasting ? EARLIER_BOOT_BUT_LASTING : EARLIER_BOOT;
	if (has_link(here, &record->owner))
		return HAS_LINK;
	verdict = evidence->netns_ino ? look_at_netns(evidence) : judge_by_time(evidence, here);
	if (verdict != HAS_NETNS && is_of_earlier_node(evidence, here))
		return here->lasting ? EARLIER_BOOT_BUT_LASTING : EARLIER_NODE;
	return verdict;
}

/* What a verdict means, and in words. */
static const struct {
	enum pool_life life;
	const char *why;
} meanings[] = {
	[EARLIER_BOOT] = { POOL_DEAD, "it is of an earlier boot" },
	[EARLIER_BOOT_BUT_LASTING] = { POOL_UNKNOWN, "it is of an earlier boot, which the config "
						     "lets it outlive" },
	[EARLIER_NODE] = { POOL_DEAD, "it is of a node that ended before this one began" },
	[HAS_LINK] = { POOL_ALIVE, "its host link exists" },
	[HAS_NETNS] = { POOL_ALIVE, "its network namespace exists" },
	[LOST_NETNS] = { POOL_DEAD, "its network namespace and host link are gone" },
	[HIDDEN_NETNS] = { POOL_HIDDEN, "its network namespace cannot be looked at" },
	[COVERED_NETNS] = { POOL_HIDDEN, "at the path of its network namespace is something else" },
	[SEEN_FROM_ELSEWHERE] = { POOL_HIDDEN,
				  "its network namespace and host link are not seen from here: "
				  "it was made where other mounts or another network are" },
	[OLDER_THAN_BOOT] = { POOL_DEAD, "it is older than this boot" },
	[NOTHING_KNOWN] = { POOL_UNKNOWN, "nothing is on record of its life" },
};

static enum pool_life life(const struct pool_record *record, void *arg)
{
	struct surroundings *here = arg;
	const enum verdict verdict = judge(record, here);

	here->why = meanings[verdict].why;
	return meanings[verdict].life;
}

static const char *why(void *arg)
{
	const struct surroundings *here = arg;

	return here->why;
}

struct pool_world surroundings_look(const char *network, bool lasting, struct surroundings *ret)
{
	*ret = (struct surroundings){ .network = network, .why = "" };
	ret->lasting = lasting;
	boot_id(ret->boot);
	return (struct pool_world){ ret->boot, life, ret, why };
}

void surroundings_list_links(struct surroundings *here)
{
	autodir DIR *dir = opendir("/proc/sys/" LINKS);
	const struct dirent *entry;

	surroundings_done(here);
	while (dir && (entry = readdir(dir))) {
		char(*links)[IF_NAMESIZE] = array_grow(here->links, here->n_links,
						       sizeof(*here->links));

		if (!links) {
			surroundings_done(here);
			return;
		}
		here->links = links;
		snprintf(links[here->n_links++], IF_NAMESIZE, "%.*s", IF_NAMESIZE - 1,
			 entry->d_name);
	}
	if (here->n_links && link_exists(ALL_LINKS))
		qsort(here->links, here->n_links, sizeof(*here->links), compare_links);
	else
		surroundings_done(here);
}

void surroundings_done(struct surroundings *here)
{
	free(here->links);
	here->links = NULL;
	here->n_links = 0;
}

/* Which one is it now? Return: 0, or negative if nobody can tell */
static int look_again(const struct cni_call *call, struct pool_evidence *ret, struct error *err)
{
	struct netns ns;
	const int rc = sight_look(call->netns, &ns);

	if (rc > 0) {
		ret->netns_dev = ns.dev;
		ret->netns_ino = ns.ino;
	} else if (is_hidden(rc)) {
		/* That of a process which we may not trace any more is what it was. */
		ret->netns_dev = call->netns_dev;
		ret->netns_ino = call->netns_ino;
	} else if (rc < 0 && rc != -EINVAL && call->netns_ino) {
		return error_errno(err, ERROR_SYSTEM, -rc,
				   "cannot look at network namespace \"%s\"", call->netns);
	}
	return 0;
}

int evidence_of(const struct surroundings *here, const struct cni_call *call, const char *pod,
		struct pool_evidence *ret, struct error *err)
{
	int rc;

	*ret = POOL_EVIDENCE_NONE;
	ret->boot = here->boot;
	ret->netns = call->netns;
	ret->pod = pod;
	ret->host_ns = inode_of(OWN_NETNS);
	rc = look_again(call, ret, err);
	if (rc < 0)
		return rc;
	if (ret->netns_ino)
		sight_place(call->netns, &ret->place_dev, &ret->place_ino);
	if (!call->netns_ino ||
	    (ret->netns_dev == call->netns_dev && ret->netns_ino == call->netns_ino))
		return 0;
	error_set(err, ERROR_NETNS, "network namespace \"%s\" is gone", call->netns);
	return error_hint(err, "it was there when the call began: the pod has ended since");
}
