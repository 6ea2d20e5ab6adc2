/* `changeling cutover`: stored events get the state on the target that they have on the source. One that is to run only once is
 * disabled there when it has run (with ON COMPLETION PRESERVE), which is not in the log: it would run a second time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "proxy/afterwards.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"

struct cutover {
	struct target *target;
	struct arena arena;
	bool run; /* not only print */
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

/* When it was to run, if that was once and is over; NULL otherwise. */
static int find_due(struct cutover *cutover, const struct state_event *event, const char **due, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "SELECT CONCAT(EXECUTE_AT, ' ', TIME_ZONE) FROM information_schema.EVENTS WHERE EVENT_TYPE = 'ONE TIME' AND "
			  "COALESCE(EXECUTE_AT <= CONVERT_TZ(UTC_TIMESTAMP(), '+00:00', TIME_ZONE), TRUE) AND EVENT_SCHEMA = ");
	sql_put_string(&sql, event->database, strlen(event->database));
	buffer_puts(&sql, " AND EVENT_NAME = ");
	sql_put_string(&sql, event->name, strlen(event->name));
	result = target_query(cutover->target, sql.data, sql.length, &cutover->arena, &rows, error);
	*due = result == 0 && rows.rows ? target_text(&rows, 0, 0) : NULL;
	buffer_release(&sql);
	return result;
}

static int each_event(void *context, const struct state_event *event, struct error *error)
{
	struct cutover *cutover = context;
	const char *word = event->wished ? state_word(event->wished) : NULL, *due = NULL;
	struct error refusal = {.kind = ERROR_NONE};
	struct buffer sql = BUFFER_INIT;

	if (!word)
		return 0;
	if (strcmp(word, "ENABLE") == 0 && find_due(cutover, event, &due, error) < 0)
		return -1;
	if (due) {
		printf("-- was due once, at %s: it has run on the source, unless no scheduler was at work there (LAST_EXECUTED tells)\n",
			due);
		word = "DISABLE";
	}
	buffer_puts(&sql, "ALTER EVENT ");
	sql_put_name(&sql, event->database);
	buffer_putc(&sql, '.');
	sql_put_name(&sql, event->name);
	buffer_printf(&sql, " %s", word);
	printf("%s;\n", buffer_text(&sql));
	if (cutover->run && target_execute(cutover->target, buffer_text(&sql), &refusal) < 0) {
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
	struct cutover cutover = {.arena = ARENA_INIT};
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
	result = afterwards_open(&afterwards, state_directory(state), true, &error);
	cutover.target = afterwards.target;
	cutover.run = run;
	if (result == 0)
		result = state_each_event(afterwards.state, each_event, &cutover, &error);
	if (result == 0)
		printf("-- %u events%s\n", cutover.done, run ? " altered" : "; --run sends this");
	afterwards_close(&afterwards);
	arena_release(&cutover.arena);
	if (result < 0)
		return command_fail("cutover", &error);
	return cutover.refused ? EXIT_PERSON : EXIT_OK;
}
