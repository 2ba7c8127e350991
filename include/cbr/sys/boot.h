/* SPDX-License-Identifier: Apache-2.0 */
/* boot.h - which boot is this, and since when? */
#pragma once

#include <stdint.h>
#include <time.h>

/* Room for the ID and its NUL. */
#define BOOT_ID_SIZE 40

/*
 * boot_id() - this boot's ID, another one after each start of the kernel
 *
 * Source: /proc/sys/kernel/random/boot_id, proc(5).
 * Return: @buf, "" if it cannot be read.
 */
const char *boot_id(char buf[static BOOT_ID_SIZE]);

/* boot_clock_ns() - CLOCK_BOOTTIME: nanoseconds since the start, sleep counted */
int64_t boot_clock_ns(void);

/*
 * boot_init_start_ns() - when did PID 1 of our pid namespace begin, by boot_clock_ns()?
 *
 * Source: starttime of /proc/1/stat, proc_pid_stat(5), cut to a tick of the clock.
 * Return: -1 if that is not for us to know.
 */
int64_t boot_init_start_ns(void);

/*
 * boot_wall_time() - a time of CLOCK_REALTIME that no file of this boot is older than
 *
 * The clock may have been set since the start, either way. Going back from now is right
 * if it was set back, or before that file; the files that the kernel made when it
 * started have the time that it believed in then. The earliest of them is safe.
 */
struct timespec boot_wall_time(void);
