/* SPDX-License-Identifier: Apache-2.0 */
/* steps_ipam.c - what hl-ipam does */

#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cbr/base/cleanup.h"
#include "cbr/pool/alloc.h"
#include "cbr/pool/find.h"
#include "cbr/pool/reclaim.h"
#include "real.h"
#include "steps.h"

#define LOCK_MS 5000

/*
 * An ADD.
 * @pod: for whom
 * @n: sets
 * @wanted: numbers, -1 = any
 * @rest_s: as in the config
 * @rc, @leases, @err: what came of it
 */
struct add {
	int pod;
	size_t n;
	int wanted[MODEL_SETS];
	int rest_s;
	int rc;
	struct pool_lease leases[MODEL_SETS];
	struct error err;
};

static struct pool_owner owner_of(const struct model *model, int pod)
{
	return (struct pool_owner){ model->pods[pod].name, "eth0" };
}

static struct pool_evidence evidence_of(const struct model *model, int pod)
{
	struct pool_evidence evidence = POOL_EVIDENCE_NONE;

	evidence.boot = model->boot;
	evidence.netns = "/netns";
	evidence.netns_dev = 4;
	evidence.netns_ino = model->pods[pod].netns;
	return evidence;
}

/* By the executable. */
static void really_add(struct model *model, struct add *add)
{
	autofree char *config = real_config(model, add->n, add->wanted, add->rest_s, NULL);
	json_t *result = NULL;

	add->rc = real_call(model, "hl-ipam", "ADD", add->pod, config, &result, &add->err);
	for (size_t i = 0; i < add->n && add->rc >= 0; i++)
		add->leases[i].address = real_lease(result, i);
	json_decref(result);
}

static void run_add(struct model *model, void *arg)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	const struct pool_world world = model_world(model);
	struct pool_news news = { 0 };
	struct add *add = arg;
	struct ip_addr wanted[MODEL_SETS] = { 0 };
	const struct pool_request request = {
		.sets = model->sets,
		.n = add->n,
		.wanted = wanted,
		.owner = owner_of(model, add->pod),
		.evidence = evidence_of(model, add->pod),
		.rest_s = add->rest_s,
	};

	if (model->real) {
		really_add(model, add);
		return;
	}
	for (size_t i = 0; i < add->n; i++)
		if (add->wanted[i] >= 0)
			wanted[i] = model_addr(model, i, add->wanted[i]);
	if ((add->rc = pool_store_make(model->tmp.path, "net", &store, &add->err)) < 0 ||
	    (add->rc = pool_store_lock(&store, LOCK_MS, &add->err)) < 0)
		return;
	add->rc = pool_allocate(&store, &request, &world, add->leases, &news, &add->err);
}

static struct add choose_add(struct model *model)
{
	struct add add = { .pod = (int)model_random(model, MODEL_PODS),
			   .n = 1 + model_random(model, MODEL_SETS),
			   .wanted = { -1, -1 },
			   .rest_s = (int)model_random(model, 2) * 30 };
	struct model_pod *pod = &model->pods[add.pod];

	for (size_t i = 0; i < add.n; i++)
		if (model_random(model, 6) == 0)
			add.wanted[i] = (int)model_random(model, MODEL_RANGE);
	model_revive(model, add.pod);
	snprintf(model->what, sizeof(model->what), "ADD of %s, %zu sets, wanted %d %d", pod->name,
		 add.n, add.wanted[0], add.wanted[1]);
	return add;
}

/* Is what the pod holds its own, or from an earlier life by the same name? */
static bool is_same_life(const struct model_pod *pod)
{
	return !pod->certain || pod->served_netns == pod->netns;
}

/* Could this pod have had the address before this step? */
static bool was_available(const struct model *model, const struct add *add, size_t set, int number)
{
	const int owner = model->before.owner[set][number];

	if (owner < 0)
		return true;
	if (owner == add->pod)
		return !is_same_life(&model->pods[owner]) || add->wanted[set] == number;
	return model->pods[owner].certain && !model->pods[owner].netns;
}

