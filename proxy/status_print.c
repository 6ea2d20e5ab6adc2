/* The status for people. */
#include <string.h>

#include "proxy/status.h"

/* Numbers go into one of four rooms in turn. */
const char *status_value(const json_t *status, const char *name)
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
	return strcmp(status_value(status, name), text) == 0;
}

static void line(FILE *out, const char *name, const char *text)
{
	if (*text)
		fprintf(out, "%-12s %s\n", name, text);
}

static void print_server(FILE *out, const json_t *status, const char *side)
{
	char name[64];

#define VALUE(column) (snprintf(name, sizeof(name), "%s_" column, side), status_value(status, name))
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

#define VALUE(column) (snprintf(name, sizeof(name), "%s_" column, side), status_value(status, name))
	if (!*VALUE("file") && !*VALUE("gtid"))
		return;
	fprintf(out, "%-12s %s:%s", side, VALUE("file"), VALUE("position"));
	if (*VALUE("gtid"))
		fprintf(out, " %s", VALUE("gtid"));
	fputc('\n', out);
#undef VALUE
}

static void print_error(FILE *out, const json_t *status)
{
	fprintf(out, "%-12s %s\n", is(status, "state", "error") ? "stopped on" : "last error",
		status_value(status, "error"));
	if (*status_value(status, "error_file"))
		fprintf(out, "%-12s %s:%s %s\n", "at", status_value(status, "error_file"),
			status_value(status, "error_position"), status_value(status, "error_gtid"));
	if (*status_value(status, "next_retry_at"))
		fprintf(out, "%-12s %s (attempt %s in a row)\n", "next try", status_value(status, "next_retry_at"),
			status_value(status, "retries"));
}

void status_print(FILE *out, const json_t *status)
{
	bool running = json_is_true(json_object_get(status, "running"));

	fprintf(out, "%-12s %s", "state", status_value(status, "state"));
	if (running)
		fprintf(out, ", process %s", status_value(status, "pid"));
	else
		fprintf(out, "; not running");
	if (*status_value(status, "since"))
		fprintf(out, ", since %s", status_value(status, "since"));
	fputc('\n', out);
	line(out, "channel", status_value(status, "channel"));
	print_server(out, status, "source");
	print_server(out, status, "target");
	print_position(out, status, "received");
	print_position(out, status, "applied");
	line(out, "gtid set", status_value(status, "applied_gtid_set"));
	if (*status_value(status, "lag_seconds"))
		fprintf(out, "%-12s %s s%s\n", "lag", status_value(status, "lag_seconds"),
			json_is_true(json_object_get(status, "idle")) ? ", idle" : "");
	else
		fprintf(out, "%-12s not known yet\n", "lag");
	fprintf(out, "%-12s %s transactions/s, %s rows/s, %s bytes/s\n", "rates",
		status_value(status, "transactions_per_second"), status_value(status, "rows_per_second"),
		status_value(status, "bytes_per_second"));
	fprintf(out, "%-12s %s transactions, %s rows, %s DDL", "done", status_value(status, "transactions"),
		status_value(status, "rows"), status_value(status, "ddl"));
	fprintf(out, "; %s rewrites, %s skipped, %s conflicts\n", status_value(status, "rewrites"),
		status_value(status, "skipped"), status_value(status, "conflicts"));
	fprintf(out, "%-12s %s transactions, %s bytes\n", "queue", status_value(status, "queue_transactions"),
		status_value(status, "queue_bytes"));
	line(out, "until", status_value(status, "until"));
	if (*status_value(status, "error"))
		print_error(out, status);
	line(out, "advice", status_value(status, "advice"));
}
