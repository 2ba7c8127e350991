/* SPDX-License-Identifier: Apache-2.0 */
/* test_neighbours.c - a pod is attached though the node can keep no neighbour entry for it */

#include "harness.h"

#include <stdlib.h>

#include "site.h"

static const struct network network = {
	.keys = "\"isDefaultGateway\": true",
	.pool = "\"ranges\": [[{\"subnet\": \"10.22.0.0/24\"}], [{\"subnet\": \"fd00:22::/64\"}]]",
};

static const struct trial trial = { .network = &network, .kind = "netlink" };

/* A table of neighbours that is full says the same; the node can still ask. */
static void is_no_error_of_an_add(void **state)
{
	struct site *site = site_of(state);
	bool made = true;

	pod_add(site->other);
	for (size_t number = 1; made && number < MAX_FAULTS; number++) {
		const struct run_call call = pod_call(site->pod, "ADD");
		struct run run = site_run(site, &call, number, &made);

		assert_lacks(run.out, "set neighbour");
		run_done(&run);
		pod_del(site->pod);
	}
	free(run_must(NULL, "grep -q 'set neighbour 10.22.0.*No buffer space' %s", site->log));
	free(run_must(NULL, "grep -q 'set neighbour fd00:22.*No buffer space' %s", site->log));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(is_no_error_of_an_add, site_setup,
							 site_teardown, (void *)&trial),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
