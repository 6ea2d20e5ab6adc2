/* The status for people, and in the words of SHOW REPLICA STATUS. */
#include <string.h>

#include "proxy/status.h"

/* The value as text; "" for null. Numbers go into one of four rooms in turn. */
static const char *value(const json_t *status, const char *name)
{
	static _Thread_local char rooms[4][32];
	static _Thread_local unsigned turn;
	const json_t *found = json_object_get(status, name);
	char *room = rooms[turn++ % 4];

	if (json_is_string(found))
		return json_string_value(found);
	if (json_is_integer(found))
		snprintf(room, sizeof(rooms[0]), "%" JSON_INTEGER_FORMAT, json_integer_value(found));
	else if (json_is_real(found))
		snprintf(room, sizeof(rooms[0]), "%.3f", json_real_value(found));
	else
		room[0] = '\0';
	return room;
}

static bool is(const json_t *status, const char *name, const char *text)
{
	return strcmp(value(status, name), text) == 0;
}

static void line(FILE *out, const char *name, const char *text)
{
	if (*text)
		fprintf(out, "%-12s %s\n", name, text);
}

static void print_server(FILE *out, const json_t *status, const char *side)
{
	char name[64];

#define VALUE(column) (snprintf(name, sizeof(name), "%s_" column, side), value(status, name))
	fprintf(out, "%-12s %s:%s %s", side, VALUE("host"), VALUE("port"), VALUE("state"));
	if (*VALUE("version"))
		fprintf(out, ", %s", VALUE("version"));
	if (*VALUE("cipher"))
		fprintf(out, ", TLS %s", VALUE("cipher"));
	else
		fprintf(out, ", TLS %s", VALUE("ssl_mode"));
	fputc('\n', out);
	if (*VALUE("error"))
		fprintf(out, "%-12s %s\n", "", VALUE("error"));
#undef VALUE
}

static void print_position(FILE *out, const json_t *status, const char *side)
{
	char name[64];

#define VALUE(column) (snprintf(name, sizeof(name), "%s_" column, side), value(status, name))
	if (!*VALUE("file") && !*VALUE("gtid"))
		return;
	fprintf(out, "%-12s %s:%s", side, VALUE("file"), VALUE("position"));
	if (*VALUE("gtid"))
		fprintf(out, " %s", VALUE("gtid"));
	fputc('\n', out);
#undef VALUE
}

void status_print(FILE *out, const json_t *status)
{
	bool running = json_is_true(json_object_get(status, "running"));

	fprintf(out, "%-12s %s", "state", value(status, "state"));
	if (running)
		fprintf(out, ", process %s", value(status, "pid"));
	else
		fprintf(out, "; not running");
	if (*value(status, "since"))
		fprintf(out, ", since %s", value(status, "since"));
	fputc('\n', out);
	line(out, "channel", value(status, "channel"));
	print_server(out, status, "source");
	print_server(out, status, "target");
	print_position(out, status, "received");
	print_position(out, status, "applied");
	line(out, "gtid set", value(status, "applied_gtid_set"));
	if (*value(status, "lag_seconds"))
		fprintf(out, "%-12s %s s%s\n", "lag", value(status, "lag_seconds"),
			json_is_true(json_object_get(status, "idle")) ? ", idle" : "");
	else
		fprintf(out, "%-12s not known yet\n", "lag");
	fprintf(out, "%-12s %s transactions/s, %s rows/s, %s bytes/s\n", "rates",
		value(status, "transactions_per_second"), value(status, "rows_per_second"),
		value(status, "bytes_per_second"));
	fprintf(out, "%-12s %s transactions, %s rows, %s DDL", "done", value(status, "transactions"),
		value(status, "rows"), value(status, "ddl"));
	fprintf(out, "; %s rewrites, %s skipped, %s conflicts\n", value(status, "rewrites"),
		value(status, "skipped"), value(status, "conflicts"));
	fprintf(out, "%-12s %s transactions, %s bytes\n", "queue", value(status, "queue_transactions"),
		value(status, "queue_bytes"));
	line(out, "until", value(status, "until"));
	if (!*value(status, "error"))
		return;
	fprintf(out, "%-12s %s\n", is(status, "state", "error") ? "stopped on" : "last error",
		value(status, "error"));
	if (*value(status, "error_file"))
		fprintf(out, "%-12s %s:%s %s\n", "at", value(status, "error_file"),
			value(status, "error_position"), value(status, "error_gtid"));
	line(out, "advice", value(status, "advice"));
	if (*value(status, "next_retry_at"))
		fprintf(out, "%-12s %s (attempt %s in a row)\n", "next try", value(status, "next_retry_at"),
			value(status, "retries"));
}

