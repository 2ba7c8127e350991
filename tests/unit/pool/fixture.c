/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.c - stores and range sets */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/pool/find.h"
#include "harness.h"

#define NOBODY 65534

bool fixture_lists(const char *list, const struct pool_owner *owner)
{
	char *word;
	bool found;

	assert_true(asprintf(&word, " %s/%s ", owner->container_id, owner->ifname) > 0);
	found = strstr(list, word);
	free(word);
	return found;
}

static enum pool_life life(const struct pool_record *record, void *arg)
{
	const struct fixture *f = arg;

	if (fixture_lists(f->alive, &record->owner))
		return POOL_ALIVE;
	return fixture_lists(f->dead, &record->owner) ? POOL_DEAD : POOL_UNKNOWN;
}

int fixture_make(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct error err;

	tmp_make(&f->tmp);
	assert_ok(pool_store_make(f->tmp.path, "net", &f->store, &err), &err);
	assert_ok(pool_store_lock(&f->store, 1000, &err), &err);
	f->world = (struct pool_world){ .boot = "boot-1", .life = life, .arg = f };
	f->alive = "";
	f->dead = "";
	f->netns = POOL_EVIDENCE_NONE;
	*state = f;
	return 0;
}

int fixture_remove(void **state)
{
	struct fixture *f = *state;

	fixture_be_root();
	pool_store_done(&f->store);
	tmp_remove(&f->tmp);
	free(f);
	return 0;
}

const char *fixture_allocate(struct fixture *f, const char *container, const char *set,
			     const char *wanted, int rest_s)
{
	f->news = (struct pool_news){ 0 };
	return fixture_go_on(f, container, set, wanted, rest_s);
}

const char *fixture_go_on(struct fixture *f, const char *container, const char *set,
			  const char *wanted, int rest_s)
{
	static char text[IP_TEXT_SIZE];
	struct pool_set settled = fixture_settled(set);
	const struct ip_addr addr = wanted ? fixture_addr(wanted) : (struct ip_addr){ 0 };
	struct pool_request request = {
		.sets = &settled,
		.n = 1,
		.wanted = &addr,
		.owner = { container, "eth0" },
		.evidence = f->netns,
		.rest_s = rest_s,
	};
	struct pool_lease lease;
	int rc;

	request.evidence.boot = f->world.boot;
	request.evidence.pod = "";
	rc = pool_allocate(&f->store, &request, &f->world, &lease, &f->news, &f->err);
	free(settled.ranges);
	return rc < 0 ? NULL : ip_format(&lease.address.addr, text);
}

int fixture_release(struct fixture *f, const char *container)
{
	const struct pool_owner owner = { container, "eth0" };

	f->news = (struct pool_news){ 0 };
	return pool_release(&f->store, &owner, &f->world, &f->news, &f->err);
}

static char *name_below(const char *name)
{
	char *path;

	assert_true(asprintf(&path, "net/%s", name) > 0);
	return path;
}

void fixture_put(const struct fixture *f, const char *name, const char *content)
{
	char *path = name_below(name);

	free(tmp_write(&f->tmp, path, content, 0600));
	free(path);
}

char *fixture_get(const struct fixture *f, const char *name)
{
	char *path = name_below(name);
	char *content = tmp_read(&f->tmp, path);

	free(path);
	return content;
}

bool fixture_has(const struct fixture *f, const char *name)
{
	char *path = name_below(name);
	bool found = tmp_exists(&f->tmp, path);

	free(path);
	return found;
}

struct ip_addr fixture_addr(const char *text)
{
	struct ip_addr addr;

	if (ip_parse(text, &addr) < 0)
		harness_fail(__FILE__, __LINE__, "\"%s\" is no address", text);
	return addr;
}

static void read_addr(char **words, struct ip_addr *ret)
{
	const char *word = strsep(words, " ");

	if (word && strcmp(word, "-") != 0)
		*ret = fixture_addr(word);
}

static struct pool_range read_range(char *words)
{
	struct pool_range range = { 0 };
	const char *subnet = strsep(&words, " ");

	if (strcmp(subnet, "-") != 0 && ip_prefix_parse(subnet, &range.subnet) < 0)
		harness_fail(__FILE__, __LINE__, "\"%s\" is no subnet", subnet);
	read_addr(&words, &range.first);
	read_addr(&words, &range.last);
	read_addr(&words, &range.gateway);
	return range;
}

struct pool_set fixture_set(const char *text)
{
	char *copy = strdup(text);
	char *rest = *copy ? copy : NULL;
	struct pool_set set = { 0 };
	char *words;

	while ((words = strsep(&rest, ","))) {
		set.ranges = array_grow(set.ranges, set.n, sizeof(*set.ranges));
		set.ranges[set.n++] = read_range(words + strspn(words, " "));
	}
	free(copy);
	return set;
}

struct pool_set fixture_settled(const char *text)
{
	struct pool_set set = fixture_set(text);
	struct error err;

	assert_ok(pool_set_settle(&set, &err), &err);
	return set;
}

bool fixture_be_nobody(void)
{
	return geteuid() != 0 || seteuid(NOBODY) == 0;
}

void fixture_be_root(void)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(0), 0);
}
