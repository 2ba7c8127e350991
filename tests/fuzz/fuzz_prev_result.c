/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_prev_result.c - a result of any version, read in each and written in each */

#include <jansson.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/json.h"
#include "cbr/cni/result.h"
#include "fuzz.h"

/* What we print must be what we, and so the next plugin, can read. */
static void require_readable(const json_t *json, const struct cni_version *version)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	json_auto_t *again = NULL;
	struct error err = { 0 };

	fuzz_require(cni_result_parse(json, version, true, &result, &err) == 0);
	fuzz_require(cni_result_build(&result, version, &again, &err) == 0);
	fuzz_require(json_equal(json, again));
}

static void write_all(const struct cni_result *result)
{
	size_t n;
	const struct cni_version *versions = cni_versions(&n);

	for (size_t i = 0; i < n; i++) {
		json_auto_t *json = NULL;
		struct error err = { 0 };
		const int rc = cni_result_build(result, &versions[i], &json, &err);

		fuzz_require_outcome(rc, &err);
		if (rc >= 0)
			require_readable(json, &versions[i]);
	}
}

static void read_as(const json_t *json, const struct cni_version *assumed, bool exact)
{
	auto_with(cni_result_done) struct cni_result result = { 0 };
	struct error err = { 0 };
	const int rc = cni_result_parse(json, assumed, exact, &result, &err);

	fuzz_require_outcome(rc, &err);
	if (rc < 0)
		return;
	for (size_t i = 0; i < result.n_ips; i++)
		fuzz_require_prefix(&result.ips[i].address);
	for (size_t i = 0; i < result.n_routes; i++)
		fuzz_require_prefix(&result.routes[i].dst);
	write_all(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_auto_t *json = NULL;
	struct error err = { 0 };
	const int rc = cni_json_parse((const char *)data, size, &json, &err);

	fuzz_require_outcome(rc, &err);
	if (rc < 0)
		return 0;
	read_as(json, cni_version_find("0.2.0"), false);
	read_as(json, cni_version_find("0.4.0"), true);
	read_as(json, cni_version_find("1.1.0"), true);
	return 0;
}
