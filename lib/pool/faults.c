/* SPDX-License-Identifier: Apache-2.0 */
/* faults.c - errors that do not stop the work */

#include "faults.h"

#include <string.h>

#include "names.h"

void pool_faults_add(struct pool_faults *faults, const struct pool_store *store, const char *what,
		     const struct ip_addr *addr, int errnum)
{
	char text[IP_TEXT_SIZE];

	if (faults->n++)
		return;
	error_errno(&faults->first, ERROR_SYSTEM, errnum, "cannot %s %s/%s", what, store->path,
		    ip_format(addr, text));
}

void pool_faults_add_record(struct pool_faults *faults, const struct pool_store *store,
			    const char *what, const struct pool_owner *owner, int errnum)
{
	char name[NAME_MAX + 1];

	if (faults->n++)
		return;
	pool_record_name(owner, name);
	error_errno(&faults->first, ERROR_SYSTEM, errnum, "cannot %s %s/" POOL_RECORDS_NAME "/%s",
		    what, store->path, name);
}

int pool_faults_report(const struct pool_faults *faults, struct error *err)
{
	if (!faults->n)
		return 0;
	*err = faults->first;
	if (faults->n > 1)
		return error_wrap(err, "%zu files, the first", faults->n);
	return -err->errnum;
}
