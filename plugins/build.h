/* SPDX-License-Identifier: Apache-2.0 */
/*
 * build.h - the mark that all executables of one build bear, and no others
 *
 * A note of the ELF file, which survives strip(1) and packaging: a hash of the sources and of
 * how they were compiled. By it one executable knows another for its own sibling.
 */
#pragma once

#include <elf.h>

struct build_note {
	Elf32_Nhdr header; /* the same in files of 64 bits */
	char name[4];
	char text[64 + 4];
};

extern const struct build_note build_note;
