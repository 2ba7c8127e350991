/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gc.c - remove what belongs to attachments that are no more
 *
 * Should: go by the runtime's list and by evidence both; go on over errors; always ask
 * the delegate to do the same.
 * Mustn't: touch an attachment that shows life, another network's, or what is not ours.
 */

#include <errno.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "attach.h"
#include "cbr/cni/log.h"
#include "cbr/sys/nslock.h"
#include "parts.h"
#include "verbs.h"

static bool is_listed(const struct cni_attachment *list, size_t n, const char *container,
		      const char *ifname)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].container_id, container) == 0 &&
		    strcmp(list[i].ifname, ifname) == 0)
			return true;
	return false;
}

/*
 * A host end goes if it is ours and of this network, nobody lists it, and the pod's end
 * is not up: half made by an ADD that was killed. An end that is up belongs to a
 * namespace that somebody still holds, whatever the list says. Of which bridge it is a
 * port does not matter: that may have been deleted.
 */
static bool is_garbage(const struct attach *a, const struct link *host,
		       const struct cni_attachment *list, size_t n)
{
	char copy[LINK_ALIAS_SIZE];
	const char *network;
	const char *container;
	const char *ifname;

	return strcmp(host->kind, "veth") == 0 && !(host->flags & IFF_RUNNING) &&
	       podlink_alias_parse(host, copy, &network, &container, &ifname) &&
	       strcmp(network, a->call->network) == 0 && !is_listed(list, n, container, ifname);
}

/* One that no link is in; 0 is that of all who are in none. */
static int choose_group(const struct link *links, size_t n, uint32_t *ret, struct error *err)
{
	bool taken = true;

	while (taken) {
		if (getrandom(ret, sizeof(*ret), 0) != sizeof(*ret))
			return error_errno(err, ERROR_SYSTEM, errno, "cannot get random bytes");
		*ret &= INT32_MAX;
		taken = *ret == 0;
		for (size_t i = 0; i < n && !taken; i++)
			taken = links[i].group == *ret;
	}
	return 0;
}

static int remove_garbage(struct attach *a, const struct cni_attachment *list, size_t n,
			  struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "links");
	auto_with(nl_batch_done) struct nl_batch batch = { 0 };
	autofree struct link *links = NULL;
	size_t n_links = 0;
	uint32_t group = 0;
	int rc = link_list(&a->node, 0, &links, &n_links, err);

	if (rc < 0 || (rc = choose_group(links, n_links, &group, err)) < 0)
		return rc;
	nl_batch_begin(&batch, &a->node);
	for (size_t i = 0; i < n_links; i++)
		if (is_garbage(a, &links[i], list, n))
			link_put_group(&batch, links[i].name, group);
	link_put_delete_group(&batch, group);
	rc = nl_batch_run(&batch, err);
	return rc < 0 ? rc : vlangw_collect(a, err);
}

static int collect_guards(struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(a->call->log, "guards");

	return guard_collect(a, err);
}

static int collect(struct attach *a, const struct cni_attachment *list, size_t n, struct error *err)
{
	/* Where the pod's end is left down on purpose, down is no sign of death. */
	int rc = a->conf.disable_container_interface ? 0 : remove_garbage(a, list, n, err);

	return rc < 0 ? rc : collect_guards(a, err);
}

/*
 * What an ADD is making at this moment looks half made. Runtimes should not call GC beside
 * an ADD (SPEC, "Lifecycle & Ordering"); if one does, all this is left to the next GC.
 */
static int collect_alone(const struct cni_call *call, struct attach *a, struct error *err)
{
	autofree struct cni_attachment *list = NULL;
	size_t n = 0;
	int rc = cni_config_valid_attachments(call, &list, &n, err);

	if (rc <= 0)
		return rc;
	if ((rc = nl_socket_open(NETLINK_ROUTE, NULL, &a->node, err)) < 0 ||
	    (rc = bridge_join(a, err)) < 0)
		return rc;
	rc = nslock_try_alone(a->lock_fd) ? collect(a, list, n, err) : 0;
	/* So many links come and go that they cannot be listed whole: likewise. */
	if (rc == -EINTR) {
		cni_log_warn(call->log, err);
		rc = 0;
	}
	/* Before IPAM is asked, which may have to wait. */
	bridge_leave(a);
	return rc;
}

int bridge_gc(const struct cni_call *call, struct error *err)
{
	auto_with(attach_done) struct attach a = ATTACH_NONE(call);
	struct error second = { 0 };
	int rc;
	int ipam = 0;

	bridge_conf_load_names(call, &a.conf);
	rc = collect_alone(call, &a, err);
	if (attach_is_layer3(&a))
		ipam = cni_delegate_run(call, a.conf.ipam_type, CNI_GC, NULL, &second);
	if (ipam >= 0)
		return rc;
	if (rc < 0)
		error_wrap(&second, "%s; and IPAM", err->msg);
	*err = second;
	return ipam;
}
