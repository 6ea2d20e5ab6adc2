/* Statements on a connection to the target, their answers, and what the errors among these mean. */
#include "applier/target_internal.h"

#include <assert.h>
#include <errmsg.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "applier/answer.h"
#include "base/clock.h"
#include "base/memory.h"

/* Of what statements of the log, which are there for their effect, may answer beside it. */
#define DROPPED_ROWS_MAXIMUM 10000000u
#define RESULTS_MAXIMUM 1000000u

enum error_kind target_error_kind(unsigned code, const char *text)
{
	switch (code) {
	case 2002: /* cannot connect (socket) */
	case 2003: /* cannot connect (TCP) */
	case 2005: /* unknown host */
	case 1040: /* too many connections */
	case 1203: /* too many user connections */
	case 1129: /* host blocked */
	case 1836: /* read-only mode */
	case 1036: /* table is read-only: all of InnoDB is */
	case 3159: /* secure transport required */
		return ERROR_CONNECT;
	case 1047: /* unknown command: what a Galera node that is not in the cluster (yet) says of any */
		return text && strstr(text, "WSREP") ? ERROR_CONNECT : ERROR_STOP;
	case 1015: /* cannot lock: "Table is read only" among others */
	case 1290: /* --read-only among others */
		return text && strstr(text, "read") ? ERROR_CONNECT : ERROR_STOP;
	case 1792: /* read-only transaction: a demoted primary */
		return ERROR_CONNECT;
	case 1205: /* lock wait */
	case 1213: /* deadlock */
	case 1614: /* XA deadlock */
	case 3058: /* user-level lock deadlock */
	case 3572: /* NOWAIT */
	case 1053: /* shutdown */
	case 1077:
	case 1079:
	case 1158: /* network errors, as the server sees them */
	case 1159:
	case 1160:
	case 1161:
	case 1184:
	case 1317: /* interrupted */
	case 1927: /* killed */
	case 1969: /* statement time-out */
	case 3024:
	case 3168: /* server is not available */
	case 3169: /* session killed */
	case 4031: /* disconnected for inactivity */
	case 1180: /* an error while committing: what became of it is read from the checkpoint */
	case 3101: /* Group Replication rolled the transaction back, as another member's came first */
	case 1021: /* disk full */
	case 1114: /* table full */
	case 1037: /* out of memory */
	case 1041:
	case 2006: /* gone away */
	case 2013: /* lost */
	case 2055:
	case 2012:
	case 2026: /* TLS broke off: how a lost connection mostly shows; certificates matter at connect only */
	case 2027: /* malformed packet */
	case 2014: /* commands out of sync: what a garbled answer leads to */
		return ERROR_RETRY;
	case 1026: /* error writing file */
	case 1030: /* error from the engine: passing when the disk is full */
	case 3:
		return text && (strstr(text, "28") || strstr(text, "full")) ? ERROR_RETRY : ERROR_STOP;
	default:
		return ERROR_STOP;
	}
}

bool target_met_lock(const struct error *error)
{
	return error->kind == ERROR_RETRY &&
		(error->code == 1205 || error->code == 1213 || error->code == 1614 || error->code == 3572);
}

/* The library tells of a time-out as of any other lost connection. */
static bool fell_silent(const struct target *target, unsigned code)
{
	return (code == 2006 || code == 2013 || code == 2026) && target->silence_seconds &&
		clock_monotonic_us() - target->asked_us >= (int64_t)target->silence_seconds * 1000000;
}

static int tell_silence(const struct target *target, unsigned code, const char *sqlstate, const char *doing, struct error *error)
{
	return error_set_server(error, ERROR_RETRY, code, sqlstate,
		"%s: the target %s has said nothing for %u s: the connection is taken for dead.%s", doing, target->host,
		target->silence_seconds,
		target->silence_seconds == target->read_timeout_seconds
			? ""
			: " If the target is only slow, raise target-connect-timeout.");
}

