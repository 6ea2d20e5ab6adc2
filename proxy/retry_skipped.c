/* `changeling retry-skipped`: what rules had set aside is planned anew, for the target as it is now, and run.
 * What is needed for that was recorded with it (applier/replay.h). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/internal.h"
#include "applier/sql/rewrite.h"
#include "base/buffer.h"
#include "base/memory.h"
#include "proxy/afterwards.h"
#include "proxy/arguments.h"
#include "proxy/commands.h"

/* One entry, kept while the list is read: the list is not open while the target is asked. */
struct entry {
	struct entry *next;
	int64_t id;
	char *rule, *statement;
	json_t *context;
};

struct list {
	struct entry *first, **last;
	const char *rule;
	int64_t id;
	bool list_only;
	unsigned done, refused, left; /* left: a rule sets it aside still */
};

static int collect(void *context, const struct state_skipped *skipped, struct error *error)
{
	struct list *list = context;
	struct entry *entry;

	(void)error;
	/* what the operator stepped over was not wanted */
	if (!skipped->rule || strcmp(skipped->rule, "operator") == 0 || !skipped->statement)
		return 0;
	if ((list->rule && strcmp(list->rule, skipped->rule) != 0) || (list->id && list->id != skipped->id))
		return 0;
	entry = memory_zalloc(sizeof(*entry));
	entry->id = skipped->id;
	entry->rule = memory_strdup(skipped->rule);
	entry->statement = memory_strndup(skipped->statement, skipped->statement_length);
	entry->context = skipped->context ? json_loads(skipped->context, JSON_ALLOW_NUL, NULL) : NULL;
	*list->last = entry;
	list->last = &entry->next;
	return 0;
}

static void free_list(struct list *list)
{
	while (list->first) {
		struct entry *next = list->first->next;

		free(list->first->rule);
		free(list->first->statement);
		json_decref(list->first->context);
		free(list->first);
		list->first = next;
	}
}

static const char *text_of(const json_t *context, const char *name)
{
	const char *text = json_string_value(json_object_get(context, name));

	return text && *text ? text : NULL;
}

static void plan_entry(const json_t *context, const struct settings *settings,
	const struct capabilities *capabilities, struct arena *arena, struct rewrite_plan *plan)
{
	const json_t *source = json_object_get(context, "source"), *sql = json_object_get(context, "sql");
	const json_t *invoker = json_object_get(context, "invoker");
	const char *family = text_of(source, "family");
	struct rewrite_input input = {
		.text = json_string_value(sql),
		.length = json_string_length(sql),
		.database = text_of(context, "database"),
		.sql_mode = (uint64_t)json_integer_value(json_object_get(context, "sql_mode")),
		.client_charset = text_of(context, "client_charset"),
		.connection_collation = text_of(context, "connection_collation"),
		.server_collation = text_of(context, "server_collation"),
		.database_collation = text_of(context, "database_collation"),
		.default_utf8mb4 = text_of(context, "default_utf8mb4"),
		.source = {family && strcmp(family, "mariadb") == 0 ? FAMILY_MARIADB : FAMILY_MYSQL,
			(unsigned)json_integer_value(json_object_get(source, "version"))},
		.explicit_defaults = -1,
		.invoker_user = json_string_value(json_array_get(invoker, 0)),
		.invoker_host = json_string_value(json_array_get(invoker, 1)),
		.settings = &settings->rewrite,
	};

	rewrite_statement(&input, capabilities, arena, plan);
}

static int set_variable(struct target *target, const char *name, const char *literal, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	buffer_printf(&sql, "SET %s%s = %s", *name == '@' ? "" : "SESSION ", name, literal);
	result = target_execute(target, buffer_text(&sql), error);
	buffer_release(&sql);
	return result;
}

/* Database first: its name is utf8, while the session's last variable makes the session read another
 * character set. */
static int set_session(
	struct target *target, const json_t *context, const struct rewrite_plan *plan, struct error *error)
{
	const json_t *session = json_object_get(context, "session");
	const char *database = text_of(context, "database");
	struct buffer use = BUFFER_INIT;
	int result = 0;

	if (database) {
		buffer_puts(&use, "USE ");
		sql_put_name(&use, database);
		result = target_execute(target, buffer_text(&use), error);
		buffer_release(&use);
	}
	for (size_t i = 0; result == 0 && i < plan->setting_count; i++)
		result = set_variable(target, plan->settings[i].name, plan->settings[i].literal, error);
	for (size_t i = 0; result == 0 && i < json_array_size(session); i++) {
		const json_t *pair = json_array_get(session, i);
		const char *name = json_string_value(json_array_get(pair, 0));
		const char *literal = json_string_value(json_array_get(pair, 1));

		if (name && literal)
			result = set_variable(target, name, literal, error);
	}
	return result;
}

