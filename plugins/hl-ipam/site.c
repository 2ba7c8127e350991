/* SPDX-License-Identifier: Apache-2.0 */
/* site.c - the directory of one network, looked at by hand */

#include <errno.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "pool.h"
#include "tool.h"

int site_open(const struct place *place, struct site *ret, struct error *err)
{
	*ret = SITE_NONE;
	ret->place = place;
	ret->world = surroundings_look(place->network, place->lasting, &ret->here);
	return pool_store_open(place->data_dir, place->network, &ret->store, err);
}

int site_make(const struct place *place, struct site *ret, struct error *err)
{
	int rc;

	*ret = SITE_NONE;
	ret->place = place;
	ret->world = surroundings_look(place->network, place->lasting || !place->source,
				       &ret->here);
	if ((rc = pool_store_make(place->data_dir, place->network, &ret->store, err)) < 0 ||
	    (rc = pool_store_lock(&ret->store, IPAM_LOCK_TIMEOUT_MS, err)) < 0)
		return rc;
	ret->store.lasting = ret->here.lasting;
	ret->store.slice_ms = IPAM_SLICE_MS;
	return 0;
}

/* Files are 0600: whoever may read none of them sees nothing that is worth telling. */
static int check_permission(const struct site *site, struct error *err)
{
	for (size_t i = 0; i < site->audit.n_entries; i++) {
		const int errnum = site->audit.entries[i].errnum;
		char text[IP_TEXT_SIZE];

		if ((errnum == EACCES || errnum == EPERM) && geteuid() != 0)
			return error_errno(err, ERROR_SYSTEM, errnum, "cannot read %s/%s",
					   site->store.path,
					   ip_format(&site->audit.entries[i].addr, text));
	}
	return 0;
}

static int look(struct site *site, struct error *err)
{
	int rc;

	pool_audit_done(&site->audit);
	rc = pool_audit_read(&site->store, &site->world, &site->audit, err);
	return rc < 0 ? rc : check_permission(site, err);
}

int site_look(struct site *site, struct error *err)
{
	int rc = look(site, err);

	surroundings_list_links(&site->here);
	return rc < 0 ? rc : pool_audit_judge(&site->audit, &site->world, err);
}

void site_unlock(struct site *site)
{
	pool_store_unlock(&site->store);
}

int site_look_locked(struct site *site, int timeout_ms, bool insist,
		     const struct tool_options *options, struct error *err)
{
	int rc = pool_audit_lock(&site->store, timeout_ms, err);

	if (rc < 0 && (insist || err->code != ERROR_AGAIN))
		return rc;
	if (rc < 0)
		tool_note(options, "%s: what follows may be in motion (%s)", err->msg, err->hint);
	rc = look(site, err);
	site_unlock(site);
	surroundings_list_links(&site->here);
	return rc < 0 ? rc : pool_audit_judge(&site->audit, &site->world, err);
}

void site_done(struct site *site)
{
	pool_audit_done(&site->audit);
	surroundings_done(&site->here);
	pool_store_done(&site->store);
}
