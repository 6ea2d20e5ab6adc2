/* One transaction, one change after the other, nothing merged: what a batch falls back to when something in it does
 * not fit the target. Finds the very row, names it, and deals with it as the policy for conflicts says. */
#include <stdio.h>
#include <string.h>

#include "applier/internal.h"
#include "base/log.h"

static const char *const changes[] = {"insert", "update", "delete"};

/* "row id=5 of `db`.`t`, updated at binlog.000003:4711 (GTID 0-1-17)" */
static void describe_row(struct applier *applier, const struct row_change *row, struct buffer *out)
{
	char gtid[GTID_TEXT_MAXIMUM];

	buffer_printf(out, "table %s, row ", row->binding->table->quoted);
	render_row_key(out, row, &applier->render);
	buffer_printf(out, ": %s at %s:%llu", changes[row->kind], row->transaction->end.file,
		(unsigned long long)row->change->end_offset);
	if (row->transaction->gtid.kind != GTID_NONE)
		buffer_printf(out, " (GTID %s)", gtid_text(&row->transaction->gtid, gtid));
}

/* A passing error must reach those who try again as what it is. */
static bool passing(const struct error *error)
{
	return error->kind == ERROR_RETRY || error->kind == ERROR_CONNECT;
}

static int conflict_error(struct applier *applier, const struct row_change *row, uint64_t found,
	const struct error *cause, struct error *error)
{
	struct buffer text = BUFFER_INIT;

	describe_row(applier, row, &text);
	if (cause)
		error_set_server(error, ERROR_STOP, cause->code, cause->sqlstate, "%s: %s", buffer_text(&text), cause->text);
	else
		error_set(error, ERROR_STOP,
			"%s: the target has %llu such rows instead of one. Source and target are no longer alike.",
			buffer_text(&text), (unsigned long long)found);
	error_advice(error, "Mend the row on the target and run `changeling retry`, or `changeling skip` to step over the "
			    "whole transaction, or set %s.",
		applier->settings.conflicts == CONFLICT_REPAIR ? "conflicts=record (to repair it is not possible)"
							       : "conflicts=repair or conflicts=record");
	buffer_release(&text);
	return -1;
}

/* The row's change as one of another kind, which runs; *found gets how many rows it found. */
static int run_as(struct applier *applier, struct worker *worker, const struct row_change *row, enum rows_kind kind, bool replace,
	uint64_t *found, struct error *error)
{
	struct row_change as = *row;
	struct target_outcome outcome;
	struct buffer sql = BUFFER_INIT;
	int result;

	as.kind = kind;
	if (replace)
		buffer_puts(&sql, " "); /* INSERT becomes REPLACE in its place */
	result = render_row(&sql, &as, &applier->render, error);
	if (result == 0) {
		if (replace)
			memcpy(sql.data, "REPLACE", 7);
		result = target_statement(worker->target, sql.data, sql.length, &outcome, error);
	}
	if (result == 0)
		*found = outcome.affected;
	buffer_release(&sql);
	return result;
}

/* Other tables refer to this one, and REPLACE would delete the row first, with all that refers to it: it is changed where it is, or
 * put where none is. *found is 0 where neither can be. */
static int repair_referred(struct applier *applier, struct worker *worker, const struct row_change *row, bool failed,
	uint64_t *found, struct error *error)
{
	struct row_change there = *row;
	struct error exists = {0};

	*found = 0;
	if (row->kind == ROWS_UPDATE && failed)
		return 0;
	if (row->kind == ROWS_UPDATE) {
		if (run_as(applier, worker, row, ROWS_WRITE, false, found, &exists) == 0)
			return 0;
		if (exists.code != 1062) {
			*error = exists;
			return -1;
		}
	}
	there.before = row->after;
	return run_as(applier, worker, &there, ROWS_UPDATE, false, found, error);
}

/* In a table that nothing refers to: whatever stands in the row's way is not the master's. */
static int repair_replacing(struct applier *applier, struct worker *worker, const struct row_change *row, bool failed,
	uint64_t *found, struct error *error)
{
	/* it may still be there under the key that it had */
	if (row->kind == ROWS_UPDATE && failed && run_as(applier, worker, row, ROWS_DELETE, false, found, error) < 0)
		return -1;
	return run_as(applier, worker, row, ROWS_WRITE, true, found, error);
}

static int cannot_repair(struct applier *applier, const struct row_change *row, const char *why, struct error *error)
{
	struct error cause = {.kind = ERROR_STOP};

	error_set(&cause, ERROR_STOP, "cannot repair the row: %s.", why);
	return conflict_error(applier, row, 0, &cause, error);
}

/* Makes the row what the master has, or stops as without the policy. */
static int repair(struct applier *applier, struct worker *worker, const struct row_change *row, uint64_t found,
	const struct error *cause, struct error *error)
{
	bool referred = row->binding->table->referred;
	struct error failure = {0};
	int result;

	if (row->kind == ROWS_DELETE) /* it is gone, which is what was wanted; or it is there and cannot go */
		return cause ? conflict_error(applier, row, found, cause, error) : 0;
	if (row->is_history || row->binding->table->is_sequence)
		return cannot_repair(applier, row, row->is_history ? "it is one of history" : "it is a sequence", error);
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		if (row->after[i].kind == VALUE_ABSENT && (row->kind == ROWS_UPDATE || referred))
			return cannot_repair(applier, row, "its image does not hold all columns (binlog_row_image is not FULL)", error);
	}
	result = referred ? repair_referred(applier, worker, row, cause != NULL, &found, &failure)
			  : repair_replacing(applier, worker, row, cause != NULL, &found, &failure);
	if (result == 0 && found > 0)
		return 0;
	if (result < 0 && passing(&failure)) {
		*error = failure;
		return -1;
	}
	return conflict_error(applier, row, 0, result < 0 ? &failure : cause, error);
}

