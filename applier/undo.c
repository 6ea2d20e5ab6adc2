#include "applier/undo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/own_session.h"
#include "applier/sql/classify.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

/* A table that a change of the group has touched; names are in the transaction's arena. */
struct touched {
	struct touched *next;
	const char *database, *name; /* on the target */
	bool stays;                  /* keeps its rows when the source undoes them */
	unsigned first, last;        /* changes, counted from 1 */
	const char *frozen;          /* what stays is how it was when it was made: the copy of then */
	const char *copy;            /* to be put back now, or NULL */
};

struct savepoint {
	struct savepoint *next; /* the newest comes first */
	const char *name;
	unsigned at;
};

struct undo {
	struct touched *tables;
	struct savepoint *savepoints;
	unsigned changes;
	struct target *reader;
	struct session *reader_session;
	const char **copies; /* all that were made, to be dropped */
	size_t copies_count, copies_room;
};

bool undo_within(const struct transaction *transaction)
{
	return transaction->kind == TRANSACTION_ROLLBACK || (transaction->flags & TRANSACTION_FLAG_UNDOES) != 0;
}

int undo_start(struct special *special, struct error *error)
{
	special->undo = memory_zalloc(sizeof(*special->undo));
	if (special_begin(special, error) < 0)
		return -1;
	return target_execute(special->target, "SAVEPOINT changeling_undo", error);
}

void undo_free(struct undo *undo)
{
	if (!undo)
		return;
	target_close(undo->reader);
	session_free(undo->reader_session);
	free(undo->copies);
	free(undo);
}

/* ---- copies ---- */

static int open_reader(struct special *special, struct error *error)
{
	struct undo *undo = special->undo;
	const struct applier_settings *settings = &special->applier->settings;

	if (undo->reader)
		return 0;
	if (own_session_connect(&undo->reader, &settings->target, settings, settings->lock_wait_seconds, error) < 0)
		return -1;
	undo->reader_session = session_new(target_family(undo->reader), target_version(undo->reader));
	if (target_execute(undo->reader, "SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED", error) < 0)
		return -1;
	target_be_patient(undo->reader);
	return 0;
}

static void put_table(struct buffer *sql, const char *database, const char *name)
{
	sql_put_name(sql, database);
	buffer_putc(sql, '.');
	sql_put_name(sql, name);
}

static int put_columns(struct special *special, const struct touched *table, struct buffer *columns, struct error *error)
{
	const struct target_table *found;

	if (table_cache_find(special->applier->tables, special->target, table->database, table->name, &found, error) < 0)
		return -1;
	for (unsigned i = 0; i < found->columns_count; i++) {
		if (found->columns[i].generated)
			continue;
		buffer_puts(columns, columns->length ? ", " : "");
		sql_put_name(columns, found->columns[i].name);
	}
	return 0;
}

/* No other table of our schema has the name: those that an earlier run left were dropped when this one started. */
static const char *new_copy(struct special *special)
{
	struct undo *undo = special->undo;
	char name[64];

	snprintf(name, sizeof(name), "keep_%llu_%llu_%zu", (unsigned long long)target_connection_id(special->target),
		(unsigned long long)special->applier->next.sequence, undo->copies_count + 1);
	if (undo->copies_count == undo->copies_room) {
		undo->copies_room = undo->copies_room ? undo->copies_room * 2 : 8;
		undo->copies = memory_realloc(undo->copies, undo->copies_room * sizeof(*undo->copies));
	}
	undo->copies[undo->copies_count] = arena_strdup(&special->transaction->arena, name);
	return undo->copies[undo->copies_count++];
}

static int run_on_reader(struct special *special, struct buffer *sql, size_t statements, struct error *error)
{
	struct target_outcome *outcomes = arena_alloc(&special->transaction->arena, statements * sizeof(*outcomes));
	size_t failed;

	return target_flight(special->undo->reader, sql->data, sql->length, statements, outcomes, &failed, error);
}

