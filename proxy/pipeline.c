#include "proxy/pipeline_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "proxy/commands.h"
#include "proxy/source_errors.h"

#define RETRY_LEAST_MS 100
#define GOOD_MS 10000
#define LOG_LEAST_MS 5000
#define LOG_MOST_MS 600000

/* ---- notes ---- */

static void tell(struct pipeline *pipeline)
{
	if (pipeline->settings.changed)
		pipeline->settings.changed(pipeline->settings.context);
}

void pipeline_set_phase(struct pipeline *pipeline, enum state_phase phase)
{
	bool news;

	pthread_mutex_lock(&pipeline->lock);
	news = pipeline->view.phase != phase;
	if (news) {
		pipeline->view.phase = phase;
		pipeline->view.since_us = state_now_us();
	}
	if (phase == STATE_RUNNING)
		pipeline->view.next_retry_at_us = 0;
	pthread_mutex_unlock(&pipeline->lock);
	if (!news)
		return;
	log_line(LOG_INFO, "run", "state=%s", state_phase_name(phase));
	tell(pipeline);
}

void pipeline_set_error(struct pipeline *pipeline, const struct error *error, const struct position *position,
	const char *gtid, bool skippable)
{
	struct pipeline_view *view = &pipeline->view;

	pthread_mutex_lock(&pipeline->lock);
	view->error = *error;
	view->error_at_us = state_now_us();
	view->error_position = *position;
	snprintf(view->error_gtid, sizeof(view->error_gtid), "%s", gtid);
	view->error_skippable = skippable;
	if (error->kind == ERROR_RETRY || error->kind == ERROR_CONNECT || error->kind == ERROR_CORRUPT) {
		view->retries++;
		view->retries_total++;
	}
	pthread_mutex_unlock(&pipeline->lock);
}

void pipeline_clear_error(struct pipeline *pipeline)
{
	struct pipeline_view *view = &pipeline->view;

	pthread_mutex_lock(&pipeline->lock);
	memset(&view->error, 0, sizeof(view->error));
	view->error_at_us = 0;
	memset(&view->error_position, 0, sizeof(view->error_position));
	view->error_gtid[0] = '\0';
	view->error_skippable = false;
	view->retries = 0;
	view->next_retry_at_us = 0;
	pthread_mutex_unlock(&pipeline->lock);
	log_throttle_over(&pipeline->source_throttle);
}

bool pipeline_over(struct pipeline *pipeline)
{
	bool over;

	pthread_mutex_lock(&pipeline->lock);
	over = pipeline->stop || pipeline->apply_done || pipeline->reopen;
	pthread_mutex_unlock(&pipeline->lock);
	return over;
}

bool pipeline_pause_for(struct pipeline *pipeline, uint64_t ms)
{
	struct timespec until;
	bool go_on, paused;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&pipeline->lock);
	paused = pipeline->pause;
	while (!pipeline->stop && !pipeline->apply_done && !pipeline->retry && pipeline->pause == paused) {
		if (pthread_cond_timedwait(&pipeline->changed, &pipeline->lock, &until) != 0)
			break;
	}
	pipeline->retry = false;
	go_on = !pipeline->stop && !pipeline->apply_done;
	pthread_mutex_unlock(&pipeline->lock);
	return go_on;
}

/* ---- one incarnation ---- */

/* 0: ended well, or asked to; -1 with what went wrong, *place tells where, and whether it is the target's
 * side. */
static int incarnation(
	struct pipeline *pipeline, struct applier_place *place, bool *target_side, struct error *error)
{
	struct error read_error = {.kind = ERROR_NONE};
	int result = pipeline_open_applier(pipeline, error), read_result;

	memset(place, 0, sizeof(*place));
	*target_side = true;
	if (result < 0) {
		pipeline_close_applier(pipeline);
		return -1;
	}
	pthread_mutex_lock(&pipeline->lock);
	pipeline->apply_result = 0;
	pthread_mutex_unlock(&pipeline->lock);
	read_result = pipeline_read(pipeline, &read_error);
	source_disconnect(pipeline->source);
	pipeline_close_applier(pipeline);
	if (pipeline->apply_result < 0 && pipeline->apply_error.kind != ERROR_STOPPED) {
		*error = pipeline->apply_error;
		*place = pipeline->apply_place;
		return -1;
	}
	if (read_result < 0) {
		*error = read_error;
		*target_side = false;
		place->position = pipeline->resume;
		return -1;
	}
	return 0;
}

/* ---- what to do about an error ---- */

static bool stopping(struct pipeline *pipeline)
{
	bool stop;

	pthread_mutex_lock(&pipeline->lock);
	stop = pipeline->stop;
	pthread_mutex_unlock(&pipeline->lock);
	return stop;
}

