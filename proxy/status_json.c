/* From the stored status to one JSON object, from which everything that is printed is made. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "proxy/status.h"

static void put_text(json_t *object, const char *name, const char *text)
{
	struct buffer clean = BUFFER_INIT;

	if (!text || !*text) {
		json_object_set_new(object, name, json_null());
		return;
	}
	if (json_object_set_new(object, name, json_string(text)) == 0)
		return;
	/* it is not UTF-8: shown with its bytes spelled out */
	buffer_put_printable(&clean, text, strlen(text), 65536);
	if (json_object_set_new(object, name, json_string(buffer_text(&clean))) != 0)
		json_object_set_new(object, name, json_string("(not UTF-8)"));
	buffer_release(&clean);
}

static void put_number(json_t *object, const char *name, uint64_t number)
{
	json_object_set_new(object, name, json_integer((json_int_t)number));
}

static void put_known(json_t *object, const char *name, uint64_t number)
{
	json_object_set_new(object, name, number ? json_integer((json_int_t)number) : json_null());
}

static void put_real(json_t *object, const char *name, double number)
{
	json_object_set_new(object, name, json_real(round(number * 1000) / 1000));
}

static void put_time(json_t *object, const char *name, int64_t at_us)
{
	char text[40], whole[32];
	time_t seconds = (time_t)(at_us / 1000000);
	struct tm utc;

	if (!at_us) {
		json_object_set_new(object, name, json_null());
		return;
	}
	gmtime_r(&seconds, &utc);
	strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%03dZ", whole, (int)(at_us % 1000000 / 1000));
	json_object_set_new(object, name, json_string(text));
}

/* Whatever a process that is gone said last, it is not connected any more. */
static const char *connection_now(const struct state_server *server, bool running)
{
	if (running || !server->state || strcmp(server->state, "unreachable") == 0)
		return server->state;
	return "disconnected";
}

static void put_server(json_t *object, const char *side, const struct state_server *server, bool running)
{
	char name[64];

#define NAME(column) (snprintf(name, sizeof(name), "%s_" column, side), name)
	put_text(object, NAME("state"), connection_now(server, running));
	put_text(object, NAME("host"), server->host);
	put_known(object, NAME("port"), server->port);
	put_text(object, NAME("user"), server->user);
	put_text(object, NAME("family"), server->family);
	put_text(object, NAME("version"), server->version);
	put_known(object, NAME("server_id"), server->server_id);
	put_text(object, NAME("uuid"), server->uuid);
	put_text(object, NAME("ssl_mode"), server->ssl_mode);
	put_text(object, NAME("cipher"), server->cipher);
	put_time(object, NAME("connected_at"), server->connected_at_us);
	put_known(object, NAME("error_code"), server->error_code);
	put_text(object, NAME("error"), server->error);
	put_time(object, NAME("error_at"), server->error_at_us);
#undef NAME
}

static void put_position(json_t *object, const char *side, const struct state_position *position)
{
	char name[64];

	snprintf(name, sizeof(name), "%s_file", side);
	put_text(object, name, position->file);
	snprintf(name, sizeof(name), "%s_position", side);
	put_known(object, name, position->position);
	snprintf(name, sizeof(name), "%s_gtid", side);
	put_text(object, name, position->gtid);
}

/* What a process that is not there any more said last. */
static const char *state_now(const struct state_status *status, bool running)
{
	switch (status->phase) {
	case STATE_STOPPED:
	case STATE_ERROR:
		break;
	case STATE_STARTING:
	case STATE_CONNECTING:
	case STATE_RUNNING:
	case STATE_PAUSED:
	case STATE_WAITING:
		if (!running)
			return "died";
		break;
	}
	return state_phase_name(status->phase);
}

static void put_lag(json_t *object, const struct state_status *status, bool running, int64_t now_us)
{
	double lag = status->lag_seconds;

	if (!status->lag_known) {
		json_object_set_new(object, "lag_seconds", json_null());
		return;
	}
	if (!running && now_us > status->updated_at_us)
		lag += (double)(now_us - status->updated_at_us) / 1e6;
	if (!running && lag < 0.001)
		lag = 0.001;
	put_real(object, "lag_seconds", lag);
}

static void put_counts(json_t *object, const struct state_status *status)
{
	put_number(object, "transactions", status->transactions);
	put_number(object, "rows", status->rows);
	put_number(object, "statements", status->statements);
	put_number(object, "ddl", status->ddl);
	put_number(object, "bytes_read", status->bytes_read);
	put_number(object, "rewrites", status->rewrites);
	put_number(object, "skipped", status->skipped);
	put_number(object, "conflicts", status->conflicts);
	put_real(object, "transactions_per_second", status->transactions_per_second);
	put_real(object, "rows_per_second", status->rows_per_second);
	put_real(object, "bytes_per_second", status->bytes_per_second);
	put_number(object, "queue_bytes", status->queue_bytes);
	put_number(object, "queue_transactions", status->queue_transactions);
	put_number(object, "workers", status->workers);
	put_number(object, "workers_busy", status->workers_busy);
}

static void put_error(json_t *object, const struct state_status *status)
{
	put_text(object, "error_kind",
		status->error_kind == ERROR_NONE ? NULL : error_kind_name(status->error_kind));
	put_known(object, "error_code", status->error_code);
	put_text(object, "error_sqlstate", status->error_sqlstate);
	put_text(object, "error", status->error);
	put_text(object, "advice", status->advice);
	put_time(object, "error_at", status->error_at_us);
	put_position(object, "error", &status->error_position);
	put_text(object, "error_statement", status->error_statement);
	put_number(object, "retries", status->retries);
	put_number(object, "retries_total", status->retries_total);
	put_number(object, "reconnects_total", status->reconnects_total);
	put_time(object, "next_retry_at", status->next_retry_at_us);
}

json_t *status_json(const struct state_status *status, bool running, int64_t now_us)
{
	json_t *object = json_object();

	put_text(object, "state", state_now(status, running));
	json_object_set_new(object, "running", json_boolean(running));
	put_known(object, "pid", running ? (uint64_t)status->pid : 0);
	put_text(object, "version", status->version);
	put_time(object, "started_at", status->started_at_us);
	put_time(object, "since", status->since_us);
	put_time(object, "updated_at", status->updated_at_us);
	put_text(object, "channel", status->channel);
	put_known(object, "replica_server_id", status->replica_server_id);
	put_text(object, "replica_uuid", status->replica_uuid);
	put_server(object, "source", &status->source, running);
	put_server(object, "target", &status->target, running);
	put_position(object, "received", &status->received);
	put_text(object, "received_gtid_set", status->received_gtid_set);
	put_position(object, "applied", &status->applied);
	put_text(object, "applied_gtid_set", status->applied_gtid_set);
	put_time(object, "source_time", status->source_time_us);
	put_time(object, "heard_at", status->heard_at_us);
	put_time(object, "applied_at", status->applied_at_us);
	put_lag(object, status, running, now_us);
	json_object_set_new(object, "idle", json_boolean(running && status->idle));
	json_object_set_new(object, "auto_position", json_boolean(status->auto_position));
	put_counts(object, status);
	put_error(object, status);
	put_text(object, "until", status->until);
	return object;
}
