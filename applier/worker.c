/* A worker: one connection, and batches in the order in which they came to it.
 *
 * A batch is sent as soon as those that it conflicts with have been executed (without the master's order of commits: are
 * committed) or are ahead of it on this connection. Is everything before it committed, or ahead of it here with its COMMIT, its own
 * COMMIT goes along, and the next batch may follow without waiting for any answer (flight.h says why nothing can go wrong in that).
 * Otherwise it is executed, holds its locks, and is committed when its turn comes. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "applier/internal.h"
#include "applier/own_session.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

#define ATTEMPTS_MAXIMUM 100
/* A row lock that is held longer is most likely a later batch's, which waits for our COMMIT: it is asked to give way. */
#define ROW_LOCK_SECONDS 1u
/* For the next transaction. READ COMMITTED unlocks each row that a scan reads in vain, which takes as long as reading it. (All
 * batches with rows of such a table follow each other anyway, and nothing in them looks at a snapshot.) */
#define SCAN_ISOLATION "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"
/* A COMMIT by itself, and the number of its flight. */
#define COMMIT_STATEMENTS 2u

/* Does the server stop at a statement that fails, as flights rely on? (A proxy in between might not.) */
static int check_guard(const struct worker *worker, const struct question *trial, const struct question *variable,
	struct error *error)
{
	const struct error *refusal = &trial->refusal;

	if (refusal->kind != ERROR_NONE && refusal->kind != ERROR_STOP) {
		*error = *refusal;
		return -1;
	}
	if (trial->failed == 1 && variable->rows.rows == 1 && strcmp(target_text(&variable->rows, 0, 0), "0") == 0)
		return 0;
	return error_set(error, ERROR_STOP,
		"the target %s goes on behind a statement that failed in a packet of several, or does not keep variables of a "
		"session: no MySQL or MariaDB does that. Connect to the server itself, not through a proxy that spreads "
		"statements.",
		target_host(worker->target));
}

static void put_clear_way(struct buffer *sql, const struct worker *worker)
{
	buffer_puts(sql, "ROLLBACK; ");
	flight_put_number(sql, worker->flights);
}

/* The session's settings, the trial of the guard, and a way that is clear for the first flight. */
static int make_ready(struct worker *worker, struct error *error)
{
	struct arena arena = ARENA_INIT;
	struct questions questions;
	struct question *trial, *variable, *clear;
	int result;

	questions_init(&questions, &arena);
	own_session_ask(&questions, &worker->applier->settings, ROW_LOCK_SECONDS);
	trial = questions_put(&questions, "");
	flight_put_trial(&trial->text);
	trial->statements = 3;
	trial->borne = REFUSAL_ANY;
	variable = questions_put(&questions, "SELECT " FLIGHT_VARIABLE);
	clear = questions_put(&questions, "");
	put_clear_way(&clear->text, worker);
	clear->statements = 2;
	result = target_begin(worker->target, &questions, error);
	if (result == 0)
		result = check_guard(worker, trial, variable, error);
	arena_release(&arena);
	return result;
}

/* Nothing is under way on the connection, and the next flight may begin. */
static int clear_way(struct worker *worker, struct error *error)
{
	struct target_outcome outcomes[2];
	struct buffer sql = BUFFER_INIT;
	size_t failed;
	int result;

	session_forget(worker->session);
	put_clear_way(&sql, worker);
	result = target_flight(worker->target, sql.data, sql.length, 2, outcomes, &failed, error);
	buffer_release(&sql);
	return result;
}

void worker_init(struct worker *worker, const pthread_condattr_t *attributes)
{
	pthread_cond_init(&worker->changed, attributes);
	worker->wake = -1;
}

int worker_open(struct worker *worker, struct applier *applier, unsigned number, struct error *error)
{
	worker->applier = applier;
	worker->number = number;
	for (unsigned i = 0; i < PASSAGES; i++)
		flight_init(&worker->passages[i].flight);
	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->wake < 0)
		return error_set(error, ERROR_RETRY, "there is no eventfd for worker %u: %s. Allow the process more files (ulimit -n).",
			number + 1, strerror(errno));
	if (target_login(&worker->target, &applier->settings.target, error) < 0)
		return -1;
	if (make_ready(worker, error) < 0)
		return error_context(error, "making ready the connection of worker %u", number + 1);
	worker->session = session_new(target_family(worker->target), target_version(worker->target));
	target_be_patient(worker->target);
	worker->round_trip_us = target_round_trip_us(worker->target);
	return 0;
}

