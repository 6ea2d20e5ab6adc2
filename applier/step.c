/* One step of a statement's plan: its text completed from the target's definitions, its session, its file, and its end
 * compared with the master's; behind an intent where it commits by itself. */
#include <stdlib.h>
#include <string.h>

#include "applier/row_order.h"
#include "applier/special.h"
#include "applier/sql/mode.h"
#include "applier/stored_code.h"
#include "base/fault.h"

/* Runs what `sql` holds: statements each followed by "; ". */
static int run_text(struct special *special, struct buffer *sql, size_t statements, struct error *error)
{
	struct target_outcome *outcomes;
	size_t failed;
	int result;

	if (statements == 0)
		return 0;
	outcomes = arena_alloc(&special->transaction->arena, statements * sizeof(*outcomes));
	sql->length -= 2;
	result = target_flight(special->target, sql->data, sql->length, statements, outcomes, &failed, error);
	buffer_clear(sql);
	return result;
}

static bool is_one_of(unsigned code, const uint16_t *codes)
{
	for (; codes && *codes; codes++) {
		if (*codes == code)
			return true;
	}
	return false;
}

static int describe(const struct special *special, const struct change *change, struct error *error)
{
	char gtid[GTID_TEXT_MAXIMUM];

	statement_mask_error(change, error);
	return error_context(error, "statement at %s:%llu%s%s%s: %s", special->transaction->end.file,
		(unsigned long long)change->end_offset, special->transaction->gtid.kind ? " (GTID " : "",
		gtid_text(&special->transaction->gtid, gtid), special->transaction->gtid.kind ? ")" : "",
		statement_excerpt(change, &special->transaction->arena));
}

/* The columns of a query's result, for INSERT (columns) SELECT …. */
static int column_names(struct special *special, const char *query, size_t length, bool whole_table,
	struct target_rows *rows, struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result;

	buffer_puts(&sql, "SELECT * FROM ");
	buffer_puts(&sql, whole_table ? "" : "(");
	buffer_append(&sql, query, length);
	buffer_puts(&sql, whole_table ? " LIMIT 0" : ") AS q LIMIT 0");
	result = target_query(special->target, sql.data, sql.length, &special->transaction->arena, rows, error);
	buffer_release(&sql);
	return result;
}

void special_forget_definitions(struct special *special)
{
	table_cache_clear(special->applier->tables);
	stored_code_clear(special->applier->code);
	for (struct change *change = special->transaction->first; change; change = change->next) {
		if (change->kind == CHANGE_ROWS)
			change->map = change->map_use->shared->map;
	}
	special->stale = false;
}

/* The columns of a table of our schema; of one that is written, those that can be. */
struct column_list {
	const char **names, **implicit;
	size_t count;
	const char *counter; /* the AUTO_INCREMENT one, or NULL */
};

/* What ALTER gives the rows there are of a column NOT NULL without a default, strict mode or not; an INSERT would fail. NULL:
 * it is no such column, or nothing can be written there, and the target refuses. x'', as '' may be NULL. */
static const char *implicit_text(const struct target_column *column)
{
	if (column->nullable || column->has_default || column->auto_increment)
		return NULL;
	switch (column->class) {
	case COLUMN_NUMBER:
	case COLUMN_FLOAT:
	case COLUMN_DOUBLE:
	case COLUMN_TEMPORAL:
		return "0";
	case COLUMN_ENUM: /* the first member */
		return "1";
	case COLUMN_TEXT:
	case COLUMN_BYTES:
	case COLUMN_SET:
		return "x''";
	case COLUMN_JSON:
		return "CAST('null' AS JSON)";
	case COLUMN_GEOMETRY:
	case COLUMN_VECTOR:
	case COLUMN_UUID:
		break;
	}
	return NULL;
}

static int read_columns(struct special *special, const char *table, bool written, struct column_list *list, struct error *error)
{
	struct arena *arena = &special->transaction->arena;
	const struct target_table *found;

	special_forget_definitions(special);
	if (table_cache_find(special->applier->tables, special->target, special->applier->settings.target.schema, table,
		    &found, error) < 0)
		return -1;
	*list = (struct column_list){.names = arena_alloc(arena, (found->columns_count + 1) * sizeof(*list->names)),
		.implicit = arena_alloc(arena, (found->columns_count + 1) * sizeof(*list->implicit))};
	for (unsigned i = 0; i < found->columns_count; i++) {
		const struct target_column *column = &found->columns[i];

		if (written && column->generated)
			continue;
		list->names[list->count] = arena_strdup(arena, column->name);
		list->implicit[list->count] = implicit_text(column);
		if (column->auto_increment)
			list->counter = list->names[list->count];
		list->count++;
	}
	return 0;
}

