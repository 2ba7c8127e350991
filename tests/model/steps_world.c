/* SPDX-License-Identifier: Apache-2.0 */
/* steps_world.c - what others do to a pool, and what happens to the node */

#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "real.h"
#include "run.h"
#include "steps.h"

void step_death(struct model *model)
{
	const int pod = (int)model_random(model, MODEL_PODS);

	snprintf(model->what, sizeof(model->what), "death of %s", model->pods[pod].name);
	model_bury(model, pod);
	steps_withdraw(model, pod);
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}

void step_reboot(struct model *model)
{
	snprintf(model->what, sizeof(model->what), "reboot");
	model_boot(model);
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}

static int lock_as_host_local(const struct model *model)
{
	int fd = open(model_path(model, "lock"), O_RDONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	return fd;
}

/* Some address of the first set that has no file, or -1. */
static int find_free(struct model *model)
{
	const int start = (int)model_random(model, MODEL_RANGE);

	for (int i = 0; i < MODEL_RANGE; i++)
		if (model->before.owner[0][(start + i) % MODEL_RANGE] == MODEL_NOBODY)
			return (start + i) % MODEL_RANGE;
	return -1;
}

/*
 * Not the time of a clock tick, or GC at once would count it as later than itself. hl-ipam goes by
 * ticks there, and by the boot that was; it gets files that are a second old.
 */
static bool stamp(const struct model *model, int fd)
{
	struct timespec times[2] = { { .tv_nsec = UTIME_OMIT } };

	clock_gettime(CLOCK_REALTIME, &times[1]);
	times[1].tv_sec -= model->real;
	return futimens(fd, times) == 0;
}

/* As host-local does: made, then written. */
static bool write_file(const struct model *model, const char *name, const char *content)
{
	autoclose int fd = open(model_path(model, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				0600);

	return fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content) &&
	       stamp(model, fd);
}

static bool holds_nothing(const struct model *model, int pod)
{
	return !steps_count(&model->before, 0, pod) && !steps_count(&model->before, 1, pod);
}

/* It gave it what was free, or there was nothing. */
static void check_foreign_add(struct model *model, int pod, bool served)
{
	int number = -1;

	steps_compare(model, pod);
	for (int i = 0; i < MODEL_RANGE; i++)
		if (model->after.owner[0][i] == pod)
			number = i;
	if (served != (number >= 0))
		model_fail(model, served ? "it got nothing" : "it got %d", number);
	if (served) {
		const struct ip_addr addr = model_addr(model, 0, number);
		char text[IP_TEXT_SIZE];
		autoclose int fd = open(model_path(model, ip_format(&addr, text)),
					O_WRONLY | O_CLOEXEC);

		assert_true(fd >= 0 && stamp(model, fd));
		model->after.promised[0][number] = true;
	}
	model->pods[pod].certain &= !served;
	steps_settle(model);
}

/* The executable itself. What it does on a full disk is its own affair. */
static void really_foreign_add(struct model *model, int pod)
{
	autofree char *config = real_config(model, 1, NULL, 0, NULL);
	struct error err;
	int rc;

	if (model->full)
		return;
	model_revive(model, pod);
	snprintf(model->what, sizeof(model->what), "host-local: ADD of %s", model->pods[pod].name);
	rc = real_call(model, real_host_local(), "ADD", pod, config, NULL, &err);
	if (rc < 0 && find_free(model) >= 0)
		model_fail(model, "refused: %s", err.msg);
	check_foreign_add(model, pod, rc >= 0);
}

static void really_foreign_del(struct model *model, int pod)
{
	autofree char *config = real_config(model, 1, NULL, 0, NULL);
	struct error err;

	snprintf(model->what, sizeof(model->what), "host-local: DEL of %s", model->pods[pod].name);
	if (real_call(model, real_host_local(), "DEL", pod, config, NULL, &err) < 0)
		model_fail(model, "failed: %s", err.msg);
	steps_compare(model, pod);
	steps_settle(model);
}

/* In turn with what is written here, for that has files of older ones, too. */
static bool is_for_the_executable(struct model *model)
{
	return model->real && real_host_local() && model_random(model, 2);
}

static void imitate_foreign_add(struct model *model, int pod)
{
	autoclose int lock_fd = lock_as_host_local(model);
	const int number = find_free(model);
	const bool bare = model_random(model, 4) == 0;
	struct model_pod *owner = &model->pods[pod];
	char content[32];
	char text[IP_TEXT_SIZE];
	struct ip_addr addr;

	if (number < 0)
		return;
	snprintf(content, sizeof(content), "%s%s", owner->name, bare ? "" : "\r\neth0");
	addr = model_addr(model, 0, number);
	ip_format(&addr, text);
	snprintf(model->what, sizeof(model->what), "host-local gives %s to %s", text, owner->name);
	model_revive(model, pod);
	if (!write_file(model, text, content)) {
		/* No room: it takes back what it began. */
		assert_true(model->full);
		unlink(model_path(model, text));
		return;
	}
	write_file(model, "last_reserved_ip.0", text);
	owner->certain = false;
	steps_compare(model, pod);
	model->after.promised[0][number] = true;
	/* Now the file says that it has something, so settling does not take it for certain. */
	steps_settle(model);
}

/*
 * What hl-ipam wrote down of a pod was a while ago: here a life takes milliseconds. In place, so
 * that it is not seen.
 */
static void age_record(const struct model *model, int pod, const char *ifname)
{
	static const char key[] = "\nreserved ";
	char name[64];
	autofree char *content = NULL;
	autoclose int fd = -1;
	char *time;

	snprintf(name, sizeof(name), "net/.attachments/%s:%s", model->pods[pod].name, ifname);
	content = tmp_read(&model->tmp, name);
	time = content ? strstr(content, key) : NULL;
	if (!time)
		return;
	time += strlen(key);
	fd = open(model_path(model, name + strlen("net/")), O_WRONLY | O_CLOEXEC);
	*time = '0';
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, content, strlen(content), 0), strlen(content));
}

