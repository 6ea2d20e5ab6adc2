/* The thread that says once a second that the channel's owner is alive, and learns whether it still is the owner. */
#include "applier/heartbeat.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "applier/internal.h"
#include "applier/own_session.h"
#include "base/fault.h"
#include "base/log.h"
#include "base/memory.h"

#define BEAT_TIMEOUT_SECONDS 10u
#define STOP_SECONDS 2
#define ROW_LOCK_SECONDS 10u

struct heartbeat {
	struct applier *applier;
	struct target_options options;
	char lock_name[CHANNEL_LOCK_TEXT];
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* under the lock */
	bool stopping, ended;
	struct target *target;
	char *connections; /* of the control connection and the workers */
};

static void put_where(struct buffer *sql, const struct applier *applier)
{
	buffer_puts(sql, " WHERE channel = ");
	sql_put_string(sql, applier->settings.channel, strlen(applier->settings.channel));
}

static void put_table(struct buffer *sql, const struct applier *applier, const char *table)
{
	sql_put_name(sql, applier->settings.target.schema);
	buffer_printf(sql, ".%s", table);
}

static uint64_t cell_number(const struct target_rows *rows, size_t column)
{
	const char *cell = target_cell(rows, 0, column);

	return cell ? strtoull(cell, NULL, 10) : 0;
}

static int fenced(const struct applier *applier, struct error *error)
{
	return error_set(error, ERROR_FENCED,
		"channel %s has been taken over by another instance, or its position was set anew. Nothing of this instance "
		"is committed any more.", applier->settings.channel);
}

static int beat(struct heartbeat *heartbeat, struct error *error)
{
	struct applier *applier = heartbeat->applier;
	struct arena arena = ARENA_INIT;
	struct buffer sql = BUFFER_INIT;
	struct target_outcome outcome;
	struct target_rows rows;
	int result;

	buffer_puts(&sql, "UPDATE ");
	put_table(&sql, applier, "instance");
	pthread_mutex_lock(&heartbeat->lock);
	buffer_printf(&sql, " SET heartbeat = UNIX_TIMESTAMP(), connections = '%s,%llu'", heartbeat->connections,
		(unsigned long long)target_connection_id(heartbeat->target));
	pthread_mutex_unlock(&heartbeat->lock);
	put_where(&sql, applier);
	buffer_printf(&sql, " AND epoch = %llu", (unsigned long long)applier->taken.epoch);
	result = target_statement(heartbeat->target, sql.data, sql.length, &outcome, error);
	if (result == 0 && outcome.affected == 0)
		result = fenced(applier, error);
	if (result == 0 && FAULT_POINT("heartbeat.beat"))
		result = error_set(error, ERROR_RETRY, "fault injected into a heartbeat");
	if (result < 0)
		goto out;
	buffer_clear(&sql);
	buffer_printf(&sql, "SELECT IS_USED_LOCK('%s'), (SELECT epoch FROM ", heartbeat->lock_name);
	put_table(&sql, applier, "checkpoint");
	put_where(&sql, applier);
	buffer_puts(&sql, " AND worker = 0)");
	result = target_query(heartbeat->target, sql.data, sql.length, &arena, &rows, error);
	if (result < 0)
		goto out;
	if (rows.rows != 1 || cell_number(&rows, 1) != applier->taken.epoch)
		result = fenced(applier, error);
	else if (cell_number(&rows, 0) != target_connection_id(applier->control))
		result = error_set(error, ERROR_RETRY, "the connection that had the lock of channel %s is gone.",
			applier->settings.channel);
out:
	arena_release(&arena);
	buffer_release(&sql);
	return result;
}

static int open_heartbeat(struct heartbeat *heartbeat, struct error *error)
{
	struct target *target = NULL;

	if (own_session_connect(&target, &heartbeat->options, &heartbeat->applier->settings, ROW_LOCK_SECONDS, error) < 0)
		return -1;
	pthread_mutex_lock(&heartbeat->lock);
	heartbeat->target = target;
	pthread_mutex_unlock(&heartbeat->lock);
	return 0;
}

static void close_heartbeat(struct heartbeat *heartbeat)
{
	struct target *target;

	pthread_mutex_lock(&heartbeat->lock);
	target = heartbeat->target;
	heartbeat->target = NULL;
	pthread_mutex_unlock(&heartbeat->lock);
	target_close(target);
}

/* A second until the next beat; false when there is to be none. */
static bool rest(struct heartbeat *heartbeat)
{
	struct timespec until;
	bool go_on;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec++;
	pthread_mutex_lock(&heartbeat->lock);
	while (!heartbeat->stopping && pthread_cond_timedwait(&heartbeat->wake, &heartbeat->lock, &until) == 0)
		;
	go_on = !heartbeat->stopping;
	pthread_mutex_unlock(&heartbeat->lock);
	return go_on;
}