static int settle(struct applier *applier, struct worker *worker, const struct row_change *row, uint64_t found,
	const struct error *cause, struct error *error)
{
	bool repaired = applier->settings.conflicts == CONFLICT_REPAIR;
	struct target_table_name table = {row->binding->table->database, row->binding->table->name};
	struct buffer key = BUFFER_INIT, before = BUFFER_INIT, after = BUFFER_INIT, reason = BUFFER_INIT;
	struct applier_place place;
	int result = 0;

	if (applier->settings.conflicts == CONFLICT_STOP)
		return conflict_error(applier, row, found, cause, error);
	if (repaired && repair(applier, worker, row, found, cause, error) < 0)
		return -1;
	place_of(&place, row->transaction, row->change, row->row);
	render_row_key(&key, row, &applier->render);
	render_image(&before, row, row->before, &applier->render);
	render_image(&after, row, row->after, &applier->render);
	if (cause)
		buffer_puts(&reason, cause->text);
	else
		buffer_printf(&reason, "the target has %llu such rows instead of one", (unsigned long long)found);
	if (applier->hooks.quarantined)
		result = applier->hooks.quarantined(applier->hooks.context, &place, &table, buffer_text(&key),
			changes[row->kind], row->before ? buffer_text(&before) : NULL,
			row->after ? buffer_text(&after) : NULL, buffer_text(&reason), repaired ? "repaired" : "recorded",
			error);
	pthread_mutex_lock(&applier->lock);
	applier->progress.conflicts++;
	pthread_mutex_unlock(&applier->lock);
	log_line(LOG_WARNING, "worker", "row conflict table=%s key=%s outcome=%s reason=%s",
		log_quote(row->binding->table->quoted), log_quote(buffer_text(&key)), repaired ? "repaired" : "recorded",
		log_quote(buffer_text(&reason)));
	buffer_release(&key);
	buffer_release(&before);
	buffer_release(&after);
	buffer_release(&reason);
	return result;
}

static int statement_error(const struct operation *operation, const struct error *cause, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct error said = *cause;
	char gtid[GTID_TEXT_MAXIMUM] = "";

	statement_mask_error(operation->change, &said);
	gtid_text(&operation->transaction->gtid, gtid);
	error_set_server(error, cause->kind == ERROR_STOP ? ERROR_STOP : cause->kind, cause->code, cause->sqlstate,
		"statement at %s:%llu%s%s%s: %s: %s", operation->transaction->end.file,
		(unsigned long long)operation->change->end_offset, gtid[0] ? " (GTID " : "", gtid, gtid[0] ? ")" : "",
		statement_excerpt(operation->change, &arena), said.text);
	arena_release(&arena);
	return -1;
}

static int run_operation(struct applier *applier, struct worker *worker, const struct operation *operation,
	struct error *error)
{
	struct error failure = {0};
	struct flight flight;
	size_t failed = 0;
	uint64_t found = 0;
	int result;

	flight_init(&flight);
	if (operation->kind == OPERATION_STATEMENT) {
		worker_render_statement(&flight, operation, worker->session);
		result = 0;
	} else {
		result = render_operation(&flight, operation, worker->session, &applier->render, error);
	}
	if (result == 0) {
		result = flight_run(&flight, worker->target, applier->packet_bytes, &failed, &found, &failure);
		if (result < 0 && passing(&failure)) {
			*error = failure;
		} else if (result != 0 && operation->kind == OPERATION_ROW) {
			session_forget(worker->session); /* the flight ended before all of its settings */
			result = settle(applier, worker, operation->row, found, result < 0 ? &failure : NULL, error);
		} else if (result != 0 && operation->kind == OPERATION_STATEMENT) {
			result = statement_error(operation, &failure, error);
		} else if (result < 0) {
			*error = failure;
		}
	}
	flight_release(&flight);
	return result;
}

int single_apply(struct applier *applier, struct worker *worker, const struct transaction *transaction,
	const struct checkpoint *checkpoint, unsigned checkpoint_worker, struct error *error)
{
	struct batch *batch = batch_new(false, false);
	struct buffer sql = BUFFER_INIT;
	struct target_outcome outcome = {0};
	struct error ignored;
	int result = batch_add_borrowed(batch, transaction, error);

	session_forget(worker->session);
	if (result == 0)
		result = target_execute(worker->target, TARGET_BEGIN, error);
	for (const struct operation *operation = batch->operations; operation && result == 0; operation = operation->next)
		result = run_operation(applier, worker, operation, error);
	if (result == 0) {
		session_put_own(worker->session, &sql);
		if (sql.length) {
			size_t failed;
			struct target_outcome several[4];

			sql.length -= 2;
			result = target_flight(worker->target, sql.data, sql.length, 1, several, &failed, error);
		}
		buffer_clear(&sql);
		checkpoint_put_update(&sql, applier->settings.target.schema, applier->settings.channel, checkpoint_worker,
			checkpoint);
		if (result == 0)
			result = target_statement(worker->target, sql.data, sql.length, &outcome, error);
		if (result == 0 && outcome.affected != 1)
			result = error_set(error, ERROR_FENCED, "another instance has taken over channel %s.",
				applier->settings.channel);
	}
	if (result == 0)
		result = target_execute(worker->target, "COMMIT", error);
	else if (target_execute(worker->target, "ROLLBACK", &ignored) < 0)
		session_forget(worker->session);
	buffer_release(&sql);
	batch_free(batch);
	return result;
}
