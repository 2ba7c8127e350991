/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.h - the result of an ADD, held in the newest form, read and written in any
 *
 * Everything a result owns is released by cni_result_done().
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/cni/version.h"

/* @mac, @sandbox, @socket_path, @pci_id: owned or NULL; @mtu: bytes, 0 = not said */
struct cni_interface {
	char *name;
	char *mac;
	char *sandbox;
	char *socket_path;
	char *pci_id;
	uint32_t mtu;
};

/*
 * @address: with prefix length, host bits kept
 * @gateway: family 0 = none
 * @interface: index into the interfaces, -1 = not said
 */
struct cni_ip {
	struct ip_prefix address;
	struct ip_addr gateway;
	int interface;
};

/*
 * @dst: destination, host bits kept
 * @gw: family 0 = none
 * @mtu, @advmss: bytes, 0 = not said; @priority: metric, 0 = not said
 * @table, @scope: valid if has_…; 0 is a value; a scope is at most 255
 */
struct cni_route {
	struct ip_prefix dst;
	struct ip_addr gw;
	uint32_t mtu;
	uint32_t advmss;
	uint32_t priority;
	bool has_table;
	uint32_t table;
	bool has_scope;
	uint32_t scope;
};

/* A list of texts, all owned. */
struct cni_strings {
	char **items;
	size_t n;
};

/* Name resolution; @domain: owned or NULL */
struct cni_dns {
	struct cni_strings nameservers;
	char *domain;
	struct cni_strings search;
	struct cni_strings options;
};

/* A whole result; an empty list is NULL with 0 items. */
struct cni_result {
	struct cni_interface *interfaces;
	size_t n_interfaces;
	struct cni_ip *ips;
	size_t n_ips;
	struct cni_route *routes;
	size_t n_routes;
	struct cni_dns dns;
};

/* cni_result_done() - release; accepts a zeroed result */
void cni_result_done(struct cni_result *result);

/*
 * cni_result_add_interface(), cni_result_add_ip(), cni_result_add_route() - append an item
 *
 * Return: the item, zeroed (interface -1), to be filled, valid until the next append; or
 * NULL when memory is gone.
 */
struct cni_interface *cni_result_add_interface(struct cni_result *result);
struct cni_ip *cni_result_add_ip(struct cni_result *result);
struct cni_route *cni_result_add_route(struct cni_result *result);

/* cni_strings_add() - append a copy; Return: 0 or -ENOMEM */
int cni_strings_add(struct cni_strings *strings, const char *text);

/*
 * cni_dns_parse() - the "dns" object of a config or result
 * @object: or NULL, which is empty
 *
 * Return: 0 and *ret, to be released by cni_dns_done(), or negative with ERROR_DECODE.
 */
int cni_dns_parse(const json_t *object, struct cni_dns *ret, struct error *err);

/* cni_dns_done() - release; accepts a zeroed one */
void cni_dns_done(struct cni_dns *dns);

/*
 * cni_route_parse() - one route object, as in a result or in "ipam.routes"
 * @path: names it in messages
 *
 * Return: 0 and *ret, or negative: ERROR_DECODE, or ERROR_CONFIG for a text that is no address
 * or prefix.
 */
int cni_route_parse(const json_t *object, const char *path, struct cni_route *ret,
		    struct error *err);

/*
 * cni_result_parse() - read a result
 * @json: the object
 * @assumed: version if the result carries none
 * @exact: the result's own version must have the shape of @assumed (prevResult);
 *         else any known version is read by its own (a delegate's result)
 *
 * Return: 0 and *ret, or negative with ERROR_DECODE.
 */
int cni_result_parse(const json_t *json, const struct cni_version *assumed, bool exact,
		     struct cni_result *ret, struct error *err);

/*
 * cni_result_build() - write a result in the shape of a version
 *
 * Keys that the version does not know are left out; 0.1.0 and 0.2.0 hold the first
 * address of each family, and cannot hold a result without any.
 *
 * Return: 0 and a new reference in *ret; -EINVAL with ERROR_CONFIG.
 */
int cni_result_build(const struct cni_result *result, const struct cni_version *version,
		     json_t **ret, struct error *err);
