/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - what may happen to a pool, and what must hold after it */
#pragma once

#include "model.h"

/* steps_random() - one random step; anything that must not be ends the test */
void steps_random(struct model *model);

/* steps_tell() - notes how often each kind of step was made in all histories */
void steps_tell(void);

/* What hl-ipam does; each says in @what what it did, and ends the test if that was wrong. */
void step_add(struct model *model);
void step_del(struct model *model);
void step_gc(struct model *model);
void step_check(struct model *model);
void step_killed_add(struct model *model);
void step_killed_del(struct model *model);
void step_killed_gc(struct model *model);

/* What others do, and what happens. */
void step_death(struct model *model);
void step_reboot(struct model *model);
void step_foreign_add(struct model *model);
void step_foreign_crash(struct model *model);
void step_foreign_del(struct model *model);
void step_foreign_turn(struct model *model);
void step_damage(struct model *model);
void step_disk(struct model *model);

/*
 * steps_compare() - read @after: what the living but @subject were told is theirs still,
 * and nobody else has got anything
 * @subject: number of a pod, MODEL_BLANK, or MODEL_NO_SUBJECT
 */
void steps_compare(struct model *model, int subject);

/* steps_settle() - @after is @before of the next step; promises that were kept hold on */
void steps_settle(struct model *model);

/* steps_withdraw() - from now on nobody relies on what this pod holds */
void steps_withdraw(struct model *model, int pod);

/* steps_count() - addresses of a set that a pod has in these files */
int steps_count(const struct model_files *files, size_t set, int pod);
