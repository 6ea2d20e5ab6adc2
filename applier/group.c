/* The changes of a transaction that runs alone: its statements' plans step by step, behind intents where they commit by
 * themselves, and its rows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/special.h"
#include "applier/stored_code.h"
#include "applier/undo.h"
#include "base/fault.h"
#include "base/log.h"

static int fenced(const struct special *special, struct error *error)
{
	return error_set(error, ERROR_FENCED, "another instance has taken over channel %s.",
		special->applier->settings.channel);
}

int special_begin(struct special *special, struct error *error)
{
	if (special->in_transaction)
		return 0;
	special->in_transaction = true;
	return target_execute(special->target, TARGET_BEGIN, error);
}

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

/* ---- one step of a statement's plan ---- */

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

/* The maps of rows point to what was known of their tables; several changes share one map. */
static void forget_definitions(struct special *special)
{
	table_cache_clear(special->applier->tables);
	stored_code_clear(special->applier->code);
	for (struct change *change = special->transaction->first; change; change = change->next) {
		if (change->kind == CHANGE_ROWS)
			change->map->applier_data = NULL;
	}
	special->stale = false;
}

static int writable_columns(struct special *special, const char *table, const char ***names, size_t *count,
	struct error *error)
{
	const struct target_table *found;

	forget_definitions(special);
	if (table_cache_find(special->applier->tables, special->target, special->applier->settings.target.schema, table,
		    &found, error) < 0)
		return -1;
	*names = arena_alloc(&special->transaction->arena, (found->columns_count + 1) * sizeof(**names));
	*count = 0;
	for (unsigned i = 0; i < found->columns_count; i++) {
		if (!found->columns[i].generated)
			(*names)[(*count)++] = arena_strdup(&special->transaction->arena, found->columns[i].name);
	}
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
static int step_text(struct special *special, const struct plan_step *step, struct buffer *sql, struct error *error)
{
	struct target_rows rows;
	const char **from, **to, *charset, *collation;
	size_t from_count, to_count;

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
	case WORK_COPY_TABLE:
		/* a temporary one is made like its real one, which alone the server tells about */
		if (writable_columns(special, step->from_database ? step->to_table : step->from_table, &from, &from_count,
			    error) < 0 ||
			writable_columns(special, step->to_database ? step->from_table : step->to_table, &to, &to_count,
				error) < 0)
			return -1;
		step_copy_table(step, special->applier->settings.target.schema, from, from_count, to, to_count, sql);
		return 0;
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
	if (result < 0 && (error->kind == ERROR_RETRY || error->kind == ERROR_CONNECT) && query->error_code == 0)
		return -1;
	if (step->when != STEP_MAIN || step->auxiliary)
		return result;
	if (result == 0 && change->kind == CHANGE_LOAD && outcome.warnings && query->duplicate_handling == 0)
		return error_set(error, ERROR_STOP,
			"LOAD DATA gave %u warnings on the target, where a client's file turns errors into warnings. The rows "
			"have been rolled back.",
			outcome.warnings);
	return compare_result(change, result < 0, error);
}

static int run_step(struct special *special, const struct change *change, const struct planned_statement *planned,
	const struct plan_step *step, struct error *error)
{
	struct buffer sql = BUFFER_INIT, text = BUFFER_INIT;
	int result = 0;

	/* what completes the text is asked in the statement's own session; what that has used up is set once more */
	if (step->work != WORK_SQL)
		result = run_text(special, &sql, session_put_statement(special->session, &sql, planned), error);
	if (result == 0)
		result = step_text(special, step, &text, error);
	if (result == 0)
		result = run_text(special, &sql,
			step->auxiliary ? session_put_lenient(special->session, &sql)
					: session_put_statement(special->session, &sql, planned),
			error);
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

	return wish->file[0] && position_compare(wish, &special->transaction->begin) == 0;
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

/* A step that commits: behind an intent, or known to have run already. */
static int run_committing_step(struct special *special, const struct change *change,
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
	if (special->in_transaction) { /* what the server does by itself, said openly */
		special->in_transaction = false;
		if (target_execute(special->target, "COMMIT", error) < 0)
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
	result = run_step(special, change, planned, step, error);
	special->redo = false;
	if (result == 0)
		note_ddl(special, change, planned, step);
	if (result == 0 && FAULT_POINT("ddl.after-statement"))
		return error_set(error, ERROR_RETRY, "fault injected after a statement that commits");
	return result;
}

/* ---- effects ---- */

static int note_effects(struct special *special, const struct change *change, const struct planned_statement *planned,
	struct error *error)
{
	struct applier *applier = special->applier;

	for (size_t i = 0; i < planned->plan.effect_count; i++) {
		const struct plan_effect *effect = &planned->plan.effects[i];
		const struct applier_hooks *hooks = &applier->hooks;
		int result = 0;

		if (effect->kind <= EFFECT_TEMP_RENAME && special->effect_count == 0)
			special->effect_count += temp_tables_forget_dropped(applier->temps, &special->effects);
		special->effect_count += temp_tables_effect(applier->temps, change->server_id, change->statement->query.thread_id,
			effect, &special->effects);
		if (effect->kind == EFFECT_EVENT_STATE && hooks->event_state)
			result = hooks->event_state(hooks->context, effect->database, effect->name, effect->state, error);
		else if (effect->kind == EFFECT_EVENT_DROP && hooks->event_state)
			result = hooks->event_state(hooks->context, effect->database, effect->name, NULL, error);
		else if (effect->kind == EFFECT_HELD_DROP && hooks->held_dropped)
			result = hooks->held_dropped(hooks->context, effect->state, effect->database, effect->name, error);
		if (result < 0)
			return -1;
	}
	return 0;
}

static void publish_temp_tables(struct applier *applier)
{
	size_t count = temp_tables_count(applier->temps);
	struct arena arena = ARENA_INIT;
	struct applier_temp_table *list = arena_alloc(&arena, (count + 1) * sizeof(*list));

	for (size_t i = 0; i < count; i++) {
		const struct temp_table *table = temp_tables_at(applier->temps, i);

		list[i] = (struct applier_temp_table){table->server_id, table->thread_id, table->database, table->name,
			table->real};
	}
	if (applier->hooks.temp_tables_changed)
		applier->hooks.temp_tables_changed(applier->hooks.context, list, count);
	arena_release(&arena);
}

/* ---- a transaction's changes ---- */

static int row_error(const struct special *special, const struct flight_item *item, const struct change *change,
	uint64_t found, const struct error *cause, struct error *error)
{
	const struct operation *operation = item->operation;
	const char *table = operation && operation->kind == OPERATION_ROWS ? operation->rows->table->quoted
		: item->row						   ? item->row->binding->table->quoted
									   : "?";
	struct buffer key = BUFFER_INIT;

	if (item->row) {
		buffer_puts(&key, ", row ");
		render_row_key(&key, item->row, &special->applier->render);
		change = item->row->change;
	}
	if (cause)
		error_set_server(error, cause->kind, cause->code, cause->sqlstate, "table %s%s at %s:%llu: %s", table,
			buffer_text(&key), special->transaction->end.file, (unsigned long long)change->end_offset,
			cause->text);
	else
		error_set(error, ERROR_STOP,
			"table %s%s at %s:%llu: %llu rows were found on the target instead of %llu. Source and target are no longer "
			"alike.",
			table, buffer_text(&key), special->transaction->end.file, (unsigned long long)change->end_offset,
			(unsigned long long)found, (unsigned long long)item->expected);
	buffer_release(&key);
	return -1;
}

/* The rows of the changes [from, to). When something does not fit, they are sent once more row by row from a savepoint, so
 * that the error names the row. */
static int run_rows(struct special *special, const struct change *from, const struct change *to, struct error *error)
{
	struct flight *flight = &special->applier->control_flight;
	struct error failure = {0};
	int result = special_begin(special, error);

	for (int merge = 1; merge >= 0 && result == 0; merge--) {
		struct batch *batch = batch_new(merge, false);
		size_t failed = 0;
		uint64_t found = 0;

		result = batch_add_range(batch, special->transaction, from, to, error);
		flight_clear(flight);
		flight_add_own(flight, merge ? "SAVEPOINT changeling_rows" : "ROLLBACK TO SAVEPOINT changeling_rows",
			EXPECT_ANYTHING);
		for (const struct operation *at = batch->operations; at && result == 0; at = at->next)
			result = render_operation(flight, at, special->session, &special->applier->render, error);
		if (result < 0) {
			batch_free(batch);
			return -1;
		}
		result = flight_run(flight, special->target, special->applier->packet_bytes, &failed, &found, &failure);
		if (result == 0) {
			batch_free(batch);
			return 0;
		}
		if (result < 0 && (failure.kind == ERROR_RETRY || failure.kind == ERROR_CONNECT)) {
			*error = failure;
			batch_free(batch);
			return -1;
		}
		row_error(special, &flight->items[failed], from, found, result < 0 ? &failure : NULL, error);
		session_forget(special->session);
		batch_free(batch);
		result = 0;
	}
	return -1;
}

/* Steps that make tables come before the transaction begins: all statements are planned and these steps run first, in
 * order, as each is read against the tables that those before it have made. */
static int run_before_steps(struct special *special, bool row_format, struct error *error)
{
	for (struct change *change = special->transaction->first; change; change = change->next) {
		const struct planned_statement *planned;

		if (!change_is_statement(change))
			continue;
		if (prepare_change(special->applier, special->transaction, change, row_format, error) < 0)
			return -1;
		planned = change->applier_data;
		if (planned->plan.action == PLAN_SKIP)
			continue;
		for (size_t i = 0; i < planned->plan.step_count; i++) {
			if (planned->plan.steps[i].when != STEP_BEFORE)
				continue;
			special->redo = true;
			special->definitions_changed = special->stale = true;
			if (run_step(special, change, planned, &planned->plan.steps[i], error) < 0)
				return -1;
			special->redo = false;
		}
		if (note_effects(special, change, planned, error) < 0)
			return -1;
	}
	return 0;
}

static int keep_blocks(struct spool *spool, const struct change *change, struct error *error)
{
	if (!change->continues)
		spool_clear(spool);
	for (const struct load_block *block = change->blocks; block; block = block->next) {
		if (spool_add(spool, block->data, block->length, error) < 0)
			return -1;
	}
	return 0;
}

/* The statement in its place. */
static int run_statement(struct special *special, const struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;

	for (size_t i = 0; planned->plan.action != PLAN_SKIP && i < planned->plan.step_count; i++) {
		const struct plan_step *step = &planned->plan.steps[i];

		if (step->when != STEP_MAIN)
			continue;
		if (step->commits ? run_committing_step(special, change, planned, step, error) < 0
				  : special_begin(special, error) < 0 || run_step(special, change, planned, step, error) < 0)
			return -1;
		if (special->stale)
			forget_definitions(special);
	}
	return 0;
}

/* The same where something is undone. */
static int run_undoing(struct special *special, struct change *change, struct error *error)
{
	const struct planned_statement *planned = change->applier_data;

	if (planned->plan.class != STATEMENT_ROLLBACK_TO)
		return run_statement(special, change, error) < 0 ? -1 : undo_note(special, change, error);
	if (undo_before(special, change, error) < 0 || run_statement(special, change, error) < 0)
		return -1;
	return undo_after(special, error);
}

/* All rows up to the next statement; *next is that statement, or NULL. */
static int run_rows_from(struct special *special, struct change *from, bool row_format, struct change **next,
	struct error *error)
{
	struct change *end;

	for (end = from; end && end->kind == CHANGE_ROWS; end = end->next) {
		if (prepare_change(special->applier, special->transaction, end, row_format, error) < 0)
			return -1;
	}
	*next = end;
	if (run_rows(special, from, end, error) < 0)
		return -1;
	for (struct change *change = from; special->undo && change != end; change = change->next) {
		if (undo_note(special, change, error) < 0)
			return -1;
	}
	return 0;
}

int special_run_main(struct special *special, bool row_format, struct error *error)
{
	struct change *change = special->transaction->first;

	while (change) {
		if (change->kind == CHANGE_ROWS) {
			if (run_rows_from(special, change, row_format, &change, error) < 0)
				return -1;
			continue;
		}
		if (change->kind == CHANGE_BLOCKS) {
			if (keep_blocks(special->applier->spool, change, error) < 0)
				return -1;
			change = change->next;
			continue;
		}
		if ((special->undo ? run_undoing(special, change, error) : run_statement(special, change, error)) < 0)
			return -1;
		change = change->next;
	}
	return 0;
}

static int run_after_steps(struct special *special, struct error *error)
{
	for (struct change *change = special->transaction->first; change; change = change->next) {
		const struct planned_statement *planned = change->applier_data;

		if (!change_is_statement(change) || !planned || planned->plan.action == PLAN_SKIP)
			continue;
		for (size_t i = 0; i < planned->plan.step_count; i++) {
			if (planned->plan.steps[i].when != STEP_AFTER)
				continue;
			special->redo = true;
			special->definitions_changed = true;
			if (run_step(special, change, planned, &planned->plan.steps[i], error) < 0)
				return -1;
		}
	}
	return 0;
}

/* The last part of every transaction: effects, intents gone, checkpoint, COMMIT. */
int special_commit(struct special *special, struct error *error)
{
	struct applier *applier = special->applier;
	const char *schema = applier->settings.target.schema, *channel = applier->settings.channel;
	struct buffer sql = BUFFER_INIT;
	struct target_outcome *outcomes;
	size_t statements, failed;
	int result = special_begin(special, error);

	statements = session_put_own(special->session, &sql);
	buffer_append(&sql, buffer_text(&special->effects), special->effects.length);
	statements += special->effect_count;
	intent_put_delete(&sql, schema, channel);
	buffer_puts(&sql, "; ");
	checkpoint_put_update(&sql, schema, channel, 0, &applier->next);
	statements += 2;
	outcomes = arena_alloc(&special->transaction->arena, statements * sizeof(*outcomes));
	if (result == 0 && FAULT_POINT("special.before-checkpoint"))
		result = error_set(error, ERROR_RETRY, "fault injected before a checkpoint");
	if (result == 0)
		result = target_flight(special->target, sql.data, sql.length, statements, outcomes, &failed, error);
	if (result == 0 && outcomes[statements - 1].affected != 1)
		result = fenced(special, error);
	if (result == 0 && FAULT_POINT("special.before-commit"))
		result = error_set(error, ERROR_RETRY, "fault injected before a commit");
	if (result == 0) {
		result = target_execute(special->target, "COMMIT", error);
		special->in_transaction = false;
		intent_release(&applier->found_intent);
	}
	if (result == 0 && FAULT_POINT("special.after-commit"))
		result = error_set(error, ERROR_RETRY, "fault injected after a commit");
	buffer_release(&sql);
	return result;
}

void special_init(struct special *special, struct applier *applier, struct transaction *transaction)
{
	memset(special, 0, sizeof(*special));
	special->applier = applier;
	special->transaction = transaction;
	special->target = applier->control;
	special->session = applier->control_session;
}

int special_end(struct special *special, int result)
{
	struct error ignored;

	if (result < 0 && special->in_transaction)
		target_execute(special->target, "ROLLBACK", &ignored);
	if (result < 0)
		session_forget(special->session);
	if (special->definitions_changed) {
		table_cache_clear(special->applier->tables);
		stored_code_clear(special->applier->code);
	}
	undo_free(special->undo);
	if (special->effect_count)
		publish_temp_tables(special->applier);
	buffer_release(&special->effects);
	return result;
}

/* Only while it is known what its temporary tables were. */
static bool ended_before(const struct special *special)
{
	return special->transaction->kind == TRANSACTION_ROLLBACK &&
		session_has_ended(special->applier, special->transaction);
}

int special_run_group(struct special *special, struct error *error)
{
	bool row_format = false, rolled_back = special->transaction->kind == TRANSACTION_ROLLBACK;
	bool replay = undo_within(special->transaction);

	for (struct change *change = special->transaction->first; change; change = change->next)
		row_format = row_format || change->kind == CHANGE_ROWS;
	if (!ended_before(special) && run_before_steps(special, row_format, error) < 0)
		return -1;
	if (special->stale)
		forget_definitions(special);
	if (rolled_back && rollback_keep(special->applier, special->transaction, &replay, error) < 0)
		return -1;
	if (FAULT_POINT("special.after-first-steps"))
		return error_set(error, ERROR_RETRY, "fault injected after the first steps");
	if ((replay && undo_start(special, error) < 0) || special_run_main(special, row_format, error) < 0 ||
		(replay && rolled_back && undo_all(special, error) < 0) || special_commit(special, error) < 0)
		return -1;
	if (FAULT_POINT("special.before-last-steps"))
		return error_set(error, ERROR_RETRY, "fault injected before the last steps");
	return run_after_steps(special, error) < 0 ? -1 : undo_finish(special, error);
}
