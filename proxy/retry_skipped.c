/* `changeling retry-skipped`: what rules had set aside is run on the target. The statement is the original; its context
 * says under which default database, sql_mode and character sets it ran, and how the rules write it for the target now. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "proxy/afterwards.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"

/* One entry, kept while the list is read: the list is not open while the target is asked. */
struct entry {
	struct entry *next;
	int64_t id;
	char *rule, *database, *statement, *context;
};

struct list {
	struct entry *first, **last;
	const char *rule;
	int64_t id;
};

static char *copy(const char *text, size_t length)
{
	return text ? memory_strndup(text, length) : NULL;
}

static int collect(void *context, const struct state_skipped *skipped, struct error *error)
{
	struct list *list = context;
	struct entry *entry;

	(void)error;
	/* what the operator stepped over was not wanted; what has no context is not a statement */
	if (strcmp(skipped->rule, "operator") == 0 || !skipped->context || !skipped->statement)
		return 0;
	if ((list->rule && strcmp(list->rule, skipped->rule) != 0) || (list->id && list->id != skipped->id))
		return 0;
	entry = memory_zalloc(sizeof(*entry));
	entry->id = skipped->id;
	entry->rule = memory_strdup(skipped->rule);
	entry->database = copy(skipped->database, skipped->database ? strlen(skipped->database) : 0);
	entry->statement = copy(skipped->statement, skipped->statement_length);
	entry->context = memory_strdup(skipped->context);
	*list->last = entry;
	list->last = &entry->next;
	return 0;
}

static void free_list(struct list *list)
{
	while (list->first) {
		struct entry *next = list->first->next;

		free(list->first->rule);
		free(list->first->database);
		free(list->first->statement);
		free(list->first->context);
		free(list->first);
		list->first = next;
	}
}

static const char *text_of(const json_t *context, const char *name)
{
	const char *text = json_string_value(json_object_get(context, name));

	return text && *text ? text : NULL;
}

static int set_variable(struct target *target, const json_t *context, const char *name, struct error *error)
{
	const json_t *value = json_object_get(context, name);
	struct buffer sql = BUFFER_INIT;
	int result;

	if (!value || json_is_null(value))
		return 0;
	buffer_printf(&sql, "SET SESSION %s = ", name);
	if (json_is_integer(value))
		buffer_printf(&sql, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else
		sql_put_string(&sql, json_string_value(value) ? json_string_value(value) : "",
			json_string_length(value));
	result = target_execute(target, buffer_text(&sql), error);
	buffer_release(&sql);
	return result;
}

static int run_entry(struct target *target, const struct entry *entry, struct error *error)
{
	static const char *const variables[] = {"sql_mode", "time_zone", "collation_connection", "collation_database",
		"foreign_key_checks"};
	json_t *context = json_loads(entry->context, 0, NULL);
	const char *database = text_of(context, "database"), *sql = text_of(context, "sql");
	const char *charset = text_of(context, "character_set_client");
	struct target_outcome outcome;
	struct buffer use = BUFFER_INIT;
	int result = 0;

	if (!database)
		database = entry->database;
	if (!sql)
		sql = entry->statement;
	if (charset) {
		buffer_puts(&use, "SET NAMES ");
		sql_put_string(&use, charset, strlen(charset));
		result = target_execute(target, buffer_text(&use), error);
		buffer_clear(&use);
	}
	if (result == 0 && database) {
		buffer_puts(&use, "USE ");
		sql_put_name(&use, database);
		result = target_execute(target, buffer_text(&use), error);
	}
	for (size_t i = 0; result == 0 && i < sizeof(variables) / sizeof(variables[0]); i++)
		result = set_variable(target, context, variables[i], error);
	if (result == 0)
		result = target_statement(target, sql, strlen(sql), &outcome, error);
	buffer_release(&use);
	json_decref(context);
	return result;
}

/* Each in a session of its own: what one sets is not the next one's. */
static int retry_all(struct afterwards *afterwards, struct list *list, bool list_only, unsigned *failed,
	struct error *error)
{
	unsigned done = 0;

	for (const struct entry *entry = list->first; entry; entry = entry->next) {
		struct error refusal = {.kind = ERROR_NONE};
		struct target *target = NULL;

		printf("%lld %s: %.200s\n", (long long)entry->id, entry->rule, entry->statement);
		if (list_only)
			continue;
		if (target_connect(&target, &afterwards->settings.target, error) < 0)
			return -1;
		if (run_entry(target, entry, &refusal) < 0) {
			printf("    refused: %s\n", refusal.text);
			++*failed;
		} else {
			printf("    done\n");
			done++;
		}
		target_close(target);
		if (refusal.kind == ERROR_NONE &&
			state_resolve_skipped(afterwards->state, entry->id, "retried", error) < 0)
			return -1;
	}
	if (!list_only)
		printf("%u done, %u refused\n", done, *failed);
	return 0;
}

int retry_skipped_command(int argc, char **argv)
{
	const char *state = NULL, *rule = NULL, *id = NULL;
	bool list_only = false;
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"rule", "NAME", "only what this rule has set aside", &rule, NULL},
		{"id", "N", "only this entry (scripts/inspect-state skipped)", &id, NULL},
		{"list", NULL, "only say what would be tried", NULL, &list_only},
	};
	struct afterwards afterwards = {.state = NULL};
	struct error error = {.kind = ERROR_NONE};
	struct list list = {.first = NULL};
	unsigned failed = 0;
	int result;

	if (command_wants_help(argc, argv)) {
		command_print("retry-skipped");
		arguments_print(arguments, 4);
		return EXIT_OK;
	}
	if (arguments_parse(argc, argv, arguments, 4, NULL, &error) < 0)
		return command_fail("retry-skipped", &error);
	list.last = &list.first;
	list.rule = rule;
	list.id = id ? strtoll(id, NULL, 10) : 0;
	result = afterwards_open(&afterwards, state_directory(state), false, &error);
	if (result == 0)
		result = state_each_skipped(afterwards.state, true, collect, &list, &error);
	if (result == 0)
		result = retry_all(&afterwards, &list, list_only, &failed, &error);
	free_list(&list);
	afterwards_close(&afterwards);
	if (result < 0)
		return command_fail("retry-skipped", &error);
	return failed ? EXIT_PERSON : EXIT_OK;
}
