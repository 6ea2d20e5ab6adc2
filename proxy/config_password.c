/* Passwords: from a file, a command or the terminal, never anywhere else, and wiped when done with. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "proxy/config.h"
#include "proxy/config_internal.h"
#include "state/directory.h"

#define PASSWORD_MAXIMUM_BYTES 65536 /* tokens are long */
#define COMMAND_TIMEOUT_MS 15000

extern char **environ;

void config_password_release(char *password)
{
	if (!password)
		return;
	explicit_bzero(password, strlen(password));
	free(password);
}

/* The first line of what was read, as a string of its own; the room is wiped. */
static int first_line(char *bytes, size_t length, char **password)
{
	char *end = memchr(bytes, '\n', length);
	size_t size = end ? (size_t)(end - bytes) : length;
	int result = -1;

	if (size > 0 && bytes[size - 1] == '\r')
		size--;
	if (size > 0 && !memchr(bytes, 0, size)) {
		*password = memory_strndup(bytes, size);
		result = 0;
	}
	explicit_bzero(bytes, length);
	return result;
}

/* ---- from a file ---- */

static int from_file(const char *path, char **password, struct error *error)
{
	char *bytes = memory_alloc(PASSWORD_MAXIMUM_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t length = 0;
	int result = -1;

	if (fd < 0) {
		error_set(error, ERROR_USAGE, "opening the password file %s: %s", path, strerror(errno));
		goto out;
	}
	if (state_file_check(fd, path, "the password file", error) != 0)
		goto out;
	while (length < PASSWORD_MAXIMUM_BYTES) {
		ssize_t got = read(fd, bytes + length, PASSWORD_MAXIMUM_BYTES - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			error_set(error, ERROR_USAGE, "reading the password file %s: %s", path,
				strerror(errno));
			goto out;
		}
		if (got == 0)
			break;
		length += (size_t)got;
	}
	if (length == PASSWORD_MAXIMUM_BYTES && !memchr(bytes, '\n', length)) {
		error_set(error, ERROR_USAGE, "the password file %s is too long to hold a password", path);
		goto out;
	}
	result = first_line(bytes, length, password);
	if (result != 0)
		error_set(error, ERROR_USAGE, "the first line of the password file %s is empty, or binary",
			path);
out:
	if (fd >= 0)
		close(fd);
	explicit_bzero(bytes, PASSWORD_MAXIMUM_BYTES);
	free(bytes);
	return result;
}

/* ---- from a command ---- */

struct command {
	pid_t pid;
	int output; /* what it prints */
	int status; /* its exit status as text, from the shell that watches it */
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The outer shell writes the exit status to descriptor 3: whoever reaps children in this process may have
 * taken it before we could ask. The process is a group of its own, to be ended whole. */
static int start_command(const char *line, struct command *command, struct error *error)
{
	static const char script[] = "( exec 3>&-; eval \"$1\" ); echo $? >&3";
	char *const arguments[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(uintptr_t)script, (char[]){"sh"},
		(char *)(uintptr_t)line, NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int output[2] = {-1, -1}, status[2] = {-1, -1};
	sigset_t none, all;
	int failed;

	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(status, O_CLOEXEC) != 0) {
		error_set(error, ERROR_CONNECT, "making a pipe for password-command: %s", strerror(errno));
		if (output[0] >= 0) {
			close(output[0]);
			close(output[1]);
		}
		return -1;
	}
	/* dup2 of a descriptor onto itself would leave it closed on exec: move away from 1 and 3 */
	for (unsigned i = 0; i < 2; i++) {
		int *end = i ? &status[1] : &output[1];
		int moved = fcntl(*end, F_DUPFD_CLOEXEC, 10);

		if (moved >= 0) {
			close(*end);
			*end = moved;
		}
	}
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, output[1], 1);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, status[1], 3);
	failed = posix_spawn(&command->pid, "/bin/sh", &actions, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	close(output[1]);
	close(status[1]);
	command->output = output[0];
	command->status = status[0];
	if (failed) {
		close(output[0]);
		close(status[0]);
		return error_set(
			error, ERROR_CONNECT, "starting password-command by /bin/sh: %s", strerror(failed));
	}
	return 0;
}

/* Reads both pipes until the command has ended and its output is at its end, or a line is complete, or time
 * is up. 0 in time, else -1. */
static int read_command(const struct command *command, char *bytes, size_t *length, char *status, size_t size)
{
	const int64_t until = now_ms() + COMMAND_TIMEOUT_MS;
	bool output_open = true, status_open = true;
	size_t status_length = 0;

	while (output_open || status_open) {
		struct pollfd ends[2] = {{output_open ? command->output : -1, POLLIN, 0},
			{status_open ? command->status : -1, POLLIN, 0}};
		int64_t left = until - now_ms();

		/* a child that it left behind may keep the output open for ever */
		if (!status_open && memchr(bytes, '\n', *length))
			break;
		if (left <= 0 || *length == PASSWORD_MAXIMUM_BYTES)
			return -1;
		if (poll(ends, 2, (int)left) < 0)
			continue;
		if (ends[0].revents) {
			ssize_t got =
				read(command->output, bytes + *length, PASSWORD_MAXIMUM_BYTES - *length);

			if (got > 0)
				*length += (size_t)got;
			else if (got == 0 || errno != EINTR)
				output_open = false;
		}
		if (ends[1].revents) {
			ssize_t got = read(command->status, status + status_length, size - 1 - status_length);

			if (got > 0)
				status_length += (size_t)got;
			else if (got == 0 || errno != EINTR)
				status_open = false;
		}
	}
	status[status_length] = '\0';
	return 0;
}

static int from_command(const char *line, char **password, struct error *error)
{
	static const char advice[] = "Run it by hand as the user that runs changeling to see why.";
	char *bytes = memory_alloc(PASSWORD_MAXIMUM_BYTES);
	struct command command;
	size_t length = 0;
	char status[16];
	int result = -1;

	if (start_command(line, &command, error) != 0) {
		free(bytes);
		return -1;
	}
	if (read_command(&command, bytes, &length, status, sizeof(status)) != 0)
		error_set(error, ERROR_CONNECT,
			"password-command gave no password within %d seconds and was ended. %s",
			COMMAND_TIMEOUT_MS / 1000, advice);
	else if (strcmp(status, "0\n") != 0)
		error_set(error, ERROR_CONNECT, "password-command failed with exit status %d. %s",
			*status ? atoi(status) : -1, advice);
	else if (first_line(bytes, length, password) != 0)
		error_set(error, ERROR_CONNECT, "password-command printed nothing in its first line. %s",
			advice);
	else
		result = 0;
	close(command.output);
	close(command.status);
	/* what is left of it, background children included */
	kill(-command.pid, SIGKILL);
	while (waitpid(command.pid, NULL, 0) < 0 && errno == EINTR)
		continue;
	explicit_bzero(bytes, PASSWORD_MAXIMUM_BYTES);
	free(bytes);
	return result;
}

int config_password(const struct config_connection *connection, char **password, struct error *error)
{
	*password = NULL;
	if (connection->password_command)
		return from_command(connection->password_command, password, error);
	if (connection->password_file)
		return from_file(connection->password_file, password, error);
	*password = memory_strdup("");
	return 0;
}

/* ---- from the terminal ---- */

int config_password_prompt(const char *prompt, char **password, struct error *error)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct termios former, silent;
	char bytes[1024];
	size_t length = 0;
	int result = -1;

	if (fd < 0)
		return error_set(error, ERROR_USAGE,
			"a password is needed and there is no terminal to ask on. Name a file with "
			"password-file, or a "
			"program with password-command.");
	if (tcgetattr(fd, &former) != 0) {
		error_set(error, ERROR_USAGE, "asking for a password on the terminal: %s", strerror(errno));
		close(fd);
		return -1;
	}
	silent = former;
	silent.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK);
	silent.c_lflag |= ECHONL | ICANON | ISIG;
	tcsetattr(fd, TCSAFLUSH, &silent);
	dprintf(fd, "%s: ", prompt);
	while (length < sizeof(bytes)) {
		ssize_t got = read(fd, bytes + length, sizeof(bytes) - length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		length += (size_t)got;
		if (memchr(bytes, '\n', length))
			break;
	}
	tcsetattr(fd, TCSAFLUSH, &former);
	close(fd);
	if (length == sizeof(bytes))
		error_set(error, ERROR_USAGE, "the password is too long");
	else if (first_line(bytes, length, password) != 0)
		error_set(error, ERROR_USAGE, "no password was entered");
	else
		result = 0;
	explicit_bzero(bytes, sizeof(bytes));
	return result;
}

int config_password_store(struct config *config, const char *directory, const char *group,
	const char *password, struct error *error)
{
	struct buffer line = BUFFER_INIT, path = BUFFER_INIT;
	char name[64];
	int result = -1;

	if (!*password || strpbrk(password, "\r\n"))
		return error_set(
			error, ERROR_USAGE, "the %s's password is empty, or has more than one line", group);
	if (state_directory_make(directory, error) != 0)
		return -1;
	snprintf(name, sizeof(name), "%s.password", group);
	buffer_printf(&path, "%s/%s", directory, name);
	buffer_reserve(
		&line, strlen(password) + 1); /* at once: what is left behind by growing is not wiped */
	buffer_puts(&line, password);
	buffer_putc(&line, '\n');
	if (config_write_file(directory, name, line.data, line.length, error) == 0 &&
		config_set_option(config,
			strcmp(group, "source") == 0 ? "source-password-file" : "target-password-file",
			buffer_text(&path), error) == 0 &&
		config_set(config, group, "password-command", "", error) == 0)
		result = 0;
	explicit_bzero(line.data, line.capacity);
	buffer_release(&line);
	buffer_release(&path);
	return result;
}