void worker_disconnect(struct worker *worker)
{
	target_close(worker->target);
	session_free(worker->session);
	worker->target = NULL;
	worker->session = NULL;
	if (worker->wake >= 0)
		close(worker->wake);
	worker->wake = -1;
}

void worker_close(struct worker *worker)
{
	worker_disconnect(worker);
	for (unsigned i = 0; i < PASSAGES; i++) {
		batch_free(worker->passages[i].batch);
		flight_release(&worker->passages[i].flight);
	}
	buffer_release(&worker->text);
	pthread_cond_destroy(&worker->changed);
	memset(worker, 0, sizeof(*worker));
}

static bool wait_committed(struct worker *worker, uint64_t sequence)
{
	struct applier *applier = worker->applier;
	bool go_on;

	pthread_mutex_lock(&applier->lock);
	while (!applier_ended(applier) && applier->committed < sequence)
		pthread_cond_wait(&worker->changed, &applier->lock);
	go_on = !applier_ended(applier);
	pthread_mutex_unlock(&applier->lock);
	return go_on;
}

/* The batch has met a lock: those behind it that hold theirs are asked to roll back. */
static void ask_for_way(struct applier *applier, const struct batch *batch)
{
	pthread_mutex_lock(&applier->lock);
	if (!applier->way_for || batch->sequence < applier->way_for)
		applier->way_for = batch->sequence;
	workers_wake(applier);
	pthread_mutex_unlock(&applier->lock);
}

static int locked_out(struct error *error)
{
	return error_set(error, ERROR_RETRY, "a batch of changes met locks of somebody else on the target %u times.", ATTEMPTS_MAXIMUM);
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

static void add_checkpoint(struct worker *worker, struct flight *flight, const struct batch *batch)
{
	struct applier *applier = worker->applier;
	const struct applier_settings *settings = &applier->settings;
	size_t start = flight->text.length;

	flight_add_session(flight, start, session_put_own(worker->session, &flight->text));
	start = flight->text.length;
	if (applier->window) {
		struct checkpoint low = {0};

		low_water_mark(applier, &low);
		flight_add_session(flight, start,
			window_put_applied(&flight->text, settings->target.schema, settings->channel, batch, low.sequence));
		start = flight->text.length;
		checkpoint_put_update(&flight->text, settings->target.schema, settings->channel, worker->number, &low);
		checkpoint_release(&low);
	} else {
		checkpoint_put_update(&flight->text, settings->target.schema, settings->channel, worker->number,
			&batch->checkpoint);
	}
	flight_add_item(flight, start, 1);
}

/* Before its first transaction: an instance that takes over from a silent one ends the connections that it finds listed. */
static void add_note(struct worker *worker, struct flight *flight)
{
	size_t start = flight->text.length;

	channel_put_worker_note(worker->applier, &flight->text, target_connection_id(worker->target));
	flight_add_item(flight, start, EXPECT_ANYTHING);
}

/* The batch up to its checkpoint or, with its COMMIT, up to the number of the flight. */
static int render_batch(struct worker *worker, struct passage *passage, bool commits, struct error *error)
{
	struct flight *flight = &passage->flight;
	const struct batch *batch = passage->batch;

	buffer_swap(&flight->text, &worker->text);
	flight_clear(flight);
	if (!passage->apart) {
		flight_set_guarded(flight);
		if (worker->sent)
			flight_begin_behind(flight, worker->flights);
	}
	if (!worker->noted)
		add_note(worker, flight);
	if (batch->scans && !batch->statements)
		flight_add_own(flight, SCAN_ISOLATION, EXPECT_ANYTHING);
	flight_add_own(flight, TARGET_BEGIN, EXPECT_ANYTHING);
	for (const struct operation *operation = batch->operations; operation; operation = operation->next) {
		if (operation->kind == OPERATION_STATEMENT)
			worker_render_statement(flight, operation, worker->session);
		else if (render_operation(flight, operation, worker->session, &worker->applier->render, error) < 0)
			return -1;
	}
	add_checkpoint(worker, flight, batch);
	passage->checkpoint_item = flight->count - 1;
	if (commits) {
		flight_add_own(flight, "COMMIT", EXPECT_ANYTHING);
		flight_end_guarded(flight, worker->flights + 1);
	}
	if (!buffer_ok(&flight->text))
		return error_set(error, ERROR_STOP, "a batch of changes is larger than %zu bytes as SQL.", BUFFER_MAXIMUM);
	return 0;
}

/* As a batch that meets locks is sent again, so is one of its transactions by itself: later batches that hold theirs give way. */
static int apply_singly(struct worker *worker, const struct batch *batch, const struct transaction *transaction,
	const struct checkpoint *checkpoint, struct error *error)
{
	unsigned attempts = 0;
	int result;

	while ((result = single_apply(worker->applier, worker, transaction, checkpoint, worker->number, error)) == 1) {
		log_line(LOG_DEBUG, "worker", "transaction given back after a conflict worker=%u code=%u", worker->number, error->code);
		if (++attempts == ATTEMPTS_MAXIMUM)
			return locked_out(error);
		if (!wait_committed(worker, batch->sequence - 1)) /* the run has ended */
			return -1;
		error_clear(error);
		ask_for_way(worker->applier, batch);
	}
	return result;
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
		result = apply_singly(worker, batch, at, &checkpoint, error);
		if (result < 0)
			applier_fail(worker->applier, error, at);
	}
	buffer_release(&text);
	gtid_set_free(gtids);
	return result;
}