static void foreign_add(struct model *model, int pod)
{
	if (!holds_nothing(model, pod))
		return;
	age_record(model, pod, "eth0");
	age_record(model, pod, "");
	if (is_for_the_executable(model))
		really_foreign_add(model, pod);
	else
		imitate_foreign_add(model, pod);
}

void step_foreign_add(struct model *model)
{
	foreign_add(model, (int)model_random(model, MODEL_PODS));
}

void step_foreign_crash(struct model *model)
{
	autoclose int lock_fd = lock_as_host_local(model);
	const int number = find_free(model);
	char text[IP_TEXT_SIZE];
	struct ip_addr addr;

	if (number < 0)
		return;
	addr = model_addr(model, 0, number);
	snprintf(model->what, sizeof(model->what), "host-local dies over %s",
		 ip_format(&addr, text));
	if (!write_file(model, text, ""))
		return;
	steps_compare(model, MODEL_BLANK);
	steps_settle(model);
}

/* Reservations of ours, too: the network may be handed back to host-local. */
static void imitate_foreign_del(struct model *model, int pod)
{
	autoclose int lock_fd = lock_as_host_local(model);

	snprintf(model->what, sizeof(model->what), "DEL of %s by host-local",
		 model->pods[pod].name);
	for (size_t i = 0; i < MODEL_SETS; i++)
		for (int j = 0; j < MODEL_RANGE; j++) {
			const struct ip_addr addr = model_addr(model, i, j);
			char text[IP_TEXT_SIZE];

			if (model->before.owner[i][j] == pod)
				assert_int_equal(unlink(model_path(model, ip_format(&addr, text))),
						 0);
		}
	steps_compare(model, pod);
	steps_settle(model);
}

static void foreign_del(struct model *model, int pod)
{
	if (is_for_the_executable(model))
		really_foreign_del(model, pod);
	else
		imitate_foreign_del(model, pod);
}

void step_foreign_del(struct model *model)
{
	foreign_del(model, (int)model_random(model, MODEL_PODS));
}

/*
 * A container that comes again under its name, and in between there is nobody but host-local:
 * what is on record of it is that of its earlier life.
 */
void step_foreign_turn(struct model *model)
{
	const int pod = (int)model_random(model, MODEL_PODS);

	if (model_random(model, 3) == 0)
		model_boot(model);
	model_bury(model, pod);
	steps_withdraw(model, pod);
	foreign_del(model, pod);
	foreign_add(model, pod);
}

static void damage_record(struct model *model)
{
	struct model_pod *pod = &model->pods[model_random(model, MODEL_PODS)];
	const char *path;
	char name[48];

	snprintf(name, sizeof(name), ".attachments/%s:eth0", pod->name);
	path = model_path(model, name);
	snprintf(model->what, sizeof(model->what), "damage to the record of %s", pod->name);
	if (access(path, F_OK) < 0)
		return;
	switch (model_random(model, 3)) {
	case 0:
		assert_int_equal(unlink(path), 0);
		break;
	case 1:
		assert_int_equal(truncate(path, model_random(model, 40)), 0);
		break;
	default:
		assert_int_equal(truncate(path, 0), 0);
		assert_int_equal(truncate(path, 100), 0);
	}
	pod->certain = false;
}

static void lose_all_records(struct model *model)
{
	snprintf(model->what, sizeof(model->what), "all records are lost");
	free(run_must(NULL, "rm -rf %s", model_path(model, ".attachments")));
	for (int i = 0; i < MODEL_PODS; i++)
		model->pods[i].certain = false;
}

void step_damage(struct model *model)
{
	static const char *const commands[] = {
		"rm -f .state",
		"echo nonsense >.state",
		"truncate -s 0 .state; truncate -s 256 .state",
		"rm -f .resting/*",
		"rm -rf .resting",
		"rm -f last_reserved_ip.*",
		"echo 10.9.0.200 >last_reserved_ip.0",
		"echo x >last_reserved_ip.1",
		"touch .tmp.1.2 .attachments/.tmp.new",
		"touch .attachments/nonsense",
		"chmod 0644 .state",
	};
	const unsigned int choice = model_random(model, 2 * ARRAY_SIZE(commands));

	if (model_random(model, 20) == 0) {
		lose_all_records(model);
	} else if (choice >= ARRAY_SIZE(commands)) {
		damage_record(model);
	} else {
		snprintf(model->what, sizeof(model->what), "%s", commands[choice]);
		free(run_must(NULL, "cd %s && { %s; } 2>/dev/null || true", model_path(model, ""),
			      commands[choice]));
	}
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}

void step_disk(struct model *model)
{
	model_fill(model, !model->full);
	snprintf(model->what, sizeof(model->what), "the disk is %s",
		 model->full ? "full" : "not full any more");
	steps_compare(model, MODEL_NO_SUBJECT);
	steps_settle(model);
}