/* Was there a set that could not serve? */
static bool had_to_refuse(const struct model *model, const struct add *add)
{
	for (size_t i = 0; i < add->n; i++) {
		bool any = false;

		for (int j = 0; j < MODEL_RANGE && !any; j++)
			any = (add->wanted[i] < 0 || add->wanted[i] == j) &&
			      was_available(model, add, i, j);
		if (!any)
			return true;
	}
	return false;
}

static void check_refusal(struct model *model, const struct add *add)
{
	const bool is_reasonable = add->err.code == ERROR_AGAIN || add->err.code == ERROR_CONFLICT;

	if (!model->full && (!is_reasonable || !had_to_refuse(model, add)))
		model_fail(model, "refused: [%d] %s (%s)", add->err.code, add->err.msg,
			   add->err.hint);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->after.owner[i][j] == add->pod &&
			    model->before.owner[i][j] != add->pod)
				model_fail(model, "refused, but %d of set %zu is reserved", j, i);
}

static bool is_resting(const struct model *model, size_t set, int number)
{
	const struct ip_addr addr = model_addr(model, set, number);
	char text[IP_TEXT_SIZE];
	char name[IP_TEXT_SIZE + sizeof(POOL_REST_NAME) + 8];

	snprintf(name, sizeof(name), "net/" POOL_REST_NAME "/%s", ip_format(&addr, text));
	return tmp_exists(&model->tmp, name);
}

/* Peers of the one who died may remember its address: its namesake gets another if it can. */
static void check_new_life(struct model *model, const struct add *add, size_t set, int number)
{
	const struct model_pod *pod = &model->pods[add->pod];
	bool had_choice = false;

	for (int i = 0; i < MODEL_RANGE; i++)
		had_choice |= model->after.owner[set][i] == MODEL_NOBODY &&
			      model->before.owner[set][i] == MODEL_NOBODY &&
			      !is_resting(model, set, i);
	if (had_choice && pod->certain && pod->served_netns && pod->tried_netns != pod->netns &&
	    !model->full && add->rest_s > 0 && add->wanted[set] < 0 &&
	    model->before.owner[set][number] == add->pod)
		model_fail(model, "got what it had in an earlier life");
}

static void check_lease(struct model *model, const struct add *add, size_t set)
{
	const struct model_pod *pod = &model->pods[add->pod];
	const int number = model_number(model, set, &add->leases[set].address.addr);
	bool promised = false;

	if (number < 0 || (add->wanted[set] >= 0 && number != add->wanted[set]))
		model_fail(model, "got %d of set %zu", number, set);
	if (model->after.owner[set][number] != add->pod)
		model_fail(model, "got %d of set %zu, which is not on file", number, set);
	for (int i = 0; i < MODEL_RANGE; i++)
		promised |= model->before.owner[set][i] == add->pod &&
			    model->before.promised[set][i];
	if (promised && is_same_life(pod) && add->wanted[set] < 0 &&
	    model->before.owner[set][number] != add->pod)
		model_fail(model, "got another address of set %zu than it had", set);
	check_new_life(model, add, set, number);
	if (!pod->extra && steps_count(&model->after, set, add->pod) != 1)
		model_fail(model, "holds more of set %zu than it got", set);
	model->after.promised[set][number] = true;
}

/* May it get an address beside one that it has? On a full disk nothing new is on record. */
static bool may_have_more(const struct model *model, const struct add *add)
{
	if (model->full)
		return true;
	for (size_t i = 0; i < add->n; i++)
		if (add->wanted[i] >= 0 && steps_count(&model->before, i, add->pod) > 0)
			return true;
	return false;
}

