/* The status of a running process, from the pipeline's snapshot. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "proxy/notify.h"
#include "proxy/run.h"

/* Averages over about five seconds. */
static void measure(struct rate *rate, uint64_t count, int64_t now_us)
{
	double seconds = (double)(now_us - rate->at_us) / 1e6, weight, now;

	if (!rate->at_us) {
		rate->at_us = now_us;
		rate->count = count;
		return;
	}
	if (seconds < 0.1)
		return;
	now = (double)(count - rate->count) / seconds;
	weight = seconds >= 5 ? 1 : seconds / 5;
	rate->per_second += (now - rate->per_second) * weight;
	if (rate->per_second < 0.0005)
		rate->per_second = 0;
	rate->count = count;
	rate->at_us = now_us;
}

static const char *family_name(const struct pipeline_peer *peer)
{
	if (!peer->version[0])
		return NULL;
	return peer->family == FAMILY_MARIADB ? "mariadb" : "mysql";
}

static const char *text_or_null(const char *text)
{
	return *text ? text : NULL;
}

static void fill_server(struct state_server *server, const struct pipeline_peer *peer,
	const struct config_connection *connection)
{
	server->state = peer->state;
	server->host = peer->host;
	server->port = peer->port;
	server->user = connection->user;
	server->family = family_name(peer);
	server->version = text_or_null(peer->version);
	server->server_id = peer->server_id;
	server->uuid = text_or_null(peer->uuid);
	server->ssl_mode = config_ssl_mode_name(connection->tls.mode);
	server->cipher = text_or_null(peer->cipher);
	server->connected_at_us = peer->connected_at_us;
	server->error_code = peer->error.code;
	server->error = peer->error.kind == ERROR_NONE ? NULL : peer->error.text;
	server->error_at_us = peer->error_at_us;
}

static struct state_position position_of(const struct position *position, const char *gtid)
{
	struct state_position result = {text_or_null(position->file), position->offset, text_or_null(gtid)};

	return result;
}

/* The choices that the error's own text does not name. */
static void put_choices(struct buffer *advice, const char *error)
{
	static const char *const choices[][2] = {{"changeling retry", "mend the cause and run `changeling retry`"},
		{"changeling skip", "step over this one transaction by `changeling skip`"},
		{"changeling replace", "give other SQL in its place to `changeling replace`"}};
	bool named = false;

	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++)
		named = named || strstr(error, choices[i][0]);
	for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
		if (strstr(error, choices[i][0]))
			continue;
		buffer_puts(advice, advice->length ? "; or " : named ? "Or " : "");
		buffer_puts(advice, choices[i][1]);
	}
	if (!advice->length)
		return;
	if (advice->data[0] == 'm')
		advice->data[0] = 'M';
	buffer_putc(advice, '.');
}

static void put_advice(struct buffer *advice, const struct run *run, const struct pipeline_view *view)
{
	if (view->goal_reached)
		buffer_printf(advice, "The goal of --until %.200s is reached.", run->until);
	if (view->phase == STATE_ERROR && !view->error_skippable)
		buffer_puts(advice, view->error.kind == ERROR_FENCED
			? "Another instance has the channel now. Start this one again as a standby when the other one shall keep it."
			: "Mend the cause and start again (a process that stays: `changeling retry`).");
	else if (view->phase == STATE_ERROR && !run->wish[0])
		put_choices(advice, view->error.text);
	if (run->wish[0])
		buffer_printf(advice, "%s%s", advice->length ? " " : "", run->wish);
}

static void fill_counts(struct run *run, struct state_status *status, const struct pipeline_view *view)
{
	const struct applier_progress *progress = &view->progress;
	int64_t now_us = state_now_us();

	measure(&run->transactions, progress->transactions, now_us);
	measure(&run->rows, progress->rows, now_us);
	measure(&run->bytes, view->bytes_read, now_us);
	status->transactions = progress->transactions;
	status->rows = progress->rows;
	status->statements = progress->statements;
	status->ddl = progress->ddl;
	status->bytes_read = view->bytes_read;
	status->rewrites = progress->rewrites;
	status->skipped = progress->skipped;
	status->conflicts = progress->conflicts;
	status->transactions_per_second = run->transactions.per_second;
	status->rows_per_second = run->rows.per_second;
	status->bytes_per_second = run->bytes.per_second;
	status->queue_bytes = view->queue_bytes;
	status->queue_transactions = view->queue_transactions;
	status->workers = run->settings.applier.workers;
	status->workers_busy = progress->workers_busy;
}

static void fill_error(struct state_status *status, const struct pipeline_view *view, const char *advice)
{
	status->error_kind = view->error.kind;
	status->error_code = view->error.code;
	status->error_sqlstate = text_or_null(view->error.sqlstate);
	status->error = view->error.kind == ERROR_NONE ? NULL : view->error.text;
	status->advice = text_or_null(advice);
	status->error_at_us = view->error_at_us;
	if (view->error.kind != ERROR_NONE)
		status->error_position = position_of(&view->error_position, view->error_gtid);
	status->retries = view->retries;
	status->retries_total = view->retries_total;
	status->reconnects_total = view->reconnects_total;
	status->next_retry_at_us = view->next_retry_at_us;
}

