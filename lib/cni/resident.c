/* SPDX-License-Identifier: Apache-2.0 */
/* resident.c - a delegate that need not be started: this executable contains it */

#include "resident.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "serve.h"

/* Linkers put notes before code and data. */
#define HEAD_SIZE 4096

/* As long as one that is executed may take. */
#define RUN_MS (60 * 1000)
#define NS_PER_S (1000 * 1000 * 1000)

/* Was one left at work? That is so of the whole process, and stays so. */
static bool left;

/*
 * A delegate at work in a thread of its own, which owns all but @call->text and
 * @call->config until it is joined.
 * @lock, @change: of @ended, the thread's last word
 */
struct resident {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t change;
	bool ended;
	const struct cni_plugin *plugin;
	struct cni_call call;
	int64_t start_ns;
	int rc;
	struct cni_result result;
	struct error err;
};

bool resident_is_at(const struct cni_call *call, const char *type, const char *path)
{
	const struct cni_plugin *host = call->plugin;
	char head[HEAD_SIZE] __attribute__((uninitialized));
	autoclose int fd = -1;
	ssize_t len;

	if (!host || !host->resident || strcmp(type, host->resident->name) != 0)
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	len = fd >= 0 ? pread(fd, head, sizeof(head), 0) : -1;
	return len > 0 && memmem(head, (size_t)len, host->build, host->build_len);
}

/* What a version cannot say is lost on the way, as it is between two processes. */
static int pass_through_version(const struct cni_call *call, struct cni_result *result,
				struct error *err)
{
	struct cni_result read = { 0 };
	json_auto_t *json = NULL;
	int rc = cni_result_build(result, call->version, &json, err);

	if (rc >= 0)
		rc = cni_result_parse(json, call->version, false, &read, err);
	if (rc < 0)
		return rc;
	cni_result_done(result);
	*result = read;
	return 0;
}

static int answer(const struct cni_plugin *plugin, const struct cni_call *call,
		  struct cni_result *result, struct error *err)
{
	const int made = serve_verb(plugin, call, result, err);
	int rc;

	if (made < 0 || call->verb != CNI_ADD)
		return made;
	rc = pass_through_version(call, result, err);
	return rc < 0 ? serve_undo(plugin, call, made, err) : 0;
}

static void *work(void *arg)
{
	auto_with(cni_log_done) struct cni_log log = CNI_LOG_NONE;
	struct resident *r = arg;

	if (r->plugin->prepare)
		r->plugin->prepare();
	r->rc = serve_open_log(r->plugin, &r->call, r->start_ns, &log, &r->err);
	if (r->rc >= 0)
		r->rc = answer(r->plugin, &r->call, &r->result, &r->err);
	serve_end_log(r->plugin, &log, r->rc < 0 ? &r->err : NULL);
	pthread_mutex_lock(&r->lock);
	r->ended = true;
	pthread_cond_signal(&r->change);
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

/* Waits are timed by the clock that nobody sets. */
static void init_sync(struct resident *r)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->change, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&r->lock, NULL);
}

static bool ends_until(struct resident *r, int64_t at_ns)
{
	const struct timespec at = { .tv_sec = (time_t)(at_ns / NS_PER_S),
				     .tv_nsec = (long)(at_ns % NS_PER_S) };
	int rc = 0;
	bool ended;

	pthread_mutex_lock(&r->lock);
	while (!r->ended && rc == 0)
		rc = pthread_cond_timedwait(&r->change, &r->lock, &at);
	ended = r->ended;
	pthread_mutex_unlock(&r->lock);
	return ended;
}

int resident_start(const struct cni_call *call, enum cni_verb verb, struct resident **ret,
		   struct error *err)
{
	autofree struct resident *r = calloc(1, sizeof(*r));
	int rc;

	if (!r)
		return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot begin a thread");
	/* It would wait for the same, and could meet that one halfway. */
	if (left)
		return error_set(err, ERROR_DELEGATE, "it is still at work on the call before");
	init_sync(r);
	r->plugin = call->plugin->resident;
	r->call = *call;
	r->call.verb = verb;
	r->call.command = cni_verb_name(verb);
	r->call.plugin = r->plugin;
	r->call.log = NULL;
	r->start_ns = clock_now_ns();
	rc = pthread_create(&r->thread, NULL, work, r);
	if (rc)
		return error_errno(err, ERROR_SYSTEM, rc, "cannot begin a thread");
	*ret = TAKE_PTR(r);
	return 0;
}

bool resident_is_left(void)
{
	return left;
}

static int leave(const struct resident *r, struct error *err)
{
	left = true;
	error_set(err, ERROR_DELEGATE, "plugin \"%s\" did not end %s in time", r->plugin->name,
		  r->call.command);
	err->errnum = ETIMEDOUT;
	return error_hint(err, "does the file system of its directory answer?");
}

int resident_end(struct resident *resident, const struct deadline *deadline, struct cni_result *ret,
		 struct error *err)
{
	autofree struct resident *r = resident;

	if (!r)
		return 0;
	if (!ends_until(r, deadline ? deadline->at_ns : r->start_ns + RUN_MS * 1000000LL))
		return leave(TAKE_PTR(r), err);
	pthread_join(r->thread, NULL);
	if (r->rc >= 0 && ret) {
		*ret = r->result;
		return 0;
	}
	cni_result_done(&r->result);
	if (r->rc >= 0)
		return 0;
	*err = r->err;
	if (!err->code)
		err->code = ERROR_SYSTEM;
	/* A delegate tells its error in words and a code. */
	err->errnum = EINVAL;
	return -EINVAL;
}
