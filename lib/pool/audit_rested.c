/* SPDX-License-Identifier: Apache-2.0 */
/* audit_rested.c - addresses that were given back, and who had them */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "audit.h"
#include "cbr/base/array.h"
#include "cbr/base/clock.h"
#include "cbr/base/file.h"
#include "names.h"

#define PREFIX "was "

/* "was <container> <interface>\n" */
static void read_owner(int rest_fd, const char *name, struct pool_rested *rested)
{
	char buf[POOL_OWNER_SIZE];
	char *rest = NULL;

	if (file_read(rest_fd, name, buf, sizeof(buf)) <= 0 ||
	    strncmp(buf, PREFIX, strlen(PREFIX)) != 0)
		return;
	rested->text = strdup(buf + strlen(PREFIX));
	if (!rested->text)
		return;
	rested->container_id = strtok_r(rested->text, " \n", &rest);
	rested->ifname = strtok_r(NULL, " \n", &rest);
	if (!rested->container_id)
		rested->container_id = "";
	if (!rested->ifname)
		rested->ifname = "";
}

static void look_at(const char *name, bool is_file, void *arg)
{
	struct pool_survey *survey = arg;
	struct pool_audit *audit = survey->audit;
	struct pool_rested rested = { .container_id = "", .ifname = "" };
	struct pool_rested *items;
	char path[sizeof(POOL_REST_NAME) + NAME_MAX + 1];
	struct stat st;

	(void)is_file;
	if (file_is_temporary(name)) {
		snprintf(path, sizeof(path), POOL_REST_NAME "/%s", name);
		pool_survey_find(survey, POOL_TEMPORARY, path);
		return;
	}
	if (!pool_name_is_address(name, &rested.addr) ||
	    pool_audit_find(audit, &rested.addr) != POOL_NOBODY ||
	    fstatat(survey->store->rest_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return;
	items = array_grow(audit->rested, audit->n_rested, sizeof(*items));
	if (!items) {
		survey->no_memory = true;
		return;
	}
	audit->rested = items;
	rested.since = st.st_mtim;
	rested.age_ms = clock_age_ms(&st.st_mtim);
	read_owner(survey->store->rest_fd, name, &rested);
	items[audit->n_rested++] = rested;
}

static int compare(const void *left, const void *right)
{
	return ip_compare(&((const struct pool_rested *)left)->addr,
			  &((const struct pool_rested *)right)->addr);
}

int pool_survey_rested(struct pool_survey *survey)
{
	struct pool_audit *audit = survey->audit;
	int rc = survey->store->rest_fd < 0 ?
			 0 :
			 pool_survey_each(survey->store->rest_fd, look_at, survey);

	if (audit->n_rested)
		qsort(audit->rested, audit->n_rested, sizeof(*audit->rested), compare);
	return rc;
}
