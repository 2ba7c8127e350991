/* SPDX-License-Identifier: Apache-2.0 */
/* steps.c - the random walk, and what holds after every step of it */

#include "harness.h"

#include "cbr/base/array.h"
#include "steps.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	void (*fn)(struct model *model);
	unsigned int weight;
} kinds[] = {
	{ "ADD", step_add, 300 },
	{ "ADD killed", step_killed_add, 100 },
	{ "DEL", step_del, 150 },
	{ "DEL killed", step_killed_del, 60 },
	{ "GC", step_gc, 25 },
	{ "GC killed", step_killed_gc, 25 },
	{ "CHECK", step_check, 50 },
	{ "death of a pod", step_death, 120 },
	{ "reboot", step_reboot, 6 },
	{ "ADD of host-local", step_foreign_add, 40 },
	{ "crash of host-local", step_foreign_crash, 15 },
	{ "DEL of host-local", step_foreign_del, 30 },
	{ "DEL, ADD of host-local", step_foreign_turn, 40 },
	{ "damage to our files", step_damage, 20 },
	{ "disk full or not", step_disk, 15 },
};

#define N_KINDS (ARRAY_SIZE(kinds))

static unsigned int counts[N_KINDS];

void steps_random(struct model *model)
{
	unsigned int sum = 0;
	unsigned int choice;
	size_t i = 0;

	for (size_t j = 0; j < N_KINDS; j++)
		sum += kinds[j].weight;
	choice = model_random(model, sum);
	while (choice >= kinds[i].weight)
		choice -= kinds[i++].weight;
	model->n++;
	counts[i]++;
	kinds[i].fn(model);
	if (getenv("CBR_TRACE"))
		print_message("# %u: %s\n", model->n, model->what);
}

void steps_tell(void)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < N_KINDS; i++)
		sum += counts[i];
	print_message("# %u steps:", sum);
	for (size_t i = 0; i < N_KINDS; i++)
		print_message(" %u %s%s", counts[i], kinds[i].name, i + 1 < N_KINDS ? "," : "\n");
	memset(counts, 0, sizeof(counts));
}

int steps_count(const struct model_files *files, size_t set, int pod)
{
	int n = 0;

	for (int i = 0; i < MODEL_RANGE; i++)
		n += files->owner[set][i] == pod;
	return n;
}

/* Was it told so, and does it live? */
static bool is_protected(const struct model *model, size_t set, int number)
{
	const int owner = model->before.owner[set][number];

	return model->before.promised[set][number] && model->pods[owner].netns;
}

void steps_compare(struct model *model, int subject)
{
	model_look(model, &model->after);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++) {
			const int before = model->before.owner[i][j];
			const int after = model->after.owner[i][j];

			if (before == after || after == subject)
				continue;
			if (after != MODEL_NOBODY)
				model_fail(model, "address %d of set %zu went to %d", j, i, after);
			if (before != subject && before >= 0 && is_protected(model, i, j))
				model_fail(model, "address %d of set %zu was lost", j, i);
		}
	/* Taken over by the subject: from the living it must not be. */
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->after.owner[i][j] == subject && model->before.owner[i][j] >= 0 &&
			    model->before.owner[i][j] != subject && is_protected(model, i, j))
				model_fail(model, "address %d of set %zu is double", j, i);
}

void steps_withdraw(struct model *model, int pod)
{
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->before.owner[i][j] == pod)
				model->before.promised[i][j] = false;
}

void steps_settle(struct model *model)
{
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			model->after.promised[i][j] |= model->before.promised[i][j] &&
						       model->before.owner[i][j] ==
							       model->after.owner[i][j];
	model->before = model->after;
	for (int i = 0; i < MODEL_PODS; i++)
		if (!steps_count(&model->before, 0, i) && !steps_count(&model->before, 1, i)) {
			model->pods[i].certain = true;
			model->pods[i].extra = false;
		}
}
