/* A worker: one connection, one batch at a time. It runs a batch up to its checkpoint as soon as the batches that it
 * conflicts with have done so, and commits when all batches before it are committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/internal.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

#define ATTEMPTS_MAXIMUM 100
/* A row lock that is held longer is most likely a later batch's, which waits for our COMMIT: it is asked to give way. */
#define ROW_LOCK_SECONDS 1u

int session_prepare(struct target *target, const struct applier_settings *settings, unsigned row_lock_seconds,
	struct error *error)
{
	struct buffer sql = BUFFER_INIT;
	struct arena arena = ARENA_INIT;
	struct target_rows rows;
	struct target_outcome outcomes[2];
	size_t failed;
	const char *isolation = "READ COMMITTED"; /* spares gap locks */
	int result;

	result = target_queryf(target, &arena, &rows, error, "SELECT @@global.binlog_format, @@global.log_bin");
	if (result == 0 && rows.rows == 1 && strcmp(target_cell(&rows, 0, 0), "STATEMENT") == 0 &&
		strcmp(target_cell(&rows, 0, 1), "0") != 0)
		isolation = "REPEATABLE READ"; /* a server that logs statements demands it */
	if (result < 0 && error->code == 1193) { /* the variable is gone: rows are all it logs */
		error_clear(error);
		result = 0;
	}
	if (result == 0) {
		buffer_printf(&sql,
			"SET SESSION TRANSACTION ISOLATION LEVEL %s; SET SESSION innodb_lock_wait_timeout = %u, "
			"SESSION lock_wait_timeout = %u, SESSION wait_timeout = 28800, SESSION net_read_timeout = 600, "
			"SESSION net_write_timeout = 600, SESSION autocommit = 1, SESSION sql_safe_updates = 0, "
			"SESSION sql_select_limit = DEFAULT%s",
			isolation, row_lock_seconds, settings->lock_wait_seconds,
			target_family(target) == FAMILY_MARIADB ? ", SESSION max_statement_time = 0" : "");
		result = target_flight(target, sql.data, sql.length, 2, outcomes, &failed, error);
	}
	buffer_release(&sql);
	arena_release(&arena);
	return result < 0 ? error_context(error, "setting up a session") : 0;
}

int worker_open(struct worker *worker, struct applier *applier, unsigned number, struct error *error)
{
	worker->applier = applier;
	worker->number = number;
	flight_init(&worker->flight);
	if (target_connect(&worker->target, &applier->settings.target, error) < 0)
		return -1;
	worker->session = session_new(target_family(worker->target), target_version(worker->target));
	return session_prepare(worker->target, &applier->settings, ROW_LOCK_SECONDS, error);
}

void worker_close(struct worker *worker)
{
	target_close(worker->target);
	session_free(worker->session);
	flight_release(&worker->flight);
	memset(worker, 0, sizeof(*worker));
}

/* Are all batches up to the sequence done but for their COMMIT? Under the lock. */
static bool all_executed(const struct applier *applier, uint64_t sequence)
{
	if (applier->committed >= sequence)
		return true;
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		const struct worker *other = &applier->workers[i];

		if (other->batch && other->batch->sequence <= sequence && !other->executed)
			return false;
	}
	return true;
}

static bool ended(const struct applier *applier)
{
	return applier->failed || applier->stopping;
}

/* Both wait until it is so; false when the run has ended instead. */
static bool wait_executed(struct applier *applier, uint64_t sequence)
{
	bool go_on;

	pthread_mutex_lock(&applier->lock);
	while (!ended(applier) && !all_executed(applier, sequence))
		pthread_cond_wait(&applier->changed, &applier->lock);
	go_on = !ended(applier);
	pthread_mutex_unlock(&applier->lock);
	return go_on;
}

static bool wait_committed(struct applier *applier, uint64_t sequence)
{
	bool go_on;

	pthread_mutex_lock(&applier->lock);
	while (!ended(applier) && applier->committed < sequence)
		pthread_cond_wait(&applier->changed, &applier->lock);
	go_on = !ended(applier);
	pthread_mutex_unlock(&applier->lock);
	return go_on;
}

/* For a batch that has been executed: 1 it is its turn to commit, 0 an earlier one wants the locks that it holds, -1 the run has
 * ended. */
static int wait_turn(struct applier *applier, const struct batch *batch)
{
	int turn = 0;

	pthread_mutex_lock(&applier->lock);
	while (turn == 0) {
		if (ended(applier))
			turn = -1;
		else if (applier->window || applier->committed >= batch->sequence - 1)
			turn = 1;
		else if (applier->way_for && applier->way_for < batch->sequence)
			break;
		else
			pthread_cond_wait(&applier->changed, &applier->lock);
	}
	pthread_mutex_unlock(&applier->lock);
	return turn;
}

/* The batch has met a lock: those behind it that hold theirs are asked to roll back. */
static void ask_for_way(struct applier *applier, const struct batch *batch)
{
	pthread_mutex_lock(&applier->lock);
	if (!applier->way_for || batch->sequence < applier->way_for)
		applier->way_for = batch->sequence;
	pthread_cond_broadcast(&applier->changed);
	pthread_mutex_unlock(&applier->lock);
}

