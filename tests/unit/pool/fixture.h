/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - stores and range sets as tests of lib/pool need them */
#pragma once

#include <stdbool.h>

#include "cbr/pool/alloc.h"
#include "cbr/pool/range.h"
#include "cbr/pool/record.h"
#include "cbr/pool/store.h"
#include "tmp.h"

/*
 * A network "net" with no reservations.
 * @tmp: its data directory
 * @store: open and locked
 * @world: around it: boot "boot-1", and whoever is neither @alive nor @dead is unknown
 * @alive, @dead: attachments as "container/interface", with a blank around each
 * @netns: what fixture_allocate() has of the attachment's namespace, none by default
 * @news, @err: of fixture_allocate() and fixture_release()
 */
struct fixture {
	struct tmp tmp;
	struct pool_store store;
	struct pool_world world;
	const char *alive;
	const char *dead;
	struct pool_evidence netns;
	struct pool_news news;
	struct error err;
};

/* fixture_lists() - is this attachment in such a list? */
bool fixture_lists(const char *list, const struct pool_owner *owner);

/* FIXTURE_STORE() - a test whose *state is a struct fixture of its own */
#define FIXTURE_STORE(test) cmocka_unit_test_setup_teardown(test, fixture_make, fixture_remove)
int fixture_make(void **state);
int fixture_remove(void **state);

/*
 * fixture_allocate() - an address for eth0 of a container, out of one set
 * @set: as for fixture_set()
 * @wanted: text, or NULL for the next one
 * @rest_s: seconds that an address given back rests
 *
 * Return: its text, until the next call; NULL and f->err.
 */
const char *fixture_allocate(struct fixture *f, const char *container, const char *set,
			     const char *wanted, int rest_s);

/* fixture_go_on() - the same after one that told of more to look at */
const char *fixture_go_on(struct fixture *f, const char *container, const char *set,
			  const char *wanted, int rest_s);

/* fixture_release() - what pool_release() returns for eth0 of a container */
int fixture_release(struct fixture *f, const char *container);

/* fixture_put() - a file of the network with this content */
void fixture_put(const struct fixture *f, const char *name, const char *content);

/* fixture_get() - content of a file of the network, owned by the caller; NULL if absent */
char *fixture_get(const struct fixture *f, const char *name);

/* fixture_has() - has the network a file of that name? */
bool fixture_has(const struct fixture *f, const char *name);

/* fixture_addr() - text that must be an address, as one */
struct ip_addr fixture_addr(const char *text);

/*
 * fixture_set() - a range set from "subnet first last gateway, subnet …", not settled
 *
 * "-" and what is left out at the end is not given. Release @ranges with free().
 */
struct pool_set fixture_set(const char *text);

/* fixture_settled() - the same, settled, which must succeed */
struct pool_set fixture_settled(const char *text);

/*
 * fixture_be_nobody(), fixture_be_root() - without the privilege to pass permissions
 *
 * A test that runs as nobody in particular need not change. Return: false where root
 * cannot become somebody else; the test is to be skipped then, because FIXTURE_STAYS_ROOT.
 */
#define FIXTURE_STAYS_ROOT "nobody is no user of this namespace"
bool fixture_be_nobody(void);
void fixture_be_root(void);
