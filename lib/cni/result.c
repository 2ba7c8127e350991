/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - what a result owns: make room, release */

#include "cbr/cni/result.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/array.h"

static void strings_done(struct cni_strings *strings)
{
	for (size_t i = 0; i < strings->n; i++)
		free(strings->items[i]);
	free(strings->items);
}

void cni_dns_done(struct cni_dns *dns)
{
	strings_done(&dns->nameservers);
	free(dns->domain);
	strings_done(&dns->search);
	strings_done(&dns->options);
	*dns = (struct cni_dns){ 0 };
}

static void interface_done(struct cni_interface *interface)
{
	free(interface->name);
	free(interface->mac);
	free(interface->sandbox);
	free(interface->socket_path);
	free(interface->pci_id);
}

void cni_result_done(struct cni_result *result)
{
	for (size_t i = 0; i < result->n_interfaces; i++)
		interface_done(&result->interfaces[i]);
	free(result->interfaces);
	free(result->ips);
	free(result->routes);
	cni_dns_done(&result->dns);
	*result = (struct cni_result){ 0 };
}

struct cni_interface *cni_result_add_interface(struct cni_result *result)
{
	struct cni_interface *items = array_grow(result->interfaces, result->n_interfaces,
						 sizeof(*items));

	if (!items)
		return NULL;
	result->interfaces = items;
	return &items[result->n_interfaces++];
}

struct cni_ip *cni_result_add_ip(struct cni_result *result)
{
	struct cni_ip *items = array_grow(result->ips, result->n_ips, sizeof(*items));

	if (!items)
		return NULL;
	result->ips = items;
	items[result->n_ips].interface = -1;
	return &items[result->n_ips++];
}

struct cni_route *cni_result_add_route(struct cni_result *result)
{
	struct cni_route *items = array_grow(result->routes, result->n_routes, sizeof(*items));

	if (!items)
		return NULL;
	result->routes = items;
	return &items[result->n_routes++];
}

int cni_strings_add(struct cni_strings *strings, const char *text)
{
	char **items = array_grow(strings->items, strings->n, sizeof(*items));

	if (!items)
		return -ENOMEM;
	strings->items = items;
	items[strings->n] = strdup(text);
	if (!items[strings->n])
		return -ENOMEM;
	strings->n++;
	return 0;
}
