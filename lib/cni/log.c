/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - one JSON line for each call, with the duration of each of its steps
 *
 * Each line is one write(2) to a file opened for appending, so lines of plugins that run
 * side by side stay whole. Lines are ASCII without control characters, whatever a
 * runtime, a delegate or the author of a pod put into what is logged.
 */

#include "cbr/cni/log.h"
#include "cbr/base/array.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/clock.h"
#include "cbr/base/str.h"
#include "cbr/cni/config.h"
#include "cbr/cni/json.h"
#include "cbr/cni/trace.h"
#include "reserve.h"

#define SHOWN_SIZE 256
#define TIME_SIZE 64
#define NS_PER_US 1000
#define FILE_MODE 0640
#define DEL 0x7f
#define DEL_ESCAPED "\\u007f"

static const char *const level_names[] = {
	[CNI_LOG_ERROR] = "error",
	[CNI_LOG_WARNING] = "warning",
	[CNI_LOG_INFO] = "info",
	[CNI_LOG_DEBUG] = "debug",
};

/* --- what the config asks for --- */

static int load_text(const json_t *config, const char *section, const char *key, const char **ret,
		     struct error *err)
{
	const json_t *part = section ? cni_json_get(config, section) : NULL;
	int rc = json_is_object(part) ? cni_json_string(part, section, key, ret, err) : 0;

	return rc ? rc : cni_json_string(config, "", key, ret, err);
}

static int load_level(const json_t *config, const char *section, enum cni_log_level *ret,
		      struct error *err)
{
	const char *text = "";
	char shown[SHOWN_SIZE];
	int rc = load_text(config, section, "logLevel", &text, err);

	*ret = CNI_LOG_INFO;
	if (rc < 0 || !*text)
		return rc;
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (strcmp(text, level_names[i]) == 0) {
			*ret = (enum cni_log_level)i;
			return 0;
		}
	error_set(err, ERROR_CONFIG, "unknown logLevel \"%s\"",
		  str_clean(shown, sizeof(shown), text));
	return error_hint(err, "it is one of error, warning, info, debug");
}

static int load_file(const json_t *config, const char *section, const char **ret, struct error *err)
{
	char shown[SHOWN_SIZE];
	int rc = load_text(config, section, "logFile", ret, err);

	if (rc < 0 || !**ret || **ret == '/')
		return rc;
	error_set(err, ERROR_CONFIG, "logFile \"%s\" is no absolute path",
		  str_clean(shown, sizeof(shown), *ret));
	return error_hint(err, "the directory that plugins are run in is the runtime's choice");
}

/* What is no regular file could block, or lead elsewhere. */
static int open_file(const char *path, struct error *err)
{
	const int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK |
			  O_NOCTTY;
	autoclose int fd = open(path, flags, FILE_MODE);
	char shown[SHOWN_SIZE];
	struct stat st;

	str_clean(shown, sizeof(shown), path);
	if (fd < 0 || fstat(fd, &st) < 0)
		return error_errno(err, ERROR_IO, errno, "cannot open logFile %s", shown);
	if (!S_ISREG(st.st_mode))
		return error_set(err, ERROR_IO, "logFile %s is no regular file", shown);
	return TAKE_FD(fd);
}

/* --- lines --- */

/* Sets nothing for "". */
static void put_text(json_t *object, const char *key, const char *text)
{
	char cut[SHOWN_SIZE * 4];

	snprintf(cut, sizeof(cut), "%s", text);
	if (*cut)
		json_object_set_new(object, key, cni_json_text(cut));
}

static void put_trace(json_t *object)
{
	const char *parent = getenv("TRACEPARENT");
	struct trace trace;

	if (!parent || !trace_parse(parent, &trace))
		return;
	put_text(object, "trace_id", trace.trace_id);
	put_text(object, "span_id", trace.span_id);
}

static void put_pod(json_t *object, const char *text)
{
	struct cni_args args;

	cni_args_glean(text, &args);
	put_text(object, "namespace", args.pod_namespace);
	put_text(object, "pod", args.pod_name);
}

static json_t *make_head(const struct cni_call *call, const char *plugin)
{
	json_t *head = json_object();

	put_text(head, "plugin", plugin);
	put_text(head, "version", CBR_VERSION);
	json_object_set_new(head, "pid", json_integer(getpid()));
	put_text(head, "command", call->command);
	put_text(head, "network", call->network);
	put_text(head, "container", call->container_id);
	put_text(head, "ifname", call->ifname);
	put_pod(head, call->args);
	put_trace(head);
	return head;
}

/* RFC 3339, UTC */
static const char *format_now(char buf[static TIME_SIZE])
{
	struct timespec now;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	len = strftime(buf, TIME_SIZE, "%FT%T", &tm);
	snprintf(buf + len, TIME_SIZE - len, ".%06ldZ", now.tv_nsec / NS_PER_US);
	return buf;
}