static void end(struct pipeline *pipeline, enum state_phase phase, int exit_code)
{
	pipeline_set_phase(pipeline, phase);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.ended = true;
	pipeline->view.exit_code = exit_code;
	pthread_mutex_unlock(&pipeline->lock);
	tell(pipeline);
}

/* Is it worth another attempt? Not bytes that are wrong twice at the same place, nor first connections. */
static bool retryable(struct pipeline *pipeline, const struct applier_place *place, struct error *error)
{
	if (!pipeline->target_ever && !pipeline->settings.wait && pipeline_is_connect_error(error)) {
		error->kind = ERROR_CONNECT;
		return false;
	}
	if (error->kind == ERROR_CORRUPT) {
		if (position_compare(&place->position, &pipeline->corrupt_at) != 0) {
			pipeline->corrupt_at = place->position;
			return true;
		}
		error_advice(error, "A second reading says the same.");
		error->kind = ERROR_STOP;
	}
	return error_is_passing(error);
}

static void try_again_later(
	struct pipeline *pipeline, const struct applier_place *place, const struct error *error)
{
	uint64_t wait_ms;

	/* it counts as working when it got further since the last failure */
	if (pipeline->before.transactions > pipeline->applied_before)
		backoff_reset(&pipeline->target_backoff);
	pipeline->applied_before = pipeline->before.transactions;
	wait_ms = backoff_failed(&pipeline->target_backoff);
	log_throttle_error(&pipeline->target_throttle, LOG_WARNING, "target", error);
	pipeline_set_error(pipeline, error, &place->position, place->gtid, false);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->view.target.error = *error;
	pipeline->view.target.error_at_us = state_now_us();
	if (pipeline_is_connect_error(error))
		pipeline->view.target.state = "unreachable";
	pipeline->view.next_retry_at_us = state_now_us() + (int64_t)wait_ms * 1000;
	pipeline->apply_done = false;
	pthread_mutex_unlock(&pipeline->lock);
	pipeline_set_phase(pipeline, STATE_CONNECTING);
	pipeline_pause_for(pipeline, wait_ms);
}

/* Needs a person. True when one has said to go on. */
static bool stop_on(struct pipeline *pipeline, const struct applier_place *place, bool target_side,
	const struct error *error)
{
	bool skippable = target_side && error->kind == ERROR_STOP && place->position.file[0];
	bool go_on;

	log_error(LOG_ERROR, target_side ? "target" : "source", error);
	pipeline_set_error(pipeline, error, &place->position, place->gtid, skippable);
	pipeline_note_stop(pipeline, skippable ? &place->position : NULL);
	/* who has lost the channel has nothing to wait for */
	if (!pipeline->settings.stay || error->kind == ERROR_CONNECT || error->kind == ERROR_FENCED) {
		end(pipeline, STATE_ERROR, command_exit_code(error));
		return false;
	}
	pipeline_set_phase(pipeline, STATE_ERROR);
	pthread_mutex_lock(&pipeline->lock);
	pipeline->retry = false;
	while (!pipeline->stop && !pipeline->retry)
		pthread_cond_wait(&pipeline->changed, &pipeline->lock);
	go_on = !pipeline->stop;
	pipeline->retry = false;
	pipeline->apply_done = false;
	pthread_mutex_unlock(&pipeline->lock);
	if (!go_on)
		end(pipeline, STATE_ERROR, command_exit_code(error));
	else
		pipeline_clear_error(pipeline);
	return go_on;
}

static bool is_duplicate(const struct error *error)
{
	struct source_verdict verdict;

	source_classify(error->code, error->text, true, &verdict);
	return strcmp(verdict.cause, "duplicate") == 0;
}

static void *supervise(void *argument)
{
	struct pipeline *pipeline = argument;

	for (;;) {
		struct error error = {.kind = ERROR_NONE};
		struct applier_place place;
		bool target_side;
		int result = incarnation(pipeline, &place, &target_side, &error);

		if (stopping(pipeline) &&
			(result == 0 || (error.kind != ERROR_STOP && error.kind != ERROR_FENCED))) {
			end(pipeline, STATE_STOPPED, EXIT_OK);
			return NULL;
		}
		if (result == 0 && pipeline->goal_reached) {
			log_line(LOG_INFO, "run", "the goal is reached until=%s",
				log_quote(pipeline->settings.until));
			pthread_mutex_lock(&pipeline->lock);
			pipeline->view.goal_reached = true;
			pthread_mutex_unlock(&pipeline->lock);
			end(pipeline, STATE_STOPPED, EXIT_OK);
			return NULL;
		}
		if (result == 0)
			continue;
		pipeline->goal_reached = false;
		/* who takes the channel over reads the source by the same server-id: that is no clash to be
		 * mended */
		if (!target_side && error.kind == ERROR_STOP && is_duplicate(&error))
			pipeline_superseded(pipeline, &error);
		/* what comes from the source's side has been tried again there */
		if (target_side && retryable(pipeline, &place, &error))
			try_again_later(pipeline, &place, &error);
		else if (!stop_on(pipeline, &place, target_side, &error))
			return NULL;
	}
}

