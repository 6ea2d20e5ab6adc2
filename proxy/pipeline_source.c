/* The source's side of the pipeline: reads events, hands complete transactions to the queue, and connects again when the
 * connection is lost. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/memory.h"
#include "proxy/pipeline_internal.h"

#define EVENT_TYPE_AT 4u /* in the common header, behind the time stamp */

/* ---- reading ---- */

static bool completes(const struct transaction *transaction)
{
	return transaction->kind != TRANSACTION_OPEN && transaction->kind != TRANSACTION_ABANDONED &&
	       transaction->kind != TRANSACTION_RESTART;
}

/* A topology that grew for years has some thousand parts in its set; the text of this many is below 2 MB, which every target
 * takes as a statement. A master that leaves a gap before each transaction, or names another server with each, would have the
 * set, which each checkpoint carries, grow for ever. */
#define GTID_PARTS_MAXIMUM 16384

static int bound_set(struct pipeline *pipeline, const struct transaction *transaction, struct error *error)
{
	size_t parts;

	pthread_mutex_lock(&pipeline->lock);
	parts = pipeline->received_set ? gtid_set_parts(pipeline->received_set) : 0;
	pthread_mutex_unlock(&pipeline->lock);
	if (parts < GTID_PARTS_MAXIMUM)
		return 0;
	return error_set(error, ERROR_STOP,
		"%s:%llu: the set of what is applied has %zu intervals and domains, and no more than %d fit a checkpoint. Find "
		"out why the source's GTIDs have gaps (its gtid_executed), fill these there with empty transactions, and set the "
		"start position anew.",
		transaction->begin.file, (unsigned long long)transaction->begin.offset, parts, GTID_PARTS_MAXIMUM);
}

/* Notes what is about to be queued. */
static void note_received(struct pipeline *pipeline, const struct transaction *transaction)
{
	struct position end = place_position(transaction->end);
	struct error unused;

	pthread_mutex_lock(&pipeline->lock);
	if (transaction->kind == TRANSACTION_OPEN) {
		lag_received(pipeline->lag, &end, transaction->timestamp);
	} else if (completes(transaction)) {
		if (transaction->gtid.kind != GTID_NONE) {
			gtid_text(&transaction->gtid, pipeline->view.received_gtid);
			if (pipeline->received_set)
				gtid_set_add(pipeline->received_set, &transaction->gtid, &unused);
		}
		lag_received(pipeline->lag, &end, transaction->timestamp);
		pipeline->resume = end;
	}
	pthread_mutex_unlock(&pipeline->lock);
}

/* Into the queue; false when that was closed, or the goal lies before the transaction. */
static bool hand_over(struct pipeline *pipeline, struct transaction *transaction)
{
	struct goal *goal = &pipeline->goal;
	bool last = goal->kind == GOAL_GTID && !goal->set && completes(transaction) &&
		    memcmp(&goal->gtid, &transaction->gtid, sizeof(goal->gtid)) == 0;

	if (transaction->part == 0 && completes(transaction) && goal_is_before(goal, transaction->begin)) {
		pipeline->goal_reached = true;
		transaction_free(transaction);
		return false;
	}
	note_received(pipeline, transaction);
	FAULT_POINT("pipeline.queue");
	if (!queue_push(pipeline->queue, transaction, transaction_bytes(transaction))) {
		transaction_free(transaction);
		return false;
	}
	if (last)
		pipeline->goal_reached = true;
	return true;
}

/* A new file has begun without a transaction in it: the checkpoint moves there too, or a source that is idle
 * but for rotations would one day have purged the file that a restart asks for. */
