/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bridge_settings.c - settings of a link that is the pods' gateway
 *
 * It hears no router advertisements, which any pod could send; but one that was there may be
 * the node's way out, and then goes on. Pods answer from wherever a Service sent them, so
 * reverse path filtering is loose, or off. The link-local address of one that we make, which
 * asks for neighbours, needs no detection of duplicates, since its MAC is our own.
 *
 * How they are is told with the link, so where all is well nothing is read or written.
 */

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <sys/socket.h>

#include "bridge.h"
#include "cbr/base/array.h"
#include "cbr/cni/log.h"
#include "cbr/netlink/route.h"
#include "cbr/sys/sysctl.h"

#define STRICT 1
#define LOOSE 2

/* Of accept_ra: they are heard by a host that forwards, too. */
#define ALWAYS 2

struct setting {
	int family;
	const char *key;
	size_t offset;
	int wanted;
	enum { ANY, OURS, NO_UPLINK } of;
};

static const struct setting settings[] = {
	{ AF_INET6, "accept_ra", offsetof(struct link_conf, accept_ra), 0, NO_UPLINK },
	{ AF_INET6, "autoconf", offsetof(struct link_conf, autoconf), 0, NO_UPLINK },
	{ AF_INET6, "accept_dad", offsetof(struct link_conf, accept_dad), 0, OURS },
	{ AF_INET, "rp_filter", offsetof(struct link_conf, rp_filter), LOOSE, ANY },
};

static int *value_of(struct link_conf *conf, const struct setting *setting)
{
	return (int *)((char *)conf + setting->offset);
}

static int value_in(const struct link *link, const struct setting *setting)
{
	return *(const int *)((const char *)&link->conf + setting->offset);
}

/*
 * Does somebody want it to hear advertisements whatever comes, or does the node go by what it
 * has heard? Where it hears none, nobody asks.
 */
static int is_uplink(struct attach *a, const struct link *link, struct error *err)
{
	autofree struct route *routes = NULL;
	size_t n = 0;
	int rc;

	if ((link->conf.accept_ra <= 0 && link->conf.autoconf <= 0) || bridge_is_of_ours(a, link))
		return 0;
	if (link->conf.accept_ra == ALWAYS)
		return 1;
	rc = route_list(&a->node, AF_INET6, link->index, RTPROT_RA, &routes, &n, err);
	return rc < 0 ? rc : n > 0;
}

/*
 * May it stay as it is? Filtering that is off in one that is not just made is as somebody wants
 * it, as that of VLANs does.
 */
static bool fits(const struct link *link, const struct setting *setting, bool is_new,
		 bool is_uplink)
{
	const int value = value_in(link, setting);

	if (value == setting->wanted || value == LINK_CONF_NONE)
		return true;
	if (setting->of == OURS)
		return !is_new;
	if (setting->wanted == LOOSE)
		return value != STRICT && !is_new;
	return is_uplink;
}

static int set(const struct link *link, const struct setting *setting, int value, struct error *err)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", value);
	return sysctl_put_link(setting->family, link->name, setting->key, text, err);
}

bool bridge_shows_netfilter(const struct attach *a)
{
	return a->conf.is_gateway || bridge_is_of_ours(a, &a->bridge);
}

int bridge_settle_link(struct attach *a, struct link *link, bool is_new, struct error *err)
{
	const int uplink = is_new ? 0 : is_uplink(a, link, err);

	for (size_t i = 0; i < ARRAY_SIZE(settings) && uplink >= 0; i++) {
		const struct setting *setting = &settings[i];
		struct error lost = { 0 };

		if (fits(link, setting, is_new, uplink))
			continue;
		if (set(link, setting, setting->wanted, &lost) < 0) {
			cni_log_warn(a->call->log, &lost);
			continue;
		}
		if (!is_new)
			cni_log_note(a->call->log, "%s of %s was %d and is %d now", setting->key,
				     link->name, value_in(link, setting), setting->wanted);
		*value_of(&link->conf, setting) = setting->wanted;
	}
	return uplink < 0 ? uplink : 0;
}

void bridge_restore_link(const struct attach *a, const struct link *now, const struct link *before)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
		const struct setting *setting = &settings[i];
		struct error err = { 0 };

		if (value_in(now, setting) != value_in(before, setting) &&
		    set(before, setting, value_in(before, setting), &err) < 0)
			cni_log_warn(a->call->log, &err);
	}
}

/* Where ADD could not make a setting, for nobody can, it has said so; that is no damage. */
int bridge_verify_link(struct attach *a, const struct link *link, struct error *err)
{
	const int uplink = is_uplink(a, link, err);

	for (size_t i = 0; i < ARRAY_SIZE(settings) && uplink >= 0; i++) {
		const struct setting *setting = &settings[i];

		if (fits(link, setting, false, uplink) ||
		    !sysctl_is_writable_link(setting->family, link->name, setting->key))
			continue;
		return error_set(err, ERROR_CHECK, "net/ipv%d/conf/%s/%s is %d",
				 setting->family == AF_INET ? 4 : 6, link->name, setting->key,
				 value_in(link, setting));
	}
	return uplink < 0 ? uplink : 0;
}
