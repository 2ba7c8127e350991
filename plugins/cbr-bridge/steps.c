/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - run a recipe */

#include "steps.h"

#include <assert.h>

#include "cbr/base/str.h"

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

int steps_run(const struct step *steps, size_t n, struct attach *a, struct error *err)
{
	const struct step *made[STEPS_MAX];
	size_t n_made = 0;
	int rc = 0;

	assert(n <= STEPS_MAX);
	for (size_t i = 0; i < n && rc >= 0; i++) {
		rc = steps[i].make(a, err);
		if (rc > 0 && steps[i].undo)
			made[n_made++] = &steps[i];
		if (rc < 0 && steps[i].name)
			rc = name_failure(a, steps[i].name, err);
	}
	if (rc >= 0)
		return 0;
	/* The first error is the one to report; undoing goes on over its own. */
	while (n_made > 0) {
		struct error ignored;

		made[--n_made]->undo(a, &ignored);
	}
	return rc;
}