static bool tolerated(const struct plan_step *step, unsigned code)
{
	for (const uint16_t *at = step->tolerated; at && *at; at++) {
		if (*at == code)
			return true;
	}
	return false;
}

static int run_steps(struct target *target, const struct rewrite_plan *plan, struct error *error)
{
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct plan_step *step = &plan->steps[i];
		struct error refusal = {.kind = ERROR_NONE};
		struct target_outcome outcome;

		if (step->work != WORK_SQL)
			return error_set(
				error, ERROR_STOP, "this one takes more than statements: run it by hand.");
		if (target_statement(target, step->sql, step->length, &outcome, &refusal) < 0 &&
			!tolerated(step, refusal.code)) {
			*error = refusal;
			return -1;
		}
	}
	return 0;
}

/* Each in a session of its own: what one sets is not the next one's. */
static int run_entry(const struct afterwards *afterwards, const struct entry *entry, struct error *error)
{
	const struct target_options *options = &afterwards->settings.target;
	struct capabilities capabilities;
	struct arena arena = ARENA_INIT;
	struct target *target = NULL;
	struct rewrite_plan plan;
	int result = -1;

	if (!json_is_string(json_object_get(entry->context, "sql")))
		return error_set(error, ERROR_STOP,
			"only its masked text is kept (it holds secrets, or is not UTF-8): run it by hand.");
	capabilities_init(&capabilities);
	memset(&plan, 0, sizeof(plan));
	if (target_connect(&target, options, NULL, error) < 0 ||
		capabilities_probe(options, &capabilities, error) < 0)
		goto out;
	target_be_patient(target);
	plan_entry(entry->context, &afterwards->settings, &capabilities, &arena, &plan);
	if (plan.action == PLAN_STOP) {
		error_set(error, ERROR_STOP, "%s", plan.stop_text);
	} else if (plan.action == PLAN_SKIP) {
		/* as it would be if it came now */
		error_set(error, ERROR_STOPPED, "it is set aside still: %s",
			plan.note_count ? plan.notes[plan.note_count - 1].reason : "a rule says so.");
	} else {
		result = set_session(target, entry->context, &plan, error);
		if (result == 0)
			result = run_steps(target, &plan, error);
	}
out:
	target_close(target);
	arena_release(&arena);
	capabilities_release(&capabilities);
	return result;
}

static int retry_all(struct afterwards *afterwards, struct list *list, struct error *error)
{
	for (const struct entry *entry = list->first; entry; entry = entry->next) {
		struct error refusal = {.kind = ERROR_NONE};

		printf("%lld %s: %.200s\n", (long long)entry->id, entry->rule, entry->statement);
		if (list->list_only)
			continue;
		if (run_entry(afterwards, entry, &refusal) < 0) {
			bool still = refusal.kind == ERROR_STOPPED;

			printf("    %s%s\n", still ? "" : "refused: ", refusal.text);
			list->refused += !still;
			list->left += still;
			continue;
		}
		printf("    done\n");
		list->done++;
		if (state_resolve_skipped(afterwards->state, entry->id, "retried", error) < 0)
			return -1;
	}
	if (!list->list_only)
		printf("%u done, %u refused, %u set aside still\n", list->done, list->refused, list->left);
	return 0;
}

int retry_skipped_command(int argc, char **argv)
{
	const char *state = NULL, *rule = NULL, *id = NULL;
	struct list list = {.first = NULL};
	const struct argument arguments[] = {
		STATE_ARGUMENT(state),
		{"rule", "NAME", "only what this rule has set aside", &rule, NULL},
		{"id", "N", "only this entry (scripts/inspect-state skipped)", &id, NULL},
		{"list", NULL, "only say what would be tried", NULL, &list.list_only},
	};
	struct afterwards afterwards = {.state = NULL};
	struct error error = {.kind = ERROR_NONE};
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
		result = retry_all(&afterwards, &list, &error);
	free_list(&list);
	afterwards_close(&afterwards);
	if (result < 0)
		return command_fail("retry-skipped", &error);
	return list.refused || list.left ? EXIT_PERSON : EXIT_OK;
}