static int set_error(struct target *target, struct error *error, const char *doing)
{
	const char *text;
	unsigned code;

	answer_name_failure(target->mysql);
	code = mysql_errno(target->mysql);
	text = mysql_error(target->mysql);
	if (fell_silent(target, code))
		return tell_silence(target, code, mysql_sqlstate(target->mysql), doing, error);
	return error_set_server(error, target_error_kind(code, text), code, mysql_sqlstate(target->mysql),
		"%s: the target %s said: error %u: %s", doing, target->host, code, text);
}

/* libmariadb's callbacks for LOAD DATA LOCAL. A server may ask for a local file in answer to any statement: it
 * gets the bytes of the load that is under way, and nothing at all otherwise. */
static int file_init(void **handle, const char *name, void *file)
{
	(void)name;
	*handle = file;
	return file ? 0 : 1;
}

static int file_read(void *handle, char *into, unsigned room)
{
	const struct target_file *file = handle;

	return file ? (int)file->read(file->context, into, room) : -1;
}

static void file_end(void *handle)
{
	(void)handle;
}

static int file_error(void *handle, char *into, unsigned room)
{
	(void)handle;
	snprintf(into, room, "the target asked for a local file though no LOAD DATA is under way");
	return 2000;
}

void target_serve_file(MYSQL *mysql, const struct target_file *file)
{
	mysql_set_local_infile_handler(mysql, file_init, file_read, file_end, file_error, (void *)file);
}

static int set_multi(struct target *target, bool on, struct error *error)
{
	if (target->multi == on)
		return 0;
	target->asked_us = clock_monotonic_us();
	if (mysql_set_server_option(target->mysql,
		    on ? MYSQL_OPTION_MULTI_STATEMENTS_ON : MYSQL_OPTION_MULTI_STATEMENTS_OFF) != 0)
		return set_error(target, error, "switching multi-statements");
	target->multi = on;
	return 0;
}

static int endless(const struct target *target, struct error *error)
{
	return error_set(error, ERROR_RETRY, "the target %s answers a statement without an end.", target->host);
}

static int drop_rows(struct target *target, MYSQL_RES *result, struct error *error)
{
	size_t rows = 0;

	while (mysql_fetch_row(result)) {
		if (++rows < DROPPED_ROWS_MAXIMUM)
			continue;
		/* freeing the result would read it to its end */
		target_interrupt(target);
		mysql_free_result(result);
		return endless(target, error);
	}
	mysql_free_result(result);
	return mysql_errno(target->mysql) ? set_error(target, error, "reading a result") : 0;
}

static int store_rows(MYSQL_RES *result, struct arena *arena, struct target_rows *rows)
{
	MYSQL_FIELD *fields = mysql_fetch_fields(result);
	MYSQL_ROW row;
	size_t at = 0;

	rows->columns = mysql_num_fields(result);
	rows->rows = mysql_num_rows(result);
	rows->names = arena_alloc(arena, rows->columns * sizeof(*rows->names));
	rows->cells = arena_alloc(arena, rows->rows * rows->columns * sizeof(*rows->cells));
	rows->lengths = arena_alloc(arena, rows->rows * rows->columns * sizeof(*rows->lengths));
	for (size_t i = 0; i < rows->columns; i++)
		rows->names[i] = arena_strdup(arena, fields[i].name);
	while ((row = mysql_fetch_row(result)) != NULL && at < rows->rows * rows->columns) {
		unsigned long *lengths = mysql_fetch_lengths(result);

		for (size_t i = 0; i < rows->columns; i++, at++) {
			rows->lengths[at] = lengths[i];
			rows->cells[at] = row[i] ? arena_strndup(arena, row[i], lengths[i]) : NULL;
		}
	}
	return at == rows->rows * rows->columns ? 0 : -1;
}

static int not_whole(const struct target *target, struct error *error)
{
	return error_set(error, ERROR_RETRY, "the target %s gave a result that is not whole, or several.", target->host);
}

static int keep_rows(struct target *target, MYSQL_RES *result, struct arena *arena, struct target_rows *rows,
	struct error *error)
{
	int status = store_rows(result, arena, rows);

	mysql_free_result(result);
	return status < 0 ? not_whole(target, error) : 0;
}

