#include "proxy/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/memory.h"

#define SOCKET_NAME "control.sock"
#define REQUEST_MAXIMUM_BYTES ((size_t)64 << 20)
#define CONNECTIONS_MAXIMUM 16
#define PATIENCE_SECONDS 10.
/* How long callers wait when there is no descriptor, or no memory, for one more of them. */
#define SHORTAGE_SECONDS 1.
/* The loop answers at once, unless the process hangs. */
#define ANSWER_SECONDS 4

struct connection {
	struct connection *next;
	struct control *control;
	struct ev_io io;
	struct ev_timer patience;
	int fd;
	struct buffer request, answer;
	size_t sent;
};

struct control {
	struct ev_loop *loop;
	struct ev_io io;
	struct ev_timer shortage; /* runs while `io` does not */
	int fd, directory;
	control_answer *answer;
	void *context;
	struct connection *connections;
	unsigned count;
};

/* The address by way of an open directory: the path of a socket is short, those of directories are not. */
static int address_of(int directory, struct sockaddr_un *address)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	return snprintf(
		address->sun_path, sizeof(address->sun_path), "/proc/self/fd/%d/%s", directory, SOCKET_NAME);
}

json_t *control_refusal(const char *text)
{
	return json_pack("{s:b, s:s}", "ok", 0, "error", text);
}

/* ---- the server ---- */

static void drop(struct connection *connection)
{
	struct control *control = connection->control;
	struct connection **at = &control->connections;

	while (*at != connection)
		at = &(*at)->next;
	*at = connection->next;
	control->count--;
	ev_io_stop(control->loop, &connection->io);
	ev_timer_stop(control->loop, &connection->patience);
	close(connection->fd);
	buffer_release(&connection->request);
	buffer_release(&connection->answer);
	free(connection);
}

static void answer_request(struct connection *connection)
{
	struct control *control = connection->control;
	json_t *request = json_loadb(connection->request.data, connection->request.length, 0, NULL);
	const char *command = json_string_value(json_object_get(request, "command"));
	const char *text = json_string_value(json_object_get(request, "text"));
	json_t *answer = command ? control->answer(control->context, command, text)
				 : control_refusal("that is no request");
	char *line = json_dumps(answer, JSON_COMPACT);

	buffer_puts(&connection->answer, line ? line : "{\"ok\":false,\"error\":\"no answer\"}");
	buffer_putc(&connection->answer, '\n');
	free(line);
	json_decref(answer);
	json_decref(request);
}

static void write_answer(struct connection *connection)
{
	ssize_t sent = send(connection->fd, connection->answer.data + connection->sent,
		connection->answer.length - connection->sent, MSG_NOSIGNAL);

	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (sent > 0)
		connection->sent += (size_t)sent;
	if (sent <= 0 || connection->sent == connection->answer.length)
		drop(connection);
}

static bool has_hung_up(int fd)
{
	char byte;

	return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void on_connection(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct connection *connection = io->data;
	char bytes[16384];
	ssize_t got;

	(void)events;
	if (connection->answer.length) {
		write_answer(connection);
		return;
	}
	got = recv(connection->fd, bytes, sizeof(bytes), 0);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0)
		buffer_append(&connection->request, bytes, (size_t)got);
	if (got <= 0 || !buffer_ok(&connection->request)) {
		drop(connection);
		return;
	}
	if (connection->request.data[connection->request.length - 1] != '\n')
		return;
	/* it was told that nothing answers: what it asked for must not happen behind its back */
	if (has_hung_up(connection->fd)) {
		drop(connection);
		return;
	}
	answer_request(connection);
	ev_io_stop(loop, io);
	ev_io_set(io, connection->fd, EV_WRITE);
	ev_io_start(loop, io);
}

static void on_patience(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	(void)loop;
	(void)events;
	drop(timer->data);
}

static void on_shortage_over(struct ev_loop *loop, struct ev_timer *timer, int events)
{
	struct control *control = timer->data;

	(void)events;
	ev_io_start(loop, &control->io);
}

/* Who could not be let in stays in the queue, and the listener readable: watching on would be a busy loop. */
static void bear_shortage(struct control *control)
{
	ev_io_stop(control->loop, &control->io);
	ev_timer_start(control->loop, &control->shortage);
}