/* jansson leaves one control character as it is. Return: a line, owned; NULL without memory */
static char *make_line(const json_t *json, size_t *ret_len)
{
	autofree char *text = cni_reserve_dumps(json, JSON_COMPACT | JSON_ENSURE_ASCII);
	size_t n_del = 0;
	char *line;
	char *end;

	for (const char *c = text; c && *c; c++)
		n_del += *c == DEL;
	line = text ? malloc(strlen(text) + n_del * strlen(DEL_ESCAPED) + 2) : NULL;
	if (!line)
		return NULL;
	end = line;
	for (const char *c = text; *c; c++)
		if (*c == DEL)
			end = stpcpy(end, DEL_ESCAPED);
		else
			*end++ = *c;
	*end++ = '\n';
	*ret_len = (size_t)(end - line);
	return line;
}

/* @body: reference taken over */
static void write_line(struct cni_log *log, enum cni_log_level level, const char *event,
		       json_t *body)
{
	json_auto_t *more = body;
	json_auto_t *json = json_object();
	autofree char *line = NULL;
	char now[TIME_SIZE];
	size_t len = 0;
	ssize_t n;

	put_text(json, "time", format_now(now));
	put_text(json, "level", level_names[level]);
	json_object_update(json, log->head);
	put_text(json, "event", event);
	json_object_update(json, more);
	line = make_line(json, &len);
	n = line ? write(log->fd, line, len) : -1;
	if (n != (ssize_t)len && !log->lost)
		log->lost = n < 0 ? errno : ENOSPC;
}

static void put_error(json_t *object, const struct error *err)
{
	json_object_set_new(object, "code", json_integer(err->code ? err->code : ERROR_SYSTEM));
	put_text(object, "msg", err->msg);
	put_text(object, "details", err->hint);
}

static void put_duration(json_t *object, const char *key, int64_t start_ns, int64_t end_ns)
{
	json_object_set_new(object, key, json_integer((end_ns - start_ns) / NS_PER_US));
}

/* --- the log --- */

int cni_log_open(const struct cni_call *call, const char *plugin, const char *section,
		 int64_t start_ns, struct cni_log *ret, struct error *err)
{
	enum cni_log_level level;
	const char *path = "";
	int rc;

	if ((rc = load_level(call->config, section, &level, err)) < 0 ||
	    (rc = load_file(call->config, section, &path, err)) < 0)
		return rc;
	if (!*path)
		return 0;
	rc = open_file(path, err);
	if (rc < 0)
		return rc;
	*ret = (struct cni_log){
		.fd = rc,
		.level = level,
		.start_ns = start_ns,
		.head = make_head(call, plugin),
		.steps = json_array(),
	};
	if (level >= CNI_LOG_DEBUG)
		write_line(ret, CNI_LOG_DEBUG, "begin", NULL);
	return 1;
}

void cni_log_call(struct cni_log *log, const struct error *err)
{
	const enum cni_log_level level = err ? CNI_LOG_ERROR : CNI_LOG_INFO;
	json_t *body;

	if (log->fd < 0 || level > log->level)
		return;
	body = json_object();
	put_duration(body, "us", log->start_ns, clock_now_ns());
	put_text(body, "outcome", err ? "error" : "ok");
	if (err)
		put_error(body, err);
	json_object_set(body, "steps", log->steps);
	write_line(log, level, "call", body);
}

void cni_log_warn(struct cni_log *log, const struct error *err)
{
	json_t *body;

	if (!log || log->level < CNI_LOG_WARNING)
		return;
	body = json_object();
	put_error(body, err);
	write_line(log, CNI_LOG_WARNING, "warning", body);
}

void cni_log_note(struct cni_log *log, const char *fmt, ...)
{
	char text[SHOWN_SIZE];
	json_t *body;
	va_list args;

	if (!log || log->level < CNI_LOG_INFO)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	body = json_object();
	put_text(body, "msg", text);
	write_line(log, CNI_LOG_INFO, "note", body);
}

void cni_log_done(struct cni_log *log)
{
	cleanup_close(&log->fd);
	json_decref(log->head);
	json_decref(log->steps);
	*log = CNI_LOG_NONE;
}

struct cni_step cni_step_begin(struct cni_log *log, const char *fmt, ...)
{
	struct cni_step step = { .log = log };
	va_list args;

	if (!log)
		return step;
	va_start(args, fmt);
	vsnprintf(step.name, sizeof(step.name), fmt, args);
	va_end(args);
	step.start_ns = clock_now_ns();
	return step;
}

void cni_step_end(const struct cni_step *step)
{
	json_t *json;
	int64_t now;

	if (!step->log)
		return;
	now = clock_now_ns();
	json = json_object();
	put_text(json, "step", step->name);
	put_duration(json, "us", step->start_ns, now);
	if (step->since_ns)
		put_duration(json, "run_us", step->since_ns, now);
	json_array_append(step->log->steps, json);
	if (step->log->level >= CNI_LOG_DEBUG)
		write_line(step->log, CNI_LOG_DEBUG, "step", json);
	else
		json_decref(json);
}