/* What the server shows of the table that the new one is made like. */
static int twin_text(struct special *special, const struct plan_step *step, struct buffer *sql, struct error *error)
{
	const char *schema = special->applier->settings.target.schema;
	struct buffer ask = BUFFER_INIT;
	struct target_rows rows;
	int result;

	buffer_puts(&ask, "SHOW CREATE TABLE ");
	sql_put_name(&ask, schema);
	buffer_putc(&ask, '.');
	sql_put_name(&ask, step->from_table);
	result = target_query(special->target, ask.data, ask.length, &special->transaction->arena, &rows, error);
	buffer_release(&ask);
	if (result == 0)
		step_create_twin(step, schema, target_text(&rows, 0, 1), sql);
	return result;
}

/* Copies all rows. As on the source, a zero of the AUTO_INCREMENT column stays one if it was that column before; in any
 * other the mode of the statement decides. */
static int copy_text(struct special *special, const struct plan_step *step, struct buffer *sql, bool *keeps_zeros,
	struct error *error)
{
	struct column_list from, to;

	/* a temporary one is made like its real one, which alone the server tells about */
	if (read_columns(special, step->from_database ? step->to_table : step->from_table, false, &from, error) < 0 ||
		read_columns(special, step->to_database ? step->from_table : step->to_table, true, &to, error) < 0)
		return -1;
	*keeps_zeros = from.counter && to.counter && step_column_becomes(step, from.counter, to.counter);
	step_copy_table(step, special->applier->settings.target.schema, from.names, from.count, to.names, to.implicit,
		to.count, sql);
	return 0;
}

/* What a table gets that is made in `database` and names no character set; NULL, NULL when it is not there. */
static int default_charset(struct special *special, const char *database, const char **charset, const char **collation,
	struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct target_rows rows;
	int result;

	/* as bytes: the session may read letters in another character set */
	buffer_puts(&sql, "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE "
			  "SCHEMA_NAME = CONVERT(x'");
	buffer_put_hex(&sql, (const uint8_t *)database, strlen(database));
	buffer_puts(&sql, "' USING utf8)");
	result = target_query(special->target, sql.data, sql.length, &special->transaction->arena, &rows, error);
	buffer_release(&sql);
	*charset = result == 0 && rows.rows == 1 ? target_cell(&rows, 0, 0) : NULL;
	*collation = *charset ? target_cell(&rows, 0, 1) : NULL;
	return result;
}

/* The step's text, completed from the target's definitions where it needs that. */
static int step_text(struct special *special, const struct plan_step *step, struct buffer *sql, bool *keeps_zeros,
	struct error *error)
{
	struct target_rows rows;
	const char *charset, *collation;

	switch (step->work) {
	case WORK_SQL:
		buffer_append(sql, step->sql, step->length);
		return 0;
	case WORK_INSERT_NAMED:
		if (column_names(special, step->more, step->more_length, false, &rows, error) < 0)
			return -1;
		step_insert_named(step, rows.names, rows.columns, sql);
		return 0;
	case WORK_CREATE_TABLE:
		if (default_charset(special, step->database, &charset, &collation, error) < 0)
			return -1;
		step_create_table(step, charset, collation, sql);
		return 0;
	case WORK_CREATE_TWIN:
		return twin_text(special, step, sql, error);
	case WORK_COPY_TABLE:
		return copy_text(special, step, sql, keeps_zeros, error);
	}
	return 0;
}

/* The file of a LOAD DATA: what came in parts before this one, then the blocks of this one. */
struct load_reader {
	const struct spool *spool; /* NULL: nothing came before */
	uint64_t spool_at;
	const struct load_block *block;
	size_t at;
	bool failed;
	struct error error;
};

static size_t read_load(void *context, char *into, size_t room)
{
	struct load_reader *reader = context;
	size_t left;

	if (reader->failed)
		return 0;
	if (reader->spool && reader->spool_at < spool_length(reader->spool)) {
		int got = spool_read(reader->spool, reader->spool_at, into, room, &reader->error);

		reader->failed = got < 0;
		reader->spool_at += got < 0 ? 0 : (uint64_t)got;
		return got < 0 ? 0 : (size_t)got;
	}

	while (reader->block && reader->at == reader->block->length) {
		reader->block = reader->block->next;
		reader->at = 0;
	}
	if (!reader->block)
		return 0;
	left = reader->block->length - reader->at;
	if (room > left)
		room = left;
	memcpy(into, reader->block->data + reader->at, room);
	reader->at += room;
	return room;
}

