/* The snapshot for the status: what is stored, and what follows from it. */
#include <stdlib.h>

#include "base/memory.h"
#include "proxy/pipeline_internal.h"

/* Without heartbeats: a reader that has waited so long has nothing left to read. Networks and disks that stall are back
 * before. */
#define QUIET_US 10000000
/* What happened so recently on the source is the end of its log. */
#define RECENT_US 2000000

/* Has all been received that the source had when we connected? Positions and sets each tell it alone: a server that skips
 * what we have says only later where in its files it is, and not every position has a set. */
static bool past_log_end(const struct pipeline *pipeline)
{
	const struct log_end *end = &pipeline->log_end;
	const struct position *received = &pipeline->view.received;

	if (!end->known)
		return true;
	return (received->file[0] && position_compare(received, &end->position) >= 0) ||
	       (end->set && pipeline->received_set && gtid_set_contains_set(pipeline->received_set, end->set));
}

/* Has the reader got all that the source has? Silence tells nothing while heartbeats would: what comes late is behind it.
 * Under the lock. */
static bool at_end(struct pipeline *pipeline, int64_t now_us)
{
	int64_t waiting = atomic_load_explicit(&pipeline->waiting_since_us, memory_order_acquire);
	int64_t heard = atomic_load_explicit(&pipeline->heard_at_us, memory_order_relaxed);
	uint64_t heartbeat_us = pipeline->config->source.heartbeat_period_ms * 1000;
	uint32_t last = atomic_load_explicit(&pipeline->last_event_time, memory_order_relaxed);
	int64_t event_us = (int64_t)last * 1000000 + (int64_t)(pipeline->clock_difference * 1e6);

	/* what waits has taken in whatever came before: `received` is of this connection */
	if (!pipeline->streaming || !waiting || atomic_load(&pipeline->in_group) || !past_log_end(pipeline))
		return false;
	/* silence of two heartbeats and a little is not rest */
	if (heartbeat_us && now_us - heard > (int64_t)(2 * heartbeat_us) + 500000)
		return false;
	if (atomic_load_explicit(&pipeline->at_heartbeat, memory_order_relaxed) || heard - event_us < RECENT_US)
		return true;
	/* the end of then is reached, and then is now */
	if (pipeline->log_end.known && heard - pipeline->log_end.asked_at_us < RECENT_US)
		return true;
	return !heartbeat_us && now_us - waiting > QUIET_US;
}

/* Counts of all incarnations; position of the present one, or of the last. Under the lock. */
static void add_progress(struct pipeline *pipeline, struct applier_progress *progress)
{
	const struct applier_progress *before = &pipeline->before;

	if (!pipeline->applier) {
		*progress = *before;
		return;
	}
	applier_progress(pipeline->applier, progress);
	progress->transactions += before->transactions;
	progress->rows += before->rows;
	progress->statements += before->statements;
	progress->ddl += before->ddl;
	progress->rewrites += before->rewrites;
	progress->skipped += before->skipped;
	progress->conflicts += before->conflicts;
	progress->retries += before->retries;
	if (!progress->applied_at_us)
		progress->applied_at_us = before->applied_at_us;
}

void pipeline_view(struct pipeline *pipeline, struct pipeline_view *view)
{
	int64_t now_us = state_now_us();

	pthread_mutex_lock(&pipeline->lock);
	/* before the queue is looked at: what is read from now on is later than this */
	pipeline->view.idle = at_end(pipeline, now_us);
	*view = pipeline->view;
	view->bytes_read = atomic_load(&pipeline->bytes_read);
	view->heard_at_us = atomic_load(&pipeline->heard_at_us);
	if (pipeline->queue) {
		view->queue_bytes = queue_bytes(pipeline->queue);
		view->queue_transactions = queue_items(pipeline->queue);
	}
	add_progress(pipeline, &view->progress);
	if (pipeline->applier && pipeline_is_of_source(pipeline, &view->progress.position))
		lag_applied(pipeline->lag, &view->progress.position);
	view->idle = view->idle && pipeline->applier && queue_idle(pipeline->queue) && !lag_pending(pipeline->lag);
	if (view->idle)
		lag_caught_up(pipeline->lag, now_us);
	view->lag_known = lag_seconds(pipeline->lag, now_us, &view->lag_seconds);
	pthread_mutex_unlock(&pipeline->lock);
}

char *pipeline_received_set(struct pipeline *pipeline)
{
	struct buffer text = BUFFER_INIT;
	char *result;

	pthread_mutex_lock(&pipeline->lock);
	if (pipeline->received_set)
		gtid_set_put_text(pipeline->received_set, &text);
	pthread_mutex_unlock(&pipeline->lock);
	result = memory_strdup(buffer_text(&text));
	buffer_release(&text);
	return result;
}

char *pipeline_applied_set(struct pipeline *pipeline)
{
	char *result;

	pthread_mutex_lock(&pipeline->lock);
	result = pipeline->applier ? applier_gtid_set(pipeline->applier)
				   : memory_strdup(pipeline->applied_set);
	pthread_mutex_unlock(&pipeline->lock);
	return result;
}