/* The table with all that this transaction has done to it. */
static int copy_table(struct special *special, const struct touched *table, const char **copy, struct error *error)
{
	const char *schema = special->applier->settings.target.schema;
	struct buffer sql = BUFFER_INIT, columns = BUFFER_INIT, to = BUFFER_INIT, from = BUFFER_INIT;
	size_t statements;
	int result = open_reader(special, error);

	if (result == 0)
		result = put_columns(special, table, &columns, error);
	if (result == 0) {
		*copy = new_copy(special);
		put_table(&to, schema, *copy);
		put_table(&from, table->database, table->name);
		statements = session_put_lenient(special->undo->reader_session, &sql);
		statements += temp_tables_scratch(special->applier->temps, &sql, *copy);
		buffer_printf(&sql, "DROP TABLE IF EXISTS %s; CREATE TABLE %s LIKE %s; INSERT INTO %s (%s) SELECT %s FROM %s",
			buffer_text(&to), buffer_text(&to), buffer_text(&from), buffer_text(&to), buffer_text(&columns),
			buffer_text(&columns), buffer_text(&from));
		result = run_on_reader(special, &sql, statements + 3, error);
		if (result == 0 && FAULT_POINT("undo.after-copy"))
			result = error_set(error, ERROR_RETRY, "fault injected after a copy of what a ROLLBACK leaves");
		/* what this transaction commits last about such tables is that this one is still to be dropped */
		special->effect_count += temp_tables_scratch(special->applier->temps, &special->effects, *copy);
	}
	buffer_release(&sql);
	buffer_release(&columns);
	buffer_release(&to);
	buffer_release(&from);
	return result < 0 ? error_context(error, "keeping the rows of %s.%s, which a ROLLBACK on the source left there",
				    table->database, table->name)
			  : 0;
}

static int put_back(struct special *special, const struct touched *table, struct error *error)
{
	struct buffer sql = BUFFER_INIT, columns = BUFFER_INIT;
	struct target_outcome *outcomes;
	size_t statements, failed;
	int result = put_columns(special, table, &columns, error);

	if (result == 0) {
		statements = session_put_rows(special->session, &sql,
			ROWS_FLAG_NO_FOREIGN_KEY_CHECKS | ROWS_FLAG_NO_CHECK_CONSTRAINTS, 0);
		buffer_puts(&sql, "DELETE FROM ");
		put_table(&sql, table->database, table->name);
		buffer_puts(&sql, "; INSERT INTO ");
		put_table(&sql, table->database, table->name);
		buffer_printf(&sql, " (%s) SELECT %s FROM ", buffer_text(&columns), buffer_text(&columns));
		put_table(&sql, special->applier->settings.target.schema, table->copy);
		statements += 2;
		outcomes = arena_alloc(&special->transaction->arena, statements * sizeof(*outcomes));
		result = target_flight(special->target, sql.data, sql.length, statements, outcomes, &failed, error);
	}
	buffer_release(&sql);
	buffer_release(&columns);
	return result < 0 ? error_context(error, "putting back the rows of %s.%s, which a ROLLBACK on the source left there",
				    table->database, table->name)
			  : 0;
}

/* ---- what is touched ---- */

/* `known` 0 or 1: stays; -1: the source is asked. */
static int touch(struct special *special, const char *database, const char *name, int known, struct touched **result,
	struct error *error)
{
	const struct applier_hooks *hooks = &special->applier->hooks;
	struct undo *undo = special->undo;
	struct touched *table;
	bool transactional = known == 0;

	for (table = undo->tables; table; table = table->next) {
		if (strcmp(table->name, name) == 0 && strcmp(table->database, database) == 0)
			break;
	}
	if (!table) {
		if (known < 0 && !hooks->source_engine)
			return error_set(error, ERROR_STOP, "the engine of table %s.%s on the master is not known here.",
				database, name);
		if (known < 0 && hooks->source_engine(hooks->context, database, name, &transactional, error) < 0)
			return -1;
		table = arena_zalloc(&special->transaction->arena, sizeof(*table));
		table->database = arena_strdup(&special->transaction->arena, database);
		table->name = arena_strdup(&special->transaction->arena, name);
		table->stays = !transactional;
		table->first = undo->changes;
		table->next = undo->tables;
		undo->tables = table;
	}
	table->last = undo->changes;
	if (result)
		*result = table;
	return 0;
}

static int touch_temporary(struct special *special, const char *real, struct touched **result, struct error *error)
{
	enum temp_engine engine = temp_engine_of(real);

	if (engine == TEMP_UNKNOWN)
		return error_set(error, ERROR_STOP,
			"whether the temporary table behind %s keeps its rows is not known: it was made like a table whose engine "
			"the source's account may not see (GRANT SELECT on it).",
			real);
	return touch(special, special->applier->settings.target.schema, real, engine == TEMP_KEEPS_ROWS, result, error);
}

/* Made in this group: MariaDB leaves in it what it was made from, whatever its engine. */
static int note_made(struct special *special, const struct planned_statement *planned, const char *real,
	struct error *error)
{
	struct touched *table;
	bool filled = false;

	for (size_t i = 0; i < planned->plan.step_count; i++)
		filled = filled || planned->plan.steps[i].when == STEP_MAIN;
	if (!filled)
		return 0;
	if (touch_temporary(special, real, &table, error) < 0)
		return -1;
	if (table->stays || special->applier->source.version.family != FAMILY_MARIADB)
		return 0;
	table->stays = true;
	return copy_table(special, table, &table->frozen, error);
}