/* What a value that does not fit becomes: an error in strict mode, and else these, whether the file is a client's or not. */
static const uint16_t adjusted[] = {1261, 1262, 1263, 1264, 1265, 1292, 1365, 1366, 0};

/* A client's file turns errors into warnings: that a row was there already, for one. So the warnings have to be those that the
 * master gave as well. *found is another one, or says that the server does not show them all. */
static int only_adjusted(struct special *special, unsigned warnings, bool *only, const char **found, struct error *error)
{
	struct target_rows rows;

	*only = false;
	*found = NULL;
	if (target_queryf(special->target, &special->transaction->arena, &rows, error, "SHOW WARNINGS") < 0)
		return -1;
	for (size_t i = 0; i < rows.rows; i++) {
		const char *code = target_cell(&rows, i, 1), *text = target_cell(&rows, i, 2);

		if (code && is_one_of((unsigned)strtoul(code, NULL, 10), adjusted))
			continue;
		*found = text ? text : "";
		return 0;
	}
	*only = rows.rows >= warnings;
	if (!*only)
		*found = "they are more than it shows (raise max_error_count there)";
	return 0;
}

static int check_load_warnings(struct special *special, const struct change *change, unsigned warnings, struct error *error)
{
	const struct query_context *context = &change->statement->query.context;
	bool strict = context->has & QUERY_HAS_SQL_MODE && context->sql_mode & (MODE_STRICT_TRANS_TABLES | MODE_STRICT_ALL_TABLES);
	const char *found = NULL;
	bool only = false;

	if (!strict && only_adjusted(special, warnings, &only, &found, error) < 0)
		return -1;
	if (only)
		return 0;
	return error_set(error, ERROR_STOP,
		"LOAD DATA gave %u warnings on the target, where a client's file turns errors into warnings%s%s. The rows have been "
		"rolled back.",
		warnings, found ? ": " : "", found ? found : "");
}

/* Did the statement end as it did on the master (5.2)? */
static int compare_result(const struct change *change, bool failed, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;
	unsigned expected = planned->plan.flags & PLAN_SPARED ? 0 : change->statement->query.error_code;

	if (expected == 0)
		return failed ? -1 : 0;
	/* who has to give way among those at work at the same time is another one here */
	if (failed && (error->code == expected || expected == 1205 || expected == 1213 || expected == 1614)) {
		error_clear(error);
		return 0;
	}
	if (failed)
		return error_advice(error, "(On the master it ended with error %u.)", expected);
	if (expected == 1317 || expected == 1053)
		return error_set(error, ERROR_STOP,
			"the statement was ended half-way on the master (error %u) and has run whole here.", expected);
	return error_set(error, ERROR_STOP, "the statement ended with error %u on the master and with none here.",
		expected);
}

static int send_step(struct special *special, const struct change *change, const struct plan_step *step,
	const struct buffer *sql, struct error *error)
{
	const struct query_event *query = &change->statement->query;
	struct target_outcome outcome;
	struct load_reader reader = {
		.spool = change->continues ? special->applier->spool : NULL, .block = change->blocks};
	struct target_file file = {read_load, &reader};
	int result;

	if (change->kind == CHANGE_LOAD && step->when == STEP_MAIN && !step->auxiliary)
		result = target_load(special->target, sql->data, sql->length, &file, &outcome, error);
	else
		result = target_statement(special->target, buffer_text(sql), sql->length, &outcome, error);
	if (reader.failed) { /* whatever the target made of a file that is cut off */
		*error = reader.error;
		return -1;
	}
	if (result < 0 && (is_one_of(error->code, step->tolerated) ||
		(special->redo && is_one_of(error->code, step->redo)))) {
		error_clear(error);
		result = 0;
	}
	if (result < 0 && error_is_passing(error) && query->error_code == 0)
		return -1;
	if (step->when != STEP_MAIN || step->auxiliary)
		return result;
	if (result == 0 && change->kind == CHANGE_LOAD && outcome.warnings && query->duplicate_handling == 0)
		return check_load_warnings(special, change, outcome.warnings, error);
	return compare_result(change, result < 0, error);
}

