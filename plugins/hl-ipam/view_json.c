/* SPDX-License-Identifier: Apache-2.0 */
/* view_json.c - what an audit found, as JSON */

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/hash.h"
#include "cbr/cni/json.h"
#include "view.h"

void view_put(json_t *object, const char *key, const char *text)
{
	json_t *value = text && *text ? cni_json_text(text) : NULL;

	json_object_set_new(object, key, value ? value : json_null());
}

json_t *view_object(const struct place *place, const char *address)
{
	json_t *object = json_object();

	view_put(object, "network", place->network);
	view_put(object, "dataDir", place->data_dir);
	view_put(object, "address", address);
	return object;
}

static json_t *evidence_of_holder(const struct site *site, const struct pool_holder *holder)
{
	const struct pool_evidence *evidence = &holder->record.evidence;
	const struct pool_owner *owner = &holder->record.owner;
	json_t *object = json_object();
	char name[IF_NAMESIZE];

	view_put(object, "boot", evidence->boot);
	json_object_set_new(object, "thisBoot",
			    json_boolean(strcmp(evidence->boot, site->here.boot) == 0));
	view_put(object, "netns", evidence->netns);
	json_object_set_new(object, "netnsDevice",
			    evidence->netns_ino ? json_integer((json_int_t)evidence->netns_dev) :
						  json_null());
	json_object_set_new(object, "netnsInode",
			    evidence->netns_ino ? json_integer((json_int_t)evidence->netns_ino) :
						  json_null());
	if (*owner->ifname) {
		hash_host_link(site->place->network, owner->container_id, owner->ifname, name);
		view_put(object, "hostLink", name);
	} else {
		view_put(object, "hostLink", NULL);
	}
	return object;
}

json_t *view_entry(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);
	char text[IP_TEXT_SIZE];
	char time[VIEW_TIME_SIZE];
	json_t *object = view_object(site->place, ip_format(&entry->addr, text));

	view_put(object, "state", view_state(site, entry));
	view_put(object, "why", view_why(site, entry));
	view_put(object, "since", view_time(view_since(site, entry), time));
	view_put(object, "container", holder ? holder->record.owner.container_id : NULL);
	view_put(object, "ifname", holder ? holder->record.owner.ifname : NULL);
	view_put(object, "pod", holder ? holder->record.evidence.pod : NULL);
	json_object_set_new(object, "recorded", json_boolean(holder && holder->recorded));
	json_object_set_new(object, "evidence",
			    holder ? evidence_of_holder(site, holder) : json_null());
	return object;
}

void view_dump(const json_t *json)
{
	autofree char *text = json_dumps(json, JSON_INDENT(2));

	if (text)
		printf("%s\n", text);
}
