/* SPDX-License-Identifier: Apache-2.0 */
/* delegate_answer.c - what a delegate printed and how it ended, as result or error */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/str.h"
#include "cbr/cni/delegate.h"
#include "cbr/cni/json.h"
#include "cbr/cni/log.h"
#include "collect.h"
#include "resident.h"

#define LOG_MAX (64 * 1024)
#define SHOWN_SIZE 256
#define HOW_SIZE 64

/*
 * An ended delegate.
 * @out, @log: its stdout and stderr
 * @how: "exit status 1", "signal 9 (Killed)"
 */
struct answer {
	const struct cni_delegate *from;
	struct capture out;
	struct capture log;
	char how[HOW_SIZE];
};

/* The last words are the telling ones. */
static void show_tail(const struct capture *log, char shown[static SHOWN_SIZE])
{
	size_t end = log->len;
	size_t start;

	while (end > 0 && isspace((unsigned char)log->data[end - 1]))
		end--;
	start = end >= SHOWN_SIZE ? end - SHOWN_SIZE + 1 : 0;
	for (size_t i = start; i < end; i++)
		if (isspace((unsigned char)log->data[i]) || !log->data[i])
			log->data[i] = ' ';
	if (end > start)
		log->data[end] = '\0';
	str_clean(shown, SHOWN_SIZE, end > start ? log->data + start : "");
}

static int blame(const struct answer *answer, struct error *err)
{
	char shown[SHOWN_SIZE];

	show_tail(&answer->log, shown);
	if (*shown)
		return error_hint(err, "it said on stderr: %s", shown);
	return error_hint(err, "it said nothing on stderr");
}

static int read_error_object(const json_t *object, int64_t *ret_code, const char **ret_msg,
			     const char **ret_details, struct error *err)
{
	int rc;

	if (!json_is_object(object))
		return error_set(err, ERROR_DECODE, "no object");
	if ((rc = cni_json_int(object, "", "code", 0, INT_MAX, ret_code, err)) < 0 ||
	    (rc = cni_json_string(object, "", "msg", ret_msg, err)) < 0 ||
	    (rc = cni_json_string(object, "", "details", ret_details, err)) < 0)
		return rc;
	return 0;
}

/* Passes the delegate's error on as it is; what is none becomes one of ours. */
static int take_error(const struct answer *answer, struct error *err)
{
	const char *type = answer->from->type;
	const char *details = "";
	const char *msg = "";
	json_auto_t *object = NULL;
	char shown[SHOWN_SIZE];
	int64_t code = 0;
	struct error cause = { 0 };

	if (!answer->out.len) {
		error_set(err, ERROR_DELEGATE, "plugin \"%s\" failed with no error message: %s",
			  type, answer->how);
		return blame(answer, err);
	}
	if (cni_json_parse(answer->out.data, answer->out.len, &object, &cause) < 0 ||
	    read_error_object(object, &code, &msg, &details, &cause) < 0) {
		str_clean(shown, sizeof(shown), answer->out.data);
		error_set(err, ERROR_DELEGATE,
			  "plugin \"%s\" failed (%s) but its message cannot be read: %s: \"%s\"",
			  type, answer->how, cause.msg, shown);
		return blame(answer, err);
	}
	if (code == 0) {
		error_set(err, ERROR_DELEGATE, "plugin \"%s\" failed (%s) without a code: %s", type,
			  answer->how, msg);
		return *details ? error_hint(err, "%s", details) : blame(answer, err);
	}
	error_set(err, (int)code, "%s", msg);
	return *details ? error_hint(err, "%s", details) : -err->errnum;
}

static int parse_result(const struct answer *answer, struct cni_result *ret, struct error *err)
{
	json_auto_t *json = NULL;

	if (!answer->out.len)
		return error_set(err, ERROR_DELEGATE, "it printed nothing");
	if (cni_json_parse(answer->out.data, answer->out.len, &json, err) < 0)
		return error_wrap(err, "failed to unmarshal raw result");
	if (json_is_null(json)) {
		*ret = (struct cni_result){ 0 };
		return 0;
	}
	return cni_result_parse(json, answer->from->assumed, false, ret, err);
}

