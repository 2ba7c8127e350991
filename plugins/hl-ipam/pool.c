/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - open the pool of a network and be alone there */

#include "pool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/log.h"
#include "cbr/sys/landlock.h"

/* Longer than those who wait sleep between two looks. */
#define YIELD_MS 50

static int open_store(const struct cni_call *call, const struct ipam_conf *conf,
		      enum ipam_pool_make make, struct pool_store *ret, struct error *err)
{
	int rc;

	if (make != IPAM_MAKE_ALL) {
		rc = pool_store_open(conf->data_dir, call->network, ret, err);
		if (rc <= 0 || make == IPAM_MAKE_NOTHING)
			return rc;
		pool_store_done(ret);
	}
	rc = pool_store_make(conf->data_dir, call->network, ret, err);
	return rc < 0 ? rc : 1;
}

/*
 * The config, resolvConf and logFile are read and open by now. It is a second wall: a filter
 * of system calls, or layers of Landlock that we were given, may keep it from being built,
 * and are no reason to refuse a pod its network.
 */
static void confine(const struct cni_call *call, const struct pool_store *store)
{
	autoclose int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct landlock_dir dirs[] = { { store->dir_fd, true }, { proc_fd, false } };
	const int rc = landlock_confine(dirs, proc_fd < 0 ? 1 : 2);
	struct error err = { 0 };

	if (rc >= 0)
		return;
	error_errno(&err, ERROR_SYSTEM, -rc, "cannot confine itself to %s", store->path);
	cni_log_warn(call->log, &err);
}

int ipam_pool_open(const struct cni_call *call, const struct ipam_conf *conf,
		   enum ipam_pool_make make, struct pool_store *ret, struct error *err)
{
	int rc = open_store(call, conf, make, ret, err);

	if (rc > 0 && conf->confine)
		confine(call, ret);
	return rc;
}

int ipam_pool_explain(const struct cni_call *call, const struct ipam_conf *conf, struct error *err)
{
	char path[PATH_MAX];
	struct stat st;

	if ((err->errnum != EACCES && err->errnum != EPERM) || *err->hint)
		return -err->errnum;
	snprintf(path, sizeof(path), "%s/%s", conf->data_dir, call->network);
	if (stat(path, &st) < 0 || st.st_uid == geteuid())
		return -err->errnum;
	return error_hint(err,
			  "%.300s belongs to user %u: hl-ipam gives up all privileges and works "
			  "there as user %u, to whom it must belong",
			  path, st.st_uid, geteuid());
}

static int lock(const struct cni_call *call, struct pool_store *store, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(call->log, "lock");

	return pool_store_lock(store, IPAM_LOCK_TIMEOUT_MS, err);
}

int ipam_pool_enter(const struct cni_call *call, const struct ipam_conf *conf,
		    enum ipam_pool_make make, struct ipam_pool *ret, struct error *err)
{
	int rc = ipam_pool_open(call, conf, make, &ret->store, err);

	if (rc < 0)
		return ipam_pool_explain(call, conf, err);
	if (rc == 0)
		return 0;
	ret->world = surroundings_look(call->network, !conf->reclaim_after_reboot, &ret->here);
	ret->here.on_node = true;
	ret->store.lasting = ret->here.lasting;
	ret->store.slice_ms = IPAM_SLICE_MS;
	rc = lock(call, &ret->store, err);
	return rc < 0 ? ipam_pool_explain(call, conf, err) : 1;
}

int ipam_pool_yield(struct pool_store *store, struct error *err)
{
	const struct timespec pause = { .tv_nsec = YIELD_MS * 1000L * 1000 };

	pool_store_unlock(store);
	nanosleep(&pause, NULL);
	return pool_store_lock(store, IPAM_LOCK_TIMEOUT_MS, err);
}

void ipam_pool_leave(struct ipam_pool *pool)
{
	pool_store_done(&pool->store);
}

void ipam_tell(const struct cni_call *call, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	fprintf(stderr, "hl-ipam: network %s: %s\n", call->network, text);
	cni_log_note(call->log, "%s", text);
}

void ipam_tell_news(const struct cni_call *call, const struct pool_news *news)
{
	if (news->earlier_boot)
		ipam_tell(call, "reclaimed %zu addresses of an earlier boot", news->earlier_boot);
	if (news->dead)
		ipam_tell(call, "reclaimed %zu addresses of dead pods", news->dead);
	if (news->blank)
		ipam_tell(call, "removed %zu address files without content", news->blank);
	if (news->unreadable)
		ipam_tell(call, "%zu address files cannot be read, see hl-ipam fsck",
			  news->unreadable);
}
