/* One change after the other, nothing merged: what a batch falls back to, and the rows of a transaction that runs alone, when
 * something in it does not fit the target. Finds the very row, which is then dealt with as the policy for conflicts says
 * (settle.h). */
#include "applier/internal.h"
#include "applier/render_check.h"

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
static int run_leniently(const struct applier *applier, struct target *target, struct session *session,
	const struct operation *operation, struct error *error)
{
	struct error failure = {0};
	struct flight flight;
	size_t failed;
	uint64_t found;
	int result;

	flight_init(&flight);
	flight_add_own(&flight, "SAVEPOINT changeling_row", EXPECT_ANYTHING);
	session_forget(session);
	result = render_operation_leniently(&flight, operation, session, &applier->render, &failure);
	if (result < 0) {
		flight_release(&flight);
		session_forget(session);
		return 1;
	}
	result = flight_run(&flight, target, applier->packet_bytes, &failed, &found, &failure);
	flight_release(&flight);
	if (result == 0)
		return 0;
	session_forget(session);
	if (result < 0 && error_is_passing(&failure)) {
		*error = failure;
		return -1;
	}
	return target_execute(target, "ROLLBACK TO SAVEPOINT changeling_row", error) < 0 ? -1 : 1;
}

static int row_failed(struct settlement *settlement, struct target *target, struct session *session,
	const struct operation *operation, const struct conflict *conflict, struct error *error)
{
	session_forget(session); /* the flight ended before all of its settings */
	if (conflict->cause && is_of_strict_mode(conflict->cause) && render_can_be_lenient(operation->row)) {
		int result = run_leniently(settlement->applier, target, session, operation, error);

		if (result <= 0)
			return result;
	}
	return settle_row(settlement, target, operation->row, conflict, error);
}

/* As many of the operations from `from` on as can be made into SQL; *end is behind them. -1 when the first cannot. */
static int render_rows(struct flight *flight, const struct settlement *settlement, struct session *session,
	const struct operation *from, const struct operation **end, struct error *error)
{
	struct error failure = {0};
	const struct operation *at;

	flight_clear(flight);
	flight_set_guarded(flight);
	for (at = from; at && at->kind == OPERATION_ROW; at = at->next) {
		if (render_operation(flight, at, session, &settlement->applier->render, &failure) == 0)
			continue;
		session_forget(session);
		if (at == from) {
			*error = failure;
			return -1;
		}
		break;
	}
	*end = at;
	return 0;
}

int single_run_rows(struct settlement *settlement, struct target *target, struct session *session,
	const struct operation *from, const struct operation **next, struct error *error)
{
	const struct operation *at = from, *end;
	struct flight flight;
	int result = 0;

	flight_init(&flight);
	while (result == 0 && at && at->kind == OPERATION_ROW) {
		struct error failure = {0};
		size_t failed = 0;
		uint64_t found = 0;

		if (render_rows(&flight, settlement, session, at, &end, error) < 0) {
			result = -1;
			break;
		}
		result = flight_run(&flight, target, settlement->applier->packet_bytes, &failed, &found, &failure);
		if (result != 0) /* a guard stopped the target there: nothing behind it has run */
			end = flight.items[failed].operation;
		if (result < 0 && (error_is_passing(&failure) || !end)) {
			*error = failure;
			break;
		}
		for (; at != end; at = at->next)
			settlement->row++;
		if (result != 0) {
			struct conflict conflict = {result < 0 ? &failure : NULL, found, result > 0 && flight.items[failed].is_check};

			result = row_failed(settlement, target, session, at, &conflict, error);
			settlement->row++;
			at = at->next;
		}
	}
	flight_release(&flight);
	*next = at;
	return result;
}

static int run_statement(struct applier *applier, struct worker *worker, const struct operation *operation, struct error *error)
{
	struct error failure = {0};
	struct flight flight;
	size_t failed;
	uint64_t found;
	int result;

	flight_init(&flight);
	worker_render_statement(&flight, operation, worker->session);
	result = flight_run(&flight, worker->target, applier->packet_bytes, &failed, &found, &failure);
	flight_release(&flight);
	if (result < 0 && error_is_passing(&failure)) {
		*error = failure;
		return -1;
	}
	return result == 0 ? 0 : statement_error(operation, &failure, error);
}

static int run_operations(struct settlement *settlement, struct worker *worker, const struct batch *batch, struct error *error)
{
	const struct operation *at = batch->operations;
	int result = 0;

	while (at && result == 0) {
		if (at->kind == OPERATION_ROW) {
			result = single_run_rows(settlement, worker->target, worker->session, at, &at, error);
			continue;
		}
		result = run_statement(settlement->applier, worker, at, error);
		at = at->next;
	}
	return result;
}

static int move_checkpoint(struct worker *worker, const struct checkpoint *checkpoint, unsigned checkpoint_worker,
	struct error *error)
{
	const struct applier_settings *settings = &worker->applier->settings;
	struct target_outcome outcome = {0};
	struct buffer sql = BUFFER_INIT;
	int result = 0;

	session_put_own(worker->session, &sql);
	if (sql.length) {
		struct target_outcome several[4];
		size_t failed;

		sql.length -= 2;
		result = target_flight(worker->target, sql.data, sql.length, 1, several, &failed, error);
	}
	buffer_clear(&sql);
	checkpoint_put_update(&sql, settings->target.schema, settings->channel, checkpoint_worker, checkpoint);
	if (result == 0)
		result = target_statement(worker->target, sql.data, sql.length, &outcome, error);
	if (result == 0 && outcome.affected != 1)
		result = error_set(error, ERROR_FENCED, "another instance has taken over channel %s.", settings->channel);
	buffer_release(&sql);
	return result;
}

/* Everything but the COMMIT. */
static int run_transaction(struct settlement *settlement, struct worker *worker, const struct transaction *transaction,
	const struct checkpoint *checkpoint, unsigned checkpoint_worker, struct error *error)
{
	struct batch *batch = batch_new(false, false);
	int result = batch_add_borrowed(batch, transaction, error);

	session_forget(worker->session);
	if (result == 0)
		result = target_execute(worker->target, TARGET_BEGIN, error);
	if (result == 0)
		result = run_operations(settlement, worker, batch, error);
	if (result == 0)
		result = move_checkpoint(worker, checkpoint, checkpoint_worker, error);
	if (result == 0)
		result = settlement_record(settlement, error);
	batch_free(batch);
	return result;
}

int single_apply(struct applier *applier, struct worker *worker, const struct transaction *transaction,
	const struct checkpoint *checkpoint, unsigned checkpoint_worker, struct error *error)
{
	struct settlement settlement;
	struct error ignored;
	int result;

	settlement_init(&settlement, applier);
	result = run_transaction(&settlement, worker, transaction, checkpoint, checkpoint_worker, error);
	settlement_release(&settlement);
	if (result == 0) {
		result = target_execute(worker->target, "COMMIT", error);
		return result < 0 ? error_context(error, "committing (whether it took place is read from the checkpoint)") : 0;
	}
	if (target_execute(worker->target, "ROLLBACK", &ignored) == 0)
		return target_met_lock(error) ? 1 : -1;
	session_forget(worker->session);
	return -1;
}
