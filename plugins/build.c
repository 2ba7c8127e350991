/* SPDX-License-Identifier: Apache-2.0 */
/* build.c - the mark that all executables of one build bear, and no others */

#include "build.h"

__attribute__((section(".note.cbr.build"), aligned(4), used)) const struct build_note build_note = {
	.header = { .n_namesz = sizeof(build_note.name),
		    .n_descsz = sizeof(build_note.text),
		    .n_type = 1 },
	.name = "cbr",
	.text = CBR_BUILD,
};
