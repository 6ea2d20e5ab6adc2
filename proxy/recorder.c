#include "proxy/recorder.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"
#include "proxy/source_engine.h"

static void put_up_with(struct recorder *recorder, struct error *error)
{
	pthread_mutex_lock(&recorder->lock);
	log_throttle_error(&recorder->throttle, LOG_WARNING, "state", error);
	pthread_mutex_unlock(&recorder->lock);
	error_clear(error);
}

static struct state_place place_in_state(const struct applier_place *place)
{
	struct state_place result = {place->gtid[0] ? place->gtid : NULL, place->position.file,
		place->position.offset, place->item};

	return result;
}

static size_t length_of(const char *text)
{
	return text ? strlen(text) : 0;
}

static int rewritten(void *context, const struct applier_place *place, const char *rule, const char *database,
	const char *original, const char *sent, const char *reason, struct error *error)
{
	struct recorder *recorder = context;
	struct error failure = {.kind = ERROR_NONE};
	struct state_rewrite rewrite = {
		.place = place_in_state(place),
		.rule = rule,
		.database = database,
		.original = original,
		.original_length = length_of(original),
		.sent = sent,
		.sent_length = length_of(sent),
		.reason = reason,
	};

	(void)error; /* the statement is not lost: a journal that cannot be written is no reason to stop */
	if (state_journal_rewrite(recorder->state, &rewrite, &failure) < 0)
		put_up_with(recorder, &failure);
	return 0;
}

static int skipped(void *context, const struct applier_place *place, const char *rule, const char *database,
	const char *statement, const char *replay, const char *reason, struct error *error)
{
	struct recorder *recorder = context;
	struct state_skipped entry = {
		.place = place_in_state(place),
		.rule = rule,
		.database = database,
		.statement = statement,
		.statement_length = length_of(statement),
		.context = replay,
		.reason = reason,
		.resolution = strcmp(rule, "operator") == 0 ? "decided" : NULL, /* by skip or replace: nothing is left to do */
	};

	return state_record_skipped(recorder->state, &entry, error);
}

static int quarantined(void *context, const struct applier_place *place,
	const struct target_table_name *table, const char *key, const char *change, const char *before,
	const char *after, const char *reason, const char *outcome, struct error *error)
{
	struct recorder *recorder = context;
	struct state_quarantine row = {
		.place = place_in_state(place),
		.database = table->database,
		.table = table->name,
		.key = key,
		.change = change,
		.before = before,
		.before_length = length_of(before),
		.after = after,
		.after_length = length_of(after),
		.reason = reason,
		.outcome = outcome,
	};

	return state_record_quarantine(recorder->state, &row, error);
}

static int event_state(
	void *context, const char *database, const char *name, const char *wished, struct error *error)
{
	struct recorder *recorder = context;
	struct state_event event = {.database = database, .name = name, .wished = wished};

	return state_save_event(recorder->state, &event, error);
}

static int event_renamed(void *context, const char *database, const char *name, const char *new_database, const char *new_name,
	struct error *error)
{
	struct recorder *recorder = context;
	struct state_event event = {.database = database, .name = name};

	return state_rename_event(recorder->state, &event, new_database, new_name, error);
}

/* Entries of what would have been made, by their numbers. */
struct held {
	const char *kind, *database, *name;
	int64_t *ids;
	size_t count;
};

static int find_held(void *context, const struct state_skipped *skipped, struct error *error)
{
	struct held *held = context;
	json_t *replay = skipped->context ? json_loads(skipped->context, JSON_ALLOW_NUL, NULL) : NULL;
	const json_t *made = json_object_get(replay, "held");
	const char *kind = json_string_value(json_array_get(made, 0));
	const char *database = json_string_value(json_array_get(made, 1));
	const char *name = json_string_value(json_array_get(made, 2));

	(void)error;
	if (kind && database && name && strcmp(kind, held->kind) == 0 &&
		strcmp(database, held->database ? held->database : "") == 0 && strcasecmp(name, held->name) == 0) {
		held->ids = memory_realloc(held->ids, (held->count + 1) * sizeof(*held->ids));
		held->ids[held->count++] = skipped->id;
	}
	json_decref(replay);
	return 0;
}

