/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - one call of a plugin between being read and being answered */

#include "serve.h"

#include <stdio.h>
#include <string.h>

int serve_open_log(const struct cni_plugin *plugin, struct cni_call *call, int64_t start_ns,
		   struct cni_log *log, struct error *err)
{
	struct error why = { 0 };
	int rc = cni_log_open(call, plugin->name, plugin->section, start_ns, log, &why);

	if (rc > 0)
		call->log = log;
	if (rc >= 0)
		return 0;
	if (why.code != ERROR_IO && call->verb != CNI_DEL && call->verb != CNI_GC) {
		*err = why;
		return rc;
	}
	fprintf(stderr, "%s: goes on without a log: %s\n", plugin->name, why.msg);
	return 0;
}

void serve_end_log(const struct cni_plugin *plugin, struct cni_log *log, const struct error *err)
{
	cni_log_call(log, err);
	if (log->lost)
		fprintf(stderr, "%s: cannot write to logFile: %s\n", plugin->name,
			strerror(log->lost));
}

static int run(int (*verb)(const struct cni_call *call, struct error *err),
	       const struct cni_call *call, struct error *err)
{
	return verb ? verb(call, err) : 0;
}

int serve_verb(const struct cni_plugin *plugin, const struct cni_call *call, struct cni_result *ret,
	       struct error *err)
{
	int rc = 0;

	if (call->verb == CNI_GC)
		return run(plugin->gc, call, err);
	if (call->verb == CNI_STATUS)
		return run(plugin->status, call, err);
	/* What is to be taken down is not looked for in the wrong place, but it is taken down. */
	if (plugin->judge_netns && call->verb != CNI_DEL && call->netns_ino &&
	    !call->netns_override)
		rc = plugin->judge_netns(call->netns, call->netns_dev, call->netns_ino, err);
	if (rc < 0)
		return rc;
	if (call->verb == CNI_ADD)
		return plugin->add(call, ret, err);
	return run(call->verb == CNI_DEL ? plugin->del : plugin->check, call, err);
}

int serve_undo(const struct cni_plugin *plugin, const struct cni_call *call, int made,
	       struct error *err)
{
	struct error why = { 0 };

	if (made > 0 && plugin->undo && plugin->undo(call, &why) < 0)
		return error_hint(err, "what was made is still there: %s", why.msg);
	return -err->errnum;
}