void step_add(struct model *model)
{
	struct add add = choose_add(model);
	struct model_pod *pod = &model->pods[add.pod];

	run_add(model, &add);
	pod->extra |= may_have_more(model, &add);
	steps_compare(model, add.pod);
	if (add.rc < 0)
		check_refusal(model, &add);
	for (size_t i = 0; i < add.n && add.rc >= 0; i++)
		check_lease(model, &add, i);
	if (add.rc >= 0) {
		pod->served_netns = pod->netns;
		pod->certain = true;
	}
	pod->tried_netns = pod->netns;
	steps_settle(model);
}

void step_killed_add(struct model *model)
{
	struct add add = choose_add(model);
	struct model_pod *pod = &model->pods[add.pod];
	const bool same_life = is_same_life(pod);

	strcat(model->what, ", killed");
	model_kill(model, run_add, &add);
	pod->extra |= may_have_more(model, &add);
	pod->tried_netns = pod->netns;
	steps_compare(model, add.pod);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->before.promised[i][j] && same_life &&
			    model->before.owner[i][j] == add.pod &&
			    model->after.owner[i][j] != add.pod)
				model_fail(model, "%d of set %zu is lost", j, i);
	steps_settle(model);
}

/* A DEL. @rc, @err: what came of it */
struct del {
	int pod;
	int rc;
	struct error err;
};

static void run_del(struct model *model, void *arg)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	const struct pool_world world = model_world(model);
	struct pool_news news = { 0 };
	struct del *del = arg;
	const struct pool_owner owner = owner_of(model, del->pod);
	autofree char *config = model->real ? real_config(model, MODEL_SETS, NULL, 0, NULL) : NULL;

	if (model->real) {
		del->rc = real_call(model, "hl-ipam", "DEL", del->pod, config, NULL, &del->err);
		return;
	}
	if ((del->rc = pool_store_open(model->tmp.path, "net", &store, &del->err)) < 0 ||
	    (del->rc = pool_store_lock(&store, LOCK_MS, &del->err)) < 0)
		return;
	del->rc = pool_release(&store, &owner, &world, &news, &del->err);
}

static struct del choose_del(struct model *model)
{
	struct del del = { .pod = (int)model_random(model, MODEL_PODS) };

	snprintf(model->what, sizeof(model->what), "DEL of %s", model->pods[del.pod].name);
	steps_withdraw(model, del.pod);
	return del;
}

/* Does the file name no interface? */
static bool is_bare(const struct model *model, size_t set, int number)
{
	const struct ip_addr addr = model_addr(model, set, number);
	char text[IP_TEXT_SIZE];
	char name[IP_TEXT_SIZE + 8];
	autofree char *content = NULL;

	snprintf(name, sizeof(name), "net/%s", ip_format(&addr, text));
	content = tmp_read(&model->tmp, name);
	return content && !strchr(content, '\n');
}

/* A file without interface may be of another one, where there were files with this one. */
static void check_rest(struct model *model, int pod)
{
	const int before = steps_count(&model->before, 0, pod) +
			   steps_count(&model->before, 1, pod);
	const int after = steps_count(&model->after, 0, pod) + steps_count(&model->after, 1, pod);

	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->after.owner[i][j] == pod &&
			    (after == before || !is_bare(model, i, j)))
				model_fail(model, "it holds something still");
}

void step_del(struct model *model)
{
	struct del del = choose_del(model);

	run_del(model, &del);
	steps_compare(model, del.pod);
	if (del.rc < 0)
		model_fail(model, "failed: %s", del.err.msg);
	check_rest(model, del.pod);
	if (model_random(model, 2))
		model_bury(model, del.pod);
	steps_settle(model);
}

void step_killed_del(struct model *model)
{
	struct del del = choose_del(model);

	strcat(model->what, ", killed");
	model_kill(model, run_del, &del);
	steps_compare(model, del.pod);
	steps_settle(model);
}

/* A GC. @listed: whom the runtime counts as valid; @rc, @err: what came of it */
struct gc {
	bool listed[MODEL_PODS];
	int rc;
	struct error err;
	const struct model *model;
};

