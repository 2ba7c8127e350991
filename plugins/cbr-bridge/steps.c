/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - run a recipe */

#include "steps.h"

#include <assert.h>

#include "cbr/base/str.h"
#include "cbr/cni/log.h"

static int name_failure(const struct attach *a, const char *step, struct error *err)
{
	const struct cni_args *args = &a->conf.args;
	char pod[sizeof(args->pod_name) + sizeof(args->pod_namespace) + sizeof("pod /")];
	char who[sizeof(pod)];

	if (*args->pod_name)
		snprintf(pod, sizeof(pod), "pod %s/%s", args->pod_namespace, args->pod_name);
	else
		snprintf(pod, sizeof(pod), "container %s", a->call->container_id);
	return error_wrap(err, "cannot attach %s of %s: %s", a->call->ifname,
			  str_clean(who, sizeof(who), pod), step);
}

int step_make(const struct step *step, struct attach *a, struct error *err)
{
	auto_with(cni_step_end) struct cni_step timed = cni_step_begin(
		step->name ? a->call->log : NULL, "%s", step->name);

	return step->make(a, err);
}

/* The first error is the one to report; that something is left behind is for the log. */
static void undo(const struct step *step, struct attach *a)
{
	struct cni_log *log = a->call->log;
	auto_with(cni_step_end) struct cni_step timed = cni_step_begin(step->name ? log : NULL,
								       "undo %s", step->name);
	struct error err = { 0 };

	if (step->undo(a, &err) >= 0)
		return;
	error_wrap(&err, "cannot undo %s", step->name ? step->name : "what the delegate did");
	cni_log_warn(log, &err);
}

int steps_run(const struct step *steps, size_t n, struct attach *a, struct error *err)
{
	const struct step *made[STEPS_MAX];
	size_t n_made = 0;
	int rc = 0;

	assert(n <= STEPS_MAX);
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = step_make(&steps[i], a, err);
		if (rc > 0 && steps[i].undo)
			made[n_made++] = &steps[i];
		if (rc < 0 && steps[i].name)
			rc = name_failure(a, steps[i].name, err);
	}
	if (rc >= 0)
		return 0;
	while (n_made > 0)
		undo(made[--n_made], a);
	return rc;
}