static int take_result(const struct answer *answer, struct cni_result *ret, struct error *err)
{
	if (parse_result(answer, ret, err) == 0)
		return 0;
	if (err->code == ERROR_DECODE)
		err->code = ERROR_DELEGATE;
	error_wrap(err, "result of plugin \"%s\"", answer->from->type);
	return blame(answer, err);
}

static int take_failure(struct answer *answer, enum child_end end, int status, struct error *err)
{
	const char *type = answer->from->type;
	const char *verb = cni_verb_name(answer->from->verb);

	if (end == CHILD_LOST)
		return error_errno(err, ERROR_SYSTEM, status, "cannot wait for plugin \"%s\"",
				   type);
	if (end == CHILD_TIMED_OUT) {
		error_set(err, ERROR_DELEGATE,
			  "plugin \"%s\" did not end %s in time and was killed", type, verb);
		err->errnum = ETIMEDOUT;
		return blame(answer, err);
	}
	if (end == CHILD_TOO_LOUD) {
		error_set(err, ERROR_DELEGATE, "plugin \"%s\" printed more than %zu bytes", type,
			  answer->out.max);
		return blame(answer, err);
	}
	if (WIFEXITED(status)) {
		snprintf(answer->how, sizeof(answer->how), "exit status %d", WEXITSTATUS(status));
	} else {
		int number = WTERMSIG(status);

		snprintf(answer->how, sizeof(answer->how), "signal %d (%s)", number,
			 strsignal(number));
	}
	return take_error(answer, err);
}

/* Lines stay lines, and whatever else would control a terminal does not. */
static char *clean_lines(const struct capture *log)
{
	char *clean = malloc(log->len + 1);
	size_t n = 0;

	for (size_t at = 0; clean && at < log->len; at++) {
		char *line = log->data + at;
		const size_t len = strcspn(line, "\n\t");
		const char end = line[len];

		line[len] = '\0';
		n += strlen(str_clean(clean + n, len + 1, line));
		at += len;
		if (at < log->len)
			clean[n++] = end ? end : '?';
	}
	if (clean)
		clean[n] = '\0';
	return clean;
}

/*
 * A library does not print; but these are the delegate's words, not ours, meant for
 * whoever reads this process's stderr, and nobody would see them otherwise. One
 * write(2), so that they stay in one piece beside other plugins' words; if it fails
 * there is nobody to tell.
 */
static void pass_on_log(const struct capture *log)
{
	autofree char *clean = log->len ? clean_lines(log) : NULL;

	if (clean && write(STDERR_FILENO, clean, strlen(clean)) < 0)
		return;
}

static void answer_done(struct answer *answer)
{
	capture_done(&answer->out);
	capture_done(&answer->log);
}

int cni_delegate_wait(struct cni_delegate *delegate, const struct deadline *deadline,
		      struct cni_result *ret, struct error *err)
{
	auto_with(cni_step_end) struct cni_step step = cni_step_begin(delegate->log, "await %s",
								      delegate->type);
	auto_with(answer_done) struct answer answer = {
		.from = delegate,
		.out = { .fd = delegate->out_fd, .max = CNI_JSON_MAX_SIZE },
		.log = { .fd = delegate->err_fd, .max = LOG_MAX },
	};
	enum child_end end;
	int status = 0;

	step.since_ns = delegate->start_ns;
	if (delegate->resident)
		return resident_end(TAKE_PTR(delegate->resident), deadline, ret, err);
	delegate->out_fd = -1;
	delegate->err_fd = -1;
	if (delegate->pid <= 0)
		return error_set(err, ERROR_DELEGATE, "no plugin was started");
	end = collect_child(delegate->pid, deadline, &answer.out, &answer.log, &status);
	delegate->pid = 0;
	if (end != CHILD_EXITED || !WIFEXITED(status) || WEXITSTATUS(status))
		return take_failure(&answer, end, status, err);
	pass_on_log(&answer.log);
	return ret ? take_result(&answer, ret, err) : 0;
}