static bool is_shortage(int code)
{
	return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

static void on_listener(struct ev_loop *loop, struct ev_io *io, int events)
{
	struct control *control = io->data;
	struct connection *connection;
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (fd < 0) {
		if (is_shortage(errno))
			bear_shortage(control);
		return;
	}
	if (control->count >= CONNECTIONS_MAXIMUM) {
		close(fd);
		return;
	}
	connection = memory_zalloc(sizeof(*connection));
	connection->control = control;
	connection->fd = fd;
	buffer_init(&connection->request, REQUEST_MAXIMUM_BYTES);
	buffer_init(&connection->answer, 0);
	ev_io_init(&connection->io, on_connection, fd, EV_READ);
	connection->io.data = connection;
	ev_io_start(loop, &connection->io);
	ev_timer_init(&connection->patience, on_patience, PATIENCE_SECONDS, 0.);
	connection->patience.data = connection;
	ev_timer_start(loop, &connection->patience);
	connection->next = control->connections;
	control->connections = connection;
	control->count++;
}

int control_open(struct control **result, struct ev_loop *loop, const char *directory, control_answer *answer,
	void *context, struct error *error)
{
	struct control *control = memory_zalloc(sizeof(*control));
	struct sockaddr_un address;

	control->loop = loop;
	control->answer = answer;
	control->context = context;
	control->directory = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	control->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	address_of(control->directory, &address);
	/* one that is left over: we hold the directory's lock, so nobody listens on it */
	unlinkat(control->directory, SOCKET_NAME, 0);
	if (control->directory < 0 || control->fd < 0 ||
		bind(control->fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
		listen(control->fd, 16) < 0) {
		error_set(error, ERROR_USAGE, "making the control socket %s/%s: %s.", directory, SOCKET_NAME,
			strerror(errno));
		if (control->fd >= 0)
			close(control->fd);
		if (control->directory >= 0)
			close(control->directory);
		free(control);
		return -1;
	}
	ev_io_init(&control->io, on_listener, control->fd, EV_READ);
	control->io.data = control;
	ev_io_start(loop, &control->io);
	ev_timer_init(&control->shortage, on_shortage_over, SHORTAGE_SECONDS, 0.);
	control->shortage.data = control;
	*result = control;
	return 0;
}

void control_close(struct control *control)
{
	if (!control)
		return;
	while (control->connections)
		drop(control->connections);
	ev_io_stop(control->loop, &control->io);
	ev_timer_stop(control->loop, &control->shortage);
	close(control->fd);
	unlinkat(control->directory, SOCKET_NAME, 0);
	close(control->directory);
	free(control);
}

/* ---- the client ---- */

static int call(const char *directory, const char *line, struct buffer *answer, struct error *error)
{
	struct timeval patience = {ANSWER_SECONDS, 0};
	struct sockaddr_un address;
	size_t length = strlen(line), sent = 0;
	int result = -1, folder, fd;

	folder = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (folder < 0 || fd < 0)
		goto out;
	address_of(folder, &address);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		goto out;
	while (sent < length) {
		ssize_t done = send(fd, line + sent, length - sent, MSG_NOSIGNAL);

		if (done <= 0)
			goto out;
		sent += (size_t)done;
	}
	for (;;) {
		char bytes[16384];
		ssize_t got = recv(fd, bytes, sizeof(bytes), 0);

		if (got < 0)
			goto out;
		if (got == 0)
			break;
		buffer_append(answer, bytes, (size_t)got);
	}
	result = 0;
out:
	if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		error_set(error, ERROR_CONNECT,
			"the process in %s is there and has not answered for %d seconds: it hangs, or was stopped by a "
			"signal.",
			directory, ANSWER_SECONDS);
	else if (result < 0)
		error_set(error, ERROR_CONNECT, "nothing answers in %s: %s.", directory,
			errno == ENOENT || errno == ECONNREFUSED ? "no process runs there" : strerror(errno));
	if (fd >= 0)
		close(fd);
	if (folder >= 0)
		close(folder);
	return result;
}

int control_ask(const char *directory, const char *command, const char *text, size_t length, json_t **answer,
	struct error *error)
{
	json_t *request = json_pack("{s:s}", "command", command);
	struct buffer line = BUFFER_INIT, reply = BUFFER_INIT;
	char *dump;
	int result = -1;

	*answer = NULL;
	if (text && json_object_set_new(request, "text", json_stringn(text, length)) != 0) {
		error_set(error, ERROR_USAGE, "the text is not UTF-8.");
		goto out;
	}
	dump = json_dumps(request, JSON_COMPACT);
	buffer_printf(&line, "%s\n", dump);
	free(dump);
	if (call(directory, buffer_text(&line), &reply, error) < 0)
		goto out;
	*answer = json_loadb(buffer_text(&reply), reply.length, 0, NULL);
	if (!json_is_object(*answer)) {
		error_set(error, ERROR_CONNECT, "the process in %s gave no answer that could be understood.",
			directory);
		goto out;
	}
	if (!json_is_true(json_object_get(*answer, "ok"))) {
		const char *words = json_string_value(json_object_get(*answer, "error"));

		error_set(error, ERROR_STOP, "%s", words ? words : "the process refused.");
		goto out;
	}
	result = 0;
out:
	buffer_release(&line);
	buffer_release(&reply);
	json_decref(request);
	return result;
}