static int held_dropped(
	void *context, const char *kind, const char *database, const char *name, struct error *error)
{
	struct recorder *recorder = context;
	struct held held = {kind, database, name, NULL, 0};
	int result = state_each_skipped(recorder->state, true, find_held, &held, error);

	for (size_t i = 0; i < held.count && result == 0; i++)
		result = state_resolve_skipped(recorder->state, held.ids[i], "dropped", error);
	free(held.ids);
	return result;
}

static void temp_tables_changed(void *context, const struct applier_temp_table *tables, size_t count)
{
	struct recorder *recorder = context;
	struct state_temp_table *list = memory_zalloc((count + 1) * sizeof(*list));
	struct error error = {.kind = ERROR_NONE};

	for (size_t i = 0; i < count; i++) {
		list[i].thread_id = tables[i].thread_id;
		list[i].database = tables[i].database;
		list[i].name = tables[i].name;
		list[i].target_database = recorder->schema;
		list[i].target_name = tables[i].real;
	}
	if (state_set_temp_tables(recorder->state, list, count, &error) < 0)
		put_up_with(recorder, &error);
	free(list);
}

static void intent(
	void *context, const struct applier_place *place, const char *statement, const char *outcome)
{
	struct recorder *recorder = context;
	struct error error = {.kind = ERROR_NONE};
	struct state_ddl_intent entry = {
		.place = place_in_state(place),
		.statement = statement,
		.statement_length = length_of(statement),
		.outcome = outcome,
	};

	if (state_save_ddl_intent(recorder->state, &entry, &error) < 0)
		put_up_with(recorder, &error);
}

static int engine_of(
	void *context, const char *database, const char *table, bool *transactional, struct error *error)
{
	struct recorder *recorder = context;

	return source_engine(recorder->source, database, table, transactional, error);
}

void recorder_init(struct recorder *recorder, struct state *state, const char *schema,
	const struct source_options *source)
{
	recorder->source = source;
	recorder->state = state;
	recorder->schema = schema;
	pthread_mutex_init(&recorder->lock, NULL);
	log_throttle_init(&recorder->throttle, 1000, 600000);
}

void recorder_release(struct recorder *recorder)
{
	pthread_mutex_destroy(&recorder->lock);
}

void recorder_hooks(struct recorder *recorder, struct applier_hooks *hooks)
{
	*hooks = (struct applier_hooks){
		.context = recorder,
		.rewritten = rewritten,
		.skipped = skipped,
		.quarantined = quarantined,
		.event_state = event_state,
		.event_renamed = event_renamed,
		.held_dropped = held_dropped,
		.temp_tables_changed = temp_tables_changed,
		.source_engine = engine_of,
		.intent = intent,
	};
}

void recorder_capabilities(struct recorder *recorder, const struct capabilities *capabilities)
{
	const struct capability_field *fields = capability_fields();
	struct state_capability *list;
	struct buffer *values;
	struct error error = {.kind = ERROR_NONE};
	size_t count = 0;

	while (fields[count].name)
		count++;
	list = memory_zalloc((count + 1) * sizeof(*list));
	values = memory_zalloc((count + 1) * sizeof(*values));
	for (size_t i = 0; i < count; i++) {
		bool lacking;

		capabilities_get(capabilities, fields[i].name, &values[i]);
		lacking = values[i].length == 0 || strcmp(buffer_text(&values[i]), "0") == 0;
		list[i].name = fields[i].name;
		list[i].value = buffer_text(&values[i]);
		list[i].consequence = lacking ? fields[i].consequence : fields[i].meaning;
		list[i].severity = lacking && fields[i].consequence ? "warn" : "ok";
	}
	if (state_save_capabilities(recorder->state, list, count, &error) < 0)
		put_up_with(recorder, &error);
	for (size_t i = 0; i < count; i++)
		buffer_release(&values[i]);
	free(values);
	free(list);
}
