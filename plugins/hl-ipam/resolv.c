/* SPDX-License-Identifier: Apache-2.0 */
/* resolv.c - read resolv.conf */

#include "resolv.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "cbr/base/cleanup.h"
#include "cbr/base/file.h"

#define FILE_SIZE (64 * 1024)
#define BLANKS " \t\v\f\r"

static int no_memory(struct error *err)
{
	return error_errno(err, ERROR_SYSTEM, ENOMEM, "cannot read resolvConf");
}

/* Append the first @max words of a line. */
static int add_words(struct cni_strings *strings, char *line, size_t max, struct error *err)
{
	char *rest = line;
	const char *word;

	while (max-- && (word = strtok_r(rest, BLANKS, &rest)))
		if (cni_strings_add(strings, word) < 0)
			return no_memory(err);
	return 0;
}

static int set_domain(struct cni_dns *dns, char *line, struct error *err)
{
	char *rest = line;
	const char *word = strtok_r(rest, BLANKS, &rest);
	char *copy;

	if (!word)
		return 0;
	copy = strdup(word);
	if (!copy)
		return no_memory(err);
	free(dns->domain);
	dns->domain = copy;
	return 0;
}

static int take_line(struct cni_dns *dns, char *line, struct error *err)
{
	char *rest = line;
	const char *keyword = strtok_r(rest, BLANKS, &rest);

	/* A comment begins with a word that is none of ours. */
	if (!keyword)
		return 0;
	if (strcmp(keyword, "nameserver") == 0)
		return add_words(&dns->nameservers, rest, 1, err);
	if (strcmp(keyword, "search") == 0)
		return add_words(&dns->search, rest, SIZE_MAX, err);
	if (strcmp(keyword, "options") == 0)
		return add_words(&dns->options, rest, SIZE_MAX, err);
	return strcmp(keyword, "domain") == 0 ? set_domain(dns, rest, err) : 0;
}

static int cannot_read(const char *path, int errnum, struct error *err)
{
	if (errnum == ENOENT) /* in the words that people know */
		error_set(err, ERROR_CONFIG, "open %s: no such file or directory", path);
	else if (errnum == EFBIG)
		error_set(err, ERROR_CONFIG, "open %s: more than %d bytes", path, FILE_SIZE - 1);
	else
		error_errno(err, ERROR_CONFIG, errnum, "open %s", path);
	return error_hint(err, "\"resolvConf\" must name a readable file like resolv.conf(5)");
}

/* JSON can hold nothing else. */
static bool is_utf8(const char *text, size_t len)
{
	json_auto_t *json = json_stringn(text, len);

	return json && !memchr(text, '\0', len);
}

/* Return: the text of the file, owned by the caller, or NULL with *err. */
static char *read_text(const char *path, struct error *err)
{
	autofree char *real = realpath(path, NULL);
	autofree char *text = malloc(FILE_SIZE);
	ssize_t len;

	if (!text) {
		no_memory(err);
		return NULL;
	}
	len = real ? file_read(AT_FDCWD, real, text, FILE_SIZE) : -errno;
	if (len < 0) {
		cannot_read(path, (int)-len, err);
		return NULL;
	}
	if (!is_utf8(text, (size_t)len)) {
		error_set(err, ERROR_CONFIG, "resolvConf %s is no text", path);
		return NULL;
	}
	return TAKE_PTR(text);
}

int resolv_read(const char *path, struct cni_dns *ret, struct error *err)
{
	autofree char *text = *path ? read_text(path, err) : NULL;
	char *rest = text;
	char *line;

	if (!text)
		return *path ? -err->errnum : 0;
	while ((line = strsep(&rest, "\n"))) {
		int rc = take_line(ret, line, err);

		if (rc < 0)
			return rc;
	}
	return 0;
}
