/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the keys that every plugin's config may have */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "cbr/base/mac.h"
#include "cbr/cni/call.h"
#include "cbr/cni/result.h"

/*
 * CNI_ARGS as far as we know its keys; "" or family 0 = not given. K8S_* never needs
 * IgnoreUnknown, nor do IP and MAC, so that two plugins can share one CNI_ARGS.
 * @ip: family 0 = none; @mac: valid if @has_mac
 * @pod_namespace, @pod_name: K8S_POD_NAMESPACE, K8S_POD_NAME
 */
struct cni_args {
	struct ip_addr ip;
	bool has_mac;
	struct mac mac;
	char pod_namespace[256];
	char pod_name[256];
};

/*
 * cni_args_parse() - "K=V;K=V"
 *
 * Source: CNI CONVENTIONS "CNI_ARGS". Return: 0 and *ret, or -EINVAL with ERROR_ENV
 * for a malformed pair, a bad value, or an unknown key without IgnoreUnknown.
 */
int cni_args_parse(const char *text, struct cni_args *ret, struct error *err);

/* cni_args_glean() - the same without complaint: pairs that are in error count as absent */
void cni_args_glean(const char *text, struct cni_args *ret);

/*
 * cni_config_mac() - the MAC that was asked for: runtimeConfig.mac, then args.cni.mac,
 * then CNI_ARGS MAC
 *
 * Return: 1 and *ret, 0 none asked for, -EINVAL for no usable unicast address.
 */
int cni_config_mac(const struct cni_call *call, const struct cni_args *args, struct mac *ret,
		   struct error *err);

/*
 * cni_config_prev_result() - prevResult of the config
 *
 * Return: 1 and *ret, 0 there is none (or null), -EINVAL with ERROR_DECODE.
 */
int cni_config_prev_result(const struct cni_call *call, struct cni_result *ret, struct error *err);

/*
 * cni_config_check_types() - protocol keys must have their types, whoever uses them
 *
 * "capabilities" an object of bool, "dns", "ipam.type" a string, "prevResult" an
 * object, "cni.dev/valid-attachments" an array.
 */
int cni_config_check_types(const struct cni_call *call, struct error *err);

/* One attachment of a GC list; borrowed from the config. */
struct cni_attachment {
	const char *container_id;
	const char *ifname;
};

/*
 * cni_config_valid_attachments() - the list of a GC call
 *
 * "cni.dev/valid-attachments", else its twin "cni.dev/attachments".
 * @ret, @ret_n: array owned by the caller; null and [] are an empty list
 *
 * Return: 1 and the list, 0 the key is absent (then GC changes nothing), or -EINVAL.
 */
int cni_config_valid_attachments(const struct cni_call *call, struct cni_attachment **ret,
				 size_t *ret_n, struct error *err);
