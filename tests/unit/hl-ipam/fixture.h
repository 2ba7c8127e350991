/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - calls of the built hl-ipam */
#pragma once

#include <stdbool.h>

#include "run.h"
#include "tmp.h"

/* How many names of its own the plugin keeps beside those that host-local knows. */
#define FIXTURE_OURS 3

/* FIXTURE() - a test whose *state is a struct tmp of its own, the data directory */
#define FIXTURE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)
int fixture_make(void **state);
int fixture_remove(void **state);

/*
 * fixture_config() - a config of network "net"
 * @version: NULL = no cniVersion
 * @ipam: keys of "ipam" without braces; dataDir is added
 * @top: more keys of the top object, "" = none
 *
 * Return: text owned by the caller.
 */
char *fixture_config(const struct tmp *tmp, const char *version, const char *ipam, const char *top);

/* fixture_call() - a call as a runtime makes it, CNI_NETNS a path where nothing is */
struct run_call fixture_call(const char *command, const char *container, const char *config);

/* fixture_run() - make a call for that container's eth0; released with run_done() */
struct run fixture_run(const char *command, const char *container, const char *config);

/* fixture_must() - a call that must succeed; Return: stdout, owned by the caller */
char *fixture_must(const char *command, const char *container, const char *config);

/* fixture_fails() - a call that must fail with this code and message, in which it is a part */
void fixture_fails(const char *command, const char *container, const char *config, int code,
		   const char *text);

/* fixture_has() - has the network a file of that name, with this content unless NULL? */
bool fixture_has(const struct tmp *tmp, const char *name, const char *content);

/* fixture_put() - a file of the network with this content */
void fixture_put(const struct tmp *tmp, const char *name, const char *content);
