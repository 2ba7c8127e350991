/* SPDX-License-Identifier: Apache-2.0 */
/* tool.c - calls by hand: options and commands */

#include "tool.h"

#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cbr/base/array.h"
#include "cbr/base/cleanup.h"
#include "cbr/sys/caps.h"

#define DEFAULT_CONF_DIR "/etc/cni/net.d"

/* Which options a command knows. */
enum {
	KNOWS_REPAIR = 1,
	KNOWS_DRY_RUN = 2,
	KNOWS_FORCE = 4,
};

static const struct {
	const char *name;
	const char *subject;
	int knows;
	int (*run)(const struct tool_options *options, const struct places *places);
	const char *about;
} commands[] = {
	{ "list", NULL, 0, tool_list, "who has which address, since when, is it alive" },
	{ "show", "IP", 0, tool_show, "all that is known of one address" },
	{ "release", "ID|IP", KNOWS_DRY_RUN | KNOWS_FORCE, tool_release,
	  "give back what an attachment holds" },
	{ "fsck", NULL, KNOWS_DRY_RUN | KNOWS_REPAIR, tool_fsck, "what is wrong; put it right" },
};

#define N_COMMANDS (ARRAY_SIZE(commands))

bool tool_is_wanted(int argc, char **argv)
{
	const char *command = getenv("CNI_COMMAND");

	return (!command || !*command) && argc > 1 && strcmp(argv[1], "--version") != 0 &&
	       strcmp(argv[1], "--help") != 0;
}

void tool_help(void)
{
	printf("\nBy hand, without CNI_COMMAND:\n");
	for (size_t i = 0; i < N_COMMANDS; i++) {
		char call[32];

		snprintf(call, sizeof(call), "%s%s%s", commands[i].name,
			 commands[i].subject ? " " : "",
			 commands[i].subject ? commands[i].subject : "");
		printf("  hl-ipam %-14s %s\n", call, commands[i].about);
	}
	printf("\n"
	       "  --data-dir DIR   where reservations are; default: the dataDir of all networks\n"
	       "                   that are configured, else " IPAM_DEFAULT_DATA_DIR "\n"
	       "  --conf-dir DIR   where networks are configured; default: " DEFAULT_CONF_DIR "\n"
	       "  --network NAME   that one only\n"
	       "  --json           for programs\n"
	       "  -q, --quiet      nothing but problems\n"
	       "  --repair         fsck: put right what can be\n"
	       "  --force          release: even if it shows life\n"
	       "  -n, --dry-run    change nothing\n\n"
	       "Exit status: 0 all is well, 1 fsck put problems right (show, release: nothing\n"
	       "known), 4 problems are left (release: refused), 8 failed, 16 wrong usage.\n");
}

int tool_complain(const struct error *err)
{
	fprintf(stderr, "hl-ipam: %s\n", err->msg);
	if (*err->hint)
		fprintf(stderr, "hl-ipam: %s\n", err->hint);
	if ((err->errnum == EACCES || err->errnum == EPERM) && geteuid() != 0)
		fprintf(stderr, "hl-ipam: only root may look at reservations: run it as root\n");
	return TOOL_FAILED;
}

void tool_note(const struct tool_options *options, const char *fmt, ...)
{
	va_list args;

	if (options->quiet)
		return;
	fprintf(stderr, "hl-ipam: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fprintf(stderr, "\n");
}

static int usage(void)
{
	fprintf(stderr, "Try: hl-ipam --help\n");
	return TOOL_USAGE;
}

/* A path without slashes at its end, as those of configs have it. */
static char *cut_slashes(char *path)
{
	for (size_t len = strlen(path); len > 1 && path[len - 1] == '/'; len--)
		path[len - 1] = '\0';
	return path;
}

/* Return: is it one that this command knows? */
static bool take_option(int option, int knows, struct tool_options *ret)
{
	switch (option) {
	case 'd':
		ret->data_dir = cut_slashes(optarg);
		return true;
	case 'c':
		ret->conf_dir = cut_slashes(optarg);
		ret->conf_dir_given = true;
		return true;
	case 'N':
		ret->network = optarg;
		return true;
	case 'j':
		ret->json = true;
		return true;
	case 'q':
		ret->quiet = true;
		return true;
	case 'r':
		ret->repair = true;
		return knows & KNOWS_REPAIR;
	case 'n':
		ret->dry_run = true;
		return knows & KNOWS_DRY_RUN;
	case 'f':
		ret->force = true;
		return knows & KNOWS_FORCE;
	default:
		return false;
	}
}

/* Return: TOOL_DONE and *ret, or TOOL_USAGE; -1 if only help is wanted */
static int parse(int argc, char **argv, int knows, bool has_subject, struct tool_options *ret)
{
	static const struct option options[] = {
		{ "data-dir", required_argument, NULL, 'd' },
		{ "conf-dir", required_argument, NULL, 'c' },
		{ "network", required_argument, NULL, 'N' },
		{ "json", no_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "repair", no_argument, NULL, 'r' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "force", no_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	const char *command = argv[0];
	static char program[] = "hl-ipam";
	int option;

	argv[0] = program; /* which getopt_long(3) complains as */
	*ret = (struct tool_options){ .conf_dir = DEFAULT_CONF_DIR };
	while ((option = getopt_long(argc, argv, "qnh", options, NULL)) != -1) {
		if (option == 'h')
			return -1;
		if (take_option(option, knows, ret))
			continue;
		if (option != '?')
			fprintf(stderr, "hl-ipam: %s has no such option\n", command);
		return usage();
	}
	if (argc - optind != has_subject) {
		fprintf(stderr, "hl-ipam: %s %s\n", command,
			!has_subject   ? "takes no further word" :
			argc == optind ? "of whom or what?" :
					 "takes one at a time");
		return usage();
	}
	ret->subject = has_subject ? argv[optind] : NULL;
	return TOOL_DONE;
}

/*
 * To see the files of a store as the plugin does, which has no privilege at all. What that
 * cannot look at must not look dead, though.
 */
static void limit_privileges(void)
{
	static const int needed[] = {
		CAP_SYS_PTRACE, /* look at a namespace that is named /proc/PID/ns/net */
	};
	struct error ignored;

	caps_limit(needed, ARRAY_SIZE(needed), &ignored);
}

static int run(size_t command, int argc, char **argv)
{
	auto_with(places_done) struct places places = { 0 };
	struct tool_options options;
	struct error err = { 0 };
	int status = parse(argc, argv, commands[command].knows, commands[command].subject,
			   &options);

	if (status < 0) {
		tool_help();
		return TOOL_DONE;
	}
	if (status != TOOL_DONE)
		return status;
	if (places_find(&options, &places, &err) < 0)
		return tool_complain(&err);
	limit_privileges();
	status = commands[command].run(&options, &places);
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	error_errno(&err, ERROR_IO, errno, "cannot write to stdout");
	return status | tool_complain(&err);
}

int tool_main(int argc, char **argv)
{
	umask(022);
	for (size_t i = 0; i < N_COMMANDS; i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return run(i, argc - 1, argv + 1);
	if (*argv[1] == '-')
		fprintf(stderr, "hl-ipam: %s: the command comes first\n", argv[1]);
	else
		fprintf(stderr, "hl-ipam: %s is no command of it\n", argv[1]);
	return usage();
}