static bool is_listed(const struct pool_owner *owner, void *arg)
{
	const struct gc *gc = arg;

	for (int i = 0; i < MODEL_PODS; i++)
		if (strcmp(gc->model->pods[i].name, owner->container_id) == 0)
			return gc->listed[i];
	return false;
}

static void run_gc(struct model *model, void *arg)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	const struct pool_world world = model_world(model);
	struct gc *gc = arg;
	struct pool_census census = { .is_listed = is_listed, .arg = gc };
	struct pool_reclaimed done;
	struct timespec now;
	autofree char *config = model->real ? real_config(model, MODEL_SETS, NULL, 0, gc->listed) :
					      NULL;

	if (model->real) {
		gc->rc = real_call(model, "hl-ipam", "GC", -1, config, NULL, &gc->err);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &census.start); /* files are stamped so, too: write_file() */
	clock_gettime(CLOCK_BOOTTIME, &now);
	census.start_ns = now.tv_sec * 1000000000LL + now.tv_nsec;
	if ((gc->rc = pool_store_make(model->tmp.path, "net", &store, &gc->err)) < 0 ||
	    (gc->rc = pool_store_lock(&store, LOCK_MS, &gc->err)) < 0)
		return;
	gc->rc = pool_reclaim(&store, &census, &world, &done, &gc->err);
}

/* The list is right, or stale, or empty. */
static struct gc choose_gc(struct model *model)
{
	const unsigned int kind = model_random(model, 3);
	struct gc gc = { .model = model };

	for (int i = 0; i < MODEL_PODS; i++)
		gc.listed[i] = kind == 0 ? model->pods[i].netns != 0 :
					   kind == 1 && model_random(model, 2);
	snprintf(model->what, sizeof(model->what), "GC with a list that is %s",
		 kind == 0 ? "right" :
		 kind == 1 ? "stale" :
			     "empty");
	/* Where nothing is known of its life, the list decides. */
	for (int i = 0; i < MODEL_PODS; i++)
		if (!gc.listed[i] && !model->pods[i].certain)
			steps_withdraw(model, i);
	return gc;
}

static bool should_be_gone(const struct model *model, const struct gc *gc, int owner)
{
	if (owner < 0)
		return owner == MODEL_BLANK;
	return !gc->listed[owner] && !model->pods[owner].netns;
}

void step_gc(struct model *model)
{
	struct gc gc = choose_gc(model);

	run_gc(model, &gc);
	steps_compare(model, MODEL_NO_SUBJECT);
	if (gc.rc < 0 && !model->full)
		model_fail(model, "failed: %s", gc.err.msg);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (gc.rc >= 0 && should_be_gone(model, &gc, model->after.owner[i][j]))
				model_fail(model, "%d of set %zu should be gone", j, i);
	steps_settle(model);
}

void step_killed_gc(struct model *model)
{
	struct gc gc = choose_gc(model);

	strcat(model->what, ", killed");
	model_kill(model, run_gc, &gc);
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}

void step_check(struct model *model)
{
	auto_with(pool_store_done) struct pool_store store = POOL_STORE_NONE;
	auto_with(pool_found_done) struct pool_found found = { 0 };
	const int pod = (int)model_random(model, MODEL_PODS);
	const struct pool_owner owner = owner_of(model, pod);
	size_t n_bare = 0;
	size_t n = 0;
	struct error err;

	snprintf(model->what, sizeof(model->what), "CHECK of %s", model->pods[pod].name);
	assert_ok(pool_store_open(model->tmp.path, "net", &store, &err), &err);
	assert_ok(pool_store_find(&store, &owner, &found, &err), &err);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++)
			if (model->before.owner[i][j] == pod) {
				n++;
				n_bare += is_bare(model, i, j);
			}
	/* Beside what it holds for certain, those may be of another interface. */
	if (found.n > n || found.n < (n_bare < n ? n - n_bare : n))
		model_fail(model, "it holds %zu, found are %zu", n, found.n);
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}
