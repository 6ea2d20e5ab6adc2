/* `changeling status`. */
#include "proxy/status.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/arguments.h"
#include "proxy/commands.h"
#include "proxy/control.h"
#include "state/directory.h"

/* What the running process says, NULL when none answers. */
static json_t *ask(const char *directory)
{
	struct error error = {.kind = ERROR_NONE};
	json_t *answer = NULL, *status = NULL;

	if (control_ask(directory, "status", NULL, 0, &answer, &error) == 0) {
		status = json_object_get(answer, "status");
		json_incref(status);
	}
	json_decref(answer);
	return status;
}

static json_t *look_up(const char *directory, struct error *error)
{
	struct state_status stored;
	struct state *state;
	json_t *status = NULL;
	bool found;

	if (state_open_readonly(&state, directory, error) < 0)
		return NULL;
	if (state_read_status(state, &stored, &found, error) == 0) {
		if (found)
			/* a process that is there and does not answer is running nevertheless */
			status = status_json(&stored, state_lock_holder(directory) != 0, state_now_us());
		else
			error_set(error, ERROR_USAGE, "there is no status in %s: nothing has run there yet.",
				directory);
		state_status_release(&stored);
	}
	state_close(state);
	return status;
}

static void print_replica(const char *directory, const json_t *status)
{
	struct error unknown = {.kind = ERROR_NONE};
	struct config config;
	int loaded;

	config_init(&config);
	loaded = config_load(&config, directory, &unknown);
	status_print_replica(stdout, status, loaded == 0 ? &config : NULL);
	config_release(&config);
}

int status_command(int argc, char **argv)
{
	const char *state = NULL, *directory;
	bool as_json = false, replica = false, running;
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"json", NULL, "one JSON object; numbers carry their unit in the name", NULL, &as_json},
		{"replica", NULL, "the fields of SHOW REPLICA STATUS", NULL, &replica},
	};
	struct error error = {.kind = ERROR_NONE};
	json_t *status;

	if (command_wants_help(argc, argv)) {
		command_print("status");
		arguments_print(arguments, 3);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, 3, NULL, &error) < 0)
		return command_fail("status", &error);
	directory = state_directory(state);
	status = ask(directory);
	if (!status)
		status = look_up(directory, &error);
	if (!status) {
		command_fail("status", &error);
		return EXIT_CONNECT;
	}
	running = json_is_true(json_object_get(status, "running"));
	if (as_json) {
		json_dumpf(status, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
		putchar('\n');
	} else if (replica) {
		print_replica(directory, status);
	} else {
		status_print(stdout, status);
	}
	json_decref(status);
	return running ? EXIT_OK : EXIT_CONNECT;
}