/* Appends the statements of an operation that came as a statement. */
void worker_render_statement(struct flight *flight, const struct operation *operation, struct session *session)
{
	const struct planned_statement *statement = operation->statement;

	if (!statement || statement->plan.action == PLAN_SKIP)
		return;
	for (size_t i = 0; i < statement->plan.step_count; i++) {
		const struct plan_step *step = &statement->plan.steps[i];
		struct flight_item *item;
		size_t start = flight->text.length;

		flight_add_session(flight, start, session_put_statement(session, &flight->text, statement));
		start = flight->text.length;
		buffer_append(&flight->text, step->sql, step->length);
		item = flight_add_item(flight, start, EXPECT_ANYTHING);
		item->compound = statement->compound;
		item->operation = operation;
		item->step = step;
		session_end_statement(session, statement);
	}
}

static void low_water_mark(struct applier *applier, struct checkpoint *low)
{
	pthread_mutex_lock(&applier->lock);
	*low = *window_low(applier->window);
	low->gtid_set = memory_strdup(low->gtid_set);
	pthread_mutex_unlock(&applier->lock);
}

static int render_batch(struct worker *worker, const struct batch *batch, struct error *error)
{
	struct applier *applier = worker->applier;
	struct flight *flight = &worker->flight;
	size_t start;

	flight_clear(flight);
	flight_add_own(flight, "BEGIN", EXPECT_ANYTHING);
	for (const struct operation *operation = batch->operations; operation; operation = operation->next) {
		if (operation->kind == OPERATION_STATEMENT)
			worker_render_statement(flight, operation, worker->session);
		else if (render_operation(flight, operation, worker->session, &applier->render, error) < 0)
			return -1;
	}
	start = flight->text.length;
	flight_add_session(flight, start, session_put_own(worker->session, &flight->text));
	start = flight->text.length;
	if (applier->window) {
		struct checkpoint low = {0};

		low_water_mark(applier, &low);
		flight_add_session(flight, start,
			window_put_applied(&flight->text, applier->settings.target.schema, applier->settings.channel, batch,
				low.sequence));
		start = flight->text.length;
		checkpoint_put_update(&flight->text, applier->settings.target.schema, applier->settings.channel,
			worker->number, &low);
		checkpoint_release(&low);
	} else {
		checkpoint_put_update(&flight->text, applier->settings.target.schema, applier->settings.channel,
			worker->number, &batch->checkpoint);
	}
	flight_add_item(flight, start, 1);
	if (!buffer_ok(&flight->text))
		return error_set(error, ERROR_STOP, "a batch of changes is larger than %zu bytes as SQL.", BUFFER_MAXIMUM);
	return 0;
}

static int rollback(struct worker *worker, struct error *error)
{
	session_forget(worker->session);
	return target_execute(worker->target, "ROLLBACK", error);
}

enum outcome { DONE, AGAIN, ONE_BY_ONE, FAILED, ENDED };

/* Up to the checkpoint. */
static enum outcome execute(struct worker *worker, const struct batch *batch, struct error *error)
{
	struct error failure, ignored;
	size_t failed = 0;
	uint64_t found = 0;
	int result;

	if (render_batch(worker, batch, error) < 0)
		return ONE_BY_ONE;
	if (FAULT_POINT("worker.before-flight")) {
		error_set(error, ERROR_RETRY, "fault injected before a flight");
		return FAILED;
	}
	result = flight_run(&worker->flight, worker->target, worker->applier->packet_bytes, &failed, &found, &failure);
	if (result == 0) {
		if (!FAULT_POINT("worker.after-flight"))
			return DONE;
		error_set(error, ERROR_RETRY, "fault injected after a flight");
		return FAILED;
	}
	if (result == 1 && failed + 1 == worker->flight.count) {
		error_set(error, ERROR_FENCED,
			"another instance has taken over channel %s: its epoch is no longer %llu. This instance stops; see which "
			"one is to run.",
			worker->applier->settings.channel, (unsigned long long)batch->checkpoint.epoch);
		return FAILED;
	}
	if (result < 0 && (failure.kind == ERROR_CONNECT || (failure.kind == ERROR_RETRY && failure.code != 1205 &&
		failure.code != 1213 && failure.code != 1614 && failure.code != 3572))) {
		*error = failure;
		return FAILED;
	}
	if (rollback(worker, &ignored) < 0) {
		*error = ignored;
		return FAILED;
	}
	if (result < 0 && failure.kind == ERROR_RETRY) {
		log_line(LOG_DEBUG, "worker", "batch given back after a conflict worker=%u code=%u transactions=%zu",
			worker->number, failure.code, batch->transaction_count);
		return AGAIN;
	}
	return ONE_BY_ONE;
}