static bool follow_rotation(struct pipeline *pipeline)
{
	const struct position *now = assembler_position(pipeline->assembler);
	struct transaction *empty;

	if (!pipeline->resume.file[0] || now->offset < 4 || strcmp(now->file, pipeline->resume.file) == 0 ||
		assembler_in_group(pipeline->assembler) || position_compare(now, &pipeline->resume) <= 0)
		return true;
	empty = memory_zalloc(sizeof(*empty));
	empty->kind = TRANSACTION_EMPTY;
	empty->note = "a new file of the binary log";
	empty->begin = empty->end = transaction_place(empty, now);
	empty->family = pipeline->applier_source.version.family;
	empty->server_version = pipeline->applier_source.version.number;
	return hand_over(pipeline, empty);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The first event after a connect: now it is known that the source lets us have the stream. */
static void note_streaming(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->streaming = true;
	memset(&pipeline->view.source.error, 0, sizeof(pipeline->view.source.error));
	pthread_mutex_unlock(&pipeline->lock);
	pipeline->source_ever = true;
	pipeline_clear_error(pipeline);
	pipeline_set_phase(pipeline, STATE_RUNNING);
}

static void note_event(struct pipeline *pipeline, const uint8_t *event, size_t length)
{
	bool heartbeat =
		event[EVENT_TYPE_AT] == EVENT_HEARTBEAT || event[EVENT_TYPE_AT] == EVENT_HEARTBEAT_V2;
	int64_t now_us = state_now_us();
	int64_t silence_us = now_us - atomic_load_explicit(&pipeline->heard_at_us, memory_order_relaxed);
	/* a period, or what a little delay before it left of that; MySQL sends some at once, behind what it skips */
	int64_t period_us = (int64_t)pipeline->config->source.heartbeat_period_ms * 1000 / 4 * 3;

	atomic_store_explicit(&pipeline->heard_at_us, now_us, memory_order_relaxed);
	atomic_fetch_add_explicit(&pipeline->bytes_read, length, memory_order_relaxed);
	atomic_store_explicit(&pipeline->at_heartbeat, heartbeat && silence_us >= period_us, memory_order_relaxed);
	if (!heartbeat && le32(event))
		atomic_store_explicit(&pipeline->last_event_time, le32(event), memory_order_relaxed);
}

static bool at_goal(struct pipeline *pipeline)
{
	bool reached;

	if (pipeline->goal.kind == GOAL_NONE || assembler_in_group(pipeline->assembler))
		return false;
	pthread_mutex_lock(&pipeline->lock);
	reached = goal_reached(
		&pipeline->goal, assembler_position(pipeline->assembler), pipeline->received_set);
	pthread_mutex_unlock(&pipeline->lock);
	return reached;
}

/* One event; false when there is nothing more to read. */
static int take_event(
	struct pipeline *pipeline, const uint8_t *event, size_t length, bool *go_on, struct error *error)
{
	struct transaction *transaction;

	note_event(pipeline, event, length);
	if (assembler_push(pipeline->assembler, event, length, error) < 0)
		return -1;
	atomic_store(&pipeline->in_group, assembler_in_group(pipeline->assembler));
	while ((transaction = assembler_next(pipeline->assembler))) {
		if (!*go_on) {
			transaction_free(transaction);
			continue;
		}
		if (bound_set(pipeline, transaction, error) < 0) {
			transaction_free(transaction);
			return -1;
		}
		*go_on = hand_over(pipeline, transaction) && !pipeline->goal_reached;
	}
	if (*go_on)
		*go_on = follow_rotation(pipeline);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.received = *assembler_position(pipeline->assembler);
	pthread_mutex_unlock(&pipeline->lock);
	if (*go_on && at_goal(pipeline)) {
		pipeline->goal_reached = true;
		*go_on = false;
	}
	return 0;
}

static int read_stream(struct pipeline *pipeline, struct error *error)
{
	bool first = true, go_on = true;

	while (go_on) {
		const uint8_t *event;
		size_t length;
		int got;

		atomic_store_explicit(&pipeline->waiting_since_us, state_now_us(), memory_order_release);
		got = source_read(pipeline->source, &event, &length, error);
		atomic_store_explicit(&pipeline->waiting_since_us, 0, memory_order_release);
		if (got < 0)
			return -1;
		if (got == 0)
			return error_set(error, ERROR_RETRY, "the source %s ended the stream.",
				source_host(pipeline->source));
		if (first)
			note_streaming(pipeline);
		first = false;
		backoff_works(&pipeline->source_backoff);
		if (FAULT_POINT("source.read"))
			return error_set(error, ERROR_RETRY, "reading from the source failed (test).");
		if (take_event(pipeline, event, length, &go_on, error) < 0)
			return -1;
	}
	return 0;
}

/* ---- staying connected ---- */

static void disconnect(struct pipeline *pipeline, const char *state)
{
	source_disconnect(pipeline->source);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->streaming = false;
	pipeline->view.source.state = state;
	pthread_mutex_unlock(&pipeline->lock);
	atomic_store(&pipeline->in_group, false);
}

/* Forgets what is queued. The applier may have got parts of a transaction whose others are lost with that: it is told to roll
 * them back. */
static void drop_queue(struct pipeline *pipeline)
{
	struct transaction *abandoned;

	if (!pipeline->apply_started) /* nothing was queued either */
		return;
	abandoned = transaction_new_abandoned();
	queue_discard(pipeline->queue, pipeline_release_transaction);
	if (!queue_push(pipeline->queue, abandoned, sizeof(*abandoned)))
		transaction_free(abandoned);
}

/* Paused by the operator: what is queued is forgotten, what is under way is finished, the channel is kept.
 * Afterwards reading begins where applying has ended. */
static void hold(struct pipeline *pipeline)
{
	struct applier_progress progress;
	char *set;

	disconnect(pipeline, "disconnected");
	drop_queue(pipeline);
	pipeline_set_phase(pipeline, STATE_PAUSED);
	pthread_mutex_lock(&pipeline->lock);
	lag_forget(pipeline->lag);
	while (pipeline->pause && !pipeline->stop && !pipeline->apply_done)
		pthread_cond_wait(&pipeline->changed, &pipeline->lock);
	pthread_mutex_unlock(&pipeline->lock);
	while (!queue_idle(pipeline->queue) && pipeline_pause_for(pipeline, 20))
		;
	if (pipeline_over(pipeline))
		return;
	applier_progress(pipeline->applier, &progress);
	set = applier_gtid_set(pipeline->applier);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->resume = progress.position;
	if (pipeline->received_set) {
		struct error unused = {.kind = ERROR_NONE};

		gtid_set_clear(pipeline->received_set);
		gtid_set_parse(pipeline->received_set, set, &unused);
	}
	pthread_mutex_unlock(&pipeline->lock);
	free(set);
	pipeline_set_phase(pipeline, STATE_CONNECTING);
}

/* What is to be done about it: 0 another attempt, -1 the end. */
static int judge(struct pipeline *pipeline, struct error *error)
{
	const struct config_source *source = &pipeline->config->source;

	if (error->kind == ERROR_CORRUPT) {
		const struct position *at = assembler_position(pipeline->assembler);

		if (position_compare(at, &pipeline->corrupt_at) == 0 && at->file[0]) {
			error_advice(error, "A second reading says the same.");
			error->kind = ERROR_STOP;
			return -1;
		}
		pipeline->corrupt_at = *at;
		return 0;
	}
	if (!pipeline->source_ever && !pipeline->settings.wait && pipeline_is_connect_error(error)) {
		error->kind = ERROR_CONNECT;
		return -1;
	}
	if (error->kind != ERROR_RETRY && error->kind != ERROR_CONNECT)
		return -1;
	if (source->retry_count && backoff_attempts(&pipeline->source_backoff) >= source->retry_count) {
		error_advice(error, "These were %llu attempts in a row (source-retry-count).",
			(unsigned long long)source->retry_count);
		error->kind = ERROR_STOP;
		return -1;
	}
	return 0;
}

static void note_source_error(struct pipeline *pipeline, const struct error *error)
{
	bool was_connected;

	pthread_mutex_lock(&pipeline->lock);
	was_connected = pipeline->streaming;
	pipeline->view.source.error = *error;
	pipeline->view.source.error_at_us = state_now_us();
	if (was_connected)
		pipeline->view.reconnects_total++;
	pthread_mutex_unlock(&pipeline->lock);
	disconnect(pipeline, "unreachable");
}

/* Connected, read, and taken leave of: 0 when there is nothing more to do, or to be paused; -1 error. */
static int one_connection(struct pipeline *pipeline, struct error *error)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.source.state = "connecting";
	pthread_mutex_unlock(&pipeline->lock);
	arena_release(&pipeline->source_arena);
	if (pipeline_connect_source(pipeline, error) < 0)
		return -1;
	if (pipeline->reopen)
		return 0;
	if (at_goal(pipeline)) {
		pipeline->goal_reached = true;
		return 0;
	}
	return read_stream(pipeline, error);
}

