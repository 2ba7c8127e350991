/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - a recipe: parts made one after the other, undone in reverse */
#pragma once

#include <stddef.h>

#include "attach.h"

/*
 * @name: for error message and log; NULL where the error must go up as it is: a
 *        delegate's, whose steps are logged where it is run
 * @make: 1 = made something that @undo must take back, 0 = nothing to undo; a step
 *        that fails has undone itself
 * @undo: takes back what @make of this very call made; NULL = nothing to take back
 */
struct step {
	const char *name;
	int (*make)(struct attach *a, struct error *err);
	int (*undo)(struct attach *a, struct error *err);
};

/* The most steps that a recipe has. */
#define STEPS_MAX 24

/* step_make() - make one, and log how long it took; what is returned is as @make's */
int step_make(const struct step *step, struct attach *a, struct error *err);

/*
 * steps_run() - make all, or none
 *
 * Return: 0, or the first error, with everything undone.
 */
int steps_run(const struct step *steps, size_t n, struct attach *a, struct error *err);
