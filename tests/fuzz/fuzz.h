/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what the fuzz targets share
 *
 * A target is a file fuzz_<name>.c with one function that libFuzzer calls with inputs of
 * its own making. The sanitizers see what is wrong anyway; a target adds what must hold
 * for any input.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "cbr/base/error.h"
#include "cbr/base/ip.h"
#include "cbr/cni/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* fuzz_require() - a finding, unless this holds */
#define fuzz_require(what) ((what) ? (void)0 : fuzz_find(#what, __FILE__, __LINE__))
_Noreturn void fuzz_find(const char *what, const char *file, int line);

/* fuzz_text() - a copy with a NUL behind it, owned by the caller */
char *fuzz_text(const uint8_t *data, size_t size);

/* fuzz_require_outcome() - if @rc is an error, is it told as one that an error object can carry? */
void fuzz_require_outcome(int rc, const struct error *err);

/* fuzz_require_prefix() - is it one whose length its family has? */
void fuzz_require_prefix(const struct ip_prefix *prefix);

/* fuzz_call() - cni_call_read() of an ADD with this on stdin; Return: as that */
int fuzz_call(const uint8_t *data, size_t size, struct cni_call *ret, struct error *err);

/* fuzz_directory() - one below $TMPDIR, made once; Return: its path */
const char *fuzz_directory(void);

/* fuzz_free_fd() - the lowest descriptor that is free: another one afterwards is a leak */
int fuzz_free_fd(void);