/* Until the target has said where we are, what was known before holds: a start that fails must not take the
 * position and the lag from those who look on. */
static void fill_from_former(const struct state_status *former, struct state_status *status)
{
	if (status->applied.file || status->applied_gtid_set || !former->channel ||
		strcmp(former->channel, status->channel) != 0)
		return;
	status->received = former->received;
	status->received_gtid_set = former->received_gtid_set;
	status->applied = former->applied;
	status->applied_gtid_set = former->applied_gtid_set;
	status->source_time_us = former->source_time_us;
	status->heard_at_us = former->heard_at_us;
	status->applied_at_us = former->applied_at_us;
	if (status->lag_known || !former->lag_known)
		return;
	status->lag_known = true;
	status->lag_seconds =
		former->lag_seconds + (double)(status->updated_at_us - former->updated_at_us) / 1e6;
}

void run_with_status(
	struct run *run, void (*use)(void *context, const struct state_status *status), void *context)
{
	struct state_status status = {.phase = STATE_STARTING};
	struct buffer advice = BUFFER_INIT;
	struct pipeline_view view;
	char *received = pipeline_received_set(run->pipeline), *applied = pipeline_applied_set(run->pipeline);

	pipeline_view(run->pipeline, &view);
	status.phase = view.phase;
	status.pid = getpid();
	status.version = CHANGELING_VERSION;
	status.started_at_us = run->started_at_us;
	status.since_us = view.since_us;
	status.updated_at_us = state_now_us();
	status.channel = run->config.channel;
	status.replica_server_id = run->config.source.server_id;
	status.replica_uuid = run->config.server_uuid;
	fill_server(&status.source, &view.source, &run->config.source.connection);
	fill_server(&status.target, &view.target, &run->config.target.connection);
	status.received = position_of(&view.received, view.received_gtid);
	status.applied = position_of(&view.progress.position, view.progress.gtid);
	status.received_gtid_set = text_or_null(received);
	status.applied_gtid_set = text_or_null(applied);
	status.source_time_us = (int64_t)view.progress.source_time * 1000000;
	status.heard_at_us = view.heard_at_us;
	status.applied_at_us = view.progress.applied_at_us;
	status.lag_known = view.lag_known;
	status.lag_seconds = view.lag_seconds;
	fill_from_former(&run->former, &status);
	/* what does not run is behind, by a moment at least */
	if ((view.ended || view.phase == STATE_ERROR || view.phase == STATE_PAUSED) &&
		status.lag_seconds < 0.001)
		status.lag_seconds = 0.001;
	status.idle = view.idle;
	status.auto_position = run->config.source.use_gtid;
	fill_counts(run, &status, &view);
	if (run->wish[0]) /* until it lies behind us */
		wish_waiting(run->state, run->wish);
	put_advice(&advice, run, &view);
	fill_error(&status, &view, buffer_text(&advice));
	status.until = run->until;
	use(context, &status);
	buffer_release(&advice);
	free(received);
	free(applied);
}

static void save(void *context, const struct state_status *status)
{
	struct run *run = context;
	struct error error = {.kind = ERROR_NONE};

	if (state_save_status(run->state, status, &error) < 0)
		log_throttle_error(&run->state_throttle, LOG_WARNING, "state", &error);
	else
		log_throttle_over(&run->state_throttle);
	if (status->phase == run->told)
		return;
	run->told = status->phase;
	switch (status->phase) {
	case STATE_RUNNING:
		notify_send(run->ready ? "STATUS=replicating" : "READY=1\nSTATUS=replicating");
		run->ready = true;
		break;
	case STATE_WAITING:
		notify_send(run->ready ? "STATUS=standby" : "READY=1\nSTATUS=standby");
		run->ready = true;
		break;
	case STATE_CONNECTING:
		notify_send("STATUS=connecting");
		break;
	case STATE_PAUSED:
		notify_send("STATUS=paused");
		break;
	case STATE_ERROR:
		notify_send("STATUS=stopped on an error: see changeling status");
		break;
	case STATE_STARTING:
	case STATE_STOPPED:
		break;
	}
}

void run_save_status(struct run *run)
{
	run_with_status(run, save, run);
}

static void record(void *context, const struct state_status *status)
{
	struct run *run = context;
	struct error error = {.kind = ERROR_NONE};
	struct state_lag lag = {
		.at_us = status->updated_at_us,
		.known = status->lag_known,
		.lag_seconds = status->lag_seconds,
		.transactions = status->transactions,
		.rows = status->rows,
		.bytes_read = status->bytes_read,
	};

	if (state_record_lag(run->state, &lag, &error) < 0)
		log_throttle_error(&run->lag_throttle, LOG_WARNING, "state", &error);
	else
		log_throttle_over(&run->lag_throttle);
}

void run_record_lag(struct run *run)
{
	struct pipeline_view view;

	run_with_status(run, record, run);
	pipeline_view(run->pipeline, &view);
	if (view.lag_known)
		retention_watch(&run->retention, view.lag_seconds, (double)view.kept_seconds);
}
