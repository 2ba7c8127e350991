/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_args.c - CNI_ARGS, which holds what whoever names a pod chose */

#include <stdio.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/cni/config.h"
#include "fuzz.h"

static void require_sound(const struct cni_args *args)
{
	fuzz_require(!args->ip.family || ip_size(args->ip.family));
	fuzz_require(memchr(args->pod_namespace, '\0', sizeof(args->pod_namespace)));
	fuzz_require(memchr(args->pod_name, '\0', sizeof(args->pod_name)));
	/* They end up in an alias, in messages and in files of lines. */
	fuzz_require(!strpbrk(args->pod_namespace, "\n\r\033"));
	fuzz_require(!strpbrk(args->pod_name, "\n\r\033"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	autofree char *text = fuzz_text(data, size);
	struct cni_args gleaned = { 0 };
	struct cni_args args = { 0 };
	struct error err = { 0 };
	const int rc = cni_args_parse(text, &args, &err);

	fuzz_require_outcome(rc, &err);
	cni_args_glean(text, &gleaned);
	require_sound(&gleaned);
	if (rc < 0)
		return 0;
	require_sound(&args);
	/* DEL, which gleans, must find what ADD, which parses, was told. */
	fuzz_require(ip_equal(&args.ip, &gleaned.ip) && args.has_mac == gleaned.has_mac);
	fuzz_require(strcmp(args.pod_name, gleaned.pod_name) == 0);
	return 0;
}
