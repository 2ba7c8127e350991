/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - state of a namespace as ip(8) and nft(8) tell it */

#include "witness.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "json.h"
#include "run.h"

static json_t *ask(const struct ns *ns, const char *program, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static json_t *ask(const struct ns *ns, const char *program, const char *fmt, va_list ap)
{
	char args[512];
	char *text;
	json_t *json;

	vsnprintf(args, sizeof(args), fmt, ap);
	text = run_must(ns, "%s %s", program, args);
	json = *text && *text != '\n' ? json_parse(text) : json_array();
	free(text);
	return json;
}

json_t *witness_ip(const struct ns *ns, const char *fmt, ...)
{
	json_t *json;
	va_list ap;

	va_start(ap, fmt);
	json = ask(ns, "ip -j -d", fmt, ap);
	va_end(ap);
	return json;
}

json_t *witness_bridge(const struct ns *ns, const char *fmt, ...)
{
	json_t *json;
	va_list ap;

	va_start(ap, fmt);
	json = ask(ns, "bridge -j -d", fmt, ap);
	va_end(ap);
	return json;
}

json_t *witness_nft(const struct ns *ns, const char *fmt, ...)
{
	json_t *json, *items;
	va_list ap;

	va_start(ap, fmt);
	json = ask(ns, "nft -j", fmt, ap);
	va_end(ap);
	items = json_incref(json_object_get(json, "nftables"));
	json_decref(json);
	json_array_remove(items, 0); /* metainfo */
	return items;
}

json_t *witness_link(const struct ns *ns, const char *name)
{
	json_t *all = witness_ip(ns, "addr show");
	json_t *link = json_incref(json_find(all, "ifname", name));

	json_decref(all);
	return link;
}

bool witness_has_address(const struct ns *ns, const char *link, const char *prefix)
{
	json_t *json = witness_link(ns, link);
	json_t *addr;
	size_t i;
	bool found = false;

	json_array_foreach (json_object_get(json, "addr_info"), i, addr) {
		char text[80];

		snprintf(text, sizeof(text), "%s/%lld", json_text_at(addr, "local"),
			 (long long)json_integer_value(json_object_get(addr, "prefixlen")));
		found = found || !strcmp(text, prefix);
	}
	json_decref(json);
	return found;
}

/*
 * Interface indexes, timers, learned neighbours, handles and what the kernel does in its
 * own time when a link has carrier (state, link-local routes) differ from run to run.
 */
char *witness_state(const struct ns *ns)
{
	return run_must(ns,
			"ip -o link show | sed 's/^[0-9]*: //; s/@if[0-9]*:/:/; "
			"s/NO-CARRIER,//; s/,LOWER_UP//; s/ state [A-Z]*//' | sort;"
			"ip -o addr show scope global | sed 's/^[0-9]*: //; s/\\\\.*//' | sort;"
			"ip route show table all | sed 's/ expires [0-9]*sec//; s/ linkdown//' | "
			"grep -v -e ' fe80:' -e '^fe80:' -e 'ff00::/8' | sort;"
			"ip neigh show nud permanent | sort;"
			"nft list ruleset");
}
