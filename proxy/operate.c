/* `changeling stop`, `start`, `skip`, `retry`, `replace`: said to the running process, or left in the state
 * for the next one. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/control.h"
#include "proxy/input.h"
#include "proxy/run.h"

/* Those who look on see it before the next start does. */
static int show_wish(struct state *state, struct error *error)
{
	struct state_status status;
	char text[WISH_TEXT];
	bool found;
	int result = state_read_status(state, &status, &found, error);

	wish_waiting(state, text);
	if (result == 0 && found && text[0]) {
		status.advice = text;
		result = state_save_status(state, &status, error);
	}
	state_status_release(&status);
	return result;
}

/* Nothing runs: what the next run shall do. `former` gets the wish that this one takes back. */
static int leave_wish(
	const char *directory, const char *command, const char *sql, char former[WISH_TEXT], struct error *error)
{
	struct state_status status = {.phase = STATE_STARTING};
	struct state *state;
	char *warning = NULL;
	bool found, stopped;
	int result = -1;

	if (state_lock_holder(directory) != 0)
		return error_set(error, ERROR_STOP, "the process in %s does not answer.", directory);
	/* opening it for writing would make one */
	if (state_open_readonly(&state, directory, error) < 0) {
		error->kind = ERROR_STOP;
		return -1;
	}
	if (state_read_status(state, &status, &found, error) < 0) {
		state_close(state);
		return -1;
	}
	stopped = found && status.phase == STATE_ERROR;
	state_status_release(&status);
	state_close(state);
	if (!stopped)
		return error_set(error, ERROR_STOP, "nothing runs in %s, and it has not stopped on an error.",
			directory);
	if (state_open(&state, directory, NULL, &warning, error) < 0)
		return -1;
	free(warning);
	wish_waiting(state, former);
	result = wish_at_stop(state, wish_named(command), sql, error);
	if (result == 0)
		result = show_wish(state, error);
	state_close(state);
	return result;
}

static int tell(const char *directory, const char *command, const struct buffer *sql, struct error *error)
{
	bool replace = strcmp(command, "replace") == 0;
	char former[WISH_TEXT] = "";
	json_t *answer = NULL;
	int result = control_ask(
		directory, command, replace ? buffer_text(sql) : NULL, sql->length, &answer, error);

	if (result == 0)
		printf("%s.\n", json_string_value(json_object_get(answer, "message")));
	json_decref(answer);
	if (result == 0 || error->kind != ERROR_CONNECT)
		return result;
	if (strcmp(command, "stop") == 0 || strcmp(command, "start") == 0)
		return -1;
	error_clear(error);
	if (leave_wish(directory, command, replace ? buffer_text(sql) : NULL, former, error) < 0)
		return -1;
	if (former[0])
		printf("This takes the place of what was asked before: %s\n", former);
	printf("Nothing runs now: the next `changeling run` does it.\n");
	return 0;
}

int operate_command(int argc, char **argv)
{
	const char *state = NULL, *command = argv[0];
	const struct argument arguments[] = {STATE_ARGUMENT(state)};
	struct error error = {.kind = ERROR_NONE};
	struct buffer sql = BUFFER_INIT;
	int result;

	if (command_wants_help(argc, argv)) {
		command_print(command);
		arguments_print(arguments, 1);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, 1, NULL, &error) < 0)
		return command_fail(command, &error);
	result = strcmp(command, "replace") == 0 ? input_read_all(&sql, &error) : 0;
	if (result == 0 && strcmp(command, "replace") == 0 && sql.length == 0)
		result = error_set(&error, ERROR_USAGE, "there is no SQL on standard input.");
	if (result == 0)
		result = tell(state_directory(state), command, &sql, &error);
	buffer_release(&sql);
	if (result == 0)
		return EXIT_OK;
	command_fail(command, &error);
	return error.kind == ERROR_USAGE ? EXIT_USAGE : EXIT_PERSON;
}
