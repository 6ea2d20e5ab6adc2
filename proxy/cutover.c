/* `changeling cutover`: stored events get the state on the target that they have on the source. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "proxy/afterwards.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"

struct cutover {
	struct target *target; /* NULL = print only */
	unsigned done, refused;
};

/* The source has ENABLED, DISABLED or SLAVESIDE_DISABLED. */
static const char *state_word(const char *wished)
{
	if (strcmp(wished, "ENABLED") == 0)
		return "ENABLE";
	if (strcmp(wished, "DISABLED") == 0)
		return "DISABLE";
	return NULL;
}

static int each_event(void *context, const struct state_event *event, struct error *error)
{
	struct cutover *cutover = context;
	const char *word = event->wished ? state_word(event->wished) : NULL;
	struct error refusal = {.kind = ERROR_NONE};
	struct buffer sql = BUFFER_INIT;

	(void)error;
	if (!word)
		return 0;
	buffer_puts(&sql, "ALTER EVENT ");
	sql_put_name(&sql, event->database);
	buffer_putc(&sql, '.');
	sql_put_name(&sql, event->name);
	buffer_printf(&sql, " %s", word);
	printf("%s;\n", buffer_text(&sql));
	if (cutover->target && target_execute(cutover->target, buffer_text(&sql), &refusal) < 0) {
		fprintf(stderr, "changeling cutover: %s\n", refusal.text);
		cutover->refused++;
	} else {
		cutover->done++;
	}
	buffer_release(&sql);
	return 0;
}

int cutover_command(int argc, char **argv)
{
	const char *state = NULL;
	bool events = false, run = false;
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"enable-events", NULL, "stored events get the state that they have on the source", NULL,
			&events},
		{"run", NULL, "send the statements to the target, not only print them", NULL, &run},
	};
	struct afterwards afterwards = {.state = NULL};
	struct cutover cutover = {.target = NULL};
	struct error error = {.kind = ERROR_NONE};
	int result;

	if (command_wants_help(argc, argv)) {
		command_print("cutover");
		arguments_print(arguments, 3);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, 3, NULL, &error) < 0)
		return command_fail("cutover", &error);
	if (!events) {
		error_set(&error, ERROR_USAGE, "say what to do: --enable-events.");
		return command_fail("cutover", &error);
	}
	result = afterwards_open(&afterwards, state_directory(state), run, &error);
	cutover.target = afterwards.target;
	if (result == 0)
		result = state_each_event(afterwards.state, each_event, &cutover, &error);
	if (result == 0)
		printf("-- %u events%s\n", cutover.done, run ? " altered" : "; --run sends this");
	afterwards_close(&afterwards);
	if (result < 0)
		return command_fail("cutover", &error);
	return cutover.refused ? EXIT_PERSON : EXIT_OK;
}