/* ---- the steps; each returns 0, or -1 when the run has failed or ended ---- */

static int fail(struct worker *worker, const struct error *error, const struct batch *batch)
{
	applier_fail(worker->applier, error, error->kind == ERROR_STOP && batch ? batch->transactions : NULL);
	return -1;
}

static int fail_injected(struct worker *worker, const char *where)
{
	struct error error = {0};

	error_set(&error, ERROR_RETRY, "fault injected %s", where);
	return fail(worker, &error, NULL);
}

/* The first batch is committed. */
static int finish(struct worker *worker)
{
	struct applier *applier = worker->applier;
	const struct checkpoint *applied;
	struct batch *batch;

	if (FAULT_POINT("worker.after-commit"))
		return fail_injected(worker, "after a commit");
	pthread_mutex_lock(&applier->lock);
	batch = passage_take_first(worker);
	if (applier->window) {
		applied = window_done(applier->window, batch->sequence);
		applier->committed = applied->sequence;
	} else {
		applied = &batch->checkpoint;
		applier->committed = batch->sequence;
	}
	applier->pending_bytes -= batch->held_bytes;
	if (applier->way_for && applier->way_for <= applier->committed)
		applier->way_for = 0;
	progress_committed(applier, applied, batch->transaction_count, batch->rows, batch->statements);
	workers_wake(applier);
	pthread_cond_signal(&applier->changed);
	pthread_mutex_unlock(&applier->lock);
	batch_free(batch);
	queue_wake(applier->queue);
	return 0;
}

/* As add_note, where no flight takes it along. */
static int note_alone(struct worker *worker)
{
	struct buffer sql = BUFFER_INIT;
	struct error error = {0};
	int result;

	if (worker->noted)
		return 0;
	channel_put_worker_note(worker->applier, &sql, target_connection_id(worker->target));
	result = target_execute(worker->target, buffer_text(&sql), &error);
	buffer_release(&sql);
	if (result < 0)
		return fail(worker, &error, NULL);
	worker->noted = true;
	return 0;
}

/* One by one when everything before it is committed. */
static int find_culprit(struct worker *worker, struct passage *passage)
{
	struct error error = {0};

	if (!wait_committed(worker, passage->batch->sequence - 1) || note_alone(worker) < 0 ||
		one_by_one(worker, passage->batch, &error) < 0)
		return -1;
	passage_set_sent(worker, passage, PASSAGE_EXECUTED, true);
	return finish(worker);
}

/* Those that were sent behind a failure have not run: their guards' errors are read. */
static int discard_answers(struct worker *worker, struct error *error)
{
	for (unsigned i = 1; i < worker->sent; i++) {
		const struct passage *passage = passage_at(worker, i);
		struct error refused = {0};
		size_t failed;
		uint64_t found;
		int result = flight_receive(&passage->flight, worker->target, &failed, &found, &refused);

		if (result < 0 && refused.kind != ERROR_STOP) {
			*error = refused;
			return -1;
		}
		if (result >= 0 || failed != 0)
			return error_set(error, ERROR_STOP,
				"the target %s went on behind a batch of changes that failed.", target_host(worker->target));
	}
	return 0;
}