static bool is_stopping(struct heartbeat *heartbeat)
{
	bool stopping;

	pthread_mutex_lock(&heartbeat->lock);
	stopping = heartbeat->stopping;
	pthread_mutex_unlock(&heartbeat->lock);
	return stopping;
}

/* The connection of the heartbeat alone may have been lost: once more with a new one. */
static int beat_again(struct heartbeat *heartbeat, struct error *error)
{
	struct error first = *error;

	log_error(LOG_WARNING, "channel", error);
	close_heartbeat(heartbeat);
	if (open_heartbeat(heartbeat, error) == 0 && beat(heartbeat, error) == 0)
		return 0;
	if (error->kind == ERROR_STOP && first.kind != ERROR_STOP)
		*error = first;
	return error_context(error, "keeping channel %s", heartbeat->applier->settings.channel);
}

/* The row says that nobody is there, for whoever finds the lock still held. */
static void sign_off(struct heartbeat *heartbeat)
{
	struct applier *applier = heartbeat->applier;
	struct buffer sql = BUFFER_INIT;
	struct error ignored = {0};

	if (!heartbeat->target)
		return;
	buffer_puts(&sql, "UPDATE ");
	put_table(&sql, applier, "instance");
	buffer_puts(&sql, " SET heartbeat = 0");
	put_where(&sql, applier);
	buffer_printf(&sql, " AND epoch = %llu", (unsigned long long)applier->taken.epoch);
	target_execute(heartbeat->target, buffer_text(&sql), &ignored);
	buffer_release(&sql);
}

static void *heartbeat_main(void *argument)
{
	struct heartbeat *heartbeat = argument;
	struct error error = {0};
	bool failed = open_heartbeat(heartbeat, &error) < 0;

	while (!failed && rest(heartbeat)) {
		if (beat(heartbeat, &error) == 0)
			continue;
		if (is_stopping(heartbeat))
			break;
		failed = error.kind == ERROR_FENCED || beat_again(heartbeat, &error) < 0;
	}
	if (failed && !is_stopping(heartbeat)) {
		applier_fail(heartbeat->applier, &error, NULL);
		target_interrupt(heartbeat->applier->control); /* nobody need wait for its answer */
	}
	if (!failed)
		sign_off(heartbeat);
	pthread_mutex_lock(&heartbeat->lock);
	heartbeat->ended = true;
	pthread_cond_broadcast(&heartbeat->wake);
	pthread_mutex_unlock(&heartbeat->lock);
	return NULL;
}

int heartbeat_start(struct heartbeat **result, struct applier *applier, const char *lock_name, const char *connections,
	struct error *error)
{
	struct heartbeat *heartbeat = memory_zalloc(sizeof(*heartbeat));
	pthread_condattr_t attributes;

	heartbeat->applier = applier;
	heartbeat->options = applier->settings.target;
	if (!heartbeat->options.read_timeout_seconds || heartbeat->options.read_timeout_seconds > BEAT_TIMEOUT_SECONDS)
		heartbeat->options.read_timeout_seconds = BEAT_TIMEOUT_SECONDS;
	snprintf(heartbeat->lock_name, sizeof(heartbeat->lock_name), "%s", lock_name);
	heartbeat->connections = memory_strdup(connections);
	pthread_mutex_init(&heartbeat->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&heartbeat->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	*result = heartbeat;
	if (pthread_create(&heartbeat->thread, NULL, heartbeat_main, heartbeat) != 0) {
		heartbeat->ended = true;
		return error_set(error, ERROR_RETRY, "there is no thread for the heartbeat of channel %s.",
			applier->settings.channel);
	}
	heartbeat->started = true;
	return 0;
}

void heartbeat_list(struct heartbeat *heartbeat, const char *connections)
{
	char *copy = memory_strdup(connections), *former;

	pthread_mutex_lock(&heartbeat->lock);
	former = heartbeat->connections;
	heartbeat->connections = copy;
	pthread_mutex_unlock(&heartbeat->lock);
	free(former);
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
	struct timespec until;

	if (!heartbeat)
		return;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += STOP_SECONDS;
	pthread_mutex_lock(&heartbeat->lock);
	heartbeat->stopping = true;
	pthread_cond_broadcast(&heartbeat->wake);
	while (!heartbeat->ended && pthread_cond_timedwait(&heartbeat->wake, &heartbeat->lock, &until) == 0)
		;
	if (!heartbeat->ended && heartbeat->target)
		target_interrupt(heartbeat->target);
	pthread_mutex_unlock(&heartbeat->lock);
	if (heartbeat->started)
		pthread_join(heartbeat->thread, NULL);
	target_close(heartbeat->target);
	free(heartbeat->connections);
	pthread_cond_destroy(&heartbeat->wake);
	pthread_mutex_destroy(&heartbeat->lock);
	free(heartbeat);
}