/* Takes the current result. Where rows are not wanted (NULL), those of a result set are read and dropped one by one. */
static int finish_result(struct target *target, struct target_outcome *outcome, struct arena *arena,
	struct target_rows *rows, struct error *error)
{
	MYSQL_RES *result = rows ? mysql_store_result(target->mysql) : mysql_use_result(target->mysql);

	if (!result && mysql_errno(target->mysql))
		return set_error(target, error, "running a statement");
	outcome->affected = result ? 0 : mysql_affected_rows(target->mysql);
	if (result && (rows ? keep_rows(target, result, arena, rows, error) : drop_rows(target, result, error)) < 0)
		return -1;
	outcome->warnings = mysql_warning_count(target->mysql);
	return 0;
}

static int check_length(const struct target *target, size_t length, struct error *error)
{
	if (length + 1 <= target->max_allowed_packet)
		return 0;
	return error_set(error, ERROR_STOP,
		"a statement of %zu bytes is larger than the target's max_allowed_packet of %llu bytes. Raise it in "
		"the target's parameter group and retry.",
		length, (unsigned long long)target->max_allowed_packet);
}

int target_send(struct target *target, const char *text, size_t length, struct error *error)
{
	unsigned at;

	assert(target->unread < TARGET_UNREAD_MAXIMUM);
	if (check_length(target, length, error) < 0)
		return -1;
	if (target->unread == 0 && set_multi(target, true, error) < 0)
		return -1;
	target->asked_us = clock_monotonic_us();
	if (mysql_send_query(target->mysql, text, length) != 0)
		return set_error(target, error, "sending statements");
	at = (target->oldest + target->unread++) % TARGET_UNREAD_MAXIMUM;
	target->sent[at].sequence = target->mysql->net.pkt_nr;
	target->sent[at].sent_us = target->asked_us;
	return 0;
}

static void note_round_trip(struct target *target, int64_t sent_us)
{
	int64_t took = clock_monotonic_us() - sent_us;

	if (!target->round_trip_us || took < target->round_trip_us)
		target->round_trip_us = took;
}

void target_set_wait(struct target *target, target_wait *wait, void *context)
{
	target->wait = wait;
	target->wait_context = context;
}

/* The library must not notice that it is in the middle of an answer when something is sent. */
static int await(struct target *target, struct error *error)
{
	MYSQL *mysql = target->mysql;
	unsigned status = mysql->server_status, number = mysql->net.pkt_nr;
	bool came;

	if (!target->wait || target_has_bytes(target))
		return 0;
	mysql->server_status &= ~(unsigned)SERVER_MORE_RESULTS_EXIST;
	came = target->wait(target->wait_context, target->socket, target->silence_seconds);
	mysql->server_status = status;
	mysql->net.pkt_nr = number;
	return came ? 0 : tell_silence(target, CR_SERVER_LOST, "HY000", "running a statement", error);
}

int target_receive_rows(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct arena *arena, struct target_rows *rows, struct error *error)
{
	int64_t sent_us;
	size_t at = 0;

	assert(target->unread > 0);
	/* the library counts packets from the last one that it sent */
	target->mysql->net.pkt_nr = target->sent[target->oldest].sequence;
	sent_us = target->sent[target->oldest].sent_us;
	target->oldest = (target->oldest + 1) % TARGET_UNREAD_MAXIMUM;
	target->unread--;
	*failed = 0;
	if (await(target, error) < 0)
		return -1;
	if (mysql_read_query_result(target->mysql) != 0)
		return set_error(target, error, "running a statement");
	for (;;) {
		struct target_outcome unexpected, *outcome = at < statements ? &outcomes[at] : &unexpected;
		int more;

		*failed = at;
		if (finish_result(target, outcome, arena, rows, error) < 0)
			return -1;
		at++;
		if (at > statements + (rows ? 0 : RESULTS_MAXIMUM))
			return endless(target, error);
		*failed = at;
		if (mysql_more_results(target->mysql) && await(target, error) < 0)
			return -1;
		more = mysql_next_result(target->mysql);
		if (more > 0)
			return set_error(target, error, "running a statement");
		if (more < 0)
			break;
	}
	/* A procedure's CALL gives more results than statements; a text of ours never fewer. */
	if (at < statements)
		return error_set(error, ERROR_RETRY, "the target %s answered %zu of %zu statements.", target->host, at,
			statements);
	note_round_trip(target, sent_us);
	return 0;
}