static const char *savepoint_name(const struct change *change, struct arena *arena)
{
	const struct query_event *query = &change->statement->query;
	const char *text = arena_strndup(arena, query->text, query->text_length);
	const char *quote = strchr(text, '`'), *blank = strrchr(text, ' ');

	return quote ? quote : blank ? blank + 1 : text;
}

static void note_savepoint(struct special *special, const struct change *change)
{
	struct arena *arena = &special->transaction->arena;
	struct savepoint *savepoint = arena_alloc(arena, sizeof(*savepoint));

	savepoint->name = savepoint_name(change, arena);
	savepoint->at = special->undo->changes;
	savepoint->next = special->undo->savepoints;
	special->undo->savepoints = savepoint;
}

static int note_statement(struct special *special, const struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	const struct rewrite_plan *plan = &planned->plan;
	bool lists = false;

	if (plan->class == STATEMENT_SAVEPOINT)
		note_savepoint(special, change);
	for (size_t i = 0; i < plan->effect_count; i++) {
		const struct plan_effect *effect = &plan->effects[i];

		if ((effect->kind == EFFECT_TEMP_CREATE || effect->kind == EFFECT_TEMP_REPLACE) &&
			note_made(special, planned, effect->real, error) < 0)
			return -1;
	}
	if (plan->effect_count)
		return 0;
	for (size_t i = 0; i < plan->object_count; i++)
		lists = lists || plan->objects[i].role == ROLE_DELETE_LIST;
	for (size_t i = 0; i < plan->object_count; i++) {
		const struct object *object = &plan->objects[i];
		const char *database = object->database ? object->database : planned->database;
		/* DELETE a FROM t AS a …: which of the tables that means does not matter */
		bool changed = object->role == ROLE_TARGET || (lists && object->role == ROLE_SOURCE);
		int result;

		if (!changed || object->kind != OBJECT_TABLE || object->derived_name || !object->name || !database)
			continue;
		result = object->real ? touch_temporary(special, object->real, NULL, error)
				      : touch(special, database, object->name, -1, NULL, error);
		if (result < 0)
			return -1;
	}
	return 0;
}

int undo_note(struct special *special, struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	int result = 0;

	special->undo->changes++;
	/* rows stand in a transaction of the log only where they can be rolled back; but one that was rolled back as a
	 * whole is there for what cannot */
	if (change->kind == CHANGE_ROWS && special->transaction->kind == TRANSACTION_ROLLBACK)
		result = touch(special, change->map->database, change->map->table, -1, NULL, error);
	else if (change->kind != CHANGE_ROWS && planned->plan.action != PLAN_SKIP)
		result = note_statement(special, change, error);
	return result;
}

/* ---- undoing ---- */

static int copy_all(struct special *special, unsigned since, struct error *error)
{
	for (struct touched *table = special->undo->tables; table; table = table->next) {
		table->copy = NULL;
		if (!table->stays || table->last <= since)
			continue;
		if (table->frozen)
			table->copy = table->first > since ? table->frozen : NULL;
		else if (copy_table(special, table, &table->copy, error) < 0)
			return -1;
	}
	return 0;
}

int undo_before(struct special *special, const struct change *change, struct error *error)
{
	const char *name = savepoint_name(change, &special->transaction->arena);
	unsigned since = 0;

	for (const struct savepoint *at = special->undo->savepoints; at; at = at->next) {
		if (strcmp(at->name, name) == 0) {
			since = at->at;
			break;
		}
	}
	return copy_all(special, since, error);
}

int undo_after(struct special *special, struct error *error)
{
	for (struct touched *table = special->undo->tables; table; table = table->next) {
		if (table->copy && put_back(special, table, error) < 0)
			return -1;
		table->copy = NULL;
	}
	return 0;
}

int undo_all(struct special *special, struct error *error)
{
	if (copy_all(special, 0, error) < 0 ||
		target_execute(special->target, "ROLLBACK TO SAVEPOINT changeling_undo", error) < 0)
		return -1;
	return undo_after(special, error);
}

int undo_finish(struct special *special, struct error *error)
{
	struct undo *undo = special->undo;
	struct buffer sql = BUFFER_INIT;
	int result = 0;

	for (size_t i = 0; undo && i < undo->copies_count && result == 0; i++) {
		buffer_clear(&sql);
		buffer_puts(&sql, "DROP TABLE IF EXISTS ");
		put_table(&sql, special->applier->settings.target.schema, undo->copies[i]);
		result = target_execute(special->target, buffer_text(&sql), error);
	}
	buffer_release(&sql);
	return result;
}