/* The first batch's flight did not do what was expected: -1 with an error, or 1 with another number of rows. */
static int recover(struct worker *worker, int result, size_t failed, struct error *failure)
{
	struct passage *passage = passage_at(worker, 0);
	const struct batch *batch = passage->batch;
	struct error error = {0};
	bool locked = result < 0 && target_met_lock(failure);

	if (result == 1 && failed == passage->checkpoint_item) {
		error_set(&error, ERROR_FENCED,
			"another instance has taken over channel %s: its epoch is no longer %llu. This instance stops; see which "
			"one is to run.",
			worker->applier->settings.channel, (unsigned long long)batch->checkpoint.epoch);
		return fail(worker, &error, NULL);
	}
	if (result < 0 && (failed > passage->checkpoint_item || (failure->kind != ERROR_STOP && !locked))) {
		if (passage->commits)
			error_context(failure, "committing (whether it took place is read from the checkpoint)");
		return fail(worker, failure, failed > passage->checkpoint_item ? batch : NULL);
	}
	if (discard_answers(worker, &error) < 0 || clear_way(worker, &error) < 0)
		return fail(worker, &error, NULL);
	worker->noted = false; /* it may have been this */
	passage_take_back(worker, locked);
	if (!locked) {
		batch_operation_failed(passage->flight.items[failed].operation);
		return find_culprit(worker, passage);
	}
	log_line(LOG_DEBUG, "worker", "batch given back after a conflict worker=%u code=%u transactions=%zu", worker->number,
		failure->code, batch->transaction_count);
	if (++passage->attempts == ATTEMPTS_MAXIMUM) {
		locked_out(&error);
		return fail(worker, &error, NULL);
	}
	ask_for_way(worker->applier, batch);
	return 0;
}

/* A batch that takes several packets, cannot be made into SQL as a whole, or is better sent without guards: every answer is
 * looked at before the COMMIT goes out. Nothing is under way. */
static int run_apart(struct worker *worker, struct passage *passage)
{
	struct error failure = {0};
	size_t failed = 0;
	uint64_t found;
	int result = render_batch(worker, passage, false, &failure);

	if (result < 0) {
		buffer_swap(&passage->flight.text, &worker->text);
		session_forget(worker->session);
		return find_culprit(worker, passage);
	}
	if (FAULT_POINT("worker.before-flight"))
		return fail_injected(worker, "before a flight");
	result = flight_run(&passage->flight, worker->target, worker->applier->packet_bytes, &failed, &found, &failure);
	buffer_swap(&passage->flight.text, &worker->text);
	if (FAULT_POINT("worker.after-flight"))
		return fail_injected(worker, "after a flight");
	worker->noted = true;
	passage_set_sent(worker, passage, result == 0 ? PASSAGE_EXECUTED : PASSAGE_SENT, false);
	return result == 0 ? 0 : recover(worker, result, failed, &failure);
}

static int send_next(struct worker *worker, bool commits)
{
	struct passage *passage = passage_at(worker, worker->sent);
	struct error error = {0};

	if (passage->apart)
		return run_apart(worker, passage);
	if (render_batch(worker, passage, commits, &error) < 0 ||
		!flight_is_packet(&passage->flight, worker->applier->packet_bytes)) {
		buffer_swap(&passage->flight.text, &worker->text);
		session_forget(worker->session); /* nothing of it is sent */
		passage_set_apart(worker, passage);
		return 0;
	}
	if (FAULT_POINT("worker.before-flight"))
		return fail_injected(worker, "before a flight");
	if (flight_send(&passage->flight, worker->target, &error) < 0)
		return fail(worker, &error, NULL);
	if (FAULT_POINT("worker.after-flight"))
		return fail_injected(worker, "after a flight");
	buffer_swap(&passage->flight.text, &worker->text);
	passage->sent_us = clock_monotonic_us();
	worker->noted = true;
	worker->flights += commits;
	worker->unread += passage->flight.statements;
	passage_set_sent(worker, passage, PASSAGE_SENT, commits);
	return 0;
}

static int send_commit(struct worker *worker)
{
	struct buffer sql = BUFFER_INIT;
	struct error error = {0};
	int result;

	if (FAULT_POINT("worker.before-commit"))
		return fail_injected(worker, "before a commit");
	buffer_puts(&sql, "COMMIT; ");
	flight_put_number(&sql, ++worker->flights);
	result = target_send(worker->target, sql.data, sql.length, &error);
	buffer_release(&sql);
	if (result < 0)
		return fail(worker, &error, NULL);
	worker->unread += COMMIT_STATEMENTS;
	passage_set(worker, passage_at(worker, 0), PASSAGE_COMMITTING);
	return 0;
}