/* Is it the operator's pause that has ended the connection? */
static bool paused(struct pipeline *pipeline)
{
	bool result;

	pthread_mutex_lock(&pipeline->lock);
	result = pipeline->pause;
	pthread_mutex_unlock(&pipeline->lock);
	return result;
}

int pipeline_read(struct pipeline *pipeline, struct error *error)
{
	while (!pipeline_over(pipeline)) {
		uint64_t wait_ms;
		int result;

		source_rearm(pipeline->source);
		if (paused(pipeline)) {
			hold(pipeline);
			continue;
		}
		if (pipeline_over(pipeline))
			break;
		result = one_connection(pipeline, error);
		if (pipeline_over(pipeline) || pipeline->goal_reached || result == 0) {
			if (paused(pipeline) && !pipeline->goal_reached)
				continue;
			break;
		}
		if (paused(pipeline) ||
			error->kind == ERROR_STOPPED) /* paused, and perhaps on again meanwhile */
			continue;
		note_source_error(pipeline, error);
		if (judge(pipeline, error) < 0) {
			if (error->kind != ERROR_CONNECT && error->kind != ERROR_USAGE &&
				pipeline->resume.file[0] && !strstr(error->text, pipeline->resume.file))
				error_advice(error, "(The stream was asked for from %s:%llu on.)",
					pipeline->resume.file, (unsigned long long)pipeline->resume.offset);
			return -1;
		}
		wait_ms = backoff_failed(&pipeline->source_backoff);
		log_throttle_error(&pipeline->source_throttle, LOG_WARNING, "source", error);
		pipeline_set_error(pipeline, error, &pipeline->resume, "", false);
		pipeline_set_phase(pipeline, STATE_CONNECTING);
		pthread_mutex_lock(&pipeline->lock);
		pipeline->view.next_retry_at_us = state_now_us() + (int64_t)wait_ms * 1000;
		pthread_mutex_unlock(&pipeline->lock);
		error_clear(error);
		pipeline_pause_for(pipeline, wait_ms);
	}
	disconnect(pipeline, "disconnected");
	return 0;
}
