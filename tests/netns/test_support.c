/* SPDX-License-Identifier: Apache-2.0 */
/* test_support.c - the tests' own tools: namespaces, programs, witnesses */

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "json.h"
#include "ns.h"
#include "run.h"
#include "tmp.h"
#include "witness.h"

static struct tmp tmp;

static int setup(void **state)
{
	(void)state;
	tmp_make(&tmp);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	tmp_remove(&tmp);
	return 0;
}

static void namespace_is_apart_and_goes(void **state)
{
	struct ns pod;
	json_t *link;

	(void)state;
	ns_make(&tmp, "ns/pod", &pod);
	free(run_must(&pod, "ip link add dummy7 type bridge"));

	link = witness_link(NULL, "dummy7");
	assert_null(link);
	link = witness_link(&pod, "dummy7");
	assert_json_text(link, "linkinfo.info_kind", "bridge");
	json_decref(link);

	ns_destroy(&pod);
	assert_false(tmp_exists(&tmp, "ns/pod"));
}

/* The change comes when it has looked, and found nothing. */
static void waits_for_a_change(void **state)
{
	struct ns pod;

	(void)state;
	ns_make(&tmp, "pod", &pod);
	free(run_must(&pod,
		      "ip link add veth0 type veth peer name veth1;"
		      "ip link set veth1 up; ip addr add 10.9.8.7/24 dev veth0;"
		      "mkfifo %s/looked; exec 9<>%s/looked;"
		      "(read x <&9; ip link set veth0 up) >&- 2>&- &",
		      tmp.path, tmp.path));

	ns_wait(&pod, 5000,
		"ip link show veth0 | grep -q 'state UP' || { echo 1<>%s/looked; false; }",
		tmp.path);

	assert_true(witness_has_address(&pod, "veth0", "10.9.8.7/24"));
	ns_destroy(&pod);
}

static void socket_stays_in_its_namespace(void **state)
{
	struct ns pod;
	int fd;

	(void)state;
	ns_make(&tmp, "pod", &pod);
	free(run_must(&pod, "ip link add br7 type bridge"));

	fd = ns_socket(&pod, AF_INET, SOCK_STREAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "br7", 3), 0);
	close(fd);
	fd = ns_socket(NULL, AF_INET, SOCK_STREAM, 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, "br7", 3), -1);
	close(fd);
	ns_destroy(&pod);
}

static void program_gets_input_environment_and_keeps_output(void **state)
{
	char *script = tmp_write(&tmp, "bin/fake",
				 "#!/bin/sh\n"
				 "cat\n"
				 "echo $CNI_COMMAND $EXTRA >&2\n"
				 "exit 3\n",
				 0755);
	size_t size = 500000; /* more than a pipe holds */
	char *big = malloc(size + 1);
	struct run run;

	(void)state;
	memset(big, 'x', size);
	big[size] = '\0';
	run = run_plugin(&(struct run_call){
		.plugin = script,
		.command = "ADD",
		.config = big,
		.extra = (const char *[]){ "EXTRA=more", NULL },
	});

	assert_int_equal(run.status, 3);
	assert_string_equal(run.out, big);
	assert_string_equal(run.err, "ADD more\n");
	run_done(&run);
	free(big);
	free(script);
}

static void input_that_nobody_reads_is_no_failure(void **state)
{
	struct run run = run_program(&(struct run_what){
		.argv = (const char *[]){ "true", NULL },
		.input = "unread",
	});

	(void)state;
	assert_int_equal(run.status, 0);
	run_done(&run);
}

static void state_tells_changes(void **state)
{
	char *before = witness_state(NULL);
	char *after;

	(void)state;
	free(run_must(NULL, "nft add table inet passing"));
	after = witness_state(NULL);
	assert_string_not_equal(before, after);
	free(after);

	free(run_must(NULL, "nft delete table inet passing"));
	after = witness_state(NULL);
	assert_string_equal(before, after);
	free(after);
	free(before);
}

static void hosts_directories_are_hidden(void **state)
{
	(void)state;
	free(run_must(NULL,
		      "test -z \"$(ls -A /run | grep -vx mount)\" && ! test -e /var/lib/cni"));
}

static void finds_paths_in_json(void **state)
{
	json_t *json = json_parse("{\"a\": [{\"b\": \"c\", \"n\": 2}, {\"b\": \"d\"}]}");

	(void)state;
	assert_json_text(json, "a.1.b", "d");
	assert_json_int(json, "a.0.n", 2);
	assert_json_absent(json, "a.2");
	assert_json_size(json, "a", 2);
	assert_json_equal(json, "a.0", "{\"n\": 2, \"b\": \"c\"}");
	assert_ptr_equal(json_find(json_at(json, "a"), "b", "d"), json_at(json, "a.1"));
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespace_is_apart_and_goes),
		cmocka_unit_test(waits_for_a_change),
		cmocka_unit_test(socket_stays_in_its_namespace),
		cmocka_unit_test(program_gets_input_environment_and_keeps_output),
		cmocka_unit_test(input_that_nobody_reads_is_no_failure),
		cmocka_unit_test(state_tells_changes),
		cmocka_unit_test(hosts_directories_are_hidden),
		cmocka_unit_test(finds_paths_in_json),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