static int receive_commit(struct worker *worker)
{
	struct target_outcome outcomes[COMMIT_STATEMENTS];
	struct error error = {0};
	size_t failed;

	worker->unread -= COMMIT_STATEMENTS;
	if (target_receive(worker->target, COMMIT_STATEMENTS, outcomes, &failed, &error) == 0)
		return finish(worker);
	error_context(&error, "committing (whether it took place is read from the checkpoint)");
	return fail(worker, &error, passage_at(worker, 0)->batch);
}

/* How long a batch keeps the target busy: what tells whether another connection can help. */
static void learn_duration(struct worker *worker, const struct passage *passage)
{
	struct applier *applier = worker->applier;
	int64_t now = clock_monotonic_us(), took, byte_ps;

	if (worker->answered_us > passage->sent_us) /* it lay there when the one before was done */
		took = now - worker->answered_us;
	else
		took = now - passage->sent_us - worker->round_trip_us;
	worker->answered_us = now;
	pthread_mutex_lock(&applier->lock);
	applier->batch_us = applier->batch_us ? applier->batch_us + (took - applier->batch_us) / 8 : took;
	byte_ps = took * 1000000 / (int64_t)passage->batch->held_bytes;
	applier->byte_ps = applier->byte_ps ? applier->byte_ps + (byte_ps - applier->byte_ps) / 8 : byte_ps;
	pthread_mutex_unlock(&applier->lock);
}

/* Waits for the target's answer, and sends meanwhile what may be sent. */
static bool wait_answer(void *context, int socket, unsigned seconds)
{
	struct worker *worker = context;
	struct pollfd fds[] = {{.fd = socket, .events = POLLIN}, {.fd = worker->wake, .events = POLLIN}};
	int64_t until_us = clock_monotonic_us() + (int64_t)seconds * 1000000;

	for (;;) {
		int64_t left_us;
		eventfd_t unused;
		bool commits;
		int found;

		if (passage_to_send(worker, &commits)) {
			if (send_next(worker, commits) < 0)
				return true; /* the run has failed, and the connection's next error is of no interest */
			continue;
		}
		left_us = until_us - clock_monotonic_us();
		/* sending may have taken all of the time, and the answer have come meanwhile */
		found = poll(fds, 2, !seconds ? -1 : left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
		if (found < 0 && errno != EINTR)
			return true;
		if (found == 0 && left_us <= 0)
			return false;
		if (found > 0 && fds[1].revents & POLLIN)
			eventfd_read(worker->wake, &unused);
		if (found > 0 && fds[0].revents)
			return true;
	}
}

static int receive_first(struct worker *worker)
{
	struct passage *passage = passage_at(worker, 0);
	struct error failure = {0};
	size_t failed = 0;
	uint64_t found;
	int result;

	if (passage->stage == PASSAGE_COMMITTING)
		return receive_commit(worker);
	target_set_wait(worker->target, wait_answer, worker);
	result = flight_receive(&passage->flight, worker->target, &failed, &found, &failure);
	target_set_wait(worker->target, NULL, NULL);
	if (result != 0)
		return recover(worker, result, failed, &failure);
	worker->unread -= passage->flight.statements;
	learn_duration(worker, passage);
	if (passage->commits)
		return finish(worker);
	passage_set(worker, passage, PASSAGE_EXECUTED);
	return 0;
}

void worker_send_lent(struct worker *worker, bool commits)
{
	send_next(worker, commits);
	passage_give_back(worker);
}

/* An earlier batch needs the locks that the first one here holds. */
static int give_way(struct worker *worker)
{
	struct error error = {0};

	if (clear_way(worker, &error) < 0)
		return fail(worker, &error, NULL);
	passage_take_back(worker, true);
	return 0;
}

void *worker_main(void *argument)
{
	struct worker *worker = argument;

	for (;;) {
		bool commits;
		int result = 0;

		switch (passage_wait_step(worker, &commits)) {
		case STEP_SEND:
			result = send_next(worker, commits);
			break;
		case STEP_COMMIT:
			result = send_commit(worker);
			break;
		case STEP_RECEIVE:
			result = receive_first(worker);
			break;
		case STEP_GIVE_WAY:
			result = give_way(worker);
			break;
		default:
			return NULL;
		}
		if (result < 0)
			return NULL;
	}
}