static void finish(struct worker *worker, struct batch *batch)
{
	struct applier *applier = worker->applier;
	const struct checkpoint *applied = &batch->checkpoint;

	pthread_mutex_lock(&applier->lock);
	if (applier->window) {
		applied = window_done(applier->window, batch->sequence);
		applier->committed = applied->sequence;
	} else {
		applier->committed = batch->sequence;
	}
	worker->batch = NULL;
	worker->executed = false;
	if (applier->way_for && applier->way_for <= applier->committed)
		applier->way_for = 0;
	progress_committed(applier, applied, batch->transaction_count, batch->rows, batch->statements);
	pthread_cond_broadcast(&applier->changed);
	pthread_mutex_unlock(&applier->lock);
	batch_free(batch);
	queue_wake(applier->queue);
}

static void mark_executed(struct worker *worker, bool executed)
{
	pthread_mutex_lock(&worker->applier->lock);
	worker->executed = executed;
	pthread_cond_broadcast(&worker->applier->changed);
	pthread_mutex_unlock(&worker->applier->lock);
}

/* The batch's transactions one after the other, each with its own COMMIT: finds the row or statement that did not go, after
 * all that came before it has been committed. */
static int one_by_one(struct worker *worker, const struct batch *batch, struct error *error)
{
	struct checkpoint checkpoint = batch->checkpoint;
	struct gtid_set *gtids = NULL;
	struct buffer text = BUFFER_INIT;
	int result = 0;

	if (batch->gtids_before) {
		gtids = gtid_set_new();
		result = gtid_set_parse(gtids, batch->gtids_before, error);
	}
	checkpoint.sequence = batch->sequence;
	for (const struct transaction *at = batch->transactions; at && result == 0; at = at->next) {
		checkpoint.gtid_set = batch->checkpoint.gtid_set;
		checkpoint_advance(&checkpoint, gtids, at);
		if (gtids) {
			buffer_clear(&text);
			gtid_set_put_text(gtids, &text);
			checkpoint.gtid_set = (char *)buffer_text(&text);
		}
		result = single_apply(worker->applier, worker, at, &checkpoint, worker->number, error);
		if (result < 0)
			applier_fail(worker->applier, error, at);
	}
	buffer_release(&text);
	gtid_set_free(gtids);
	return result;
}

/* Until it is executed and may commit. A batch that meets a lock, or is asked to give way, runs again when everything before it
 * is committed. */
static enum outcome execute_in_turn(struct worker *worker, const struct batch *batch, struct error *error)
{
	struct applier *applier = worker->applier;

	for (unsigned attempts = 0; attempts < ATTEMPTS_MAXIMUM; attempts++) {
		enum outcome outcome = execute(worker, batch, error);
		int turn;

		if (outcome == DONE) {
			mark_executed(worker, true);
			turn = wait_turn(applier, batch);
			if (turn != 0)
				return turn > 0 ? DONE : ENDED;
			mark_executed(worker, false);
			if (rollback(worker, error) < 0)
				return FAILED;
		} else if (outcome == AGAIN) {
			ask_for_way(applier, batch);
		} else {
			return outcome;
		}
		if (!wait_committed(applier, batch->sequence - 1))
			return ENDED;
	}
	error_set(error, ERROR_RETRY, "a batch of changes met locks of somebody else on the target %u times.",
		ATTEMPTS_MAXIMUM);
	return FAILED;
}

/* 0 done, -1 the run has failed (and applier_fail was told). */
static int run_batch(struct worker *worker, struct batch *batch)
{
	struct applier *applier = worker->applier;
	struct error error = {0};

	if (batch->after_commit ? !wait_committed(applier, batch->sequence - 1) : !wait_executed(applier, batch->after))
		return -1;
	switch (execute_in_turn(worker, batch, &error)) {
	case ENDED:
		return -1;
	case ONE_BY_ONE:
		if (!wait_committed(applier, batch->sequence - 1))
			return -1;
		return one_by_one(worker, batch, &error);
	case DONE:
		if (FAULT_POINT("worker.before-commit"))
			error_set(&error, ERROR_RETRY, "fault injected before a commit");
		else if (target_execute(worker->target, "COMMIT", &error) < 0)
			error_context(&error, "committing (whether it took place is read from the checkpoint)");
		else if (FAULT_POINT("worker.after-commit"))
			error_set(&error, ERROR_RETRY, "fault injected after a commit");
		else
			return 0;
		break;
	default:
		break;
	}
	applier_fail(applier, &error, error.kind == ERROR_STOP ? batch->transactions : NULL);
	return -1;
}

void *worker_main(void *argument)
{
	struct worker *worker = argument;
	struct applier *applier = worker->applier;

	for (;;) {
		struct batch *batch;

		pthread_mutex_lock(&applier->lock);
		while (!worker->batch && !ended(applier))
			pthread_cond_wait(&applier->changed, &applier->lock);
		batch = worker->batch;
		pthread_mutex_unlock(&applier->lock);
		if (!batch)
			return NULL;
		if (run_batch(worker, batch) < 0) {
			pthread_mutex_lock(&applier->lock);
			worker->batch = NULL;
			pthread_mutex_unlock(&applier->lock);
			batch_free(batch);
			return NULL;
		}
		finish(worker, batch);
	}
}