/* ---- SHOW REPLICA STATUS ---- */

static void field(FILE *out, const char *name, const char *text)
{
	fprintf(out, "%29s: %s\n", name, text);
}

static const char *io_running(const json_t *status, bool running)
{
	if (!running || is(status, "state", "error") || is(status, "state", "paused"))
		return "No";
	return is(status, "source_state", "connected") ? "Yes" : "Connecting";
}

static void print_errors(FILE *out, const json_t *status)
{
	const char *code = *value(status, "error_code") ? value(status, "error_code") : "0";
	const char *io_code = *value(status, "source_error_code") ? value(status, "source_error_code") : "0";

	field(out, "Last_Errno", code);
	field(out, "Last_Error", value(status, "error"));
	field(out, "Last_IO_Errno", io_code);
	field(out, "Last_IO_Error", value(status, "source_error"));
	field(out, "Last_IO_Error_Timestamp", value(status, "source_error_at"));
	field(out, "Last_SQL_Errno", code);
	field(out, "Last_SQL_Error", value(status, "error"));
	field(out, "Last_SQL_Error_Timestamp", value(status, "error_at"));
}

void status_print_replica(FILE *out, const json_t *status)
{
	bool running = json_is_true(json_object_get(status, "running"));
	bool applying = running && (is(status, "state", "running") || is(status, "state", "connecting"));
	const json_t *lag = json_object_get(status, "lag_seconds");
	char seconds[32];

	snprintf(seconds, sizeof(seconds), "%.0f", json_number_value(lag));
	fprintf(out, "*************************** 1. row ***************************\n");
	field(out, "Replica_IO_State",
		!running			 ? ""
		: is(status, "state", "waiting") ? "Waiting for another instance to give up the channel"
		: is(status, "source_state", "connected") ? "Waiting for source to send event"
							  : "Connecting to source");
	field(out, "Source_Host", value(status, "source_host"));
	field(out, "Source_User", value(status, "source_user"));
	field(out, "Source_Port", value(status, "source_port"));
	field(out, "Source_Log_File", value(status, "received_file"));
	field(out, "Read_Source_Log_Pos", value(status, "received_position"));
	field(out, "Relay_Source_Log_File", value(status, "applied_file"));
	field(out, "Replica_IO_Running", io_running(status, running));
	field(out, "Replica_SQL_Running", applying ? "Yes" : "No");
	field(out, "Exec_Source_Log_Pos", value(status, "applied_position"));
	field(out, "Until_Condition", *value(status, "until") ? value(status, "until") : "None");
	field(out, "Source_SSL_Allowed", is(status, "source_ssl_mode", "off") ? "No" : "Yes");
	field(out, "Source_SSL_Cipher", value(status, "source_cipher"));
	field(out, "Seconds_Behind_Source", applying && json_is_number(lag) ? seconds : "NULL");
	print_errors(out, status);
	field(out, "Source_Server_Id", value(status, "source_server_id"));
	field(out, "Source_UUID", value(status, "source_uuid"));
	field(out, "Replica_SQL_Running_State",
		applying ? (json_is_true(json_object_get(status, "idle"))
					   ? "Replica has read all of the source's log"
					   : "Applying events")
			 : "");
	field(out, "Retrieved_Gtid_Set", value(status, "received_gtid_set"));
	field(out, "Executed_Gtid_Set", value(status, "applied_gtid_set"));
	field(out, "Auto_Position", json_is_true(json_object_get(status, "auto_position")) ? "1" : "0");
	field(out, "Channel_Name", value(status, "channel"));
	field(out, "Target_Host", value(status, "target_host"));
	field(out, "Target_Port", value(status, "target_port"));
	field(out, "Target_State", value(status, "target_state"));
}
