/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - parts of an audit */
#pragma once

#include "cbr/pool/audit.h"

/*
 * An audit in work.
 * @shallow: address files are not looked at
 * @no_memory: something could not be kept
 * @failed: a negative errno: something could not be read just now
 */
struct pool_survey {
	const struct pool_store *store;
	struct pool_audit *audit;
	bool shallow;
	bool no_memory;
	int failed;
};

/* pool_survey_find() - one more finding; @name is copied. Return: it, or NULL */
struct pool_finding *pool_survey_find(struct pool_survey *survey, enum pool_trouble trouble,
				      const char *name);

/* pool_survey_find_address() - the same of an entry; Return: it, or NULL */
struct pool_finding *pool_survey_find_address(struct pool_survey *survey, enum pool_trouble trouble,
					      size_t entry);

/*
 * pool_survey_each() - call @fn for every name in a directory but "." and ".."
 * @fn: @is_file: known to be a regular one; else it must be asked for
 *
 * Return: 0 or a negative errno.
 */
int pool_survey_each(int dir_fd, void (*fn)(const char *name, bool is_file, void *arg), void *arg);

/*
 * pool_survey_holders() - group the entries by attachment, and compare with the records
 *
 * Entries must be in order. Return: 0 or a negative errno.
 */
int pool_survey_holders(struct pool_survey *survey, const struct pool_world *world);

/* pool_survey_rested() - who rests? Entries must be in order. Return: 0 or a negative errno */
int pool_survey_rested(struct pool_survey *survey);

/*
 * pool_audit_read_shallow() - as pool_audit_read(), but address files are not looked at
 *
 * What is found of other files is right, what is found of records is not.
 */
int pool_audit_read_shallow(const struct pool_store *store, const struct pool_world *world,
			    struct pool_audit *ret, struct error *err);