int target_receive(struct target *target, size_t statements, struct target_outcome *outcomes, size_t *failed,
	struct error *error)
{
	return target_receive_rows(target, statements, outcomes, failed, NULL, NULL, error);
}

int target_flight(struct target *target, const char *text, size_t length, size_t statements,
	struct target_outcome *outcomes, size_t *failed, struct error *error)
{
	*failed = 0;
	if (target_send(target, text, length, error) < 0)
		return -1;
	return target_receive(target, statements, outcomes, failed, error);
}

int target_statement(struct target *target, const char *text, size_t length, struct target_outcome *outcome,
	struct error *error)
{
	struct target_outcome further;
	size_t results = 0;
	int more;

	if (check_length(target, length, error) < 0)
		return -1;
	if (set_multi(target, false, error) < 0)
		return -1;
	target->asked_us = clock_monotonic_us();
	if (mysql_real_query(target->mysql, text, length) != 0)
		return set_error(target, error, "running a statement");
	if (finish_result(target, outcome, NULL, NULL, error) < 0)
		return -1;
	while ((more = mysql_next_result(target->mysql)) == 0) { /* CALL */
		if (finish_result(target, &further, NULL, NULL, error) < 0)
			return -1;
		if (++results > RESULTS_MAXIMUM)
			return endless(target, error);
	}
	return more > 0 ? set_error(target, error, "running a statement") : 0;
}

int target_execute(struct target *target, const char *text, struct error *error)
{
	struct target_outcome outcome;
	size_t failed;

	/* our own text: no need to tell the server, in a round trip of its own, to take it for one statement */
	return target_flight(target, text, strlen(text), 1, &outcome, &failed, error);
}

int target_query(struct target *target, const char *text, size_t length, struct arena *arena,
	struct target_rows *rows, struct error *error)
{
	MYSQL_RES *result;

	memset(rows, 0, sizeof(*rows));
	target->asked_us = clock_monotonic_us();
	if (mysql_real_query(target->mysql, text, length) != 0)
		return set_error(target, error, "running a query");
	result = mysql_store_result(target->mysql);
	if (!result)
		return mysql_errno(target->mysql) ? set_error(target, error, "reading a result") : 0;
	if (keep_rows(target, result, arena, rows, error) < 0)
		return -1;
	return mysql_more_results(target->mysql) ? not_whole(target, error) : 0;
}

int target_queryf(struct target *target, struct arena *arena, struct target_rows *rows, struct error *error,
	const char *format, ...)
{
	char *text;
	va_list args;
	int length, result;

	va_start(args, format);
	length = vasprintf(&text, format, args);
	va_end(args);
	if (length < 0)
		return error_set(error, ERROR_RETRY, "no memory for a query.");
	result = target_query(target, text, (size_t)length, arena, rows, error);
	free(text);
	return result;
}

int target_load(struct target *target, const char *text, size_t length, const struct target_file *file,
	struct target_outcome *outcome, struct error *error)
{
	int result;

	target_serve_file(target->mysql, file);
	result = target_statement(target, text, length, outcome, error);
	target_serve_file(target->mysql, NULL);
	return result;
}

void sql_put_string(struct buffer *out, const char *text, size_t length)
{
	/* hexadecimal where a quote or a backslash could mean different things in different sql_modes */
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == '\\' || c < 0x20 || c >= 0x7f) {
			buffer_puts(out, "_utf8mb4 x'");
			buffer_put_hex(out, text, length);
			buffer_putc(out, '\'');
			return;
		}
	}
	buffer_putc(out, '\'');
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			buffer_putc(out, '\'');
		buffer_putc(out, text[i]);
	}
	buffer_putc(out, '\'');
}

void sql_put_name(struct buffer *out, const char *name)
{
	buffer_putc(out, '`');
	for (; *name; name++) {
		if (*name == '`')
			buffer_putc(out, '`');
		buffer_putc(out, *name);
	}
	buffer_putc(out, '`');
}
