/* The control socket: question and answer, refusals, nobody there, long paths; and the arguments of commands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/arguments.h"
#include "proxy/control.h"

struct server {
	struct ev_loop *loop;
	struct ev_async stop;
	struct control *control;
	pthread_t thread;
	char directory[400];
	char text[100];
};

static json_t *answer(void *context, const char *command, const char *text)
{
	struct server *server = context;

	if (strcmp(command, "no") == 0)
		return control_refusal("not now");
	snprintf(server->text, sizeof(server->text), "%s", text ? text : "(none)");
	return json_pack("{s:b, s:s}", "ok", 1, "message", command);
}

static void on_stop(struct ev_loop *loop, struct ev_async *async, int events)
{
	(void)async;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void *serve(void *argument)
{
	struct server *server = argument;

	ev_run(server->loop, 0);
	return NULL;
}

static void start(struct server *server)
{
	struct error error = {.kind = ERROR_NONE};
	char base[] = "/tmp/control-XXXXXX";

	/* longer than the address of a socket may be */
	assert_non_null(mkdtemp(base));
	snprintf(server->directory, sizeof(server->directory), "%s/%0150d", base, 7);
	assert_int_equal(mkdir(server->directory, 0700), 0);
	server->loop = ev_loop_new(EVFLAG_NOENV);
	assert_int_equal(
		control_open(&server->control, server->loop, server->directory, answer, server, &error), 0);
	ev_async_init(&server->stop, on_stop);
	ev_async_start(server->loop, &server->stop);
	assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void stop(struct server *server)
{
	ev_async_send(server->loop, &server->stop);
	pthread_join(server->thread, NULL);
	control_close(server->control);
	ev_loop_destroy(server->loop);
	assert_int_equal(rmdir(server->directory), 0);
	*strrchr(server->directory, '/') = '\0';
	assert_int_equal(rmdir(server->directory), 0);
}

static void question_and_answer(void **state)
{
	struct error error = {.kind = ERROR_NONE};
	struct server server;
	json_t *got;
	char path[450];
	struct stat info;

	(void)state;
	start(&server);
	snprintf(path, sizeof(path), "%s/control.sock", server.directory);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(control_ask(server.directory, "status", NULL, 0, &got, &error), 0);
	assert_string_equal(json_string_value(json_object_get(got, "message")), "status");
	assert_string_equal(server.text, "(none)");
	json_decref(got);
	assert_int_equal(control_ask(server.directory, "replace", "select 'ä'\n;", 13, &got, &error), 0);
	assert_string_equal(server.text, "select 'ä'\n;");
	json_decref(got);
	assert_int_equal(control_ask(server.directory, "no", NULL, 0, &got, &error), -1);
	assert_int_equal(error.kind, ERROR_STOP);
	assert_string_equal(error.text, "not now");
	json_decref(got);
	assert_int_equal(control_ask(server.directory, "replace", "\xff", 1, &got, &error), -1);
	assert_int_equal(error.kind, ERROR_USAGE);
	json_decref(got);
	stop(&server);
}

static void nobody_there(void **state)
{
	struct error error = {.kind = ERROR_NONE};
	json_t *got;

	(void)state;
	assert_int_equal(control_ask("/tmp/no-such-directory-at-all", "status", NULL, 0, &got, &error), -1);
	assert_int_equal(error.kind, ERROR_CONNECT);
	assert_null(got);
}

static void on_round(struct ev_loop *loop, struct ev_check *check, int events)
{
	(void)loop;
	(void)events;
	++*(unsigned *)check->data;
}

static void on_enough(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)timer;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

static void on_answer(struct ev_loop *loop, struct ev_io *io, int events)
{
	(void)io;
	(void)events;
	ev_break(loop, EVBREAK_ALL);
}

/* At most for so long. */
static void run_loop(struct ev_loop *loop, double seconds)
{
	struct ev_timer enough;

	ev_timer_init(&enough, on_enough, seconds, 0.);
	ev_now_update(loop);
	ev_timer_start(loop, &enough);
	ev_run(loop, 0);
	ev_timer_stop(loop, &enough);
}

/* A caller waits in the listener's queue and cannot be let in: that is no reason to run in circles. */
static void a_shortage_of_descriptors_is_waited_out(void **state)
{
	static const char question[] = "{\"command\":\"status\"}\n";
	struct error error = {.kind = ERROR_NONE};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct server server = {.loop = ev_loop_new(EVFLAG_NOENV)};
	char directory[] = "/tmp/control-XXXXXX", reply[100] = "";
	struct rlimit before, few;
	unsigned rounds = 0;
	struct ev_check round;
	struct ev_io answered;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(directory));
	assert_int_equal(control_open(&server.control, server.loop, directory, answer, &server, &error), 0);
	ev_check_init(&round, on_round);
	round.data = &rounds;
	ev_check_start(server.loop, &round);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/control.sock", directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, question, sizeof(question) - 1, 0), sizeof(question) - 1);
	/* the lowest that was free: there is none below it */
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = before;
	few.rlim_cur = (rlim_t)fd + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	run_loop(server.loop, 0.2);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_in_range(rounds, 1, 50);
	/* and the caller is not forgotten */
	ev_io_init(&answered, on_answer, fd, EV_READ);
	ev_io_start(server.loop, &answered);
	run_loop(server.loop, 30.);
	ev_io_stop(server.loop, &answered);
	assert_true(recv(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT) > 0);
	assert_non_null(strstr(reply, "status"));
	close(fd);
	ev_check_stop(server.loop, &round);
	control_close(server.control);
	ev_loop_destroy(server.loop);
	assert_int_equal(rmdir(directory), 0);
}

static void arguments_of_commands(void **state)
{
	struct error error = {.kind = ERROR_NONE};
	const char *text = NULL;
	bool flag = false;
	const struct argument arguments[] = {{"text", "TEXT", "", &text, NULL}, {"flag", NULL, "", NULL, &flag}};
	char command[] = "c", a[] = "--text=x=y", b[] = "--flag", c[] = "file", d[] = "--text", e[] = "z", f[] = "--",
	     g[] = "--flag", h[] = "--no", i[] = "--flag=1";
	char *good[] = {command, a, b, c, d, e, f, g}, *odd[] = {command, h}, *valued[] = {command, i},
	     *short_[] = {command, d}, *extra[] = {command, c};
	int rest;

	(void)state;
	assert_int_equal(arguments_parse(8, good, arguments, 2, &rest, &error), 0);
	assert_string_equal(text, "z");
	assert_true(flag);
	assert_int_equal(rest, 2);
	assert_string_equal(good[0], "file");
	assert_string_equal(good[1], "--flag");
	assert_int_equal(arguments_parse(2, odd, arguments, 2, &rest, &error), -1);
	assert_non_null(strstr(error.text, "--no"));
	assert_int_equal(arguments_parse(2, valued, arguments, 2, &rest, &error), -1);
	assert_int_equal(arguments_parse(2, short_, arguments, 2, &rest, &error), -1);
	assert_int_equal(arguments_parse(2, extra, arguments, 2, NULL, &error), -1);
	assert_int_equal(error.kind, ERROR_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(question_and_answer),
		cmocka_unit_test(nobody_there),
		cmocka_unit_test(a_shortage_of_descriptors_is_waited_out),
		cmocka_unit_test(arguments_of_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
