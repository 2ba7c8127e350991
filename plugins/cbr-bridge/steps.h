/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - a recipe: parts made one after the other, undone in reverse */
#pragma once

#include <stddef.h>

#include "attach.h"

/*
 * @name: for the error message; NULL where the error must go up as it is
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
#define STEPS_MAX 16

/*
 * steps_run() - make all, or none
 *
 * Return: 0, or the first error, with everything undone.
 */
int steps_run(const struct step *steps, size_t n, struct attach *a, struct error *err);
