/* The coordinator: takes transactions in the master's order, makes batches, hands them to workers. */
#include "applier/applier.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "applier/internal.h"
#include "applier/stored_code.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

/* Batches that are dispatched and not committed may have so much memory together, or twice the bytes of a full one. */
#define PENDING_BYTES ((size_t)25 << 20)
/* Of them, beside what is on the way: one that the target works on, and one that waits for that. */
#define PENDING_BATCHES 2u
#define HELD_LEAST ((size_t)3 << 20)
/* While nothing is under way at the target, a batch of this part of the limits goes out: it works on that while the next one is
 * gathered. */
#define FIRST_PART 8u
/* So much under way, beside what is on the way, keeps the target busy: transactions that come now had better be merged. */
#define ENOUGH_BYTES ((size_t)2 << 20)

void place_of(struct applier_place *place, const struct transaction *transaction, const struct change *change,
	uint64_t item)
{
	memset(place, 0, sizeof(*place));
	gtid_text(&transaction->gtid, place->gtid);
	place->position = place_position(transaction->end);
	if (change)
		place->position.offset = change->end_offset;
	place->item = item;
}

/* Under the lock: the run ends. */
static void wake_all(struct applier *applier)
{
	for (unsigned i = 0; i < applier->settings.workers; i++)
		worker_signal(&applier->workers[i]);
	pthread_cond_broadcast(&applier->changed);
}

void applier_fail(struct applier *applier, const struct error *error, const struct transaction *transaction)
{
	pthread_mutex_lock(&applier->lock);
	if (!applier->failed) {
		applier->failed = true;
		applier->failure = *error;
		if (applier->stopping && error->kind != ERROR_FENCED && error->kind != ERROR_STOP)
			error_set(&applier->failure, ERROR_STOPPED, "applying was stopped.");
		memset(&applier->failure_place, 0, sizeof(applier->failure_place));
		if (transaction) {
			gtid_text(&transaction->gtid, applier->failure_place.gtid);
			applier->failure_place.position = place_position(transaction->begin);
		}
	}
	wake_all(applier);
	pthread_mutex_unlock(&applier->lock);
	if (applier->queue)
		queue_wake(applier->queue);
}

void checkpoint_advance(struct checkpoint *checkpoint, struct gtid_set *gtids, const struct transaction *transaction)
{
	struct error ignored;

	checkpoint->position = place_position(transaction->end);
	if (transaction->timestamp)
		checkpoint->source_time = transaction->timestamp;
	if (transaction->gtid.kind != GTID_NONE) {
		gtid_text(&transaction->gtid, checkpoint->gtid);
		if (gtids)
			gtid_set_add(gtids, &transaction->gtid, &ignored); /* families were compared when the set was read */
	}
}