/* The session that the step runs in. */
static int enter_session(struct special *special, const struct planned_statement *planned, const struct plan_step *step,
	struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	int result = run_text(special, &sql,
		step->auxiliary ? session_put_lenient(special->session, &sql)
				: session_put_statement(special->session, &sql, planned),
		error);

	buffer_release(&sql);
	return result;
}

int special_run_step(struct special *special, const struct change *change, const struct planned_statement *planned,
	const struct plan_step *step, struct error *error)
{
	struct buffer sql = BUFFER_INIT, text = BUFFER_INIT;
	bool keeps_zeros = false;
	int result = 0;

	/* what completes the text is asked in the same session; what that has used up is set once more */
	if (step->work != WORK_SQL)
		result = enter_session(special, planned, step, error);
	if (result == 0)
		result = step_text(special, step, &text, &keeps_zeros, error);
	if (result == 0)
		result = enter_session(special, planned, step, error);
	if (result == 0 && keeps_zeros)
		result = run_text(special, &sql, session_put_kept_zeros(special->session, &sql), error);
	if (result == 0)
		result = send_step(special, change, step, &text, error);
	if (!step->auxiliary)
		session_end_statement(special->session, planned);
	buffer_release(&sql);
	buffer_release(&text);
	return result < 0 ? describe(special, change, error) : 0;
}

/* The operator has looked: what the target does not tell has not taken place, and is to run now. */
static bool operator_says_not(const struct special *special)
{
	const struct position *wish = &special->applier->retry_at;

	return wish->file[0] && place_compare(position_place(wish), special->transaction->begin) == 0;
}

/* A step that commits has run: counted, when it is the statement itself, and put down for people. */
static void note_ddl(struct special *special, const struct change *change, const struct planned_statement *planned,
	const struct plan_step *step)
{
	struct applier *applier = special->applier;
	const char *masked = planned->plan.masked_original;
	struct applier_place place;

	if (step->when != STEP_MAIN || step->auxiliary)
		return;
	pthread_mutex_lock(&applier->lock);
	applier->progress.ddl++;
	pthread_mutex_unlock(&applier->lock);
	place_of(&place, special->transaction, change, 0);
	if (applier->hooks.intent)
		applier->hooks.intent(applier->hooks.context, &place,
			masked ? masked : statement_excerpt(change, &special->transaction->arena), "done");
}

int special_run_committing_step(struct special *special, const struct change *change,
	const struct planned_statement *planned, const struct plan_step *step, struct error *error)
{
	struct applier *applier = special->applier;
	struct intent *found = &applier->found_intent;
	bool again = found->verdict != INTENT_NONE && transaction_is(special->transaction, found->gtid, &found->begin);
	int result;

	special->step++;
	special->definitions_changed = special->stale = true;
	if (again && found->step > special->step) /* a later one was begun: this one is done */
		return 0;
	if (again && found->step == special->step) {
		special->redo = found->verdict == INTENT_PARTLY;
		if (found->verdict == INTENT_DONE) {
			note_ddl(special, change, planned, step);
			return 0;
		}
		if (found->verdict == INTENT_UNDECIDED && !operator_says_not(special)) {
			error_set(error, ERROR_STOP,
				"the program ended while this statement ran, and the target does not tell whether it took place. If "
				"it did: changeling skip. If it did not: undo what there is of it, then changeling retry.");
			return describe(special, change, error);
		}
	}
	if (row_order_check(special, planned, error) < 0)
		return -1;
	if (special->in_transaction) { /* what the server does by itself, said openly */
		special->in_transaction = false;
		if (settlement_record(&applier->settlement, error) < 0 || target_execute(special->target, "COMMIT", error) < 0)
			return -1;
	}
	if (FAULT_POINT("ddl.before-intent"))
		return error_set(error, ERROR_RETRY, "fault injected before an intent");
	if (intent_write(special->target, applier->settings.target.schema, applier->settings.channel, &applier->next,
			special->transaction, special->step, planned, step, error) < 0)
		return describe(special, change, error);
	session_forget(special->session);
	if (FAULT_POINT("ddl.after-intent"))
		return error_set(error, ERROR_RETRY, "fault injected before a statement that commits");
	result = special_run_step(special, change, planned, step, error);
	special->redo = false;
	if (result == 0)
		note_ddl(special, change, planned, step);
	if (result == 0 && FAULT_POINT("ddl.after-statement"))
		return error_set(error, ERROR_RETRY, "fault injected after a statement that commits");
	return result;
}
