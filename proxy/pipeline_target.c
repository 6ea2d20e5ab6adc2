/* The target's side of one incarnation: the applier is opened where the target's checkpoint is, runs in its
 * thread, and is closed. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proxy/pipeline_internal.h"

bool pipeline_superseded(struct pipeline *pipeline, struct error *error)
{
	const struct target_options *options = &pipeline->settings.settings->target;
	struct checkpoint now = {.epoch = 0};
	struct error unused = {.kind = ERROR_NONE};
	struct target *target;
	bool found = false, fenced;

	if (!pipeline->epoch || target_connect(&target, options, NULL, &unused) < 0)
		return false;
	fenced = checkpoint_read(target, options->schema, pipeline->config->channel, &now, &found, &unused) ==
			 0 &&
		 found && now.epoch > pipeline->epoch;
	if (fenced)
		error_set(error, ERROR_FENCED,
			"another instance has taken channel %s over (epoch %llu, ours was %llu). Start this "
			"one again to "
			"have it stand by.",
			pipeline->config->channel, (unsigned long long)now.epoch,
			(unsigned long long)pipeline->epoch);
	checkpoint_release(&now);
	target_close(target);
	return fenced;
}

/* It may be our own former connection that has the channel still: the target has not noticed that we are
 * gone. */
static bool wait_for_channel(void *context)
{
	struct pipeline *pipeline = context;
	bool stop;

	pipeline_set_phase(pipeline, STATE_WAITING);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.target.state = "waiting";
	stop = pipeline->stop;
	pthread_mutex_unlock(&pipeline->lock);
	return stop;
}

static void note_target(struct pipeline *pipeline)
{
	const struct target *target = applier_target(pipeline->applier);
	struct pipeline_peer *peer = &pipeline->view.target;
	const char *cipher = target_cipher(target);

	pthread_mutex_lock(&pipeline->lock);
	peer->state = "connected";
	snprintf(peer->version, sizeof(peer->version), "%s", target_version_text(target));
	snprintf(peer->cipher, sizeof(peer->cipher), "%s", cipher ? cipher : "");
	peer->family = target_family(target);
	peer->connected_at_us = state_now_us();
	memset(&peer->error, 0, sizeof(peer->error));
	pthread_mutex_unlock(&pipeline->lock);
	log_line(LOG_INFO, "target", "connected host=%s version=%s cipher=%s", log_quote(target_host(target)),
		log_quote(target_version_text(target)), cipher ? log_quote(cipher) : "none");
}

/* Where the target is, and with it where reading begins. */
static int begin_at_checkpoint(struct pipeline *pipeline, struct error *error)
{
	const struct checkpoint *checkpoint = applier_checkpoint(pipeline->applier);
	const char *text = checkpoint->gtid_set ? checkpoint->gtid_set : "";
	struct gtid_set *set = NULL;

	/* an empty set is a known one only where there is no position by file either */
	if (*text || !checkpoint->position.file[0]) {
		set = gtid_set_new();
		if (gtid_set_parse(set, text, error) < 0) {
			gtid_set_free(set);
			error->kind = ERROR_STOP;
			return error_context(error, "the GTID set of the checkpoint on the target");
		}
	}
	pthread_mutex_lock(&pipeline->lock);
	gtid_set_free(pipeline->received_set);
	pipeline->received_set = set;
	pipeline->resume = checkpoint->position;
	pipeline->view.received = checkpoint->position;
	memcpy(pipeline->view.received_gtid, checkpoint->gtid, sizeof(pipeline->view.received_gtid));
	lag_forget(pipeline->lag);
	lag_began(pipeline->lag, checkpoint->source_time);
	pthread_mutex_unlock(&pipeline->lock);
	return 0;
}

