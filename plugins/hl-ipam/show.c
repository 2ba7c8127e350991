/* SPDX-License-Identifier: Apache-2.0 */
/* show.c - all that is known of one address */

#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/hash.h"
#include "cbr/base/str.h"
#include "view.h"

/* One line: what, and of any bytes what it is. */
static void tell(const char *what, const char *text)
{
	char clean[1024];

	if (*text)
		printf("  %-10s %s\n", what, str_clean(clean, sizeof(clean), text));
}

static void tell_evidence(const struct site *site, const struct pool_holder *holder)
{
	const struct pool_evidence *evidence = &holder->record.evidence;
	const struct pool_owner *owner = &holder->record.owner;
	char text[1200];

	if (*evidence->netns)
		snprintf(text, sizeof(text), "%.1000s (%llu:%llu)", evidence->netns,
			 (unsigned long long)evidence->netns_dev,
			 (unsigned long long)evidence->netns_ino);
	tell("netns", *evidence->netns ? text : "");
	if (*owner->ifname) {
		hash_host_link(site->place->network, owner->container_id, owner->ifname, text);
		tell("host link", text);
	}
	if (!holder->recorded)
		tell("record", "none: somebody else reserved it");
	if (!*evidence->boot || !holder->recorded)
		return;
	snprintf(text, sizeof(text), "%s (%s)", evidence->boot,
		 strcmp(evidence->boot, site->here.boot) == 0 ? "this one" : "an earlier one");
	tell("boot", text);
}

static void tell_holder(const struct site *site, const struct pool_entry *entry)
{
	const struct pool_holder *holder = view_holder(site, entry);
	char text[IP_TEXT_SIZE];

	if (!holder)
		return;
	tell("pod", holder->record.evidence.pod);
	tell("container", holder->record.owner.container_id);
	tell("interface", holder->record.owner.ifname);
	tell_evidence(site, holder);
	for (size_t i = 0; i < holder->record.n; i++)
		if (!ip_equal(&holder->record.addrs[i], &entry->addr))
			tell("also holds", ip_format(&holder->record.addrs[i], text));
}

static void tell_entry(const struct site *site, const struct pool_entry *entry)
{
	const struct timespec *since = view_since(site, entry);
	char time[VIEW_TIME_SIZE];
	char age[VIEW_AGE_SIZE];
	char text[512];

	snprintf(text, sizeof(text), "%s: %s", view_state(site, entry), view_why(site, entry));
	tell("state", text);
	if (*view_time(since, time)) {
		snprintf(text, sizeof(text), "%s (%s ago)", time,
			 view_age(clock_age_ms(since), age));
		tell("since", text);
	}
	tell_holder(site, entry);
}

static const struct pool_rested *find_rested(const struct site *site, const struct ip_addr *addr)
{
	for (size_t i = 0; i < site->audit.n_rested; i++)
		if (ip_equal(&site->audit.rested[i].addr, addr))
			return &site->audit.rested[i];
	return NULL;
}

static int64_t rest_left_ms(const struct site *site, const struct pool_rested *rested)
{
	const int64_t left = 1000LL * site->place->reuse_delay - rested->age_ms;

	return left > 0 ? left : 0;
}

static void tell_rested(const struct site *site, const struct pool_rested *rested)
{
	const int64_t left = rest_left_ms(site, rested);
	char age[VIEW_AGE_SIZE];
	char text[1024];

	tell("state", left ? "resting" : "free");
	snprintf(text, sizeof(text), "%s ago by container %.500s %.20s",
		 view_age(rested->age_ms, age), *rested->container_id ? rested->container_id : "?",
		 rested->ifname);
	tell("given back", text);
	if (!left)
		return;
	snprintf(text, sizeof(text), "for another %s, unless nothing else is free",
		 view_age(left + 999, age));
	tell("rests", text);
}

static json_t *rested_object(const struct site *site, const struct pool_rested *rested)
{
	char text[IP_TEXT_SIZE];
	char time[VIEW_TIME_SIZE];
	json_t *object = view_object(site->place, ip_format(&rested->addr, text));

	view_put(object, "state", rest_left_ms(site, rested) ? "resting" : "free");
	view_put(object, "givenBack", view_time(&rested->since, time));
	json_object_set_new(object, "ageMs", json_integer(rested->age_ms));
	json_object_set_new(object, "restLeftMs", json_integer(rest_left_ms(site, rested)));
	view_put(object, "container", rested->container_id);
	view_put(object, "ifname", rested->ifname);
	return object;
}

static void tell_range(const struct site *site, const struct ip_addr *addr)
{
	const struct ipam_conf *conf = &site->place->conf;
	const struct pool_range *range = NULL;
	char text[2 * IP_TEXT_SIZE + 64];
	char a[IP_TEXT_SIZE], b[IP_TEXT_SIZE];
	size_t set = 0;

	for (size_t i = 0; i < conf->n_sets && !range; i++) {
		range = pool_set_find(&conf->sets[i], addr);
		set = i;
	}
	if (!conf->n_sets)
		return;
	if (range)
		snprintf(text, sizeof(text), "%s-%s, set %zu%s", ip_format(&range->first, a),
			 ip_format(&range->last, b), set,
			 ip_equal(&range->gateway, addr) ? ", of which it is the gateway" : "");
	else
		snprintf(text, sizeof(text), "none of the network's");
	tell("range", text);
}

/* Return: is anything known of it here? */
static bool show(const struct site *site, const struct ip_addr *addr, json_t *json)
{
	const size_t index = pool_audit_find(&site->audit, addr);
	const struct pool_entry *entry = index == POOL_NOBODY ? NULL : &site->audit.entries[index];
	const struct pool_rested *rested = find_rested(site, addr);
	char text[IP_TEXT_SIZE];

	if (!entry && !rested)
		return false;
	if (json) {
		json_array_append_new(json, entry ? view_entry(site, entry) :
						    rested_object(site, rested));
		return true;
	}
	printf("%s in network %s (%s)\n", ip_format(addr, text), site->place->network,
	       site->store.path);
	if (entry)
		tell_entry(site, entry);
	else
		tell_rested(site, rested);
	tell_range(site, addr);
	return true;
}

/* "address", or "address/length" as other tools print it. */
static bool parse_subject(const char *text, struct ip_addr *ret)
{
	struct ip_prefix prefix;

	if (ip_parse(text, ret) == 0)
		return true;
	if (ip_prefix_parse(text, &prefix) < 0)
		return false;
	*ret = prefix.addr;
	return true;
}

int tool_show(const struct tool_options *options, const struct places *places)
{
	json_auto_t *json = options->json ? json_array() : NULL;
	int status = TOOL_DONE;
	bool known = false;
	struct ip_addr addr;

	if (!parse_subject(options->subject, &addr)) {
		fprintf(stderr, "hl-ipam: %s is no address\n", options->subject);
		return TOOL_USAGE;
	}
	for (size_t i = 0; i < places->n; i++) {
		auto_with(site_done) struct site site = SITE_NONE;
		struct error err = { 0 };
		int rc = site_open(&places->items[i], &site, &err);

		if (rc > 0)
			rc = site_look_locked(&site, TOOL_PATIENCE_MS, false, options, &err);
		if (rc < 0)
			status = tool_complain(&err);
		else
			known |= show(&site, &addr, json);
	}
	if (json)
		view_dump(json);
	if (known || status != TOOL_DONE)
		return status;
	tool_note(options, "%s is neither reserved nor resting", options->subject);
	return TOOL_NOTHING;
}