/* What is applied next moves behind the transaction, which this source has sent. */
static void advance_next(struct applier *applier, const struct transaction *transaction)
{
	checkpoint_advance(&applier->next, applier->gtids_known ? applier->gtids : NULL, transaction);
	if (applier->source.identity)
		snprintf(applier->next.source_uuid, sizeof(applier->next.source_uuid), "%s", applier->source.identity);
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Under the lock. */
void progress_committed(struct applier *applier, const struct checkpoint *checkpoint, size_t transactions, size_t rows,
	size_t statements)
{
	struct applier_progress *progress = &applier->progress;

	progress->position = checkpoint->position;
	memcpy(progress->gtid, checkpoint->gtid, sizeof(progress->gtid));
	progress->source_time = checkpoint->source_time;
	progress->applied_at_us = now_us();
	progress->transactions += transactions;
	progress->rows += rows;
	progress->statements += statements;
	free(applier->progress_gtid_set);
	applier->progress_gtid_set = memory_strdup(checkpoint->gtid_set ? checkpoint->gtid_set : "");
}

static void set_next_text(struct applier *applier)
{
	struct buffer text = BUFFER_INIT;

	if (!applier->gtids_known)
		return;
	gtid_set_put_text(applier->gtids, &text);
	free(applier->next.gtid_set);
	applier->next.gtid_set = memory_strdup(buffer_text(&text));
	buffer_release(&text);
}

void applier_init_locks(struct applier *applier)
{
	pthread_condattr_t monotonic;

	pthread_mutex_init(&applier->lock, NULL);
	pthread_cond_init(&applier->changed, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	for (unsigned i = 0; i < WORKERS_MAXIMUM; i++)
		worker_init(&applier->workers[i], &monotonic);
	pthread_condattr_destroy(&monotonic);
}

void applier_close(struct applier *applier)
{
	if (!applier)
		return;
	channel_heartbeat_stop(applier);
	for (unsigned i = 0; i < WORKERS_MAXIMUM; i++)
		worker_close(&applier->workers[i]);
	target_close(applier->control);
	session_free(applier->control_session);
	flight_release(&applier->control_flight);
	table_cache_free(applier->tables);
	spool_free(applier->spool);
	settlement_release(&applier->settlement);
	stored_code_free(applier->code);
	context_cache_free(applier->contexts);
	temp_tables_free(applier->temps);
	capabilities_release(&applier->capabilities);
	conflict_index_free(applier->conflicts);
	window_free(applier->window);
	applied_set_free(applier->applied);
	intent_release(&applier->found_intent);
	checkpoint_release(&applier->taken);
	checkpoint_release(&applier->next);
	gtid_set_free(applier->gtids);
	free(applier->progress_gtid_set);
	free(applier->replace_sql);
	pthread_cond_destroy(&applier->changed);
	pthread_mutex_destroy(&applier->lock);
	free(applier);
}

void applier_set_gtids(struct applier *applier, const struct gtid_set *set)
{
	if (applier->gtids_known)
		return;
	gtid_set_free(applier->gtids);
	applier->gtids = gtid_set_copy(set);
	applier->gtids_known = true;
	set_next_text(applier);
	free(applier->progress_gtid_set);
	applier->progress_gtid_set = memory_strdup(applier->next.gtid_set);
}

void applier_set_source(struct applier *applier, const struct applier_source *source)
{
	applier->source = *source;
	applier->render.literal.source_family = source->version.family;
	applier->render.literal.same_family = source->version.family == target_family(applier->control);
}

const struct checkpoint *applier_checkpoint(const struct applier *applier)
{
	return &applier->taken;
}

const struct capabilities *applier_capabilities(const struct applier *applier)
{
	return &applier->capabilities;
}

struct target *applier_target(const struct applier *applier)
{
	return applier->control;
}

void applier_skip_at(struct applier *applier, const struct position *begin)
{
	applier->skip_at = *begin;
}

void applier_replace_at(struct applier *applier, const struct position *begin, const char *sql)
{
	applier->replace_at = *begin;
	free(applier->replace_sql);
	applier->replace_sql = memory_strdup(sql);
}

void applier_retry_at(struct applier *applier, const struct position *begin)
{
	applier->retry_at = *begin;
}

void applier_interrupt(struct applier *applier)
{
	pthread_mutex_lock(&applier->lock);
	applier->stopping = true;
	wake_all(applier);
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		if (applier->workers[i].target)
			target_interrupt(applier->workers[i].target);
	}
	target_interrupt(applier->control);
	pthread_mutex_unlock(&applier->lock);
	if (applier->queue)
		queue_wake(applier->queue);
}

void applier_progress(struct applier *applier, struct applier_progress *progress)
{
	pthread_mutex_lock(&applier->lock);
	*progress = applier->progress;
	progress->workers_busy = 0;
	for (unsigned i = 0; i < applier->settings.workers; i++)
		progress->workers_busy += applier->workers[i].count != 0;
	pthread_mutex_unlock(&applier->lock);
}

char *applier_gtid_set(struct applier *applier)
{
	char *text;

	pthread_mutex_lock(&applier->lock);
	text = memory_strdup(applier->progress_gtid_set ? applier->progress_gtid_set : "");
	pthread_mutex_unlock(&applier->lock);
	return text;
}

/* ---- the run ---- */

static bool run_ended(struct applier *applier)
{
	bool ended;

	pthread_mutex_lock(&applier->lock);
	ended = applier_ended(applier);
	pthread_mutex_unlock(&applier->lock);
	return ended;
}

/* ---- who gets a batch ---- */

/* What the target gets done in the time of a way there and back, as far as that is known; bytes, under the lock. */
static size_t on_the_way(const struct applier *applier)
{
	return applier->byte_ps > 0 ? (size_t)(applier->workers[0].round_trip_us * 1000000 / applier->byte_ps) : 0;
}

/* Would a batch that goes out now find the target with little to do? */
static bool target_waits(struct applier *applier)
{
	bool idle = false;

	pthread_mutex_lock(&applier->lock);
	for (unsigned i = 0; i < applier->settings.workers && !idle; i++)
		idle = applier->workers[i].count == 0;
	if (applier->window && !window_has_room(applier->window, applier->next.sequence + 1))
		idle = false;
	if (applier->pending_bytes > on_the_way(applier) + ENOUGH_BYTES)
		idle = false;
	pthread_mutex_unlock(&applier->lock);
	return idle;
}

/* The worker for the batch, under the lock. One that has a batch in hand which this one conflicts with can send this one right
 * behind it. Without such a batch, a worker with nothing to do is better where the target is busy with a batch for longer than
 * the way there and back takes: the COMMIT can only be sent when the answer to that of the batch before has come. */
static struct worker *choose_worker(struct applier *applier, const struct batch *batch)
{
	struct worker *last = applier->last_worker, *idle = NULL;
	uint64_t needed = batch->after_commit ? batch->sequence - 1 : batch->after;

	for (unsigned i = 0; i < applier->settings.workers; i++) {
		struct worker *worker = &applier->workers[i];

		if (needed > applier->committed && worker_holds(worker, needed))
			return worker;
		if (!idle && worker->count == 0)
			idle = worker;
	}
	if (last && (last->count == 0 || !idle))
		return last;
	if (!idle)
		return &applier->workers[0];
	return !last || applier->window || applier->batch_us > idle->round_trip_us ? idle : last;
}

static size_t pending_most(const struct applier *applier)
{
	size_t two = 2 * applier->settings.merge_bytes;

	return two > PENDING_BYTES ? two : PENDING_BYTES;
}

/* Is there room for it among those under way? Under the lock. */
static bool may_be_pending(const struct applier *applier, const struct batch *batch)
{
	return !applier->pending_bytes || applier->pending_bytes + batch->held_bytes <= pending_most(applier);
}

/* How much memory a batch should have at most. The larger it is the less the target has to do, as long as it works on one while others
 * come to it: what it gets done in the time of a way there and back has to fit beside these. */
static size_t held_most(struct applier *applier)
{
	size_t most = pending_most(applier), needed;

	pthread_mutex_lock(&applier->lock);
	needed = on_the_way(applier);
	pthread_mutex_unlock(&applier->lock);
	most = most > needed ? (most - needed) / PENDING_BATCHES : 0;
	most -= most / 16; /* a full one is a little larger */
	return most > HELD_LEAST ? most : HELD_LEAST;
}

/* Gives the batch to a worker as soon as one has room for it; false when the run has ended. A small one that can go out at once
 * is sent from here: waking the worker first would take as long as everything else on the way. */
static bool hand_over(struct applier *applier, struct batch *batch)
{
	struct worker *worker;
	bool go_on, commits, lent = false;

	pthread_mutex_lock(&applier->lock);
	passage_hurry(applier);
	for (;;) {
		worker = choose_worker(applier, batch);
		go_on = !applier_ended(applier);
		if (!go_on || (worker_has_room(worker) &&
				may_be_pending(applier, batch) &&
				(!applier->window || window_has_room(applier->window, batch->sequence))))
			break;
		pthread_cond_wait(&applier->changed, &applier->lock);
	}
	if (go_on) {
		if (applier->window)
			window_add(applier->window, batch);
		applier->pending_bytes += batch->held_bytes;
		applier->last_worker = worker;
		worker_take(worker, batch);
		lent = passage_lend(worker, &commits);
		if (!lent)
			worker_signal(worker);
	}
	pthread_mutex_unlock(&applier->lock);
	if (lent)
		worker_send_lent(worker, commits);
	return go_on;
}

/* The batch under construction goes out; false when the run has ended (the batch is freed then). */
static bool flush(struct applier *applier, struct batch **pending)
{
	struct batch *batch = *pending;

	if (!batch)
		return true;
	*pending = NULL;
	batch_close(batch);
	batch->sequence = ++applier->next.sequence;
	batch->after = batch->turned_coarse ? batch->sequence - 1 : applier->barrier;
	if (batch->alone) { /* statements read what others wrote: committed before, and a barrier for those behind */
		batch->after_commit = true;
		applier->barrier = batch->sequence;
	} else if (applier->conflicts) {
		uint64_t after = conflict_index_add(applier->conflicts, batch->keys, batch->key_count, batch->sequence);

		if (after > batch->after)
			batch->after = after;
	}
	batch->gtids_before = applier->gtids_known ? arena_strdup(&batch->arena, applier->next.gtid_set) : NULL;
	for (const struct transaction *at = batch->transactions; at; at = at->next)
		advance_next(applier, at);
	set_next_text(applier);
	batch->checkpoint = applier->next;
	batch->checkpoint.gtid_set = arena_strdup(&batch->arena, applier->next.gtid_set);
	batch->held_bytes = batch->bytes + batch->arena.bytes;
	if (hand_over(applier, batch))
		return true;
	batch_free(batch);
	return false;
}

/* Waits until all that was dispatched is committed; false when the run has ended. */
static bool drain(struct applier *applier)
{
	bool go_on;

	pthread_mutex_lock(&applier->lock);
	passage_hurry(applier);
	while (!applier->failed && !applier->stopping && applier->committed < applier->next.sequence)
		pthread_cond_wait(&applier->changed, &applier->lock);
	go_on = !applier->failed && !applier->stopping;
	pthread_mutex_unlock(&applier->lock);
	return go_on;
}

static bool has_reached(const struct applier *applier, const struct batch *batch, size_t part)
{
	return batch->transaction_count >= applier->settings.merge_transactions / part ||
		batch->rows + batch->statements >= applier->settings.merge_rows / part ||
		batch->bytes >= applier->settings.merge_bytes / part || batch->bytes + batch->arena.bytes >= batch->held_most / part;
}

static bool nothing_under_way(struct applier *applier)
{
	bool nothing;

	pthread_mutex_lock(&applier->lock);
	nothing = applier->pending_bytes == 0;
	pthread_mutex_unlock(&applier->lock);
	return nothing;
}

/* Milliseconds for which the batch may still grow; -1 = that has no limit. */
static int merge_time_left(const struct applier *applier, const struct batch *batch)
{
	int64_t left_us = batch->born_us + (int64_t)applier->settings.merge_time_ms * 1000 - now_us();

	if (!applier->settings.merge_time_ms)
		return -1;
	return left_us > 0 ? (int)((left_us + 999) / 1000) : 0;
}

static bool batch_full(struct applier *applier, const struct batch *batch)
{
	return has_reached(applier, batch, 1) || (has_reached(applier, batch, FIRST_PART) && nothing_under_way(applier)) ||
		merge_time_left(applier, batch) == 0;
}

/* After a special transaction: its checkpoint is committed. */
static void note_special(struct applier *applier, const struct transaction *transaction)
{
	size_t rows = 0, statements = 0;

	for (const struct change *change = transaction->first; change; change = change->next) {
		rows += change->kind == CHANGE_ROWS;
		statements += change_is_statement(change);
	}
	pthread_mutex_lock(&applier->lock);
	applier->committed = applier->next.sequence;
	if (applier->window) {
		window_free(applier->window);
		applier->window = window_new(&applier->next);
	}
	progress_committed(applier, &applier->next, transaction->kind != TRANSACTION_RESTART, rows, statements);
	pthread_mutex_unlock(&applier->lock);
}

static int run_special(struct applier *applier, struct transaction *transaction, struct batch **pending,
	struct error *error)
{
	bool part = transaction->kind == TRANSACTION_OPEN || transaction->part > 0;
	int result;

	if (!flush(applier, pending) || !drain(applier)) {
		transaction_free(transaction);
		return error_set(error, ERROR_STOPPED, "applying was stopped.");
	}
	if (transaction_ends(transaction)) {
		applier->next.sequence++;
		advance_next(applier, transaction);
		set_next_text(applier);
	}
	if (transaction->kind == TRANSACTION_ABANDONED) {
		special_abandon(applier);
		result = 0;
	} else {
		result = part ? special_stream(applier, transaction, error) : special_apply(applier, transaction, error);
	}
	if (result < 0)
		applier_fail(applier, error, transaction);
	else if (transaction_ends(transaction))
		note_special(applier, transaction);
	transaction_free(transaction);
	return result;
}

static bool is_at(const struct position *wanted, const struct transaction *transaction)
{
	return wanted->file[0] && place_compare(position_place(wanted), transaction->begin) == 0;
}

/* Nothing of a former run is ahead of where we are, and all before it is committed: the checkpoint says so from now on. */
static int forget_applied(struct applier *applier, struct error *error)
{
	applier->next.sequence++;
	if (applied_set_forget(applier->control, applier->settings.target.schema, applier->settings.channel, &applier->next,
			error) < 0) {
		applier_fail(applier, error, NULL);
		return -1;
	}
	applied_set_free(applier->applied);
	applier->applied = NULL;
	pthread_mutex_lock(&applier->lock);
	applier->committed = applier->next.sequence;
	pthread_mutex_unlock(&applier->lock);
	return 0;
}

/* A former run has applied the transaction ahead of its checkpoint. */
static int pass_applied(struct applier *applier, struct transaction *transaction, struct batch **pending,
	struct error *error)
{
	int result = 0;

	if (!transaction_ends(transaction)) {
		transaction_free(transaction);
		return 0;
	}
	if (!flush(applier, pending) || !drain(applier)) {
		transaction_free(transaction);
		return error_set(error, ERROR_STOPPED, "applying was stopped.");
	}
	advance_next(applier, transaction);
	set_next_text(applier);
	transaction_free(transaction);
	if (applied_set_count(applier->applied) == 0)
		result = forget_applied(applier, error);
	if (result == 0) { /* whoever goes on from here begins behind it */
		pthread_mutex_lock(&applier->lock);
		progress_committed(applier, &applier->next, 0, 0, 0);
		pthread_mutex_unlock(&applier->lock);
	}
	return result;
}

/* Commits leave the master's order once nothing of a former run is ahead of the checkpoint. */
static int leave_order(struct applier *applier, struct error *error)
{
	if (applier->settings.preserve_commit_order || applier->settings.workers < 2 || applier->window ||
		applied_set_count(applier->applied) || !drain(applier))
		return 0;
	if (applier->applied && forget_applied(applier, error) < 0) /* there may be some that the checkpoint has passed */
		return -1;
	applier->window = window_new(&applier->next);
	return 0;
}

static struct batch *begin_batch(struct applier *applier)
{
	struct batch *batch = batch_new(true, applier->conflicts != NULL);

	batch->born_us = now_us();
	batch->held_most = held_most(applier);
	return batch;
}

/* Takes one transaction in. On an error what came before it is applied first: the stream stops at its position. */
static int take(struct applier *applier, struct transaction *transaction, struct batch **pending, struct error *error)
{
	bool special = is_at(&applier->skip_at, transaction) || is_at(&applier->replace_at, transaction);
	int result = 0;

	if (applied_set_take(applier->applied, transaction))
		return pass_applied(applier, transaction, pending, error);
	if (!special || transaction->kind == TRANSACTION_OPEN)
		result = prepare_transaction(applier, transaction, &special, error);
	if (result == 0 && special)
		return run_special(applier, transaction, pending, error);
	if (result == 0 && !*pending)
		result = leave_order(applier, error);
	if (result == 0) {
		if (!*pending)
			*pending = begin_batch(applier);
		for (const struct change *change = transaction->first; change && !(*pending)->alone; change = change->next)
			(*pending)->alone = change->kind != CHANGE_ROWS;
		if (batch_add(*pending, transaction, error) == 0)
			return 0;
		*pending = batch_without_last(*pending, &transaction);
	}
	if (flush(applier, pending) && drain(applier))
		applier_fail(applier, error, error->kind == ERROR_STOP || error->kind == ERROR_CORRUPT ? transaction : NULL);
	transaction_free(transaction);
	return -1;
}

/* Is all committed that came from the queue, the queue knows. */
static void settle(struct applier *applier, struct queue *queue)
{
	bool settled;

	pthread_mutex_lock(&applier->lock);
	settled = !applier->streaming && applier->committed == applier->next.sequence;
	pthread_mutex_unlock(&applier->lock);
	if (settled)
		queue_settle(queue);
}

static void coordinate(struct applier *applier, struct queue *queue, struct error *error)
{
	struct batch *pending = NULL;

	while (!run_ended(applier)) {
		struct transaction *transaction;

		/* no backlog, or as much as may be merged: out with it */
		if (pending && (batch_full(applier, pending) || (queue_items(queue) == 0 && target_waits(applier))) &&
			!flush(applier, &pending))
			break;
		if (!pending)
			settle(applier, queue);
		transaction = queue_pop(queue, !pending ? -1 : target_waits(applier) ? 0 : merge_time_left(applier, pending));
		if (transaction) {
			if (take(applier, transaction, &pending, error) < 0)
				break;
			continue;
		}
		if (queue_closed(queue) && queue_items(queue) == 0) {
			if (flush(applier, &pending))
				drain(applier);
			break;
		}
	}
	batch_free(pending);
}

static int start_worker(struct worker *worker, struct error *error)
{
	int refused = FAULT_POINT("worker.start") ? EAGAIN : pthread_create(&worker->thread, NULL, worker_main, worker);

	worker->started = refused == 0;
	if (worker->started)
		return 0;
	return error_set(error, ERROR_RETRY,
		"starting the thread of worker %u failed: %s. Allow the process more of them (TasksMax, ulimit -u), or set fewer "
		"workers.",
		worker->number + 1, strerror(refused));
}

int applier_run(struct applier *applier, struct queue *queue, struct applier_place *place, struct error *error)
{
	struct error unused = {0};
	int result = 0;

	applier->queue = queue;
	if (applier->settings.workers > 1 && !applier->conflicts)
		applier->conflicts = conflict_index_new();
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		if (start_worker(&applier->workers[i], &unused) < 0)
			applier_fail(applier, &unused, NULL);
	}
	coordinate(applier, queue, &unused);
	pthread_mutex_lock(&applier->lock);
	if (!applier->failed && applier->stopping) {
		applier->failed = true;
		error_set(&applier->failure, ERROR_STOPPED, "applying was stopped.");
	}
	result = applier->failed ? -1 : 0;
	applier->stopping = true;
	wake_all(applier);
	/* those who still wait for the target's answer wait no longer */
	for (unsigned i = 0; result < 0 && i < applier->settings.workers; i++)
		target_interrupt(applier->workers[i].target);
	pthread_mutex_unlock(&applier->lock);
	for (unsigned i = 0; i < applier->settings.workers; i++) {
		if (applier->workers[i].started)
			pthread_join(applier->workers[i].thread, NULL);
		applier->workers[i].started = false;
	}
	if (result < 0) {
		*error = applier->failure;
		*place = applier->failure_place;
	}
	return result;
}