int pipeline_open_applier(struct pipeline *pipeline, struct error *error)
{
	struct applier_hooks hooks;
	struct applier *applier;

	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.target.state = "connecting";
	pipeline->apply_done = false;
	pthread_mutex_unlock(&pipeline->lock);
	recorder_hooks(&pipeline->recorder, &hooks);
	if (applier_open(&applier, &pipeline->settings.settings->applier, &hooks, &pipeline->channel_past,
		    wait_for_channel, pipeline, error) < 0)
		return -1;
	pthread_mutex_lock(&pipeline->lock);
	pipeline->applier = applier;
	pipeline->queue = queue_new((size_t)pipeline->config->queue_bytes);
	pthread_mutex_unlock(&pipeline->lock);
	pipeline->apply_started = pipeline->reopen = false;
	note_target(pipeline);
	recorder_capabilities(&pipeline->recorder, applier_capabilities(applier));
	pipeline_take_wishes(pipeline);
	pipeline->target_ever = true;
	pipeline->epoch = applier_checkpoint(applier)->epoch;
	if (begin_at_checkpoint(pipeline, error) < 0)
		return -1;
	pipeline_set_phase(pipeline, STATE_CONNECTING);
	return 0;
}

static void *apply_main(void *argument)
{
	struct pipeline *pipeline = argument;
	struct applier_place place = {.gtid = ""};
	struct error error = {.kind = ERROR_NONE};
	int result = applier_run(pipeline->applier, pipeline->queue, &place, &error);

	pthread_mutex_lock(&pipeline->lock);
	pipeline->apply_done = true;
	pipeline->apply_result = result;
	pipeline->apply_error = error;
	pipeline->apply_place = place;
	pthread_cond_broadcast(&pipeline->changed);
	pthread_mutex_unlock(&pipeline->lock);
	/* nobody empties the queue any more, and the reader may sit in either */
	queue_close(pipeline->queue);
	source_interrupt(pipeline->source);
	return NULL;
}

int pipeline_start_apply(struct pipeline *pipeline, struct error *error)
{
	if (pipeline->apply_started)
		return 0;
	if (pthread_create(&pipeline->apply_thread, NULL, apply_main, pipeline) != 0)
		return error_set(error, ERROR_RETRY, "starting a thread failed.");
	pipeline->apply_started = true;
	return 0;
}

void pipeline_release_transaction(void *transaction)
{
	transaction_free(transaction);
}

/* Adds what this incarnation has done to what is kept. */
static void keep_progress(struct pipeline *pipeline, struct applier *applier)
{
	struct applier_progress *sum = &pipeline->before, now;
	char *set = applier_gtid_set(applier);

	applier_progress(applier, &now);
	now.transactions += sum->transactions;
	now.rows += sum->rows;
	now.statements += sum->statements;
	now.ddl += sum->ddl;
	now.rewrites += sum->rewrites;
	now.skipped += sum->skipped;
	now.conflicts += sum->conflicts;
	now.retries += sum->retries;
	if (!now.applied_at_us)
		now.applied_at_us = sum->applied_at_us;
	now.workers_busy = 0;
	*sum = now;
	free(pipeline->applied_set);
	pipeline->applied_set = set;
}

void pipeline_close_applier(struct pipeline *pipeline)
{
	struct applier *applier = pipeline->applier;
	struct queue *queue = pipeline->queue;
	bool stop;

	if (!applier)
		return;
	queue_close(queue);
	pthread_mutex_lock(&pipeline->lock);
	stop = pipeline->stop;
	pthread_mutex_unlock(&pipeline->lock);
	if (!pipeline->goal_reached || stop)
		queue_discard(queue, pipeline_release_transaction);
	if (pipeline->apply_started)
		pthread_join(pipeline->apply_thread, NULL);
	pipeline->apply_started = false;
	queue_discard(queue, pipeline_release_transaction);
	pthread_mutex_lock(&pipeline->lock);
	keep_progress(pipeline, applier);
	pipeline->applier = NULL;
	pipeline->queue = NULL;
	pipeline->view.target.state = "disconnected";
	lag_applied(pipeline->lag, &pipeline->before.position);
	lag_forget(pipeline->lag);
	pthread_mutex_unlock(&pipeline->lock);
	applier_close(applier);
	queue_free(queue);
	arena_release(&pipeline->applier_arena);
}