/* ---- what others may call ---- */

static void fill_peers(struct pipeline *pipeline)
{
	const struct config *config = pipeline->config;
	struct pipeline_view *view = &pipeline->view;
	uint64_t port = config->source.connection.port;
	const char *host = config_host_at(&config->source.connection, 0, &port);

	view->source.state = view->target.state = "disconnected";
	snprintf(view->source.host, sizeof(view->source.host), "%s", host ? host : "");
	view->source.port = (unsigned)port;
	snprintf(view->target.host, sizeof(view->target.host), "%s", config->target.connection.host);
	view->target.port = (unsigned)config->target.connection.port;
}

int pipeline_new(struct pipeline **result, const struct pipeline_settings *settings, struct error *error)
{
	const struct config *config = settings->settings->config;
	struct assembler_limits limits = settings->settings->applier.limits;
	pthread_condattr_t monotonic;
	struct pipeline *pipeline;
	struct goal goal;

	if (goal_parse(&goal, settings->until, error) < 0)
		return -1;
	pipeline = memory_zalloc(sizeof(*pipeline));
	pipeline->settings = *settings;
	pipeline->config = config;
	pipeline->goal = goal;
	pthread_mutex_init(&pipeline->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&pipeline->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	recorder_init(
		&pipeline->recorder, settings->state, config->target.schema, &settings->settings->source);
	pipeline->source = source_new(&settings->settings->source);
	pipeline->assembler = assembler_new(&limits);
	pipeline->lag = lag_new();
	pipeline->applied_set = memory_strdup("");
	backoff_init(&pipeline->source_backoff, RETRY_LEAST_MS, config->source.connect_retry_seconds * 1000,
		GOOD_MS);
	backoff_init(&pipeline->target_backoff, RETRY_LEAST_MS, config->retry_max_seconds * 1000, GOOD_MS);
	log_throttle_init(&pipeline->source_throttle, LOG_LEAST_MS, LOG_MOST_MS);
	log_throttle_init(&pipeline->target_throttle, LOG_LEAST_MS, LOG_MOST_MS);
	fill_peers(pipeline);
	pipeline->view.phase = STATE_STARTING;
	pipeline->view.since_us = state_now_us();
	*result = pipeline;
	return 0;
}

int pipeline_start(struct pipeline *pipeline, struct error *error)
{
	if (pthread_create(&pipeline->supervisor, NULL, supervise, pipeline) != 0)
		return error_set(error, ERROR_STOP, "starting a thread failed.");
	pipeline->started = true;
	return 0;
}

void pipeline_free(struct pipeline *pipeline)
{
	if (!pipeline)
		return;
	if (pipeline->started)
		pthread_join(pipeline->supervisor, NULL);
	source_free(pipeline->source);
	assembler_free(pipeline->assembler);
	lag_free(pipeline->lag);
	gtid_set_free(pipeline->received_set);
	gtid_set_free(pipeline->log_end.set);
	free(pipeline->applied_set);
	goal_release(&pipeline->goal);
	arena_release(&pipeline->source_arena);
	arena_release(&pipeline->applier_arena);
	recorder_release(&pipeline->recorder);
	pthread_cond_destroy(&pipeline->changed);
	pthread_mutex_destroy(&pipeline->lock);
	free(pipeline);
}

void pipeline_stop(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->stop = true;
	if (pipeline->queue)
		queue_close(pipeline->queue);
	pthread_cond_broadcast(&pipeline->changed);
	pthread_mutex_unlock(&pipeline->lock);
	source_interrupt(pipeline->source);
}

void pipeline_interrupt(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	if (pipeline->applier)
		applier_interrupt(pipeline->applier);
	pthread_mutex_unlock(&pipeline->lock);
}

void pipeline_pause(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->pause = true;
	pthread_cond_broadcast(&pipeline->changed);
	pthread_mutex_unlock(&pipeline->lock);
	source_interrupt(pipeline->source);
}

void pipeline_resume(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->pause = false;
	pthread_cond_broadcast(&pipeline->changed);
	pthread_mutex_unlock(&pipeline->lock);
}

void pipeline_retry(struct pipeline *pipeline)
{
	pthread_mutex_lock(&pipeline->lock);
	pipeline->retry = true;
	pthread_cond_broadcast(&pipeline->changed);
	pthread_mutex_unlock(&pipeline->lock);
}
