/* One transaction, one change after the other, nothing merged: what a batch falls back to when something in it does
 * not fit the target. Finds the very row, names it, and deals with it as the policy for conflicts says. */
#include <stdio.h>
#include <string.h>

#include "applier/generated.h"
#include "applier/internal.h"
#include "applier/render_check.h"
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

/* The row is written, and the target computes another value for a generated column than the master did. No server takes a value
 * for one. */
static int generated_error(struct applier *applier, const struct row_change *row, struct error *error)
{
	struct buffer text = BUFFER_INIT;

	describe_row(applier, row, &text);
	buffer_puts(&text, ": ");
	generated_put_difference(&text, row->binding->table);
	error_set(error, ERROR_STOP, "%s", buffer_text(&text));
	error_advice(error, "%s", generated_advice(applier->source.version.family));
	buffer_release(&text);
	return -1;
}

/* What kept the row's change from being made as it is in the log. */
struct conflict {
	const struct error *cause; /* the target's error, or NULL */
	uint64_t found;            /* rows, when there was none */
	bool generated;            /* the row is there, but for its generated columns */
};

static int conflict_error(struct applier *applier, const struct row_change *row, const struct conflict *conflict,
	struct error *error)
{
	const struct error *cause = conflict->cause;
	struct buffer text = BUFFER_INIT;

	if (conflict->generated)
		return generated_error(applier, row, error);
	describe_row(applier, row, &text);
	if (cause)
		error_set_server(error, ERROR_STOP, cause->code, cause->sqlstate, "%s: %s", buffer_text(&text), cause->text);
	else
		error_set(error, ERROR_STOP,
			"%s: the target has %llu such rows instead of one. Source and target are no longer alike.",
			buffer_text(&text), (unsigned long long)conflict->found);
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
	return conflict_error(applier, row, &(struct conflict){.cause = &cause}, error);
}

static int check_repaired(struct applier *applier, struct worker *worker, const struct row_change *row, struct error *error)
{
	struct target_outcome outcome = {0};
	struct buffer sql = BUFFER_INIT;
	int result = render_put_check(&sql, row, false, &applier->render, error);

	if (result == 0)
		result = target_statement(worker->target, sql.data, sql.length, &outcome, error);
	if (result == 0 && outcome.affected != 1)
		result = generated_error(applier, row, error);
	buffer_release(&sql);
	return result;
}

/* Makes the row what the master has, or stops as without the policy. */
static int repair(struct applier *applier, struct worker *worker, const struct row_change *row, const struct conflict *conflict,
	struct error *error)
{
	bool referred = row->binding->table->referred, failed = conflict->cause != NULL;
	struct error failure = {0};
	uint64_t found = 0;
	int result;

	if (row->kind == ROWS_DELETE) /* it is gone, which is what was wanted; or it is there and cannot go */
		return failed ? conflict_error(applier, row, conflict, error) : 0;
	if (conflict->generated)
		return generated_error(applier, row, error);
	if (row->is_history || row->binding->table->is_sequence)
		return cannot_repair(applier, row, row->is_history ? "it is one of history" : "it is a sequence", error);
	for (uint32_t i = 0; i < row->binding->map->columns_count; i++) {
		if (row->after[i].kind == VALUE_ABSENT && (row->kind == ROWS_UPDATE || referred))
			return cannot_repair(applier, row, "its image does not hold all columns (binlog_row_image is not FULL)", error);
	}
	result = referred ? repair_referred(applier, worker, row, failed, &found, &failure)
			  : repair_replacing(applier, worker, row, failed, &found, &failure);
	if (result == 0 && found > 0 && render_row_has_check(row))
		return check_repaired(applier, worker, row, error);
	if (result == 0 && found > 0)
		return 0;
	if (result < 0 && passing(&failure)) {
		*error = failure;
		return -1;
	}
	return conflict_error(applier, row, &(struct conflict){.cause = result < 0 ? &failure : conflict->cause}, error);
}

static void put_reason(struct buffer *out, const struct row_change *row, const struct conflict *conflict)
{
	if (conflict->generated)
		generated_put_difference(out, row->binding->table);
	else if (conflict->cause)
		buffer_puts(out, conflict->cause->text);
	else
		buffer_printf(out, "the target has %llu such rows instead of one", (unsigned long long)conflict->found);
}

static int settle(struct applier *applier, struct worker *worker, const struct row_change *row, const struct conflict *conflict,
	struct error *error)
{
	bool repaired = applier->settings.conflicts == CONFLICT_REPAIR;
	struct target_table_name table = {row->binding->table->database, row->binding->table->name};
	struct buffer key = BUFFER_INIT, before = BUFFER_INIT, after = BUFFER_INIT, reason = BUFFER_INIT;
	struct applier_place place;
	int result = 0;

	if (applier->settings.conflicts == CONFLICT_STOP)
		return conflict_error(applier, row, conflict, error);
	if (repaired && repair(applier, worker, row, conflict, error) < 0)
		return -1;
	place_of(&place, row->transaction, row->change, row->row);
	render_row_key(&key, row, &applier->render);
	render_image(&before, row, row->before, &applier->render);
	render_image(&after, row, row->after, &applier->render);
	put_reason(&reason, row, conflict);
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

/* Errors of strict mode alone: without it the value is cut, with a warning. */
static bool is_of_strict_mode(const struct error *failure)
{
	static const unsigned codes[] = {1264, 1265, 1292, 1366, 1406, 3156};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (failure->code == codes[i])
			return true;
	}
	return false;
}

/* The row was refused as strict mode refuses one. That may be a generated column, whose value the master's session, without that
 * mode, cut: the target cuts it likewise, and is then asked whether that is all it did. Returns 0 when the row is what the
 * image says, 1 when it is not, and then nothing happened. */
static int run_leniently(struct applier *applier, struct worker *worker, const struct operation *operation, struct error *error)
{
	struct error failure = {0};
	struct flight flight;
	size_t failed;
	uint64_t found;
	int result;

	flight_init(&flight);
	flight_add_own(&flight, "SAVEPOINT changeling_row", EXPECT_ANYTHING);
	session_forget(worker->session);
	result = render_operation_leniently(&flight, operation, worker->session, &applier->render, &failure);
	if (result < 0) {
		flight_release(&flight);
		session_forget(worker->session);
		return 1;
	}
	result = flight_run(&flight, worker->target, applier->packet_bytes, &failed, &found, &failure);
	flight_release(&flight);
	if (result == 0)
		return 0;
	session_forget(worker->session);
	if (result < 0 && passing(&failure)) {
		*error = failure;
		return -1;
	}
	return target_execute(worker->target, "ROLLBACK TO SAVEPOINT changeling_row", error) < 0 ? -1 : 1;
}

static int row_failed(struct applier *applier, struct worker *worker, const struct operation *operation,
	const struct conflict *conflict, struct error *error)
{
	session_forget(worker->session); /* the flight ended before all of its settings */
	if (conflict->cause && is_of_strict_mode(conflict->cause) && render_can_be_lenient(operation->row)) {
		int result = run_leniently(applier, worker, operation, error);

		if (result <= 0)
			return result;
	}
	return settle(applier, worker, operation->row, conflict, error);
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
			struct conflict conflict = {result < 0 ? &failure : NULL, found, result > 0 && flight.items[failed].is_check};

			result = row_failed(applier, worker, operation, &conflict, error);
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
